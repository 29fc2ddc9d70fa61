//! Items of subscriptions: create, update and delete.

use compact_str::CompactString;

use super::{
    WriteRequest,
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

fn create(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let form = &mut request.call.form;
    let subscription = form.required("subscription")?;
    let item = WantedItem::read(form)?;
    form.ignore(&IGNORED);
    request.reject_unread_parameters()?;
    let subscriptions = (&*world, &world.subscriptions);
    let found = request.call.find_by_parameter(
        subscriptions,
        "subscription",
        subscription.as_str(),
        "subscription",
    )?;
    let customer = found.customer.clone();
    let items = [item];
    check_new(&items, request, world, "items")?;
    let [item] = items;
    let id = request.apply(world, Some(&customer), |world| {
        apply_item(world, &subscription, WantedItem { id: None, ..item })
    })?;
    item_response(request, world, &subscription, &id)
}

fn update(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let (subscription, customer) = owner(request, world)?;
    let id = request.call.id;
    let form = &mut request.call.form;
    let mut item = WantedItem::read(form)?;
    form.ignore(&IGNORED);
    request.reject_unread_parameters()?;
    item.check(request, world, "price")?;
    item.id = Some(id.into());
    item.deleted = false;
    request.apply(world, Some(&customer), |world| {
        apply_item(world, &subscription, item)
    })?;
    item_response(request, world, &subscription, id)
}

fn delete(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let (subscription, customer) = owner(request, world)?;
    let id = request.call.id;
    request.call.form.ignore(&IGNORED);
    request.reject_unread_parameters()?;
    request.apply(world, Some(&customer), |world| {
        world.remove_item(&subscription, id)
    })?;
    request.deleted(world, "subscription_item")
}

/// Finds the subscription with the item named by the path, and its customer.
fn owner(
    request: &WriteRequest<'_>,
    world: &World,
) -> Result<(CompactString, CompactString), ApiError> {
    let found = owner_of(world, request.call.id)
        .ok_or_else(|| ApiError::missing("subscription_item", request.call.id, "id"))?;
    let subscriptions = (world, &world.subscriptions);
    request
        .call
        .find(subscriptions, "subscription_item", &found.id)?;
    Ok((found.id.clone(), found.customer.clone()))
}

fn item_response(
    request: &WriteRequest<'_>,
    world: &World,
    subscription: &str,
    id: &str,
) -> Result<Vec<u8>, ApiError> {
    let subscriptions = (world, &world.subscriptions);
    let found = request
        .call
        .find(subscriptions, "subscription", subscription)?;
    let item = found.items.iter().find(|item| item.id == id);
    let item = item.ok_or_else(|| ApiError::missing("subscription_item", id, "id"))?;
    request.body(
        world,
        &ItemShape::new(found, item, request.call.view(world)),
    )
}
