//! Checkout sessions and sessions of the billing portal.

use serde_json::{Value, json};

use super::{View, json_object::json_object};
use crate::world::{CheckoutSession, PaymentStatus, PortalSession, SessionMode, SessionStatus};

const NULLS: [&str; 32] = [
    "after_expiration",
    "allowed_payment_method_types",
    "billing_address_collection",
    "cancel_url",
    "client_reference_id",
    "client_secret",
    "collected_information",
    "consent",
    "consent_collection",
    "currency_conversion",
    "customer",
    "customer_account",
    "customer_creation",
    "customer_details",
    "discounts",
    "integration_identifier",
    "invoice_creation",
    "locale",
    "managed_payments",
    "origin_context",
    "payment_intent",
    "payment_link",
    "payment_method_configuration_details",
    "permissions",
    "recovered_from",
    "setup_intent",
    "shipping_address_collection",
    "shipping_cost",
    "submit_type",
    "success_url",
    "url",
    "wallet_options",
];

pub(crate) fn checkout_session(session: &CheckoutSession, view: View<'_>) -> Value {
    json_object([about(session, view), page(session, view)], &NULLS)
}

fn about(session: &CheckoutSession, view: View<'_>) -> Value {
    let subtotal = view.world.session_subtotal(session);
    let off = view.world.amount_off(session, subtotal);
    let price = session
        .items
        .first()
        .and_then(|item| view.world.prices.get(&item.price));
    let discounts = session
        .coupon
        .as_deref()
        .map(|coupon| json!([{"coupon": coupon, "promotion_code": null}]));
    let collects_if_required =
        session.missing_payment_method.is_some() || session.mode == SessionMode::Payment;
    json!({
        "id": session.id.as_str(),
        "object": "checkout.session",
        "amount_subtotal": subtotal,
        "amount_total": subtotal.saturating_sub(off),
        "client_reference_id": session.client_reference_id.as_deref(),
        "created": session.created,
        "currency": price.map_or("usd", |price| price.currency.as_str()),
        "customer": session.customer.as_deref(),
        "customer_creation": session.customer_email.as_ref().map(|_| "always"),
        "customer_details": details(session),
        "customer_email": session.customer_email.as_deref(),
        "discounts": discounts,
        "expires_at": session.expires_at,
        "invoice": session.invoice.as_deref(),
        "livemode": view.world.livemode,
        "metadata": &session.metadata,
        "mode": session.mode.as_str(),
        "payment_intent": session.payment_intent.as_deref(),
        "payment_method_collection": if collects_if_required { "if_required" } else { "always" },
        "payment_status": session.payment_status.as_str(),
        "status": session.status.as_str(),
        "subscription": session.subscription.as_deref(),
        "total_details": {"amount_discount": off, "amount_shipping": 0, "amount_tax": 0},
    })
}

fn details(session: &CheckoutSession) -> Option<Value> {
    session.email().map(|email| {
        json_object(
            [json!({"email": email, "tax_exempt": "none"})],
            &[
                "address",
                "business_name",
                "individual_name",
                "name",
                "phone",
                "tax_ids",
            ],
        )
    })
}

fn page(session: &CheckoutSession, view: View<'_>) -> Value {
    let url = (session.status == SessionStatus::Open)
        .then(|| format!("https://checkout.stripe.com/c/pay/{}", session.id));
    let is_late = session.payment_status == PaymentStatus::Unpaid
        && session.status == SessionStatus::Complete;
    json!({
        "adaptive_pricing": {"enabled": false},
        "allow_promotion_codes": session.allow_promotion_codes.then_some(true),
        "automatic_tax": {"enabled": false, "liability": null, "provider": null, "status": null},
        "cancel_url": session.cancel_url.as_deref(),
        "custom_fields": [],
        "custom_text": {
            "after_submit": null,
            "shipping_address": null,
            "submit": null,
            "terms_of_service_acceptance": null,
        },
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": [if is_late { "sepa_debit" } else { "card" }],
        "phone_number_collection": {"enabled": false},
        "saved_payment_method_options": {
            "allow_redisplay_filters": ["always"],
            "payment_method_remove": "disabled",
            "payment_method_save": null,
        },
        "shipping_options": [],
        "success_url": session.success_url.as_deref(),
        "ui_mode": if view.version.has_named_pages() { "hosted_page" } else { "hosted" },
        "url": url,
    })
}

pub(crate) fn portal_session(session: &PortalSession, view: View<'_>) -> Value {
    let tail = session.id.trim_start_matches("bps_");
    let configuration = session.configuration.as_deref();
    json!({
        "id": session.id.as_str(),
        "object": "billing_portal.session",
        "configuration": configuration.unwrap_or("bpc_1FakePortalConfiguration"),
        "created": session.created,
        "customer": session.customer.as_str(),
        "customer_account": null,
        "flow": null,
        "livemode": view.world.livemode,
        "locale": null,
        "on_behalf_of": null,
        "return_url": session.return_url.as_deref(),
        "url": format!("https://billing.stripe.com/p/session/{tail}"),
    })
}
