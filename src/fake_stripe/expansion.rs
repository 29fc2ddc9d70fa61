//! `expand[]`: ids replaced by the objects that they name.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    error::ApiError,
    recorder::Unplayed,
    shapes::{
        self, CustomerShape, FeatureShape, List, PriceShape, ProductShape, SubscriptionShape,
        TestClockShape, View,
    },
};

/// Deeper paths are refused.
const DEEPEST: usize = 4;

/// Keys that hold an id, or null, and may hold the object instead.
const EXPANDABLE: [&str; 21] = [
    "application",
    "charge",
    "coupon",
    "customer",
    "default_payment_method",
    "default_price",
    "default_source",
    "discounts",
    "feature",
    "invoice",
    "latest_charge",
    "latest_invoice",
    "on_behalf_of",
    "payment_intent",
    "payment_method",
    "pending_setup_intent",
    "product",
    "schedule",
    "setup_intent",
    "subscription",
    "test_clock",
];

/// Keys that an object has only when they are asked for.
const INCLUDED: [&str; 4] = [
    "confirmation_secret",
    "line_items",
    "payments",
    "subscriptions",
];

/// Expands every path in an object or a list.
pub(crate) fn expand(value: &mut Value, paths: &[String], view: View<'_>) -> Result<(), ApiError> {
    for path in paths {
        let keys: Vec<&str> = path.split('.').collect();
        if keys.len() > DEEPEST {
            return Err(refused(format!(
                "You cannot expand more than {DEEPEST} levels of a property. Property: {path}"
            )));
        }
        let refused = |error: ApiError| error.unplayed(Unplayed::Expansion(path.clone()));
        walk(value, &keys, path, view).map_err(refused)?;
    }
    Ok(())
}

fn walk(value: &mut Value, keys: &[&str], path: &str, view: View<'_>) -> Result<(), ApiError> {
    let Some((key, rest)) = keys.split_first() else {
        return Ok(());
    };
    match value {
        Value::Array(values) => values
            .iter_mut()
            .try_for_each(|value| walk(value, keys, path, view)),
        Value::Object(object) => {
            if let Some(included) = included(key, object, view)? {
                object.insert((*key).to_owned(), included);
            }
            let discounted = discounted(object).unwrap_or_default().to_owned();
            let Some(inner) = object.get_mut(*key) else {
                return Err(not_expandable(path));
            };
            if let Value::String(id) = inner {
                if !EXPANDABLE.contains(key) {
                    return Err(not_expandable(path));
                }
                *inner = object_of(key, id, view)?;
            }
            if let ("discounts", Value::Array(ids)) = (*key, &mut *inner) {
                for id in ids {
                    expand_discount(id, &discounted, view);
                }
            }
            let is_leaf = rest.is_empty() && !EXPANDABLE.contains(key) && !INCLUDED.contains(key);
            if is_leaf && !inner.is_object() {
                return Err(not_expandable(path));
            }
            walk(inner, rest, path, view)
        }
        Value::Null => Ok(()),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => Err(not_expandable(path)),
    }
}

/// What an object has only when it is asked for.
fn included(
    key: &str,
    object: &Map<String, Value>,
    view: View<'_>,
) -> Result<Option<Value>, ApiError> {
    let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
    let id = text("id");
    let some = &view.world.objects;
    Ok(match (text("object"), key) {
        ("customer", "subscriptions") => Some(subscriptions(id, view)?),
        ("checkout.session", "line_items") => {
            let session = some.sessions.get(id);
            let items = session.into_iter().flat_map(|session| {
                let lines = session.items.iter();
                lines.map(|item| shapes::checkout_line(session, item, view))
            });
            let url = format!("/v1/checkout/sessions/{id}/line_items");
            Some(shape(&List::new(items.collect(), false, url))?)
        }
        ("invoice", "payments") if view.version.has_periods_at_items() => {
            let payments = some.invoice_payments.iter();
            let theirs = payments.filter(|payment| payment.invoice == id);
            let data = theirs
                .map(|payment| shapes::invoice_payment(payment, view))
                .collect();
            Some(shape(&List::new(data, false, "/v1/invoice_payments"))?)
        }
        ("invoice", "confirmation_secret") if view.version.has_periods_at_items() => {
            let invoice = some.invoices.get(id);
            let intent = invoice.and_then(|invoice| invoice.payment_intent.as_deref());
            let intent = intent.and_then(|intent| some.payment_intents.get(intent));
            Some(intent.map_or(Value::Null, |intent| {
                json!({"client_secret": shapes::client_secret(intent), "type": "payment_intent"})
            }))
        }
        _ => None,
    })
}

