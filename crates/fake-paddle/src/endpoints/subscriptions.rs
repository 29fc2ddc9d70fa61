//! `/subscriptions`.

use serde_json::{Value, json};

use super::{
    Call, ResponseData, Route,
    lists::{ListOrder, matches},
};
use crate::{endpoint::Endpoint, error::ApiError, objects::Subscription, world::World};

pub(super) const ROUTES: &[Route] = &[
    Route::get(Endpoint::ListSubscriptions, "/subscriptions", list),
    Route::get(
        Endpoint::RetrieveSubscription,
        "/subscriptions/{id}",
        retrieve,
    ),
    Route::patch(Endpoint::UpdateSubscription, "/subscriptions/{id}", update),
    Route::post(
        Endpoint::CancelSubscription,
        "/subscriptions/{id}/cancel",
        cancel,
    ),
    Route::post(
        Endpoint::PauseSubscription,
        "/subscriptions/{id}/pause",
        pause,
    ),
    Route::post(
        Endpoint::ResumeSubscription,
        "/subscriptions/{id}/resume",
        resume,
    ),
    Route::post(
        Endpoint::ActivateSubscription,
        "/subscriptions/{id}/activate",
        activate,
    ),
    Route::post(
        Endpoint::ChargeSubscription,
        "/subscriptions/{id}/charge",
        charge,
    ),
    Route::patch(
        Endpoint::PreviewSubscription,
        "/subscriptions/{id}/preview",
        preview,
    ),
    Route::get(
        Endpoint::UpdatePaymentMethod,
        "/subscriptions/{id}/update-payment-method-transaction",
        update_payment_method,
    ),
];

fn list(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    let customers = call.take("customer_id");
    let addresses = call.take("address_id");
    let prices = call.take("price_id");
    let actions = call.take("scheduled_change_action");
    let modes = call.take("collection_mode");
    let has_price = |subscription: &Subscription| {
        prices.is_empty()
            || subscription
                .items
                .iter()
                .any(|item| prices.contains(&item.price.id))
    };
    let action = |subscription: &Subscription| {
        let change = subscription.scheduled_change.as_ref();
        change
            .map(|change| change.action.clone())
            .unwrap_or_default()
    };
    let forgotten = &world.forgotten;
    let found = world.subscriptions.values().filter(|subscription| {
        !forgotten.contains(&subscription.id)
            && matches(&customers, &subscription.customer_id)
            && matches(&addresses, &subscription.address_id)
            && matches(&modes, &subscription.collection_mode)
            && matches(&actions, &action(subscription))
            && has_price(subscription)
    });
    call.page(found, ListOrder::OldestFirst, |subscription| {
        json!(subscription.with_urls())
    })
}

fn find<'w>(call: &Call<'_>, world: &'w World) -> Result<&'w Subscription, ApiError> {
    let found = world.subscriptions.get(call.id);
    let found = found.filter(|subscription| !world.forgotten.contains(&subscription.id));
    found.ok_or_else(|| ApiError::not_found(call.id))
}

fn retrieve(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    let includes = call.take_includes(&["next_transaction", "recurring_transaction_details"])?;
    call.finish()?;
    let found = find(call, world)?;
    let mut shown = json!(found.with_urls());
    if let Some(fields) = shown.as_object_mut() {
        for part in includes {
            fields.insert(part, Value::Null);
        }
    }
    Ok(ResponseData::one(&shown))
}

/// Returns the subscription after a change.
fn changed(call: &Call<'_>, world: &World) -> Result<ResponseData, ApiError> {
    Ok(ResponseData::one(&find(call, world)?.with_urls()))
}

fn update(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    call.finish()?;
    find(call, world)?;
    if call.body.get("items").is_some() {
        let items = call.items()?;
        world.set_items(call.id, &items)?;
    }
    if call
        .body
        .get("scheduled_change")
        .is_some_and(Value::is_null)
    {
        world.keep(call.id)?;
    }
    if let Some(data) = call.body.get("custom_data") {
        let data = Some(data.clone()).filter(|data| !data.is_null());
        world.set_custom_data(call.id, data)?;
    }
    changed(call, world)
}

fn is_immediate(call: &Call<'_>) -> bool {
    call.text("effective_from") == Some("immediately")
}

fn cancel(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    call.finish()?;
    // A paused subscription has no period to wait for.
    let is_paused = find(call, world)?.status == "paused";
    if is_immediate(call) || is_paused {
        world.cancel_now(call.id)?;
    } else {
        world.schedule(call.id, "cancel")?;
    }
    changed(call, world)
}

fn pause(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    call.finish()?;
    find(call, world)?;
    if is_immediate(call) {
        world.pause_now(call.id)?;
    } else {
        world.schedule(call.id, "pause")?;
    }
    changed(call, world)
}

fn resume(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    call.finish()?;
    if find(call, world)?.status == "paused" {
        world.resume(call.id, true)?;
    } else {
        world.keep(call.id)?;
    }
    changed(call, world)
}

fn activate(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    call.finish()?;
    find(call, world)?;
    world.end_trial(call.id, crate::operations::TrialEnd::Convert)?;
    changed(call, world)
}

fn charge(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    call.finish()?;
    find(call, world)?;
    for (price, _) in call.items()? {
        world.charge(call.id, &price)?;
    }
    Ok(ResponseData {
        status: 201,
        ..changed(call, world)?
    })
}

/// Returns the subscription as it is: the fake calculates no prorations.
fn preview(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    call.finish()?;
    let mut shown = json!(find(call, world)?.with_urls());
    if let Some(fields) = shown.as_object_mut() {
        for part in [
            "immediate_transaction",
            "next_transaction",
            "recurring_transaction_details",
            "update_summary",
        ] {
            fields.insert(part.to_owned(), Value::Null);
        }
    }
    Ok(ResponseData::one(&shown))
}

fn update_payment_method(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    call.finish()?;
    let id = find(call, world)?.id.clone();
    let mut transactions = world.transactions.values().rev();
    let newest = transactions.find(|transaction| transaction.subscription_id.as_ref() == Some(&id));
    let newest = newest.ok_or_else(|| ApiError::not_found(call.id))?;
    Ok(ResponseData::one(newest))
}
