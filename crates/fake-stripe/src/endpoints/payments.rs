//! `/v1/payment_intents`, `/v1/payment_methods` and `/v1/charges`.

use http::StatusCode;

use super::{Call, Endpoint, Listing, Route, matches_filter};
use crate::{
    error::ApiError,
    keys::Permission,
    shapes,
    world::{Charge, PaymentIntent, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route::list(
        Endpoint::ListPaymentIntents,
        "/v1/payment_intents",
        Permission::PaymentIntentRead,
        list_intents,
    ),
    Route::list(
        Endpoint::RetrievePaymentIntent,
        "/v1/payment_intents/{id}",
        Permission::PaymentIntentRead,
        retrieve_intent,
    ),
    Route::retrieve(
        Endpoint::RetrievePaymentMethod,
        "/v1/payment_methods/{id}",
        Permission::PaymentMethodRead,
        retrieve_method,
    ),
    Route::list(
        Endpoint::ListCharges,
        "/v1/charges",
        Permission::ChargeRead,
        list_charges,
    ),
    Route::retrieve(
        Endpoint::RetrieveCharge,
        "/v1/charges/{id}",
        Permission::ChargeRead,
        retrieve_charge,
    ),
];

fn retrieve_intent(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    call.form.optional_text("client_secret")?;
    call.reject_unread_parameters()?;
    let intents = &world.objects.payment_intents;
    let intent = call.find_by_parameter((world, intents), "payment_intent", call.id, "intent");
    let intent = intent.map_err(|error| error.status(StatusCode::NOT_FOUND))?;
    call.body(world, &shapes::payment_intent(intent, call.view(world)))
}

fn list_intents(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let created = call.form.times("created")?;
    let customer = call.form.optional_text("customer")?;
    let account = call.form.optional_text("customer_account")?;
    let window = call.window()?;
    let wanted = |intent: &PaymentIntent| {
        matches_filter(customer.as_ref(), intent.customer.as_str()) && account.is_none()
    };
    let intents = &world.objects.payment_intents;
    let listing = Listing::new(intents, "payment_intent", window).created(created);
    call.list(world, &listing, wanted, |intent| {
        shapes::payment_intent(intent, call.view(world))
    })
}

fn retrieve_method(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let methods = &world.objects.payment_methods;
    let method = call.find((world, methods), "PaymentMethod", call.id)?;
    call.body(world, &shapes::payment_method(method, call.view(world)))
}

fn retrieve_charge(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let charge = call.find((world, &world.objects.charges), "charge", call.id)?;
    call.body(world, &shapes::charge(charge, call.view(world)))
}

fn list_charges(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let created = call.form.times("created")?;
    let customer = call.form.optional_text("customer")?;
    let intent = call.form.optional_text("payment_intent")?;
    let window = call.window()?;
    let wanted = |charge: &Charge| {
        matches_filter(customer.as_ref(), charge.customer.as_str())
            && matches_filter(intent.as_ref(), charge.payment_intent.as_str())
    };
    let listing = Listing::new(&world.objects.charges, "charge", window).created(created);
    call.list(world, &listing, wanted, |charge| {
        shapes::charge(charge, call.view(world))
    })
}
