//! `/transactions` and `/adjustments`.

use serde_json::{Value, json};

use super::{Call, ResponseData, Route, lists::ListOrder};
use crate::{endpoint::Endpoint, error::ApiError, objects::Transaction, world::World};

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

const PARTS: [&str; 7] = [
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
    let parts = call.take_includes(&PARTS)?;
    let has = |words: &[String], word: Option<&str>| {
        words.is_empty() || words.iter().any(|one| Some(one.as_str()) == word)
    };
    let found = world.transactions.values().filter(|one| {
        has(&customers, one.customer_id.as_deref())
            && has(&subscriptions, one.subscription_id.as_deref())
            && has(&origins, Some(&one.origin))
            && has(&modes, Some(&one.collection_mode))
    });
    let world = &*world;
    call.page(found, ListOrder::NewestFirst, |one| {
        with_parts(one, &parts, world)
    })
}

fn retrieve(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    let parts = call.take_includes(&PARTS)?;
    call.finish()?;
    let found = world.transactions.get(call.id);
    let found = found.ok_or_else(|| ApiError::not_found(call.id))?;
    Ok(ResponseData::one(&with_parts(found, &parts, world)))
}

/// Returns a transaction with the requested parts.
fn with_parts(transaction: &Transaction, parts: &[String], world: &World) -> Value {
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
                let its = all.filter(|one| one.transaction_id == transaction.id);
                json!(its.collect::<Vec<_>>())
            }
            "available_payment_methods" => json!(["card"]),
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
    let transaction = world.open(&items, customer, call.field("custom_data")?)?;
    Ok(ResponseData::created(&transaction))
}

fn update(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    call.finish()?;
    let data = call.field("custom_data")?;
    let found = world.transactions.get_mut(call.id);
    let found = found.ok_or_else(|| ApiError::not_found(call.id))?;
    if data.is_some() {
        found.custom_data = data;
    }
    if let Some(status) = call.text("status") {
        status.clone_into(&mut found.status);
    }
    let changed = found.clone();
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
    let has =
        |words: &[String], word: &str| words.is_empty() || words.iter().any(|one| one == word);
    let found = world.adjustments.values().filter(|one| {
        has(&customers, &one.customer_id)
            && has(&transactions, &one.transaction_id)
            && has(&actions, &one.action)
            && has(
                &subscriptions,
                one.subscription_id.as_deref().unwrap_or_default(),
            )
    });
    call.page(found, ListOrder::NewestFirst, |one| json!(one))
}

fn create_adjustment(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    call.finish()?;
    let transaction = call.required("transaction_id")?.to_owned();
    let is_full = call.text("type").is_none_or(|kind| kind == "full");
    world.refund(&transaction, is_full, true)?;
    let newest = world.adjustments.values().next_back();
    let newest = newest.ok_or_else(|| ApiError::not_found(&transaction))?;
    Ok(ResponseData::created(newest))
}
