//! Payment intents: create, confirm and cancel; payment methods: attach.

use super::{
    WriteRequest,
    customers::{check_card_exists, is_test_card, new_metadata},
};
use crate::{
    endpoint::Endpoint,
    endpoints::Route,
    error::ApiError,
    form::merge,
    keys::Permission,
    shapes,
    world::{PaymentIntent, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route::post(
        Endpoint::CreatePaymentIntent,
        "/v1/payment_intents",
        Permission::PaymentIntentWrite,
        create,
    ),
    Route::post(
        Endpoint::UpdatePaymentIntent,
        "/v1/payment_intents/{id}",
        Permission::PaymentIntentWrite,
        update,
    ),
    Route::post(
        Endpoint::ConfirmPaymentIntent,
        "/v1/payment_intents/{id}/confirm",
        Permission::PaymentIntentWrite,
        confirm,
    ),
    Route::post(
        Endpoint::CancelPaymentIntent,
        "/v1/payment_intents/{id}/cancel",
        Permission::PaymentIntentWrite,
        cancel,
    ),
    Route::post(
        Endpoint::AttachPaymentMethod,
        "/v1/payment_methods/{id}/attach",
        Permission::PaymentMethodWrite,
        attach,
    ),
];

/// Parameters that Stripe accepts but that have no effect here.
const IGNORED: [&str; 16] = [
    "automatic_payment_methods",
    "capture_method",
    "confirmation_method",
    "error_on_requires_action",
    "mandate",
    "off_session",
    "payment_method_configuration",
    "payment_method_data",
    "payment_method_options",
    "payment_method_types",
    "receipt_email",
    "return_url",
    "setup_future_usage",
    "shipping",
    "statement_descriptor",
    "use_stripe_sdk",
];

fn create(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let form = &mut request.call.form;
    let Some(amount) = form.integer("amount")?.into_option() else {
        return Err(form.missing("amount"));
    };
    let intent = PaymentIntent {
        amount,
        currency: form.required("currency")?.to_lowercase(),
        customer: form.required("customer")?,
        description: form.text("description")?.into_option().unwrap_or_default(),
        metadata: new_metadata(form)?,
        ..PaymentIntent::default()
    };
    let is_confirmed = form.boolean("confirm")?.unwrap_or(false);
    let card = form.optional_text("payment_method")?;
    form.ignore(&IGNORED);
    request.reject_unread_parameters()?;
    let customer = intent.customer.clone();
    let customers = (&*world, &world.customers);
    request
        .call
        .find_by_parameter(customers, "customer", customer.as_str(), "customer")?;
    if let Some(card) = &card {
        check_card_exists(world, card)?;
    }
    let id = request.apply(world, Some(&customer), |world| {
        let id = world.create_payment_intent(intent);
        if is_confirmed {
            world.confirm_payment_intent(&id)?;
        }
        Ok::<_, ApiError>(id)
    })?;
    payment_intent_response(request, world, &id)
}

fn update(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = request.call.id;
    intent(request, world, id)?;
    let form = &mut request.call.form;
    let metadata = form.metadata()?;
    let amount = form.integer("amount")?.into_option();
    let description = form.text("description")?.into_option();
    form.ignore(&IGNORED);
    form.ignore(&["payment_method"]);
    request.reject_unread_parameters()?;
    world.update_payment_intent(id, |intent| {
        merge(&mut intent.metadata, metadata);
        intent.amount = amount.unwrap_or(intent.amount);
        intent.description = description.unwrap_or_else(|| intent.description.clone());
    })?;
    payment_intent_response(request, world, id)
}

fn confirm(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = request.call.id;
    let customer = intent(request, world, id)?.customer.clone();
    request.call.form.ignore(&IGNORED);
    request.call.form.ignore(&["payment_method"]);
    request.reject_unread_parameters()?;
    request.apply(world, Some(&customer), |world| {
        world.confirm_payment_intent(id)
    })?;
    payment_intent_response(request, world, id)
}

fn cancel(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = request.call.id;
    let customer = intent(request, world, id)?.customer.clone();
    request.call.form.ignore(&["cancellation_reason"]);
    request.reject_unread_parameters()?;
    request.apply(world, Some(&customer), |world| {
        world.cancel_payment_intent(id)
    })?;
    payment_intent_response(request, world, id)
}

fn attach(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = request.call.id;
    let customer = request.call.form.required("customer")?;
    request.reject_unread_parameters()?;
    let call = &request.call;
    let customers = (&*world, &world.customers);
    call.find_by_parameter(customers, "customer", &customer, "customer")?;
    let known = (!is_test_card(id)).then_some(id);
    if known.is_some() {
        call.find(
            (&*world, &world.objects.payment_methods),
            "PaymentMethod",
            id,
        )?;
    }
    let card = request.apply(world, Some(&customer), |world| {
        world.attach_card(&customer, known)
    });
    let card = card.unwrap_or_default();
    let methods = (&*world, &world.objects.payment_methods);
    let method = request.call.find(methods, "PaymentMethod", &card)?;
    let view = request.call.view(world);
    request.body(world, &shapes::payment_method(method, view))
}

fn intent<'w>(
    request: &WriteRequest<'_>,
    world: &'w World,
    id: &str,
) -> Result<&'w PaymentIntent, ApiError> {
    let intents = (world, &world.objects.payment_intents);
    request
        .call
        .find_by_parameter(intents, "payment_intent", id, "intent")
}

fn payment_intent_response(
    request: &WriteRequest<'_>,
    world: &World,
    id: &str,
) -> Result<Vec<u8>, ApiError> {
    let intent = intent(request, world, id)?;
    let view = request.call.view(world);
    request.body(world, &shapes::payment_intent(intent, view))
}
