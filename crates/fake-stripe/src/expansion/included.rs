//! Fields of objects that are included only on request.

use serde_json::{Map, Value, json};

use super::{super::error::ApiError, shape};
use crate::{
    shapes::{self, List, SubscriptionShape, View},
    world::{CheckoutSession, RecordKind},
};

/// Adds a requested field to an object if it has one. Returns false if no object of its kind ever has it.
pub(super) fn add_requested_field(
    object: &mut Map<String, Value>,
    (key, rest): (&str, &[&str]),
    view: View<'_>,
) -> Result<bool, ApiError> {
    let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
    let (kind, id) = (text("object").to_owned(), text("id").to_owned());
    let found = match (kind.as_str(), key) {
        ("customer", _) if object.contains_key("deleted") => return Ok(true),
        ("customer", _) => customer_field(key, &id, view)?,
        ("checkout.session", _) => session_field((key, rest), &id, object, view)?,
        ("item", "discounts") => Some(line_discounts(&id, object, view)),
        ("item", "taxes") => Some(json!([])),
        ("invoice", _) if view.version.has_periods_at_items() => invoice_field(key, &id, view)?,
        ("price" | "plan", "tiers" | "currency_options") => price_field(key, &id, view),
        ("charge", "refunds") => {
            let refunds = view.world.objects.refunds.iter();
            let refunds = refunds.filter(|refund| refund.charge == id);
            let data = refunds.map(|refund| shapes::refund(refund, view)).collect();
            Some(shape(&List::<Value>::new(
                data,
                false,
                format!("/v1/charges/{id}/refunds"),
            ))?)
        }
        ("coupon", "applies_to") => return Ok(true),
        ("coupon", "currency_options") => Some(json!({})),
        _ => None,
    };
    let Some(found) = found else {
        return Ok(matches!(
            (kind.as_str(), key),
            ("price" | "plan", "tiers") | ("price", "currency_options")
        ));
    };
    object.insert(key.to_owned(), found);
    Ok(true)
}

fn customer_field(key: &str, id: &str, view: View<'_>) -> Result<Option<Value>, ApiError> {
    let url = |end: &str| format!("/v1/customers/{id}/{end}");
    Ok(Some(match key {
        "subscriptions" => subscriptions(id, view)?,
        "sources" => shape(&List::<Value>::new(Vec::new(), false, url("sources")))?,
        "tax_ids" => {
            let records = view.world.objects.records.iter();
            let records = records.filter(|record| {
                record.kind == RecordKind::TaxId && record.customer.as_deref() == Some(id)
            });
            let data = records.map(|record| &record.object).collect();
            shape(&List::new(data, false, url("tax_ids")))?
        }
        "tax" => json!({
            "automatic_tax": "unrecognized_location",
            "ip_address": null,
            "location": null,
            "provider": "stripe",
        }),
        "cash_balance" => json!({
            "object": "cash_balance",
            "available": null,
            "customer": id,
            "customer_account": null,
            "livemode": view.world.livemode,
            "settings": {"reconciliation_mode": "automatic", "using_merchant_default": true},
        }),
        "invoice_credit_balance" => json!({}),
        _ => return Ok(None),
    }))
}

fn session_field(
    (key, rest): (&str, &[&str]),
    id: &str,
    object: &Map<String, Value>,
    view: View<'_>,
) -> Result<Option<Value>, ApiError> {
    let session = view.world.objects.sessions.get(id);
    Ok(match (key, rest.first()) {
        ("line_items", _) => {
            let items = session.into_iter().flat_map(|session| {
                let lines = session.items.iter();
                lines.map(|item| shapes::checkout_line(session, item, view))
            });
            let url = format!("/v1/checkout/sessions/{id}/line_items");
            Some(shape(&List::new(items.collect(), false, url))?)
        }
        ("total_details", Some(&"breakdown")) => {
            let mut details = object.get(key).cloned().unwrap_or_default();
            let off = details.get("amount_discount").cloned();
            let discounts = discounts(session, off.as_ref(), view);
            if let Some(details) = details.as_object_mut() {
                let breakdown = json!({"discounts": discounts, "taxes": []});
                details.insert("breakdown".to_owned(), breakdown);
            }
            Some(details)
        }
        _ => None,
    })
}

/// Returns the discounts on a line of a Checkout session.
fn line_discounts(id: &str, line: &Map<String, Value>, view: View<'_>) -> Value {
    let is_of = |session: &&CheckoutSession| {
        let mut items = session.items.iter();
        items.any(|item| shapes::checkout_line_id(item) == id)
    };
    let session = view.world.objects.sessions.iter().find(is_of);
    discounts(session, line.get("amount_discount"), view).into()
}

/// Returns the discounts of a session's subscription with their amounts.
fn discounts(session: Option<&CheckoutSession>, off: Option<&Value>, view: View<'_>) -> Vec<Value> {
    let bought = session.and_then(|session| session.subscription.as_deref());
    let bought = bought.and_then(|id| view.world.find_subscription(id));
    let discount = bought.and_then(|one| Some((one, one.details.discount.as_ref()?)));
    let discounts = discount.map(|(subscription, discount)| {
        json!({"amount": off, "discount": shapes::discount(subscription, discount, view)})
    });
    discounts.into_iter().collect()
}

fn invoice_field(key: &str, id: &str, view: View<'_>) -> Result<Option<Value>, ApiError> {
    let some = &view.world.objects;
    Ok(match key {
        "payments" => {
            let payments = some.invoice_payments.iter();
            let payments = payments.filter(|payment| payment.invoice == id);
            let data = payments
                .map(|payment| shapes::invoice_payment(payment, view))
                .collect();
            Some(shape(&List::new(data, false, "/v1/invoice_payments"))?)
        }
        "confirmation_secret" => {
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

fn price_field(key: &str, id: &str, view: View<'_>) -> Option<Value> {
    let price = view.world.prices.get(id)?;
    match key {
        "tiers" => price.tiered.then(|| shapes::tiers(price)),
        _ => Some(shapes::currency_options(price)),
    }
}

/// Returns a customer's subscriptions that have not been canceled.
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
