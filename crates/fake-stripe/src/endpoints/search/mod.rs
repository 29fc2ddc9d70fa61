//! `/v1/…/search`: finds objects by their fields.

mod query;

use serde::Serialize;
use serde_json::{Value, json};

use self::query::Query;
use super::{Call, Endpoint, Route};
use crate::{
    error::ApiError,
    expansion,
    keys::Permission,
    parameters::{Kind, Known, known},
    shapes::{self, CustomerShape, PriceShape, ProductShape, SubscriptionShape},
    world::World,
};

const PARAMETERS: [Known; 4] = [
    known("expand", Kind::Texts),
    known("limit", Kind::Limit),
    known("page", Kind::Text),
    known("query", Kind::Text),
];

type Answer = fn(&Call<'_>, &World) -> Result<Vec<u8>, ApiError>;

const fn route(path: &'static str, permission: Permission, answer: Answer) -> Route {
    Route {
        endpoint: Endpoint::Search,
        path,
        permission,
        parameters: &[&PARAMETERS],
        answer,
    }
}

pub(super) const ROUTES: &[Route] = &[
    route(
        "/v1/customers/search",
        Permission::CustomerRead,
        |call, world| {
            let all = world.customers.iter().filter(|one| !one.deleted);
            answer(
                call,
                world,
                all.map(|one| written(&CustomerShape::new(one, call.view(world)))),
            )
        },
    ),
    route(
        "/v1/subscriptions/search",
        Permission::SubscriptionRead,
        |call, world| {
            let all = world.subscriptions.iter();
            answer(
                call,
                world,
                all.map(|one| written(&SubscriptionShape::new(one, call.view(world)))),
            )
        },
    ),
    route(
        "/v1/invoices/search",
        Permission::InvoiceRead,
        |call, world| {
            let all = world.objects.invoices.iter();
            answer(
                call,
                world,
                all.map(|one| shapes::invoice(one, call.view(world))),
            )
        },
    ),
    route("/v1/prices/search", Permission::PriceRead, |call, world| {
        let all = world.prices.iter();
        answer(
            call,
            world,
            all.map(|one| written(&PriceShape::new(one, call.view(world)))),
        )
    }),
    route(
        "/v1/products/search",
        Permission::ProductRead,
        |call, world| {
            let all = world.products.iter();
            answer(
                call,
                world,
                all.map(|one| written(&ProductShape::new(one, call.view(world)))),
            )
        },
    ),
    route(
        "/v1/charges/search",
        Permission::ChargeRead,
        |call, world| {
            let all = world.objects.charges.iter();
            answer(
                call,
                world,
                all.map(|one| shapes::charge(one, call.view(world))),
            )
        },
    ),
    route(
        "/v1/payment_intents/search",
        Permission::PaymentIntentRead,
        |call, world| {
            let all = world.objects.payment_intents.iter();
            answer(
                call,
                world,
                all.map(|one| shapes::payment_intent(one, call.view(world))),
            )
        },
    ),
];

fn written<T: Serialize>(shape: &T) -> Value {
    serde_json::to_value(shape).unwrap_or_default()
}

fn answer(
    call: &Call<'_>,
    world: &World,
    all: impl Iterator<Item = Value>,
) -> Result<Vec<u8>, ApiError> {
    let parameters = call.parameters;
    let query = Query::parse(parameters.required("query")?)?;
    let is_here = call.key_is_live == world.livemode;
    let mut found: Vec<Value> = all.filter(|one| is_here && query.finds(one)).collect();
    let created = |one: &Value| one.get("created").and_then(Value::as_i64);
    found.sort_by_key(|one| std::cmp::Reverse(created(one)));
    let total = found.len();
    let start = page(parameters.text("page"))?;
    let end = start.saturating_add(parameters.limit());
    let data: Vec<Value> = found
        .into_iter()
        .skip(start)
        .take(parameters.limit())
        .collect();
    let has_more = end < total;
    let mut result = json!({
        "object": "search_result",
        "data": data,
        "has_more": has_more,
        "next_page": has_more.then(|| end.to_string()),
        "url": call.path,
    });
    let (counts, paths): (Vec<String>, Vec<String>) = parameters
        .texts("expand")
        .iter()
        .cloned()
        .partition(|path| path == "total_count");
    if let (Some(result), false) = (result.as_object_mut(), counts.is_empty()) {
        result.insert("total_count".to_owned(), total.into());
    }
    expansion::expand(&mut result, &paths, call.view(world))?;
    serde_json::to_vec(&result).map_err(|error| ApiError::invalid(error.to_string()))
}

/// Returns the position at which a page starts; the page token is that position.
fn page(token: Option<&str>) -> Result<usize, ApiError> {
    let Some(token) = token else {
        return Ok(0);
    };
    token.parse().map_err(|_no_number| {
        ApiError::invalid(format!("Invalid page token: {token}")).param("page")
    })
}
