//! `/v1/customers`.

use super::{Call, Endpoint, Listing, Route};
use crate::{
    error::ApiError,
    keys::Permission,
    parameters::{Kind, LIST, RETRIEVE, known},
    shapes::CustomerShape,
    world::{Customer, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route {
        endpoint: Endpoint::ListCustomers,
        path: "/v1/customers",
        permission: Permission::CustomerRead,
        parameters: &[
            &LIST,
            &[
                known("created", Kind::Times),
                known("email", Kind::Text),
                known("test_clock", Kind::Text),
            ],
        ],
        answer: list,
    },
    Route {
        endpoint: Endpoint::RetrieveCustomer,
        path: "/v1/customers/{id}",
        permission: Permission::CustomerRead,
        parameters: &[&RETRIEVE],
        answer: retrieve,
    },
];

fn retrieve(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let customer = call.find((world, &world.customers), "customer", (call.id, "id"))?;
    call.body(world, &CustomerShape::new(customer, call.view(world)))
}

fn list(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let email = call.parameters.text("email");
    let clock = call.parameters.text("test_clock");
    let wanted = |customer: &Customer| {
        !customer.deleted
            && email.is_none_or(|email| customer.email.as_deref() == Some(email))
            && customer.details.test_clock.as_deref() == clock
    };
    let listing = Listing::new(&world.customers, "customer", call);
    call.list(world, &listing, wanted, |customer| {
        CustomerShape::new(customer, call.view(world))
    })
}