/// The subscription that the discounts of an object belong to: itself, or the one that an invoice is for.
fn discounted(object: &Map<String, Value>) -> Option<&str> {
    let kind = object.get("object").and_then(Value::as_str);
    let place = match kind {
        Some("subscription") => object.get("id"),
        Some("invoice") => object
            .get("parent")
            .and_then(|parent| parent.pointer("/subscription_details/subscription"))
            .or_else(|| object.get("subscription")),
        Some(_) | None => None,
    };
    place.and_then(Value::as_str)
}

fn expand_discount(id: &mut Value, subscription: &str, view: View<'_>) {
    let known = view.world.find_subscription(subscription);
    let discount = known.and_then(|known| Some((known, known.details.discount.as_ref()?)));
    if let Some((subscription, discount)) = discount
        && id.as_str() == Some(discount.id.as_str())
    {
        *id = shapes::discount(subscription, discount, view);
    }
}

fn object_of(key: &str, id: &str, view: View<'_>) -> Result<Value, ApiError> {
    let world = view.world;
    let found = match key {
        "customer" => world
            .customers
            .get(id)
            .map(|customer| shape(&CustomerShape::new(customer, view))),
        "product" => world
            .products
            .get(id)
            .map(|product| shape(&ProductShape::new(product, view))),
        "default_price" => world
            .prices
            .get(id)
            .map(|price| shape(&PriceShape::new(price, view))),
        "feature" => world
            .features
            .get(id)
            .map(|feature| shape(&FeatureShape::new(feature, view))),
        "test_clock" => world
            .test_clocks
            .get(id)
            .map(|clock| shape(&TestClockShape::new(clock, view))),
        "subscription" => world
            .subscriptions
            .get(id)
            .map(|subscription| shape(&SubscriptionShape::new(subscription, view))),
        _ => paid_or_planned(key, id, view).map(Ok),
    };
    found.unwrap_or_else(|| {
        Err(refused(format!(
            "The fake holds no object `{id}` to expand `{key}` with."
        )))
    })
}

/// What is billed and paid, and what is planned.
fn paid_or_planned(key: &str, id: &str, view: View<'_>) -> Option<Value> {
    let some = &view.world.objects;
    match key {
        "invoice" | "latest_invoice" => {
            let invoice = some.invoices.get(id);
            invoice.map(|invoice| shapes::invoice(invoice, view))
        }
        "payment_intent" => {
            let intent = some.payment_intents.get(id);
            intent.map(|intent| shapes::payment_intent(intent, view))
        }
        "charge" | "latest_charge" => {
            let charge = some.charges.get(id);
            charge.map(|charge| shapes::charge(charge, view))
        }
        "default_payment_method" | "payment_method" => {
            let method = some.payment_methods.get(id);
            method.map(|method| shapes::payment_method(method, view))
        }
        "schedule" => {
            let schedule = some.schedules.get(id);
            schedule.map(|schedule| shapes::schedule(schedule, view))
        }
        "coupon" => {
            let coupon = some.coupons.get(id);
            coupon.map(|coupon| shapes::coupon(coupon, view))
        }
        _ => None,
    }
}

/// A customer's subscriptions that have not been canceled.
fn subscriptions(customer: &str, view: View<'_>) -> Result<Value, ApiError> {
    let slots: Vec<_> = view.world.slots_of(customer).collect();
    let shapes = slots
        .iter()
        .rev()
        .filter_map(|slot| view.world.subscriptions.at(*slot));
    let shapes = shapes.filter(|subscription| !subscription.status.is_ended());
    let data = shapes
        .map(|subscription| SubscriptionShape::new(subscription, view))
        .collect();
    shape(&List::new(
        data,
        false,
        format!("/v1/customers/{customer}/subscriptions"),
    ))
}

fn shape<T: Serialize>(object: &T) -> Result<Value, ApiError> {
    serde_json::to_value(object).map_err(|error| refused(error.to_string()))
}

fn not_expandable(path: &str) -> ApiError {
    refused(format!("This property cannot be expanded ({path})."))
}

fn refused(message: String) -> ApiError {
    ApiError::invalid(message).param("expand")
}
