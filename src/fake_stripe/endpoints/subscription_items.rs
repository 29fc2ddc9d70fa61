//! `/v1/subscription_items`: what a subscription's embedded list has no room for.

use super::{Call, Endpoint, Route};
use crate::fake_stripe::{
    error::ApiError,
    keys::Permission,
    paging::Window,
    parameters::{Kind, LIST, known},
    shapes::ItemShape,
    world::{Item, World},
};

pub(super) const ROUTES: &[Route] = &[Route {
    endpoint: Endpoint::ListSubscriptionItems,
    path: "/v1/subscription_items",
    permission: Permission::SubscriptionRead,
    parameters: &[&LIST, &[known("subscription", Kind::Text)]],
    answer: list,
}];

fn list(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let id = call.parameters.required("subscription")?;
    let subscription = call.find(
        (world, &world.subscriptions),
        "subscription",
        (id, "subscription"),
    )?;
    let window = Window::of(call.parameters, call.disorder)?;
    let page = window.page_of(&subscription.items, "subscription_item", |item: &Item| {
        &item.id
    })?;
    call.page(world, page, |item| {
        ItemShape::new(subscription, item, call.view(world))
    })
}
