//! Payment intents: create, confirm and cancel; payment methods: attach.

use super::{
    Writing,
    customers::{is_test_card, known_card, new_metadata},
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

/// Parameters of Stripe that have no effect here.
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

fn create(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let form = &mut writing.call.form;
    let Some(amount) = form.integer("amount")?.set() else {
        return Err(form.missing("amount"));
    };
    let intent = PaymentIntent {
        amount,
        currency: form.required("currency")?.to_lowercase(),
        customer: form.required("customer")?,
        description: form.text("description")?.set().unwrap_or_default(),
        metadata: new_metadata(form)?,
        ..PaymentIntent::default()
    };
    let is_confirmed = form.boolean("confirm")?.unwrap_or(false);
    let card = form.plain("payment_method")?;
    form.ignore(&IGNORED);
    writing.finish()?;
    let customer = intent.customer.clone();
    let customers = (&*world, &world.customers);
    let asked = (customer.as_str(), "customer");
    writing.call.find(customers, "customer", asked)?;
    if let Some(card) = &card {
        known_card(world, card)?;
    }
    let id = writing.act(world, Some(&customer), |world| {
        let id = world.create_payment_intent(intent);
        if is_confirmed {
            world.confirm_payment_intent(&id)?;
        }
        Ok::<_, ApiError>(id)
    })?;
    answer(writing, world, &id)
}

fn update(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = writing.call.id;
    intent(writing, world, id)?;
    let form = &mut writing.call.form;
    let metadata = form.metadata()?;
    let amount = form.integer("amount")?.set();
    let description = form.text("description")?.set();
    form.ignore(&IGNORED);
    form.ignore(&["payment_method"]);
    writing.finish()?;
    world.update_payment_intent(id, |intent| {
        merge(&mut intent.metadata, metadata);
        intent.amount = amount.unwrap_or(intent.amount);
        intent.description = description.unwrap_or_else(|| intent.description.clone());
    })?;
    answer(writing, world, id)
}

fn confirm(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = writing.call.id;
    let customer = intent(writing, world, id)?.customer.clone();
    writing.call.form.ignore(&IGNORED);
    writing.call.form.ignore(&["payment_method"]);
    writing.finish()?;
    writing.act(world, Some(&customer), |world| {
        world.confirm_payment_intent(id)
    })?;
    answer(writing, world, id)
}

fn cancel(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = writing.call.id;
    let customer = intent(writing, world, id)?.customer.clone();
    writing.call.form.ignore(&["cancellation_reason"]);
    writing.finish()?;
    writing.act(world, Some(&customer), |world| {
        world.cancel_payment_intent(id)
    })?;
    answer(writing, world, id)
}

fn attach(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = writing.call.id;
    let customer = writing.call.form.required("customer")?;
    writing.finish()?;
    let call = &writing.call;
    let customers = (&*world, &world.customers);
    call.find(customers, "customer", (&customer, "customer"))?;
    let known = (!is_test_card(id)).then_some(id);
    if known.is_some() {
        call.find(
            (&*world, &world.objects.payment_methods),
            "PaymentMethod",
            (id, "id"),
        )?;
    }
    let card = writing.act(world, Some(&customer), |world| {
        world.attach_card(&customer, known)
    });
    let card = card.unwrap_or_default();
    let methods = (&*world, &world.objects.payment_methods);
    let method = writing.call.find(methods, "PaymentMethod", (&card, "id"))?;
    let view = writing.call.view(world);
    writing.body(world, &shapes::payment_method(method, view))
}

fn intent<'w>(
    writing: &Writing<'_>,
    world: &'w World,
    id: &str,
) -> Result<&'w PaymentIntent, ApiError> {
    let intents = (world, &world.objects.payment_intents);
    writing.call.find(intents, "payment_intent", (id, "intent"))
}

fn answer(writing: &Writing<'_>, world: &World, id: &str) -> Result<Vec<u8>, ApiError> {
    let intent = intent(writing, world, id)?;
    let view = writing.call.view(world);
    writing.body(world, &shapes::payment_intent(intent, view))
}
