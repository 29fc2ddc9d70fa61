//! `/transactions` and `/adjustments`.

use serde_json::{Value, json};

use super::{
    Call, ResponseData, Route,
    lists::{ListOrder, matches},
};
use crate::{
    endpoint::Endpoint, error::ApiError, objects::Transaction, operations::RefundDecision,
    world::World,
};

pub(super) const ROUTES: &[Route] = &[
    Route::get(Endpoint::ListTransactions, "/transactions", list),
    Route::post(Endpoint::CreateTransaction, "/transactions", create),
    Route::get(
        Endpoint::RetrieveTransaction,
        "/transactions/{id}",
        retrieve,
    ),
    Route::patch(Endpoint::UpdateTransaction, "/transactions/{id}", update),
    Route::post(
        Endpoint::PreviewTransaction,
        "/transactions/preview",
        preview,
    ),
    Route::get(Endpoint::ListAdjustments, "/adjustments", list_adjustments),
    Route::post(
        Endpoint::CreateAdjustment,
        "/adjustments",
        create_adjustment,
    ),
];

/// The parts that `include` may name.
const INCLUDES: [&str; 7] = [
    "address",
    "adjustments",
    "adjustments_totals",
    "available_payment_methods",
    "business",
    "customer",
    "discount",
];

fn list(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    let customers = call.take("customer_id");
    let subscriptions = call.take("subscription_id");
    let origins = call.take("origin");
    let modes = call.take("collection_mode");
    let parts = call.take_includes(&INCLUDES)?;
    let found = world.transactions.values().filter(|transaction| {
        let customer = transaction.customer_id.as_deref().unwrap_or_default();
        let subscription = transaction.subscription_id.as_deref().unwrap_or_default();
        matches(&customers, customer)
            && matches(&subscriptions, subscription)
            && matches(&origins, &transaction.origin)
            && matches(&modes, &transaction.collection_mode)
    });
    let world = &*world;
    call.page(found, ListOrder::NewestFirst, |transaction| {
        with_included(transaction, &parts, world)
    })
}

fn retrieve(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    let parts = call.take_includes(&INCLUDES)?;
    call.finish()?;
    let transaction = world
        .transactions
        .get(call.id)
        .ok_or_else(|| ApiError::not_found(call.id))?;
    Ok(ResponseData::one(&with_included(
        transaction,
        &parts,
        world,
    )))
}

/// Returns a transaction with the parts that were asked for.
fn with_included(transaction: &Transaction, parts: &[String], world: &World) -> Value {
    let mut shown = json!(transaction);
    let Some(fields) = shown.as_object_mut() else {
        return shown;
    };
    for part in parts {
        let value = match part.as_str() {
            "customer" => {
                let id = transaction.customer_id.as_ref();
                json!(id.and_then(|id| world.customers.get(id)))
            }
            "address" => {
                let id = transaction.address_id.as_ref();
                json!(id.and_then(|id| world.addresses.get(id)))
            }
            "adjustments" => {
                let all = world.adjustments.values();
                let own = all.filter(|adjustment| adjustment.transaction_id == transaction.id);
                json!(own.collect::<Vec<_>>())
            }
            "available_payment_methods" => json!(["card"]),
            // The fake has no values for the rest of `INCLUDES`.
            _ => Value::Null,
        };
        fields.insert(part.clone(), value);
    }
    shown
}

fn create(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    call.finish()?;
    let items = call.items()?;
    let customer = call.field("customer_id")?;
    let transaction = world.open_checkout(&items, customer, call.field("custom_data")?)?;
    Ok(ResponseData::created(&transaction))
}

fn update(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    call.finish()?;
    let data = call.field("custom_data")?;
    let transaction = world
        .transactions
        .get_mut(call.id)
        .ok_or_else(|| ApiError::not_found(call.id))?;
    if data.is_some() {
        transaction.custom_data = data;
    }
    if let Some(status) = call.text("status") {
        status.clone_into(&mut transaction.status);
    }
    let changed = transaction.clone();
    world.record("transaction.updated", &changed);
    Ok(ResponseData::one(&changed))
}

/// Returns the body: the fake calculates no taxes.
fn preview(call: &mut Call<'_>, _: &mut World) -> Result<ResponseData, ApiError> {
    call.finish()?;
    Ok(ResponseData::one(&call.body))
}

fn list_adjustments(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    let customers = call.take("customer_id");
    let subscriptions = call.take("subscription_id");
    let transactions = call.take("transaction_id");
    let actions = call.take("action");
    let found = world.adjustments.values().filter(|adjustment| {
        let subscription = adjustment.subscription_id.as_deref().unwrap_or_default();
        matches(&customers, &adjustment.customer_id)
            && matches(&transactions, &adjustment.transaction_id)
            && matches(&actions, &adjustment.action)
            && matches(&subscriptions, subscription)
    });
    call.page(found, ListOrder::NewestFirst, |adjustment| {
        json!(adjustment)
    })
}

fn create_adjustment(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    call.finish()?;
    let transaction = call.required("transaction_id")?;
    let is_full = call.text("type").is_none_or(|kind| kind == "full");
    let adjustment = world.refund(transaction, is_full, RefundDecision::Approved)?;
    Ok(ResponseData::created(&adjustment))
}
