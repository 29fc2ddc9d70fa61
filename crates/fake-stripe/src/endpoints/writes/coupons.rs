//! Coupons: create, update and delete.

use super::{Writing, customers::new_metadata};
use crate::{
    endpoint::Endpoint,
    endpoints::Route,
    error::ApiError,
    form::{Form, merge},
    keys::Permission,
    shapes,
    world::{Coupon, Off, World},
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

fn create(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let form = &mut writing.call.form;
    let off = off(form)?;
    let duration = form.choice("duration", &["forever", "once", "repeating"])?;
    let coupon = Coupon {
        id: form.plain("id")?.unwrap_or_default(),
        off,
        duration: duration.set().unwrap_or("once").into(),
        duration_in_months: form.count("duration_in_months")?,
        name: form.plain("name")?,
        metadata: new_metadata(form)?,
        ..Coupon::percent("", 0)
    };
    form.ignore(&[
        "applies_to",
        "currency_options",
        "max_redemptions",
        "redeem_by",
    ]);
    writing.finish()?;
    if world.objects.coupons.get(&coupon.id).is_some() {
        let message = format!("Coupon already exists: '{}'", coupon.id);
        return Err(ApiError::invalid(message)
            .code("resource_already_exists")
            .param("id"));
    }
    let id = writing.act(world, None, |world| world.create_coupon(coupon));
    answer(writing, world, &id)
}

fn off(form: &mut Form) -> Result<Off, ApiError> {
    let amount = form.integer("amount_off")?.set();
    let currency = form.plain("currency")?;
    let percent = form.plain("percent_off")?;
    if let Some(percent) = percent {
        return points(&percent).map(Off::BasisPoints).ok_or_else(|| {
            ApiError::invalid(format!("Invalid decimal: {percent}")).param("percent_off")
        });
    }
    match (amount, currency) {
        (Some(amount), Some(currency)) => Ok(Off::Amount {
            amount,
            currency: currency.to_lowercase(),
        }),
        (Some(_), None) => Err(form.missing("currency")),
        (None, _) => Err(form.missing("percent_off")),
    }
}

/// Converts `12.5` to 1250.
fn points(percent: &str) -> Option<u32> {
    let (whole, part) = percent.split_once('.').unwrap_or((percent, ""));
    let part: String = part.chars().chain("00".chars()).take(2).collect();
    let whole: u32 = whole.parse().ok()?;
    let points = whole.checked_mul(100)?.checked_add(part.parse().ok()?)?;
    (1..=10_000).contains(&points).then_some(points)
}

fn update(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = writing.call.id;
    check_exists(writing, world)?;
    let form = &mut writing.call.form;
    let name = form.text("name")?;
    let metadata = form.metadata()?;
    form.ignore(&["currency_options"]);
    writing.finish()?;
    writing.act(world, None, |world| {
        world.update_coupon(id, |coupon| {
            name.put_in(&mut coupon.name);
            merge(&mut coupon.metadata, metadata);
        });
    });
    answer(writing, world, id)
}

fn delete(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = writing.call.id;
    check_exists(writing, world)?;
    writing.finish()?;
    writing.act(world, None, |world| world.delete_coupon(id));
    writing.deleted(world, "coupon")
}

fn check_exists(writing: &Writing<'_>, world: &World) -> Result<(), ApiError> {
    let coupons = (world, &world.objects.coupons);
    let found = writing
        .call
        .find(coupons, "coupon", (writing.call.id, "id"));
    found.map(|_| ())
}

fn answer(writing: &Writing<'_>, world: &World, id: &str) -> Result<Vec<u8>, ApiError> {
    let coupons = (world, &world.objects.coupons);
    let coupon = writing.call.find(coupons, "coupon", (id, "id"))?;
    writing.body(world, &shapes::coupon(coupon, writing.call.view(world)))
}
