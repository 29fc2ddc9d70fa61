//! `/v1/subscription_items`: the items that do not fit into a subscription's embedded list.

use super::{Call, Endpoint, Route};
use crate::{
    error::ApiError,
    keys::Permission,
    paging::Window,
    parameters::{Kind, LIST, RETRIEVE, known},
    shapes::ItemShape,
    world::{Item, Subscription, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route {
        endpoint: Endpoint::ListSubscriptionItems,
        path: "/v1/subscription_items",
        permission: Permission::SubscriptionRead,
        parameters: &[&LIST, &[known("subscription", Kind::Text)]],
        answer: list,
    },
    Route {
        endpoint: Endpoint::RetrieveSubscriptionItem,
        path: "/v1/subscription_items/{id}",
        permission: Permission::SubscriptionRead,
        parameters: &[&RETRIEVE],
        answer: retrieve,
    },
];

/// Finds the subscription of an item. Searches the whole account, since items are rarely retrieved.
pub(super) fn owner_of<'w>(world: &'w World, item: &str) -> Option<&'w Subscription> {
    let mut all = world.subscriptions.iter();
    all.find(|subscription| subscription.items.iter().any(|one| one.id == item))
}

fn retrieve(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let missing = || ApiError::missing("subscription_item", call.id, "id");
    let owner = owner_of(world, call.id).ok_or_else(missing)?;
    let subscriptions = (world, &world.subscriptions);
    let owner = call.find(subscriptions, "subscription_item", (&owner.id, "id"))?;
    let item = owner.items.iter().find(|item| item.id == call.id);
    let shape = ItemShape::new(owner, item.ok_or_else(missing)?, call.view(world));
    call.body(world, &shape)
}

fn list(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let id = call.parameters.required("subscription")?;
    let subscription = call.find(
        (world, &world.subscriptions),
        "subscription",
        (id, "subscription"),
    )?;
    let window = Window::new(call.parameters, call.disorder)?;
    let page = window.page_of(&subscription.items, "subscription_item", |item: &Item| {
        &item.id
    })?;
    call.page(world, page, |item| {
        ItemShape::new(subscription, item, call.view(world))
    })
}
