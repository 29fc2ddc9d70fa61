//! `/v1/plans`: the older name of recurring prices.

use super::{Call, Endpoint, Listing, Route, matches_filter};
use crate::{
    error::ApiError,
    keys::Permission,
    shapes::PlanShape,
    world::{Price, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route::list(Endpoint::Plans, "/v1/plans", Permission::PriceRead, list),
    Route::retrieve(
        Endpoint::Plans,
        "/v1/plans/{id}",
        Permission::PriceRead,
        retrieve,
    ),
];

fn retrieve(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let price = call.find((world, &world.prices), "plan", call.id)?;
    if price.recurring.is_none() {
        return Err(ApiError::missing("plan", call.id, "id"));
    }
    call.body(world, &PlanShape::new(price, call.view(world)))
}

fn list(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let created = call.form.times("created")?;
    let active = call.form.boolean("active")?;
    let product = call.form.optional_text("product")?;
    let window = call.window()?;
    let wanted = |price: &Price| {
        price.recurring.is_some()
            && active.is_none_or(|active| price.active == active)
            && matches_filter(product.as_ref(), price.product.as_str())
    };
    let listing = Listing::new(&world.prices, "plan", window).created(created);
    call.list(world, &listing, wanted, |price| {
        PlanShape::new(price, call.view(world))
    })
}
