//! `/v1/subscription_items`: the items that do not fit into a subscription's embedded list.

use super::{Call, Endpoint, Route};
use crate::{
    error::ApiError,
    keys::Permission,
    shapes::ItemShape,
    world::{Item, Subscription, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route::list(
        Endpoint::ListSubscriptionItems,
        "/v1/subscription_items",
        Permission::SubscriptionRead,
        list,
    ),
    Route::retrieve(
        Endpoint::RetrieveSubscriptionItem,
        "/v1/subscription_items/{id}",
        Permission::SubscriptionRead,
        retrieve,
    ),
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
    let owner = call.find(subscriptions, "subscription_item", &owner.id)?;
    let item = owner.items.iter().find(|item| item.id == call.id);
    let shape = ItemShape::new(owner, item.ok_or_else(missing)?, call.view(world));
    call.body(world, &shape)
}

fn list(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let id = call.form.optional_text("subscription")?;
    let window = call.window()?;
    let id = id.ok_or_else(|| ApiError::missing_parameter("subscription"))?;
    let subscription = call.find_by_parameter(
        (world, &world.subscriptions),
        "subscription",
        &id,
        "subscription",
    )?;
    let page = window.page_of(&subscription.items, "subscription_item", |item: &Item| {
        &item.id
    })?;
    call.page(world, page, |item| {
        ItemShape::new(subscription, item, call.view(world))
    })
}
