//! Invoices, their lines, pending invoice items, and payments.

use compact_str::CompactString;
use serde_json::{Value, json};

use super::{View, coupon, json_object::json_object};
use crate::world::{Invoice, InvoiceItem, InvoicePayment, InvoiceStatus, Period};

/// Keys of an invoice that are always null here, in every version.
const NULLS: [&str; 24] = [
    "account_tax_ids",
    "application",
    "automatically_finalizes_at",
    "custom_fields",
    "customer_account",
    "customer_address",
    "customer_phone",
    "customer_shipping",
    "default_payment_method",
    "default_source",
    "description",
    "footer",
    "from_invoice",
    "last_finalization_error",
    "latest_revision",
    "on_behalf_of",
    "receipt_number",
    "rendering",
    "shipping_cost",
    "shipping_details",
    "statement_descriptor",
    "test_clock",
    "customer_name",
    "customer_email",
];

/// Keys of an invoice that basil removed.
const OLD_NULLS: [&str; 6] = [
    "application_fee_amount",
    "charge",
    "discount",
    "quote",
    "tax",
    "transfer_data",
];

pub(crate) fn invoice(invoice: &Invoice, view: View<'_>) -> Value {
    let versioned = if view.version.has_periods_at_items() {
        since_basil(invoice)
    } else {
        until_basil(invoice, view)
    };
    json_object(
        [
            about(invoice, view),
            amounts(invoice),
            progress(invoice, view),
            versioned,
        ],
        &NULLS,
    )
}

fn about(invoice: &Invoice, view: View<'_>) -> Value {
    let lines: Vec<Value> = invoice
        .lines
        .iter()
        .map(|line| super::line(invoice, line, view))
        .collect();
    let discounts: Vec<&str> = invoice.discount.iter().map(|(id, _)| id.as_str()).collect();
    let period = invoice.period.unwrap_or(Period {
        start: invoice.created,
        end: invoice.created,
    });
    json!({
        "id": invoice.id.as_str(),
        "object": "invoice",
        "account_country": "US",
        "account_name": "Example",
        "automatic_tax": {
            "disabled_reason": null,
            "enabled": false,
            "liability": null,
            "provider": null,
            "status": null,
        },
        "billing_reason": invoice.billing_reason.as_str(),
        "collection_method": invoice.collection_method(),
        "created": invoice.created,
        "currency": invoice.currency.as_str(),
        "customer": invoice.customer.as_str(),
        "customer_email": invoice.customer_email.as_deref(),
        "customer_name": invoice.customer_name.as_deref(),
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "default_tax_rates": [],
        "discounts": discounts,
        "issuer": {"type": "self"},
        "lines": {
            "object": "list",
            "data": lines,
            "has_more": false,
            "total_count": lines.len(),
            "url": format!("/v1/invoices/{}/lines", invoice.id),
        },
        "livemode": view.world.livemode,
        "metadata": &invoice.metadata,
        "period_end": period.end,
        "period_start": period.start,
    })
}

fn amounts(invoice: &Invoice) -> Value {
    let due = invoice.amount_due();
    let paid = invoice.amount_paid();
    let off: Vec<Value> = invoice
        .discount
        .iter()
        .map(|(id, amount)| json!({"amount": amount, "discount": id.as_str()}))
        .collect();
    json!({
        "amount_due": due,
        "amount_paid": paid,
        "amount_remaining": due.saturating_sub(paid),
        "amount_shipping": 0,
        "ending_balance": invoice.finalized_at.map(|_| 0),
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "starting_balance": 0,
        "subtotal": invoice.subtotal(),
        "subtotal_excluding_tax": invoice.subtotal(),
        "total": invoice.total(),
        "total_discount_amounts": off,
        "total_excluding_tax": invoice.total(),
        "total_pretax_credit_amounts": [],
    })
}

fn progress(invoice: &Invoice, view: View<'_>) -> Value {
    let mode = if view.world.livemode { "live" } else { "test" };
    let page = |end: &str| {
        let (account, id) = (&view.world.account, &invoice.id);
        let address = format!("https://invoice.stripe.com/i/{account}/{mode}_{id}{end}");
        invoice.finalized_at.map(|_| address)
    };
    json!({
        "attempt_count": invoice.attempt_count,
        "attempted": invoice.attempt_count > 0,
        "auto_advance": invoice.auto_advance,
        "due_date": invoice.due_date(),
        "effective_at": invoice.finalized_at,
        "hosted_invoice_url": page("?s=ap"),
        "invoice_pdf": page("/pdf?s=ap"),
        "next_payment_attempt": invoice.next_payment_attempt,
        "number": invoice.number.as_deref(),
        "payment_settings": {
            "default_mandate": null,
            "payment_method_options": null,
            "payment_method_types": null,
        },
        "status": invoice.status.as_str(),
        "status_transitions": {
            "finalized_at": invoice.finalized_at,
            "marked_uncollectible_at": invoice.uncollectible_at,
            "paid_at": invoice.paid_at,
            "voided_at": invoice.voided_at,
        },
        "webhooks_delivered_at": invoice.created,
    })
}

