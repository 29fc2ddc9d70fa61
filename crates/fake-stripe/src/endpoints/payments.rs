//! `/v1/payment_intents`, `/v1/payment_methods` and `/v1/charges`.

use http::StatusCode;

use super::{Call, Endpoint, Listing, Route};
use crate::{
    error::ApiError,
    keys::Permission,
    parameters::{Kind, LIST, RETRIEVE, known},
    shapes,
    world::{Charge, PaymentIntent, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route {
        endpoint: Endpoint::ListPaymentIntents,
        path: "/v1/payment_intents",
        permission: Permission::PaymentIntentRead,
        parameters: &[
            &LIST,
            &[
                known("created", Kind::Times),
                known("customer", Kind::Text),
                known("customer_account", Kind::Text),
            ],
        ],
        answer: list_intents,
    },
    Route {
        endpoint: Endpoint::RetrievePaymentIntent,
        path: "/v1/payment_intents/{id}",
        permission: Permission::PaymentIntentRead,
        parameters: &[&RETRIEVE, &[known("client_secret", Kind::Text)]],
        answer: retrieve_intent,
    },
    Route {
        endpoint: Endpoint::RetrievePaymentMethod,
        path: "/v1/payment_methods/{id}",
        permission: Permission::PaymentMethodRead,
        parameters: &[&RETRIEVE],
        answer: retrieve_method,
    },
    Route {
        endpoint: Endpoint::ListCharges,
        path: "/v1/charges",
        permission: Permission::ChargeRead,
        parameters: &[
            &LIST,
            &[
                known("created", Kind::Times),
                known("customer", Kind::Text),
                known("payment_intent", Kind::Text),
            ],
        ],
        answer: list_charges,
    },
    Route {
        endpoint: Endpoint::RetrieveCharge,
        path: "/v1/charges/{id}",
        permission: Permission::ChargeRead,
        parameters: &[&RETRIEVE],
        answer: retrieve_charge,
    },
];

fn retrieve_intent(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let intents = &world.objects.payment_intents;
    let intent = call.find((world, intents), "payment_intent", (call.id, "intent"));
    let intent = intent.map_err(|error| error.status(StatusCode::NOT_FOUND))?;
    call.body(world, &shapes::payment_intent(intent, call.view(world)))
}

fn list_intents(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let customer = call.parameters.text("customer");
    let account = call.parameters.text("customer_account");
    let wanted = |intent: &PaymentIntent| {
        customer.is_none_or(|customer| intent.customer == customer) && account.is_none()
    };
    let listing = Listing::new(&world.objects.payment_intents, "payment_intent", call);
    call.list(world, &listing, wanted, |intent| {
        shapes::payment_intent(intent, call.view(world))
    })
}

fn retrieve_method(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let methods = &world.objects.payment_methods;
    let method = call.find((world, methods), "PaymentMethod", (call.id, "id"))?;
    call.body(world, &shapes::payment_method(method, call.view(world)))
}

fn retrieve_charge(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let charge = call.find((world, &world.objects.charges), "charge", (call.id, "id"))?;
    call.body(world, &shapes::charge(charge, call.view(world)))
}

fn list_charges(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let customer = call.parameters.text("customer");
    let intent = call.parameters.text("payment_intent");
    let wanted = |charge: &Charge| {
        customer.is_none_or(|customer| charge.customer == customer)
            && intent.is_none_or(|intent| charge.payment_intent == intent)
    };
    let listing = Listing::new(&world.objects.charges, "charge", call);
    call.list(world, &listing, wanted, |charge| {
        shapes::charge(charge, call.view(world))
    })
}
