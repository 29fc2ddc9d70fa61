//! Checkout sessions: create, expire and complete, where Stripe leaves completion to the buyer.

use compact_str::CompactString;

use fake_http::Unsupported;

use super::{
    WriteRequest,
    customers::new_metadata,
    items::{WantedItem, check_new},
    subscriptions::{Trial, coupon},
};
use crate::{
    endpoint::Endpoint,
    endpoints::Route,
    error::ApiError,
    form::{Form, Parameter},
    keys::Permission,
    operations::{Completion, Payment},
    shapes,
    world::{CheckoutSession, Item, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route::post(
        Endpoint::CreateCheckoutSession,
        "/v1/checkout/sessions",
        Permission::CheckoutSessionWrite,
        create,
    ),
    Route::post(
        Endpoint::ExpireCheckoutSession,
        "/v1/checkout/sessions/{id}/expire",
        Permission::CheckoutSessionWrite,
        expire,
    ),
    // Not a Stripe endpoint: replaces the buyer's action in a browser.
    Route::post(
        Endpoint::CompleteCheckoutSession,
        "/v1/test_helpers/checkout/sessions/{id}/complete",
        Permission::CheckoutSessionWrite,
        complete,
    ),
];

/// Parameters that Stripe accepts but that have no effect here.
const IGNORED: [&str; 30] = [
    "adaptive_pricing",
    "after_expiration",
    "automatic_tax",
    "billing_address_collection",
    "branding_settings",
    "client_reference_id_collection",
    "consent_collection",
    "custom_fields",
    "custom_text",
    "customer_account",
    "customer_creation",
    "customer_update",
    "excluded_payment_method_types",
    "integration_identifier",
    "invoice_creation",
    "locale",
    "managed_payments",
    "name_collection",
    "optional_items",
    "origin_context",
    "payment_method_configuration",
    "payment_method_data",
    "payment_method_options",
    "payment_method_types",
    "phone_number_collection",
    "redirect_on_completion",
    "return_url",
    "saved_payment_method_options",
    "submit_type",
    "tax_id_collection",
];

fn create(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let form = &mut request.call.form;
    let mode = form
        .choice("mode", &["payment", "setup", "subscription"])?
        .into_option();
    let lines = WantedItem::all(form, "line_items")?;
    let mut session = CheckoutSession {
        customer: form.optional_text("customer")?,
        customer_email: form.optional_text("customer_email")?,
        client_reference_id: form.optional_text("client_reference_id")?,
        metadata: new_metadata(form)?,
        coupon: coupon(form)?,
        allow_promotion_codes: form.boolean("allow_promotion_codes")?.unwrap_or(false),
        success_url: form.optional_text("success_url")?,
        cancel_url: form.optional_text("cancel_url")?,
        expires_at: form
            .integer("expires_at")?
            .into_option()
            .unwrap_or_default(),
        ..CheckoutSession::default()
    };
    subscription_data(form, &mut session, world.clock)?;
    let collection = form.choice("payment_method_collection", &["always", "if_required"])?;
    if collection == Parameter::Set("if_required") {
        session
            .missing_payment_method
            .get_or_insert_with(|| "create_invoice".into());
    }
    let is_hosted = form
        .optional_text("ui_mode")?
        .is_none_or(|mode| mode.starts_with("hosted"));
    form.ignore(&["currency"]);
    form.ignore(&IGNORED);
    if is_hosted && session.success_url.is_none() {
        return Err(form.missing("success_url"));
    }
    request.reject_unread_parameters()?;
    if mode != Some("subscription") {
        return Err(ApiError::invalid(
            "This is the fake of prodverdict: it sells subscriptions only (`mode=subscription`).",
        )
        .param("mode")
        .unsupported(Unsupported::Parameter("mode".to_owned())));
    }
    check_new(&lines, request, world, "line_items")?;
    if let Some(customer) = &session.customer {
        let customers = (&*world, &world.customers);
        let found =
            request
                .call
                .find_by_parameter(customers, "customer", customer.as_str(), "customer")?;
        if found.deleted {
            return Err(ApiError::missing("customer", customer, "customer"));
        }
        if session.customer_email.is_some() {
            return Err(ApiError::invalid(
                "You may only specify one of these parameters: customer, customer_email.",
            ));
        }
    }
    let customer = session.customer.clone();
    let id = request.apply(world, customer.as_deref(), |world| {
        let items = lines.into_iter().filter_map(|line| line.make(world));
        session.items = items.collect::<Vec<Item>>();
        world.open_checkout(session)
    })?;
    session_response(request, world, &id)
}

fn subscription_data(
    form: &mut Form,
    session: &mut CheckoutSession,
    clock: i64,
) -> Result<(), ApiError> {
    const DAY: i64 = 86_400;
    let Parameter::Set(mut data) = form.hash("subscription_data")? else {
        return Ok(());
    };
    session.subscription_metadata = new_metadata(&mut data)?;
    let trial = Trial::read(&mut data, clock)?;
    let until = trial
        .end
        .map(|end| end.saturating_sub(clock).saturating_add(DAY - 1) / DAY);
    session.trial_days = trial
        .days
        .or_else(|| until.and_then(|days| u32::try_from(days).ok()));
    session.missing_payment_method = trial.missing_payment_method;
    data.ignore(&[
        "application_fee_percent",
        "billing_cycle_anchor",
        "billing_mode",
        "default_tax_rates",
        "description",
        "invoice_settings",
        "on_behalf_of",
        "pending_invoice_item_interval",
        "proration_behavior",
        "transfer_data",
    ]);
    data.reject_unread_parameters()
}

fn expire(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = request.call.id;
    let customer = buyer(request, world)?;
    request.reject_unread_parameters()?;
    request.apply(world, customer.as_deref(), |world| {
        world.expire_checkout(id)
    })?;
    session_response(request, world, id)
}

fn complete(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = request.call.id;
    let customer = buyer(request, world)?;
    let form = &mut request.call.form;
    let words = ["paid", "pending", "pending_while_active"];
    let payment = match form.choice("payment", &words)?.into_option() {
        Some("pending") => Payment::Pending,
        Some("pending_while_active") => Payment::PendingWhileActive,
        Some(_) | None => Payment::Paid,
    };
    let email = form.optional_text("email")?;
    request.reject_unread_parameters()?;
    let completion = Completion { payment, email };
    let stage = customer
        .as_deref()
        .and_then(|customer| world.stage_of(customer).cloned());
    // The buyer causes this, not the request.
    let completed = match stage {
        Some(stage) => {
            let act = |world: &mut World| world.complete_checkout(id, &completion);
            world.on_stage(&stage, act).0
        }
        None => world.complete_checkout(id, &completion),
    };
    completed?;
    session_response(request, world, id)
}

/// Returns the customer of a session, if any.
fn buyer(request: &WriteRequest<'_>, world: &World) -> Result<Option<CompactString>, ApiError> {
    let sessions = (world, &world.objects.sessions);
    let session = request
        .call
        .find(sessions, "checkout.session", request.call.id)?;
    Ok(session.customer.clone())
}

fn session_response(
    request: &WriteRequest<'_>,
    world: &World,
    id: &str,
) -> Result<Vec<u8>, ApiError> {
    let sessions = (world, &world.objects.sessions);
    let session = request.call.find(sessions, "checkout.session", id)?;
    let view = request.call.view(world);
    request.body(world, &shapes::checkout_session(session, view))
}
