//! Coupons and discounts.

use serde_json::{Number, Value, json};

use super::View;
use crate::world::{Coupon, CouponValue, Discount, Subscription};

pub(crate) fn coupon(coupon: &Coupon, view: View<'_>) -> Value {
    let (amount, currency, percent) = match &coupon.value {
        CouponValue::BasisPoints(points) => (None, None, percent(*points)),
        CouponValue::Amount { amount, currency } => (Some(*amount), Some(currency.as_str()), None),
    };
    json!({
        "id": coupon.id.as_str(),
        "object": "coupon",
        "amount_off": amount,
        "created": coupon.created,
        "currency": currency,
        "duration": coupon.duration.as_str(),
        "duration_in_months": coupon.duration_in_months,
        "livemode": view.world.livemode,
        "max_redemptions": null,
        "metadata": &coupon.metadata,
        "name": coupon.name.as_deref(),
        "percent_off": percent,
        "redeem_by": null,
        "times_redeemed": coupon.times_redeemed,
        "valid": coupon.valid,
    })
}

/// Converts 2550 to 25.5, and 2500 to 25.
fn percent(points: u32) -> Option<Number> {
    let (whole, rest) = (points / 100, points % 100);
    if rest == 0 {
        return Some(whole.into());
    }
    let written: f64 = format!("{whole}.{rest:02}").parse().ok()?;
    Number::from_f64(written)
}

/// Renders the discount of a subscription. It contains its coupon until clover, and refers to it in `source` since.
pub(crate) fn discount(subscription: &Subscription, discount: &Discount, view: View<'_>) -> Value {
    let mut written = json!({
        "id": discount.id.as_str(),
        "object": "discount",
        "checkout_session": discount.checkout_session.as_deref(),
        "customer": subscription.customer.as_str(),
        "customer_account": null,
        "end": null,
        "invoice": null,
        "invoice_item": null,
        "promotion_code": null,
        "start": discount.start,
        "subscription": subscription.id.as_str(),
        "subscription_item": null,
    });
    let whole = view.world.objects.coupons.get(&discount.coupon);
    if let Some(object) = written.as_object_mut() {
        if view.version.has_discount_sources() {
            let source = json!({"coupon": discount.coupon.as_str(), "type": "coupon"});
            object.insert("source".to_owned(), source);
        } else {
            let coupon = whole.map_or(Value::Null, |whole| coupon(whole, view));
            object.insert("coupon".to_owned(), coupon);
        }
    }
    written
}
