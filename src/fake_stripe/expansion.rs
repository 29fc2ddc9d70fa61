//! `expand[]`: ids replaced by the objects that they name.

use serde::Serialize;
use serde_json::Value;

use super::{
    error::ApiError,
    shapes::{
        CustomerShape, FeatureShape, List, PriceShape, ProductShape, SubscriptionShape,
        TestClockShape, View,
    },
};

/// Deeper paths are refused.
const DEEPEST: usize = 4;

/// Keys that hold an id, or null, and may hold the object instead.
const EXPANDABLE: [&str; 13] = [
    "application",
    "customer",
    "default_payment_method",
    "default_price",
    "default_source",
    "discounts",
    "feature",
    "latest_invoice",
    "on_behalf_of",
    "pending_setup_intent",
    "product",
    "schedule",
    "test_clock",
];

/// Expands every path in an object or a list.
pub(crate) fn expand(value: &mut Value, paths: &[String], view: View<'_>) -> Result<(), ApiError> {
    for path in paths {
        let keys: Vec<&str> = path.split('.').collect();
        if keys.len() > DEEPEST {
            return Err(refused(format!(
                "You cannot expand more than {DEEPEST} levels of a property. Property: {path}"
            )));
        }
        walk(value, &keys, path, view)?;
    }
    Ok(())
}

fn walk(value: &mut Value, keys: &[&str], path: &str, view: View<'_>) -> Result<(), ApiError> {
    let Some((key, rest)) = keys.split_first() else {
        return Ok(());
    };
    match value {
        Value::Array(values) => values
            .iter_mut()
            .try_for_each(|value| walk(value, keys, path, view)),
        Value::Object(object) => {
            if *key == "subscriptions"
                && object.get("object").is_some_and(|kind| kind == "customer")
            {
                let id = object
                    .get("id")
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned();
                object.insert((*key).to_owned(), subscriptions(&id, view)?);
            }
            let Some(inner) = object.get_mut(*key) else {
                return Err(not_expandable(path));
            };
            if let Value::String(id) = inner {
                if !EXPANDABLE.contains(key) {
                    return Err(not_expandable(path));
                }
                *inner = object_of(key, id, view)?;
            }
            let is_leaf = rest.is_empty() && !EXPANDABLE.contains(key) && *key != "subscriptions";
            if is_leaf && !inner.is_object() {
                return Err(not_expandable(path));
            }
            walk(inner, rest, path, view)
        }
        Value::Null => Ok(()),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => Err(not_expandable(path)),
    }
}

fn object_of(key: &str, id: &str, view: View<'_>) -> Result<Value, ApiError> {
    let world = view.world;
    let found = match key {
        "customer" => world
            .customers
            .get(id)
            .map(|customer| shape(&CustomerShape::new(customer, view))),
        "product" => world
            .products
            .get(id)
            .map(|product| shape(&ProductShape::new(product, view))),
        "default_price" => world
            .prices
            .get(id)
            .map(|price| shape(&PriceShape::new(price, view))),
        "feature" => world
            .features
            .get(id)
            .map(|feature| shape(&FeatureShape::new(feature, view))),
        "test_clock" => world
            .test_clocks
            .get(id)
            .map(|clock| shape(&TestClockShape::new(clock, view))),
        _ => None,
    };
    found.unwrap_or_else(|| {
        Err(refused(format!(
            "The fake holds no object `{id}` to expand `{key}` with."
        )))
    })
}

/// A customer's subscriptions that have not been canceled.
fn subscriptions(customer: &str, view: View<'_>) -> Result<Value, ApiError> {
    let slots: Vec<_> = view.world.slots_of(customer).collect();
    let shapes = slots
        .iter()
        .rev()
        .filter_map(|slot| view.world.subscriptions.at(*slot));
    let shapes = shapes.filter(|subscription| !subscription.status.is_ended());
    let data = shapes
        .map(|subscription| SubscriptionShape::new(subscription, view))
        .collect();
    shape(&List::new(
        data,
        false,
        format!("/v1/customers/{customer}/subscriptions"),
    ))
}

fn shape<T: Serialize>(object: &T) -> Result<Value, ApiError> {
    serde_json::to_value(object).map_err(|error| refused(error.to_string()))
}

fn not_expandable(path: &str) -> ApiError {
    refused(format!("This property cannot be expanded ({path})."))
}

fn refused(message: String) -> ApiError {
    ApiError::invalid(message).param("expand")
}