fn since_basil(invoice: &Invoice) -> Value {
    let parent = invoice.subscription.as_deref().map(|subscription| {
        json!({
            "quote_details": null,
            "subscription_details": {
                "metadata": &invoice.subscription_metadata,
                "subscription": subscription,
            },
            "type": "subscription_details",
        })
    });
    json!({"amount_overpaid": 0, "parent": parent, "total_taxes": []})
}

fn until_basil(invoice: &Invoice, view: View<'_>) -> Value {
    let details = invoice
        .subscription
        .as_ref()
        .map(|_| &invoice.subscription_metadata);
    let discount = discount_of(invoice, view);
    let now = json!({
        "charge": invoice.charge.as_deref(),
        "discount": discount,
        "paid": invoice.status == InvoiceStatus::Paid,
        "paid_out_of_band": false,
        "payment_intent": invoice.payment_intent.as_deref(),
        "subscription": invoice.subscription.as_deref(),
        "subscription_details": {"metadata": details},
        "total_tax_amounts": [],
    });
    json_object([now], &OLD_NULLS)
}

fn discount_of(invoice: &Invoice, view: View<'_>) -> Option<Value> {
    let subscription = view
        .world
        .find_subscription(invoice.subscription.as_deref()?)?;
    let applied = invoice.discount.as_ref()?;
    let discount = subscription.details.discount.as_ref()?;
    (discount.id == applied.0).then(|| coupon::discount(subscription, discount, view))
}

pub(crate) fn invoice_item(item: &InvoiceItem, view: View<'_>) -> Value {
    let line = &item.line;
    let period = line.period.unwrap_or(Period {
        start: item.created,
        end: item.created,
    });
    let given = |id: &'_ CompactString| (!id.is_empty()).then(|| id.to_string());
    let subscription = given(&item.subscription);
    let subscription_item = given(&line.subscription_item);
    let price = view.world.prices.get(&line.price);
    let unit = price
        .and_then(|price| price.unit_amount)
        .unwrap_or(line.amount);
    let common = json!({
        "id": item.id.as_str(),
        "object": "invoiceitem",
        "amount": line.amount,
        "currency": item.currency.as_str(),
        "customer": item.customer.as_str(),
        "date": item.created,
        "description": line.description.as_str(),
        "discountable": !line.proration,
        "discounts": [],
        "invoice": item.invoice.as_deref(),
        "livemode": view.world.livemode,
        "metadata": &line.metadata,
        "period": {"end": period.end, "start": period.start},
        "proration": line.proration,
        "quantity": line.quantity.unwrap_or(1),
        "tax_rates": [],
    });
    let versioned = if view.version.has_periods_at_items() {
        json!({
            "net_amount": line.amount,
            "parent": subscription.map(|subscription| json!({
                "subscription_details": {
                    "subscription": subscription,
                    "subscription_item": subscription_item,
                },
                "type": "subscription_details",
            })),
            "pricing": super::pricing(price, &line.price),
            "proration_details": null,
            "quantity_decimal": line.quantity.unwrap_or(1).to_string(),
        })
    } else {
        json!({
            "plan": price.map(|price| super::PlanShape::new(price, view)),
            "price": price.map(|price| super::PriceShape::new(price, view)),
            "subscription": subscription,
            "subscription_item": subscription_item,
            "unit_amount": unit,
            "unit_amount_decimal": unit.to_string(),
        })
    };
    json_object([common, versioned], &["customer_account", "test_clock"])
}

pub(crate) fn invoice_payment(payment: &InvoicePayment, view: View<'_>) -> Value {
    json!({
        "id": payment.id.as_str(),
        "object": "invoice_payment",
        "amount_paid": payment.paid_at.map(|_| payment.amount),
        "amount_requested": payment.amount,
        "created": payment.created,
        "currency": payment.currency.as_str(),
        "invoice": payment.invoice.as_str(),
        "is_default": true,
        "livemode": view.world.livemode,
        "payment": {
            "payment_intent": payment.payment_intent.as_str(),
            "type": "payment_intent",
        },
        "status": payment.status(),
        "status_transitions": {
            "canceled_at": payment.canceled_at,
            "paid_at": payment.paid_at,
        },
    })
}
