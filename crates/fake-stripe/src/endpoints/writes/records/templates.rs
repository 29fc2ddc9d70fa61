//! Default fields of stored objects.

use compact_str::CompactString;
use serde_json::{Map, Value, json};

use super::fields::merge_fields;
use crate::{
    error::ApiError,
    world::{RecordKind, World},
};

/// Adds the fields that follow from the given ones. Returns the customer that the object belongs to.
pub(super) fn complete(
    kind: RecordKind,
    given: &mut Map<String, Value>,
    customer: Option<CompactString>,
    world: &World,
) -> Result<Option<CompactString>, ApiError> {
    match kind {
        RecordKind::PromotionCode => promotion(given, world)?,
        RecordKind::CreditNote => return credit(given, world).map(Some),
        RecordKind::TaxRate => {
            let percentage = given.get("percentage").cloned().unwrap_or_default();
            given.insert("effective_percentage".to_owned(), percentage);
        }
        RecordKind::SetupIntent if given.contains_key("payment_method") => {
            given.insert("status".to_owned(), "requires_confirmation".into());
        }
        RecordKind::PaymentLink => {
            given.remove("line_items");
        }
        RecordKind::TaxId | RecordKind::SetupIntent | RecordKind::PortalConfiguration => {}
    }
    Ok(customer)
}

/// Moves the coupon to `promotion`, wherever the request put it.
fn promotion(given: &mut Map<String, Value>, world: &World) -> Result<(), ApiError> {
    let written = given.remove("coupon");
    let nested = given.get("promotion").and_then(|one| one.get("coupon"));
    let coupon = written.or_else(|| nested.cloned()).unwrap_or_default();
    let Some(id) = coupon.as_str() else {
        return Err(ApiError::missing_parameter("promotion"));
    };
    if world.objects.coupons.get(id).is_none() {
        return Err(ApiError::missing("coupon", id, "promotion[coupon]"));
    }
    given.insert(
        "promotion".to_owned(),
        json!({"coupon": id, "type": "coupon"}),
    );
    Ok(())
}

/// Fills in a credit note's customer, currency and, unless given, amount from its invoice.
fn credit(given: &mut Map<String, Value>, world: &World) -> Result<CompactString, ApiError> {
    let id = given.get("invoice").and_then(Value::as_str);
    let id = id.unwrap_or_default().to_owned();
    let Some(invoice) = world.find_invoice(&id) else {
        return Err(ApiError::missing("invoice", &id, "invoice"));
    };
    let parts = [
        "amount",
        "credit_amount",
        "refund_amount",
        "out_of_band_amount",
    ];
    let amount = parts.iter().find_map(|part| given.get(*part)).cloned();
    let amount = amount.unwrap_or_else(|| invoice.amount_due().into());
    given.remove("credit_amount");
    given.remove("refund_amount");
    for same in [
        "amount",
        "subtotal",
        "total",
        "subtotal_excluding_tax",
        "total_excluding_tax",
    ] {
        given.insert(same.to_owned(), amount.clone());
    }
    let is_paid = invoice.paid_at.is_some();
    let (side, kind) = if is_paid {
        ("post_payment_amount", "post_payment")
    } else {
        ("pre_payment_amount", "pre_payment")
    };
    given.insert(side.to_owned(), amount);
    given.insert("type".to_owned(), kind.into());
    given.insert("currency".to_owned(), invoice.currency.as_str().into());
    given.insert(
        "number".to_owned(),
        format!("{}-CN-01", invoice.number.as_deref().unwrap_or_default()).into(),
    );
    Ok(invoice.customer.clone())
}

/// Builds the whole object from the defaults, the fixed fields and the given fields.
pub(super) fn object(
    kind: RecordKind,
    mut fixed: Map<String, Value>,
    given: Map<String, Value>,
) -> Value {
    let id = fixed.get("id").and_then(Value::as_str).unwrap_or_default();
    let mut object = defaults(kind, id);
    if !has_customer(kind) {
        fixed.remove("customer");
    }
    merge_fields(&mut object, fixed);
    merge_fields(&mut object, given);
    object
}

fn has_customer(kind: RecordKind) -> bool {
    match kind {
        RecordKind::PromotionCode
        | RecordKind::TaxId
        | RecordKind::SetupIntent
        | RecordKind::CreditNote => true,
        RecordKind::TaxRate | RecordKind::PaymentLink | RecordKind::PortalConfiguration => false,
    }
}

