//! The supported requests: path, parameters and handler of each.

mod catalog;
mod customers;
mod events;
mod lists;
mod subscriptions;
mod transactions;

use fake_http::Fault;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{endpoint::Endpoint, error::ApiError, world::World};

/// Answers a request.
type Handler = fn(&mut Call<'_>, &mut World) -> Result<ResponseData, ApiError>;

/// One row of the route table.
pub struct Route {
    pub(crate) endpoint: Endpoint,
    pub(crate) verb: &'static str,
    pub(crate) path: &'static str,
    pub(crate) handler: Handler,
}

impl Route {
    const fn get(endpoint: Endpoint, path: &'static str, handler: Handler) -> Self {
        Self::new(endpoint, ("GET", path), handler)
    }

    const fn post(endpoint: Endpoint, path: &'static str, handler: Handler) -> Self {
        Self::new(endpoint, ("POST", path), handler)
    }

    const fn patch(endpoint: Endpoint, path: &'static str, handler: Handler) -> Self {
        Self::new(endpoint, ("PATCH", path), handler)
    }

    const fn new(
        endpoint: Endpoint,
        (verb, path): (&'static str, &'static str),
        handler: Handler,
    ) -> Self {
        Self {
            endpoint,
            verb,
            path,
            handler,
        }
    }
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Route").field(&self.endpoint).finish()
    }
}

/// Returns the routes, grouped by module.
pub(crate) fn routes() -> impl Iterator<Item = &'static Route> {
    [
        subscriptions::ROUTES,
        customers::ROUTES,
        transactions::ROUTES,
        catalog::ROUTES,
        events::ROUTES,
    ]
    .into_iter()
    .flatten()
}

/// An authorized request.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// Value of `{id}` in the path.
    pub(crate) id: &'a str,
    pub(crate) path: &'a str,
    /// The base URL that the client believes in.
    pub(crate) base_url: String,
    /// True if the client does not need the number of objects.
    pub(crate) skips_count: bool,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Value,
    pub(crate) fault: Option<&'a Fault>,
}

/// The response to a request, before its envelope.
#[derive(Debug)]
pub(crate) struct ResponseData {
    pub(crate) status: u16,
    pub(crate) data: Value,
    pub(crate) pagination: Option<Value>,
}

impl ResponseData {
    fn one(object: &impl Serialize) -> Self {
        Self::with_status(200, object)
    }

    fn created(object: &impl Serialize) -> Self {
        Self::with_status(201, object)
    }

    fn with_status(status: u16, object: &impl Serialize) -> Self {
        Self {
            status,
            data: serde_json::to_value(object).unwrap_or_default(),
            pagination: None,
        }
    }
}

impl Call<'_> {
    /// Takes the words of a comma-separated parameter; empty if it is missing.
    fn take(&mut self, name: &str) -> Vec<String> {
        let mut words = Vec::new();
        self.query.retain(|(written, value)| {
            let is_it = written == name;
            if is_it {
                words.extend(value.split(',').map(|word| word.trim().to_owned()));
            }
            !is_it
        });
        words.retain(|word| !word.is_empty());
        words
    }

    /// Takes the parts to include, which have to be among these.
    fn take_includes(&mut self, known: &[&str]) -> Result<Vec<String>, ApiError> {
        let parts = self.take("include");
        match parts.iter().find(|part| !known.contains(&part.as_str())) {
            Some(part) => Err(ApiError::cannot_include(part)),
            None => Ok(parts),
        }
    }

    /// Rejects parameters of the query that were not read.
    fn finish(&self) -> Result<(), ApiError> {
        match self.query.first() {
            Some((name, _)) => Err(ApiError::unknown_parameter(name)),
            None => Ok(()),
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::as_str)
    }

    fn required(&self, name: &str) -> Result<&str, ApiError> {
        let text = self.text(name).filter(|text| !text.is_empty());
        text.ok_or_else(|| ApiError::invalid_field(name, "required"))
    }

    /// Reads a field of the body.
    fn field<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ApiError> {
        let Some(value) = self.body.get(name).filter(|value| !value.is_null()) else {
            return Ok(None);
        };
        let read = serde_json::from_value(value.clone());
        read.map(Some)
            .map_err(|error| ApiError::invalid_field(name, error.to_string()))
    }

    /// Reads the items of the body: ids of prices, with quantities.
    fn items(&self) -> Result<Vec<(String, u32)>, ApiError> {
        let items = self.body.get("items").and_then(Value::as_array);
        let items = items.map(Vec::as_slice).unwrap_or_default();
        let item = |item: &Value| {
            let price = item.get("price_id").and_then(Value::as_str);
            let price =
                price.ok_or_else(|| ApiError::invalid_field("items[].price_id", "required"))?;
            let quantity = item.get("quantity").and_then(Value::as_u64);
            let quantity = quantity.and_then(|quantity| u32::try_from(quantity).ok());
            Ok((price.to_owned(), quantity.unwrap_or(1)))
        };
        items.iter().map(item).collect()
    }
}

impl World {
    /// Returns the customer that a request is about, if it names one.
    pub(crate) fn customer_of(&self, call: &Call<'_>) -> Option<String> {
        let named = call.text("customer_id").map(str::to_owned);
        let by_id = || {
            let subscription = self.subscriptions.get(call.id);
            let transaction = self.transactions.get(call.id);
            subscription
                .map(|one| one.customer_id.clone())
                .or_else(|| transaction?.customer_id.clone())
                .or_else(|| {
                    self.customers
                        .contains_key(call.id)
                        .then(|| call.id.to_owned())
                })
        };
        named.or_else(by_id)
    }
}
