//! `/v1/plans`: the older name of recurring prices.

use super::{Call, Endpoint, Listing, Route};
use crate::{
    error::ApiError,
    keys::Permission,
    parameters::{Kind, LIST, RETRIEVE, known},
    shapes::PlanShape,
    world::{Price, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route {
        endpoint: Endpoint::Plans,
        path: "/v1/plans",
        permission: Permission::PriceRead,
        parameters: &[
            &LIST,
            &[
                known("active", Kind::Boolean),
                known("created", Kind::Times),
                known("product", Kind::Text),
            ],
        ],
        answer: list,
    },
    Route {
        endpoint: Endpoint::Plans,
        path: "/v1/plans/{id}",
        permission: Permission::PriceRead,
        parameters: &[&RETRIEVE],
        answer: retrieve,
    },
];

fn retrieve(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let price = call.find((world, &world.prices), "plan", (call.id, "id"))?;
    if price.recurring.is_none() {
        return Err(ApiError::missing("plan", call.id, "id"));
    }
    call.body(world, &PlanShape::new(price, call.view(world)))
}

fn list(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let active = call.parameters.boolean("active");
    let product = call.parameters.text("product");
    let wanted = |price: &Price| {
        price.recurring.is_some()
            && active.is_none_or(|active| price.active == active)
            && product.is_none_or(|product| price.product == product)
    };
    let listing = Listing::new(&world.prices, "plan", call);
    call.list(world, &listing, wanted, |price| {
        PlanShape::new(price, call.view(world))
    })
}
