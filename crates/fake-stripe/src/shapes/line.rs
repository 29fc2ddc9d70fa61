//! Lines of invoices and of Checkout sessions.

use serde_json::{Value, json};

use super::{PlanShape, PriceShape, View, json_object::json_object};
use crate::world::{CheckoutSession, Invoice, InvoiceLine, Item, Period, Price};

pub(crate) fn line(invoice: &Invoice, line: &InvoiceLine, view: View<'_>) -> Value {
    let period = line.period.or(invoice.period).unwrap_or(Period {
        start: invoice.created,
        end: invoice.created,
    });
    let common = json!({
        "id": line.id.as_str(),
        "object": "line_item",
        "amount": line.amount,
        "currency": invoice.currency.as_str(),
        "description": line.description.as_str(),
        "discount_amounts": [],
        "discountable": !line.proration,
        "discounts": [],
        "invoice": invoice.id.as_str(),
        "livemode": view.world.livemode,
        "metadata": &line.metadata,
        "period": {"end": period.end, "start": period.start},
        "pretax_credit_amounts": [],
        "quantity": line.quantity,
    });
    let versioned = if view.version.has_periods_at_items() {
        since_basil(invoice, line, view)
    } else {
        until_basil(invoice, line, view)
    };
    json_object([common, versioned], &[])
}

fn since_basil(invoice: &Invoice, line: &InvoiceLine, view: View<'_>) -> Value {
    let subscription = invoice.subscription.as_deref();
    let parent = match line.invoice_item.as_deref() {
        Some(item) => json!({
            "invoice_item_details": {
                "invoice_item": item,
                "proration": line.proration,
                "proration_details": {"credited_items": null},
                "subscription": subscription,
            },
            "subscription_item_details": null,
            "type": "invoice_item_details",
        }),
        None => json!({
            "invoice_item_details": null,
            "subscription_item_details": {
                "invoice_item": null,
                "proration": line.proration,
                "proration_details": {"credited_items": null},
                "subscription": subscription,
                "subscription_item": line.subscription_item.as_str(),
            },
            "type": "subscription_item_details",
        }),
    };
    json!({
        "parent": parent,
        "pricing": pricing(view.world.prices.get(&line.price), &line.price),
        "quantity_decimal": line.quantity.map(|quantity| quantity.to_string()),
        "subscription": subscription,
        "subtotal": line.amount,
        "taxes": [],
    })
}

fn until_basil(invoice: &Invoice, line: &InvoiceLine, view: View<'_>) -> Value {
    let price = view.world.prices.get(&line.price);
    let mut written = json!({
        "amount_excluding_tax": line.amount,
        "plan": price.map(|price| PlanShape::new(price, view)),
        "price": price.map(|price| PriceShape::new(price, view)),
        "proration": line.proration,
        "proration_details": {"credited_items": null},
        "subscription": invoice.subscription.as_deref(),
        "subscription_item": (!line.subscription_item.is_empty()).then_some(line.subscription_item.as_str()),
        "tax_amounts": [],
        "tax_rates": [],
        "type": if line.invoice_item.is_some() { "invoiceitem" } else { "subscription" },
        "unit_amount_excluding_tax": price.and_then(|price| price.unit_amount).map(|unit| unit.to_string()),
    });
    if let (Some(object), Some(item)) = (written.as_object_mut(), line.invoice_item.as_deref()) {
        object.insert("invoice_item".to_owned(), item.into());
    }
    written
}

/// Renders the price of a line in the format since basil.
pub(super) fn pricing(price: Option<&Price>, id: &str) -> Value {
    if id.is_empty() {
        return Value::Null;
    }
    let unit = price.and_then(|price| price.unit_amount);
    json!({
        "price_details": {"price": id, "product": price.map(|price| price.product.as_str())},
        "type": "price_details",
        "unit_amount_decimal": unit.map(|unit| unit.to_string()),
    })
}

/// Returns the id of a line item of a Checkout session.
pub(crate) fn checkout_line_id(item: &Item) -> String {
    format!("li_{}", item.id.trim_start_matches("si_"))
}

pub(crate) fn checkout_line(session: &CheckoutSession, item: &Item, view: View<'_>) -> Value {
    let price = view.world.prices.get(&item.price);
    let product = price.and_then(|price| view.world.products.get(&price.product));
    let amount = view.world.amount(item);
    let off = view.world.amount_off(session, amount);
    json!({
        "id": checkout_line_id(item),
        "object": "item",
        "amount_discount": off,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount.saturating_sub(off),
        "currency": price.map_or("usd", |price| price.currency.as_str()),
        "description": product.map_or("", |product| product.name.as_str()),
        "metadata": {},
        "price": price.map(|price| PriceShape::new(price, view)),
        "quantity": item.quantity,
    })
}
