//! `/v1/…/search`: finds objects by their fields.

mod query;

use compact_str::CompactString;
use serde::Serialize;
use serde_json::{Value, json};

use self::query::Query;
use super::{Call, Endpoint, Route};
use crate::{
    error::ApiError,
    expansion,
    keys::Permission,
    shapes::{self, CustomerShape, PriceShape, ProductShape, SubscriptionShape, View},
    world::World,
};

pub(super) const ROUTES: &[Route] = &[
    Route::list(
        Endpoint::Search,
        "/v1/customers/search",
        Permission::CustomerRead,
        |call, world| {
            search_response(call, world, |view| {
                let all = world.customers.iter().filter(|one| !one.deleted);
                all.map(|one| to_json(&CustomerShape::new(one, view)))
                    .collect()
            })
        },
    ),
    Route::list(
        Endpoint::Search,
        "/v1/subscriptions/search",
        Permission::SubscriptionRead,
        |call, world| {
            search_response(call, world, |view| {
                let all = world.subscriptions.iter();
                all.map(|one| to_json(&SubscriptionShape::new(one, view)))
                    .collect()
            })
        },
    ),
    Route::list(
        Endpoint::Search,
        "/v1/invoices/search",
        Permission::InvoiceRead,
        |call, world| {
            search_response(call, world, |view| {
                let all = world.objects.invoices.iter();
                all.map(|one| shapes::invoice(one, view)).collect()
            })
        },
    ),
    Route::list(
        Endpoint::Search,
        "/v1/prices/search",
        Permission::PriceRead,
        |call, world| {
            search_response(call, world, |view| {
                let all = world.prices.iter();
                all.map(|one| to_json(&PriceShape::new(one, view)))
                    .collect()
            })
        },
    ),
    Route::list(
        Endpoint::Search,
        "/v1/products/search",
        Permission::ProductRead,
        |call, world| {
            search_response(call, world, |view| {
                let all = world.products.iter();
                all.map(|one| to_json(&ProductShape::new(one, view)))
                    .collect()
            })
        },
    ),
    Route::list(
        Endpoint::Search,
        "/v1/charges/search",
        Permission::ChargeRead,
        |call, world| {
            search_response(call, world, |view| {
                let all = world.objects.charges.iter();
                all.map(|one| shapes::charge(one, view)).collect()
            })
        },
    ),
    Route::list(
        Endpoint::Search,
        "/v1/payment_intents/search",
        Permission::PaymentIntentRead,
        |call, world| {
            search_response(call, world, |view| {
                let all = world.objects.payment_intents.iter();
                all.map(|one| shapes::payment_intent(one, view)).collect()
            })
        },
    ),
];

fn to_json<T: Serialize>(shape: &T) -> Value {
    serde_json::to_value(shape).unwrap_or_default()
}

fn search_response(
    call: &mut Call<'_>,
    world: &World,
    all: impl FnOnce(View<'_>) -> Vec<Value>,
) -> Result<Vec<u8>, ApiError> {
    let limit = call.form.limit()?;
    let page = call.form.optional_text("page")?;
    let query = call.form.optional_text("query")?;
    call.reject_unread_parameters()?;
    let query = query.ok_or_else(|| ApiError::missing_parameter("query"))?;
    let query = Query::parse(&query)?;
    let is_here = call.key_is_live == world.livemode;
    let mut found = all(call.view(world));
    found.retain(|one| is_here && query.finds(one));
    let created = |one: &Value| one.get("created").and_then(Value::as_i64);
    found.sort_by_key(|one| std::cmp::Reverse(created(one)));
    let total = found.len();
    let start = first_of(page.as_deref())?;
    let end = start.saturating_add(limit);
    let data: Vec<Value> = found.into_iter().skip(start).take(limit).collect();
    let has_more = end < total;
    let mut result = json!({
        "object": "search_result",
        "data": data,
        "has_more": has_more,
        "next_page": has_more.then(|| end.to_string()),
        "url": call.path,
    });
    let is_count = |path: &&CompactString| *path == "total_count";
    let paths: Vec<_> = call.expand.iter().filter(|path| !is_count(path)).collect();
    if let (Some(result), true) = (result.as_object_mut(), paths.len() < call.expand.len()) {
        result.insert("total_count".to_owned(), total.into());
    }
    expansion::expand(&mut result, &paths, call.view(world))?;
    serde_json::to_vec(&result).map_err(|error| ApiError::invalid(error.to_string()))
}

/// Returns the position at which a page starts; the page token is that position.
fn first_of(token: Option<&str>) -> Result<usize, ApiError> {
    let Some(token) = token else {
        return Ok(0);
    };
    token.parse().map_err(|_no_number| {
        ApiError::invalid(format!("Invalid page token: {token}")).param("page")
    })
}
