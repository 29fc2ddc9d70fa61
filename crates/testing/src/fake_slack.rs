//! A fake incoming webhook that checks messages against Slack's documentation. On request it fails, redirects or does
//! not answer in time.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri},
    response::{IntoResponse as _, Response},
};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};

/// The secret part of the URL.
pub const PATH: &str = "/services/T0CANARY/B0CANARY/canaryOfTheWebhook24chars";

#[derive(Debug, Clone)]
pub enum NextResponse {
    Busy {
        retry_after: u64,
    },
    Broken,
    /// The URL was revoked, and the response repeats it.
    Revoked,
    Moved,
    Silent,
}

#[derive(Debug, Default)]
struct Received {
    /// Behavior for the next requests, in order; after them, requests succeed.
    next_responses: Vec<NextResponse>,
    requests: usize,
    messages: Vec<Value>,
    violations: Vec<String>,
}

pub struct FakeSlack {
    port: u16,
    received: Arc<Mutex<Received>>,
    server: JoinHandle<()>,
}

impl FakeSlack {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let received = Arc::new(Mutex::new(Received::default()));
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&received));
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("a server");
        });
        Self {
            port,
            received,
            server,
        }
    }

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}{PATH}", self.port)
    }

    pub fn respond_next(&self, response: NextResponse) {
        lock(&self.received).next_responses.push(response);
    }

    pub fn requests(&self) -> usize {
        lock(&self.received).requests
    }

    /// Returns the accepted messages; panics if one violates Slack's rules.
    #[track_caller]
    pub fn messages(&self) -> Vec<Value> {
        let received = lock(&self.received);
        assert_eq!(received.violations, [""; 0]);
        received.messages.clone()
    }

    /// Returns the texts of the messages, as a notification shows them.
    #[track_caller]
    pub fn texts(&self) -> Vec<String> {
        let text = |message: &Value| message["text"].as_str().unwrap_or_default().to_owned();
        self.messages().iter().map(text).collect()
    }
}

impl Drop for FakeSlack {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock(received: &Mutex<Received>) -> MutexGuard<'_, Received> {
    received.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(
    State(received): State<Arc<Mutex<Received>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let response = {
        let mut received = lock(&received);
        received.requests += 1;
        if received.next_responses.is_empty() {
            None
        } else {
            Some(received.next_responses.remove(0))
        }
    };
    match response {
        None => {}
        Some(NextResponse::Busy { retry_after }) => {
            let mut response = (StatusCode::TOO_MANY_REQUESTS, "rate_limited").into_response();
            response
                .headers_mut()
                .insert("retry-after", HeaderValue::from(retry_after));
            return response;
        }
        Some(NextResponse::Broken) => return StatusCode::BAD_GATEWAY.into_response(),
        Some(NextResponse::Revoked) => {
            return (StatusCode::NOT_FOUND, format!("no_service: {uri}")).into_response();
        }
        Some(NextResponse::Moved) => {
            return (StatusCode::FOUND, [("location", "/elsewhere")]).into_response();
        }
        Some(NextResponse::Silent) => tokio::time::sleep(Duration::from_mins(1)).await,
    }
    let message: Value = serde_json::from_slice(&body).unwrap_or_default();
    let is_json = headers
        .get("content-type")
        .is_some_and(|kind| kind == "application/json");
    let mut violations = violations(&message);
    if method != Method::POST || uri.path() != PATH || !is_json {
        violations.push(format!("{method} {uri} with {headers:?}"));
    }
    let mut received = lock(&received);
    received.violations.extend(violations);
    received.messages.push(message);
    "ok".into_response()
}

/// Lists what Slack would reject or show as markup: <https://docs.slack.dev/reference/block-kit/blocks>.
fn violations(message: &Value) -> Vec<String> {
    let mut violations = Vec::new();
    let fields: Vec<&str> = message
        .as_object()
        .map(|fields| fields.keys().map(String::as_str).collect())
        .unwrap_or_default();
    if fields != ["blocks", "text"] {
        violations.push(format!("the fields of a message are {fields:?}"));
    }
    let text = message["text"].as_str().unwrap_or_default();
    // Slack accepts 40,000 characters. Discord accepts messages in Slack's format, but only 2,000 characters.
    if text.trim().is_empty() || text.chars().count() > 2_000 {
        violations.push(format!("a text of {} characters", text.chars().count()));
    }
    violations.extend(foreign_markup(text));
    let blocks = message["blocks"].as_array().cloned().unwrap_or_default();
    if blocks.is_empty() || blocks.len() > 50 {
        violations.push(format!("{} blocks", blocks.len()));
    }
    for block in blocks {
        let text = block["text"]["text"].as_str().unwrap_or_default();
        if block["type"] != "section"
            || block["text"]["type"] != "mrkdwn"
            || block["text"]["verbatim"] != true
            || text.is_empty()
            || text.chars().count() > 3_000
        {
            violations.push(format!("not a valid section: {block}"));
        }
        violations.extend(foreign_markup(text));
    }
    violations
}

/// Lists markup that a report must not contain: mentions, and links to anything but the repository. Each `&` must start
/// an entity.
fn foreign_markup(text: &str) -> Vec<String> {
    let mut violations = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('<') {
        let (inside, after) = after.split_once('>').unwrap_or((after, ""));
        if !inside.starts_with("https://github.test/acme/shop/") {
            violations.push(format!("a link that is not ours: <{inside}>"));
        }
        rest = after;
    }
    for (index, _) in text.match_indices('&') {
        let entity = text.split_at(index).1;
        if !["&amp;", "&lt;", "&gt;"]
            .iter()
            .any(|known| entity.starts_with(known))
        {
            violations.push(format!("a bare ampersand: {text}"));
        }
    }
    for (index, _) in text.match_indices('@') {
        if !text.split_at(index + 1).1.starts_with('\u{200b}') {
            violations.push(format!("somebody is mentioned: {text}"));
        }
    }
    violations
}
