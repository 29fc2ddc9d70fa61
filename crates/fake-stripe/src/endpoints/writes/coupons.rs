//! Coupons: create, update and delete.

use super::{WriteRequest, customers::new_metadata};
use crate::{
    endpoint::Endpoint,
    endpoints::Route,
    error::ApiError,
    form::{Form, merge},
    keys::Permission,
    shapes,
    world::{Coupon, CouponValue, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route::post(
        Endpoint::CreateCoupon,
        "/v1/coupons",
        Permission::CouponWrite,
        create,
    ),
    Route::post(
        Endpoint::UpdateCoupon,
        "/v1/coupons/{id}",
        Permission::CouponWrite,
        update,
    ),
    Route::delete(
        Endpoint::DeleteCoupon,
        "/v1/coupons/{id}",
        Permission::CouponWrite,
        delete,
    ),
];

fn create(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let form = &mut request.call.form;
    let value = coupon_value(form)?;
    let duration = form.choice("duration", &["forever", "once", "repeating"])?;
    let coupon = Coupon {
        id: form.optional_text("id")?.unwrap_or_default(),
        value,
        duration: duration.into_option().unwrap_or("once").into(),
        duration_in_months: form.count("duration_in_months")?,
        name: form.optional_text("name")?,
        metadata: new_metadata(form)?,
        ..Coupon::default()
    };
    // Accepted, but not simulated.
    form.ignore(&[
        "applies_to",
        "currency_options",
        "max_redemptions",
        "redeem_by",
    ]);
    request.reject_unread_parameters()?;
    if world.objects.coupons.get(&coupon.id).is_some() {
        let message = format!("Coupon already exists: '{}'", coupon.id);
        return Err(ApiError::invalid(message)
            .code("resource_already_exists")
            .param("id"));
    }
    let id = request.apply(world, None, |world| world.create_coupon(coupon));
    coupon_response(request, world, &id)
}

fn coupon_value(form: &mut Form) -> Result<CouponValue, ApiError> {
    let amount = form.integer("amount_off")?.into_option();
    let currency = form.optional_text("currency")?;
    let percent = form.optional_text("percent_off")?;
    if let Some(percent) = percent {
        return basis_points(&percent)
            .map(CouponValue::BasisPoints)
            .ok_or_else(|| {
                ApiError::invalid(format!("Invalid decimal: {percent}")).param("percent_off")
            });
    }
    match (amount, currency) {
        (Some(amount), Some(currency)) => Ok(CouponValue::Amount {
            amount,
            currency: currency.to_lowercase(),
        }),
        (Some(_), None) => Err(form.missing("currency")),
        (None, _) => Err(form.missing("percent_off")),
    }
}

/// Parses a percentage into basis points (`12.5` → 1250), ignoring digits after the second decimal.
fn basis_points(percent: &str) -> Option<u32> {
    let (whole, part) = percent.split_once('.').unwrap_or((percent, ""));
    let part: String = part.chars().chain("00".chars()).take(2).collect();
    let whole: u32 = whole.parse().ok()?;
    let points = whole.checked_mul(100)?.checked_add(part.parse().ok()?)?;
    (1..=10_000).contains(&points).then_some(points)
}

fn update(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = request.call.id;
    check_exists(request, world)?;
    let form = &mut request.call.form;
    let name = form.text("name")?;
    let metadata = form.metadata()?;
    // Accepted, but not simulated.
    form.ignore(&["currency_options"]);
    request.reject_unread_parameters()?;
    request.apply(world, None, |world| {
        world.update_coupon(id, |coupon| {
            name.put_in(&mut coupon.name);
            merge(&mut coupon.metadata, metadata);
        });
    });
    coupon_response(request, world, id)
}

fn delete(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = request.call.id;
    check_exists(request, world)?;
    request.reject_unread_parameters()?;
    request.apply(world, None, |world| world.delete_coupon(id));
    request.deleted(world, "coupon")
}

fn check_exists(request: &WriteRequest<'_>, world: &World) -> Result<(), ApiError> {
    let coupons = (world, &world.objects.coupons);
    let found = request.call.find(coupons, "coupon", request.call.id);
    found.map(|_| ())
}

fn coupon_response(
    request: &WriteRequest<'_>,
    world: &World,
    id: &str,
) -> Result<Vec<u8>, ApiError> {
    let coupons = (world, &world.objects.coupons);
    let coupon = request.call.find(coupons, "coupon", id)?;
    request.body(world, &shapes::coupon(coupon, request.call.view(world)))
}
