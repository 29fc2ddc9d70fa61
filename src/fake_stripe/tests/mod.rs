//! The fake as a client sees it: over HTTP on the loopback interface.

mod access;
mod acts;
mod billing;
mod disturbances;
mod endpoints;
mod errors;
mod expansions;
mod fields;
mod filters;
mod listing;
mod resources;
mod shapes;
mod writing;

use reqwest::Response;
use serde_json::Value;

use super::{FakeStripe, World};

/// When the worlds of these tests are.
const NOW: i64 = 1_790_812_800;

const KEY: &str = "sk_test_fakefakefakefake";

/// A client without any cleverness, and the fake that it talks to.
struct Bench {
    fake: FakeStripe,
    http: reqwest::Client,
}

impl Bench {
    fn of(world: World) -> Self {
        Self {
            fake: FakeStripe::start_anywhere(world).unwrap(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    fn request(&self, path: &str, query: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.fake.base_url());
        self.http.get(url).query(query).bearer_auth(KEY)
    }

    async fn send(&self, path: &str, query: &[(&str, &str)]) -> Response {
        self.request(path, query).send().await.unwrap()
    }

    /// The body of an answer that has to be a success.
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

    /// The status and the body of the answer to a change.
    async fn post(&self, path: &str, body: &str) -> (u16, Value) {
        let response = self.form(path, body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn delete(&self, path: &str) -> (u16, Value) {
        let url = format!("{}{path}", self.fake.base_url());
        let response = self.http.delete(url).bearer_auth(KEY).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// The status and the error of an answer that has to be one.
    async fn refused(&self, path: &str, query: &[(&str, &str)]) -> (u16, Value) {
        let response = self.send(path, query).await;
        let status = response.status();
        let mut body: Value = response.json().await.unwrap();
        assert!(!status.is_success(), "{path} {query:?}: {body}");
        (status.as_u16(), body.get_mut("error").unwrap().take())
    }

    /// Every id of a list, page after page, as a client walks it.
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

/// What is at a place, with nothing and null being different.
fn at<'v>(value: &'v Value, pointer: &str) -> Option<&'v Value> {
    value.pointer(pointer)
}
