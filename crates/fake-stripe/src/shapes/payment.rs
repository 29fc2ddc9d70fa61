//! Payment methods, payment intents, charges, refunds and disputes.

use serde_json::{Value, json};

use super::{
    View, balance_transaction_id,
    json_object::{address, json_object},
};
use crate::world::{Charge, Dispute, PaymentIntent, PaymentMethod, Refund};

/// Returns the customer, or `None` for an empty id: a guest has no customer.
fn named(customer: &str) -> Option<&str> {
    Some(customer).filter(|customer| !customer.is_empty())
}

fn billing_details(email: Option<&str>) -> Value {
    json!({"address": address(), "email": email, "name": null, "phone": null, "tax_id": null})
}

pub(crate) fn payment_method(method: &PaymentMethod, view: View<'_>) -> Value {
    let card = json_object(
        [json!({
            "brand": "visa",
            "checks": {"address_line1_check": null, "address_postal_code_check": null, "cvc_check": "pass"},
            "country": "US",
            "display_brand": "visa",
            "exp_month": 8,
            "exp_year": 2030,
            "fingerprint": "Fake4242Card4242",
            "funding": "credit",
            "last4": "4242",
            "networks": {"available": ["visa"], "preferred": null},
            "three_d_secure_usage": {"supported": true},
        })],
        &["generated_from", "regulated_status", "wallet"],
    );
    json!({
        "id": method.id.as_str(),
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": billing_details(method.email.as_deref()),
        "card": card,
        "created": method.created,
        "customer": method.customer.as_deref(),
        "customer_account": null,
        "livemode": view.world.livemode,
        "metadata": &method.metadata,
        "type": "card",
    })
}

pub(crate) fn payment_intent(intent: &PaymentIntent, view: View<'_>) -> Value {
    const NULLS: [&str; 21] = [
        "application",
        "application_fee_amount",
        "automatic_payment_methods",
        "cancellation_reason",
        "customer_account",
        "excluded_payment_method_types",
        "last_payment_error",
        "managed_payments",
        "next_action",
        "on_behalf_of",
        "payment_method_configuration_details",
        "processing",
        "receipt_email",
        "review",
        "shipping",
        "source",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "transfer_data",
        "transfer_group",
        "latest_charge",
    ];
    let succeeded = intent.status.as_str() == "succeeded";
    let money = json!({
        "id": intent.id.as_str(),
        "object": "payment_intent",
        "amount": intent.amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": if succeeded { intent.amount } else { 0 },
        "canceled_at": intent.canceled_at,
        "capture_method": "automatic",
        "client_secret": client_secret(intent),
        "confirmation_method": "automatic",
        "created": intent.created,
        "currency": intent.currency.as_str(),
        "customer": named(&intent.customer),
        "description": intent.description.as_str(),
    });
    let way = json!({
        "cancellation_reason": intent.canceled_at.map(|_| "void_invoice"),
        "last_payment_error": intent.declined.then(|| declined(intent, view)),
        "latest_charge": intent.latest_charge.as_deref(),
        "livemode": view.world.livemode,
        "metadata": &intent.metadata,
        "payment_method": intent.payment_method.as_deref(),
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "setup_future_usage": "off_session",
        "status": intent.status.as_str(),
    });
    let mut written = json_object([money, way], &NULLS);
    until_basil(&mut written, intent.invoice.as_deref(), view);
    written
}

/// Returns the client secret, with which a browser confirms the payment; also that of the invoice.
pub(crate) fn client_secret(intent: &PaymentIntent) -> String {
    let tail = intent.id.trim_start_matches("pi_");
    format!("{}_secret_{tail}", intent.id)
}

/// Adds the id of the invoice, which these objects have before API version basil.
fn until_basil(written: &mut Value, invoice: Option<&str>, view: View<'_>) {
    if let (Some(object), false) = (written.as_object_mut(), view.version.has_periods_at_items()) {
        object.insert("invoice".to_owned(), invoice.into());
    }
}

fn declined(intent: &PaymentIntent, view: View<'_>) -> Value {
    let method = intent.payment_method.as_deref();
    let method = method.and_then(|id| view.world.objects.payment_methods.get(id));
    json!({
        "charge": intent.latest_charge.as_deref(),
        "code": "card_declined",
        "decline_code": "generic_decline",
        "doc_url": "https://stripe.com/docs/error-codes/card-declined",
        "message": "Your card was declined.",
        "payment_method": method.map(|method| payment_method(method, view)),
        "type": "card_error",
    })
}

