//! `/events`, `/event-types` and `/notifications`.

use serde_json::{Value, json};

use super::{
    Call, ResponseData, Route,
    lists::{ListOrder, matches},
};
use crate::{endpoint::Endpoint, error::ApiError, objects::Event, world::World};

pub(super) const ROUTES: &[Route] = &[
    Route::get(Endpoint::ListEvents, "/events", list),
    Route::get(Endpoint::ListEventTypes, "/event-types", list_types),
    Route::get(
        Endpoint::ListNotifications,
        "/notifications",
        list_notifications,
    ),
    Route::get(
        Endpoint::RetrieveNotification,
        "/notifications/{id}",
        retrieve_notification,
    ),
    Route::get(
        Endpoint::ListNotificationLogs,
        "/notifications/{id}/logs",
        list_logs,
    ),
    Route::post(
        Endpoint::ReplayNotification,
        "/notifications/{id}/replay",
        replay,
    ),
];

/// The types of events about access.
const TYPES: [&str; 24] = [
    "adjustment.created",
    "adjustment.updated",
    "customer.created",
    "customer.imported",
    "customer.updated",
    "subscription.activated",
    "subscription.canceled",
    "subscription.created",
    "subscription.imported",
    "subscription.past_due",
    "subscription.paused",
    "subscription.resumed",
    "subscription.trialing",
    "subscription.updated",
    "transaction.billed",
    "transaction.canceled",
    "transaction.completed",
    "transaction.created",
    "transaction.paid",
    "transaction.past_due",
    "transaction.payment_failed",
    "transaction.ready",
    "transaction.revised",
    "transaction.updated",
];

fn list(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    let kinds = call.take("event_type");
    let found = world.events.values();
    let found = found.filter(|event| matches(&kinds, &event.event_type));
    call.page(found, ListOrder::NewestFirst, |event| json!(event))
}

fn list_types(call: &mut Call<'_>, _: &mut World) -> Result<ResponseData, ApiError> {
    call.finish()?;
    let shown = |name: &&str| {
        let group = name.split('.').next().unwrap_or_default();
        json!({"name": name, "description": "", "group": group, "available_versions": [1]})
    };
    Ok(ResponseData::one(
        &TYPES.iter().map(shown).collect::<Vec<_>>(),
    ))
}

fn list_notifications(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    let about = call.take("filter");
    let world = &*world;
    let is_about = |event: &Event| {
        let ids = ["id", "customer_id", "subscription_id", "transaction_id"];
        let mut ids = ids.iter().filter_map(|key| event.data.get(key)?.as_str());
        about.is_empty() || ids.any(|id| about.iter().any(|wanted| wanted == id))
    };
    let found = world.events.values().filter(|event| is_about(event));
    call.page(found, ListOrder::NewestFirst, |event| {
        notification(event, world)
    })
}

/// Returns the notification of an event, which was delivered at once.
fn notification(event: &Event, world: &World) -> Value {
    let notification = world.notification(event);
    json!({
        "id": notification.notification_id,
        "type": event.event_type,
        "status": "delivered",
        "payload": notification,
        "occurred_at": event.occurred_at,
        "delivered_at": event.occurred_at,
        "replayed_at": null,
        "origin": "event",
        "last_attempt_at": event.occurred_at,
        "retry_at": null,
        "times_attempted": 1,
        "notification_setting_id": "ntfset_01k0prodverdictsetting0000",
    })
}

fn find<'w>(call: &Call<'_>, world: &'w World) -> Result<&'w Event, ApiError> {
    let mut events = world.events.values();
    let found = events.find(|event| world.notification(event).notification_id == call.id);
    found.ok_or_else(|| ApiError::not_found(call.id))
}

fn retrieve_notification(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    call.finish()?;
    Ok(ResponseData::one(&notification(find(call, world)?, world)))
}

fn list_logs(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    let event = find(call, world)?;
    let log = json!({
        "id": call.id.replacen("ntf_", "ntflog_", 1),
        "response_code": 200,
        "response_content_type": "application/json",
        "response_body": "{}",
        "attempted_at": event.occurred_at,
    });
    let found = std::iter::once(event);
    call.page(found, ListOrder::NewestFirst, move |_| log.clone())
}

fn replay(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    call.finish()?;
    let event = find(call, world)?.event_id.clone();
    let notification = world.replay(&event);
    let notification = notification.ok_or_else(|| ApiError::not_found(call.id))?;
    let data = json!({"notification_id": notification});
    Ok(ResponseData::with_status(202, &data))
}
