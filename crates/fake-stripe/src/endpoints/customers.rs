//! `/v1/customers`.

use super::{Call, Endpoint, Listing, Route, matches_filter};
use crate::{
    error::ApiError,
    keys::Permission,
    shapes::CustomerShape,
    world::{Customer, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route::list(
        Endpoint::ListCustomers,
        "/v1/customers",
        Permission::CustomerRead,
        list,
    ),
    Route::retrieve(
        Endpoint::RetrieveCustomer,
        "/v1/customers/{id}",
        Permission::CustomerRead,
        retrieve,
    ),
];

fn retrieve(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let customer = call.find((world, &world.customers), "customer", call.id)?;
    call.body(world, &CustomerShape::new(customer, call.view(world)))
}

fn list(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let created = call.form.times("created")?;
    let email = call.form.optional_text("email")?;
    let clock = call.form.optional_text("test_clock")?;
    let window = call.window()?;
    let wanted = |customer: &Customer| {
        !customer.deleted
            && matches_filter(email.as_ref(), customer.email.as_deref())
            && customer.details.test_clock == clock
    };
    let listing = Listing::new(&world.customers, "customer", window).created(created);
    call.list(world, &listing, wanted, |customer| {
        CustomerShape::new(customer, call.view(world))
    })
}