pub(crate) fn charge(charge: &Charge, view: View<'_>) -> Value {
    const NULLS: [&str; 19] = [
        "application",
        "application_fee",
        "application_fee_amount",
        "calculated_statement_descriptor",
        "customer_account",
        "failure_balance_transaction",
        "on_behalf_of",
        "receipt_email",
        "receipt_number",
        "receipt_url",
        "review",
        "shipping",
        "source",
        "source_transfer",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "transfer_data",
        "transfer_group",
        "outcome",
    ];
    let paid = !charge.declined;
    let money = json!({
        "id": charge.id.as_str(),
        "object": "charge",
        "amount": charge.amount,
        "amount_captured": if paid { charge.amount } else { 0 },
        "amount_refunded": charge.amount_refunded,
        "balance_transaction": paid.then(|| balance_transaction_id(&charge.id)),
        "billing_details": billing_details(charge.email.as_deref()),
        "captured": paid,
        "created": charge.created,
        "currency": charge.currency.as_str(),
        "customer": named(&charge.customer),
        "description": charge.description.as_str(),
        "disputed": charge.disputed,
        "failure_code": charge.declined.then_some("card_declined"),
        "failure_message": charge.declined.then_some("Your card was declined."),
    });
    let way = json!({
        "fraud_details": {},
        "livemode": view.world.livemode,
        "metadata": {},
        "outcome": outcome(charge),
        "paid": paid,
        "payment_intent": charge.payment_intent.as_str(),
        "payment_method": charge.payment_method.as_deref(),
        "payment_method_details": {"card": card_details(), "type": "card"},
        "refunded": charge.amount_refunded >= charge.amount && charge.amount > 0,
        "refunds": {
            "object": "list",
            "data": [],
            "has_more": false,
            "url": format!("/v1/charges/{}/refunds", charge.id),
        },
        "status": if paid { "succeeded" } else { "failed" },
    });
    let mut written = json_object([money, way], &NULLS);
    until_basil(&mut written, charge.invoice.as_deref(), view);
    written
}

fn outcome(charge: &Charge) -> Value {
    let (status, message, kind) = if charge.declined {
        (
            "declined_by_network",
            "The bank did not return any further details.",
            "issuer_declined",
        )
    } else {
        ("approved_by_network", "Payment complete.", "authorized")
    };
    json!({
        "advice_code": null,
        "network_advice_code": null,
        "network_decline_code": null,
        "network_status": status,
        "reason": charge.declined.then_some("generic_decline"),
        "seller_message": message,
        "type": kind,
    })
}

fn card_details() -> Value {
    json_object(
        [json!({
            "brand": "visa",
            "country": "US",
            "exp_month": 8,
            "exp_year": 2030,
            "fingerprint": "Fake4242Card4242",
            "funding": "credit",
            "last4": "4242",
            "network": "visa",
        })],
        &["installments", "mandate", "three_d_secure", "wallet"],
    )
}

pub(crate) fn refund(refund: &Refund, _: View<'_>) -> Value {
    json_object(
        [json!({
            "id": refund.id.as_str(),
            "object": "refund",
            "amount": refund.amount,
            "charge": refund.charge.as_str(),
            "created": refund.created,
            "currency": refund.currency.as_str(),
            "destination_details": {"card": {"type": "refund"}, "type": "card"},
            "balance_transaction": balance_transaction_id(&refund.id),
            "metadata": &refund.metadata,
            "reason": refund.reason.as_deref(),
            "payment_intent": refund.payment_intent.as_str(),
            "status": "succeeded",
        })],
        &[
            "customer",
            "customer_account",
            "payment_method",
            "receipt_number",
            "source_transfer_reversal",
            "transfer_reversal",
        ],
    )
}

pub(crate) fn dispute(dispute: &Dispute, view: View<'_>) -> Value {
    /// Time for the merchant to respond.
    const TIME_TO_ANSWER: i64 = 9 * 86_400;
    json!({
        "id": dispute.id.as_str(),
        "object": "dispute",
        "amount": dispute.amount,
        "balance_transactions": [],
        "charge": dispute.charge.as_str(),
        "created": dispute.created,
        "currency": dispute.currency.as_str(),
        "enhanced_eligibility_types": [],
        "evidence": {},
        "evidence_details": {
            "due_by": dispute.created.saturating_add(TIME_TO_ANSWER),
            "enhanced_eligibility": {},
            "has_evidence": false,
            "past_due": false,
            "submission_count": 0,
        },
        "intended_submission_method": null,
        "is_charge_refundable": false,
        "livemode": view.world.livemode,
        "metadata": &dispute.metadata,
        "payment_intent": dispute.payment_intent.as_str(),
        "payment_method_details": {
            "card": {"brand": "visa", "case_type": "chargeback", "network": "visa", "network_reason_code": "10.4"},
            "type": "card",
        },
        "reason": "fraudulent",
        "status": dispute.status.as_str(),
    })
}
