//! The fake as a client sees it: over HTTP on the loopback interface.

mod access;
mod billing;
mod disturbances;
mod endpoints;
mod errors;
mod expansions;
mod fields;
mod filters;
mod listing;
mod operations;
mod resources;
mod shapes;
mod writing;

use reqwest::Response;
use serde_json::Value;

use super::{FakeStripe, World};

/// Clock of the worlds in these tests.
const NOW: i64 = 1_790_812_800;

const KEY: &str = "sk_test_fakefakefakefake";

/// A plain client, and the fake that it talks to.
struct Bench {
    fake: FakeStripe,
    http: reqwest::Client,
}

impl Bench {
    fn of(world: World) -> Self {
        Self {
            fake: FakeStripe::start_anywhere(world).unwrap(),
            http: crate::client_builder().no_proxy().build().unwrap(),
        }
    }

    fn request(&self, path: &str, query: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.fake.base_url());
        self.http.get(url).query(query).bearer_auth(KEY)
    }

    async fn send(&self, path: &str, query: &[(&str, &str)]) -> Response {
        self.request(path, query).send().await.unwrap()
    }

    /// Sends a request that must succeed. Returns the body.
    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let response = self.send(path, query).await;
        let status = response.status();
        let body: Value = response.json().await.unwrap();
        assert!(status.is_success(), "{path} {query:?}: {status} {body}");
        body
    }

    fn form(&self, path: &str, body: &str) -> reqwest::RequestBuilder {
        self.http
            .post(format!("{}{path}", self.fake.base_url()))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(body.to_owned())
            .bearer_auth(KEY)
    }

    /// Sends a write request. Returns the status and the body.
    async fn post(&self, path: &str, body: &str) -> (u16, Value) {
        let response = self.form(path, body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn delete(&self, path: &str) -> (u16, Value) {
        let url = format!("{}{path}", self.fake.base_url());
        let response = self.http.delete(url).bearer_auth(KEY).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Sends a request that must fail. Returns the status and the error.
    async fn refused(&self, path: &str, query: &[(&str, &str)]) -> (u16, Value) {
        let response = self.send(path, query).await;
        let status = response.status();
        let mut body: Value = response.json().await.unwrap();
        assert!(!status.is_success(), "{path} {query:?}: {body}");
        (status.as_u16(), body.get_mut("error").unwrap().take())
    }

    /// Returns every id of a list, read page by page.
    async fn walk(&self, path: &str, query: &[(&str, &str)]) -> Vec<String> {
        let mut all = Vec::new();
        loop {
            let last: Option<String> = all.last().cloned();
            let mut query = query.to_vec();
            if let Some(last) = &last {
                query.push(("starting_after", last));
            }
            let page = self.get(path, &query).await;
            all.extend(ids(&page));
            if page.get("has_more") != Some(&Value::Bool(true)) {
                return all;
            }
        }
    }
}

fn ids(page: &Value) -> Vec<String> {
    let data = page.get("data").and_then(Value::as_array).unwrap();
    data.iter()
        .map(|object| text(object, "/id").to_owned())
        .collect()
}

#[track_caller]
fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no text at {pointer} of {value}"))
}

/// Returns the value at a JSON pointer; a missing one differs from null.
fn at<'v>(value: &'v Value, pointer: &str) -> Option<&'v Value> {
    value.pointer(pointer)
}
