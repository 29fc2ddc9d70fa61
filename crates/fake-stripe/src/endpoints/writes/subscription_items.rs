//! Items of subscriptions: create, update and delete.

use compact_str::CompactString;

use super::{
    Writing,
    items::{WantedItem, check_new},
    updates::apply_item,
};
use crate::{
    endpoint::Endpoint,
    endpoints::{Route, subscription_items::owner_of},
    error::ApiError,
    keys::Permission,
    shapes::ItemShape,
    world::World,
};

pub(super) const ROUTES: &[Route] = &[
    Route::post(
        Endpoint::CreateSubscriptionItem,
        "/v1/subscription_items",
        Permission::SubscriptionWrite,
        create,
    ),
    Route::post(
        Endpoint::UpdateSubscriptionItem,
        "/v1/subscription_items/{id}",
        Permission::SubscriptionWrite,
        update,
    ),
    Route::delete(
        Endpoint::DeleteSubscriptionItem,
        "/v1/subscription_items/{id}",
        Permission::SubscriptionWrite,
        delete,
    ),
];

const IGNORED: [&str; 5] = [
    "off_session",
    "payment_behavior",
    "proration_behavior",
    "proration_date",
    "clear_usage",
];

fn create(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let form = &mut writing.call.form;
    let subscription = form.required("subscription")?;
    let item = WantedItem::read(form)?;
    form.ignore(&IGNORED);
    writing.finish()?;
    let subscriptions = (&*world, &world.subscriptions);
    let asked = (subscription.as_str(), "subscription");
    let found = writing.call.find(subscriptions, "subscription", asked)?;
    let customer = found.customer.clone();
    let items = [item];
    check_new(&items, writing, world, "items")?;
    let [item] = items;
    let id = writing.act(world, Some(&customer), |world| {
        apply_item(world, &subscription, WantedItem { id: None, ..item })
    })?;
    answer(writing, world, &subscription, &id)
}

fn update(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let (subscription, customer) = owner(writing, world)?;
    let id = writing.call.id;
    let form = &mut writing.call.form;
    let mut item = WantedItem::read(form)?;
    form.ignore(&IGNORED);
    writing.finish()?;
    item.check(writing, world, "price")?;
    item.id = Some(id.into());
    item.deleted = false;
    writing.act(world, Some(&customer), |world| {
        apply_item(world, &subscription, item)
    })?;
    answer(writing, world, &subscription, id)
}

fn delete(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let (subscription, customer) = owner(writing, world)?;
    let id = writing.call.id;
    writing.call.form.ignore(&IGNORED);
    writing.finish()?;
    writing.act(world, Some(&customer), |world| {
        world.remove_item(&subscription, id)
    })?;
    writing.deleted(world, "subscription_item")
}

/// Finds the subscription with the item named by the path, and its customer.
fn owner(writing: &Writing<'_>, world: &World) -> Result<(CompactString, CompactString), ApiError> {
    let found = owner_of(world, writing.call.id)
        .ok_or_else(|| ApiError::missing("subscription_item", writing.call.id, "id"))?;
    let subscriptions = (world, &world.subscriptions);
    writing
        .call
        .find(subscriptions, "subscription_item", (&found.id, "id"))?;
    Ok((found.id.clone(), found.customer.clone()))
}

fn answer(
    writing: &Writing<'_>,
    world: &World,
    subscription: &str,
    id: &str,
) -> Result<Vec<u8>, ApiError> {
    let subscriptions = (world, &world.subscriptions);
    let found = writing
        .call
        .find(subscriptions, "subscription", (subscription, "id"))?;
    let item = found.items.iter().find(|item| item.id == id);
    let item = item.ok_or_else(|| ApiError::missing("subscription_item", id, "id"))?;
    writing.body(
        world,
        &ItemShape::new(found, item, writing.call.view(world)),
    )
}