fn defaults(kind: RecordKind, id: &str) -> Value {
    let tail: String = id.chars().rev().take(8).collect();
    match kind {
        RecordKind::PromotionCode => json!({
            "object": "promotion_code", "active": true, "code": tail.to_uppercase(), "customer": null,
            "customer_account": null, "expires_at": null, "max_redemptions": null, "metadata": {},
            "promotion": {"coupon": null, "type": "coupon"},
            "restrictions": {
                "first_time_transaction": false, "minimum_amount": null, "minimum_amount_currency": null,
            },
            "times_redeemed": 0,
        }),
        RecordKind::TaxRate => json!({
            "object": "tax_rate", "active": true, "country": null, "description": null, "display_name": "",
            "effective_percentage": null, "flat_amount": null, "inclusive": false, "jurisdiction": null,
            "jurisdiction_level": null, "metadata": {}, "percentage": 0, "rate_type": "percentage", "state": null,
            "tax_type": null,
        }),
        RecordKind::TaxId => json!({
            "object": "tax_id", "country": null, "customer": null, "customer_account": null,
            "owner": {"type": "customer"}, "type": "unknown", "value": "",
            "verification": {"status": "pending", "verified_address": null, "verified_name": null},
        }),
        RecordKind::SetupIntent => setup_intent(id),
        RecordKind::CreditNote => credit_note(id),
        RecordKind::PaymentLink => payment_link(&tail),
        RecordKind::PortalConfiguration => portal_configuration(),
    }
}

fn setup_intent(id: &str) -> Value {
    let tail = id.trim_start_matches("seti_");
    json!({
        "object": "setup_intent", "allowed_payment_method_types": null, "application": null,
        "automatic_payment_methods": null, "cancellation_reason": null,
        "client_secret": format!("{id}_secret_{tail}"), "customer": null, "customer_account": null,
        "description": null, "excluded_payment_method_types": null, "flow_directions": null,
        "last_setup_error": null, "latest_attempt": null, "managed_payments": null, "mandate": null,
        "metadata": {}, "next_action": null, "on_behalf_of": null, "payment_method": null,
        "payment_method_configuration_details": null, "payment_method_options": {},
        "payment_method_types": ["card"], "single_use_mandate": null, "status": "requires_payment_method",
        "usage": "off_session",
    })
}

fn credit_note(id: &str) -> Value {
    json!({
        "object": "credit_note", "amount": 0, "amount_shipping": 0, "currency": "usd", "customer": null,
        "customer_account": null, "customer_balance_transaction": null, "discount_amount": 0,
        "discount_amounts": [], "effective_at": null, "invoice": null,
        "lines": {
            "object": "list", "data": [], "has_more": false, "url": format!("/v1/credit_notes/{id}/lines"),
        },
        "memo": null, "metadata": {}, "number": "", "out_of_band_amount": null,
        "pdf": format!("https://pay.stripe.com/credit_notes/{id}/pdf?s=ap"), "post_payment_amount": 0,
        "pre_payment_amount": 0, "pretax_credit_amounts": [], "reason": null, "refunds": [], "shipping_cost": null,
        "status": "issued", "subtotal": 0, "subtotal_excluding_tax": 0, "total": 0, "total_excluding_tax": 0,
        "total_taxes": [], "type": "post_payment", "voided_at": null,
    })
}

fn payment_link(tail: &str) -> Value {
    json!({
        "object": "payment_link", "active": true,
        "after_completion": {"hosted_confirmation": {"custom_message": null}, "type": "hosted_confirmation"},
        "allow_promotion_codes": false, "application": null, "application_fee_amount": null,
        "application_fee_percent": null, "automatic_tax": {"enabled": false, "liability": null},
        "billing_address_collection": "auto", "consent_collection": null, "currency": "usd", "custom_fields": [],
        "custom_text": {
            "after_submit": null, "shipping_address": null, "submit": null, "terms_of_service_acceptance": null,
        },
        "customer_creation": "always", "inactive_message": null, "invoice_creation": null,
        "managed_payments": null, "metadata": {}, "on_behalf_of": null, "payment_intent_data": null,
        "payment_method_collection": "always", "payment_method_options": null, "payment_method_types": null,
        "phone_number_collection": {"enabled": false}, "restrictions": null, "shipping_address_collection": null,
        "shipping_options": [], "submit_type": "auto", "subscription_data": null,
        "tax_id_collection": {"enabled": false, "required": "never"}, "transfer_data": null,
        "url": format!("https://buy.stripe.com/test_{tail}"),
    })
}

fn portal_configuration() -> Value {
    json!({
        "object": "billing_portal.configuration", "active": true, "application": null,
        "business_profile": {"headline": null, "privacy_policy_url": null, "terms_of_service_url": null},
        "default_return_url": null,
        "features": {
            "customer_update": {"allowed_updates": [], "enabled": false},
            "invoice_history": {"enabled": false},
            "payment_method_update": {"enabled": false, "payment_method_configuration": null},
            "subscription_cancel": {
                "cancellation_reason": {"enabled": false, "options": []}, "enabled": false,
                "mode": "at_period_end", "proration_behavior": "none",
            },
            "subscription_update": {
                "billing_cycle_anchor": null, "default_allowed_updates": [], "enabled": false, "products": [],
                "proration_behavior": "none", "schedule_at_period_end": {"conditions": []},
                "trial_update_behavior": "end_trial",
            },
        },
        "is_default": false, "login_page": {"enabled": false, "url": null}, "metadata": {}, "name": null,
        "updated": 0,
    })
}
