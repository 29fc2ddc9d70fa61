//! A Paddle that is only read: lists of subscriptions with filters, orders, counts and a limit per minute, and single
//! subscriptions and customers.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, runtime};

/// Longest count that is exact.
const MAX_COUNT: usize = 100_000;

/// The world and the behavior of the API.
#[derive(Debug, Default)]
pub struct PaddleWorld {
    /// Subscriptions by id, in the order of their lists.
    pub subscriptions: BTreeMap<String, Value>,
    /// Notifications, newest first.
    pub notifications: Vec<Value>,
    pub adjustments: Vec<Value>,
    pub transactions: Vec<Value>,
    /// Time until a response.
    pub latency: Duration,
    /// Requests in any minute; `None` for no limit.
    pub per_minute: Option<usize>,
    /// Largest page; `None` for 200.
    pub page: Option<usize>,
    /// True if lists are not counted.
    pub is_uncounted: bool,
    /// Paths that the key may not read.
    pub forbidden: Vec<&'static str>,
    /// Subscriptions as they are from the request with this number on.
    pub changes: BTreeMap<usize, Vec<Value>>,
    /// Requests so far, as path and query.
    pub requests: Vec<PaddleRequest>,
}

/// A request to the API.
#[derive(Debug, Clone)]
pub struct PaddleRequest {
    pub path: String,
    pub query: Vec<(String, String)>,
    pub is_counted: bool,
    pub arrived: Instant,
    pub status: u16,
}

impl PaddleRequest {
    pub fn value(&self, name: &str) -> Option<&str> {
        let (_, value) = self.query.iter().find(|(other, _)| other == name)?;
        Some(value)
    }
}

/// A running API. Its thread ends with the process.
#[derive(Debug)]
pub struct PaddleApi {
    pub base: String,
    world: Arc<Mutex<PaddleWorld>>,
}

impl PaddleApi {
    /// Starts the API on a thread of its own.
    pub fn start(world: PaddleWorld) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a listener");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let world = Arc::new(Mutex::new(world));
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&world));
        thread::spawn(move || {
            let builder = runtime::Builder::new_current_thread().enable_all().build();
            builder.expect("a runtime").block_on(async {
                let listener = TcpListener::from_std(listener).expect("a listener");
                axum::serve(listener, router).await.expect("a server");
            });
        });
        Self { base, world }
    }

    pub fn world(&self) -> MutexGuard<'_, PaddleWorld> {
        locked(&self.world)
    }
}

impl PaddleWorld {
    pub fn put(&mut self, subscription: Value) {
        let id = text(&subscription, "id").to_owned();
        self.subscriptions.insert(id, subscription);
    }
}

/// Returns a monthly subscription. Ids increase with `number`, as Paddle's increase with time.
pub fn paddle_subscription(number: usize, customer: &str, status: &str, price: &str) -> Value {
    let is_over = matches!(status, "canceled" | "paused");
    let period = json!({"starts_at": "2026-11-01T00:00:00Z", "ends_at": "2026-12-01T00:00:00Z"});
    json!({
        "id": format!("sub_01k{number:023}"), "status": status, "customer_id": customer,
        "created_at": "2026-10-01T00:00:00.123456Z",
        "canceled_at": (status == "canceled").then_some("2026-11-20T00:00:00Z"),
        "current_billing_period": (!is_over).then_some(period), "scheduled_change": null,
        "collection_mode": "automatic", "currency_code": "USD", "custom_data": null,
        "items": [{"status": "active", "quantity": 1, "recurring": true, "price": {
            "id": price, "product_id": "pro_01k0aaaaaaaaaaaaaaaaaaaaa5",
            "unit_price": {"amount": "2900", "currency_code": "USD"},
            "billing_cycle": {"interval": "month", "frequency": 1},
        }}],
    })
}

async fn answer(
    State(world): State<Arc<Mutex<PaddleWorld>>>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let latency = locked(&world).latency;
    let (status, body) = locked(&world).answer(&headers, &uri);
    tokio::time::sleep(latency).await;
    let retry_after = (status == 429).then_some([("retry-after", "60")]);
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = [(header::CONTENT_TYPE, "application/json")];
    match retry_after {
        Some(wait) => (status, kind, wait, body).into_response(),
        None => (status, kind, body).into_response(),
    }
}

impl PaddleWorld {
    fn answer(&mut self, headers: &HeaderMap, uri: &Uri) -> (u16, String) {
        let changed = self.changes.remove(&self.requests.len());
        for subscription in changed.unwrap_or_default() {
            self.put(subscription);
        }
        let query = uri.query().unwrap_or_default();
        let mut request = PaddleRequest {
            path: uri.path().to_owned(),
            query: url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
            is_counted: !headers.contains_key("skip-count"),
            arrived: Instant::now(),
            status: 0,
        };
        let refusal = self.refusal(&request);
        let refusal = refusal.map(|(status, body)| (status, body.to_string()));
        let (status, body) = refusal.unwrap_or_else(|| self.respond(&request));
        request.status = status;
        self.requests.push(request);
        (status, body)
    }

    fn refusal(&self, request: &PaddleRequest) -> Option<(u16, Value)> {
        let is_recent = |one: &&PaddleRequest| one.arrived.elapsed() < Duration::from_mins(1);
        let recent = self.requests.iter().rev().take_while(is_recent).count();
        if self.per_minute.is_some_and(|limit| recent >= limit) {
            return Some(error(429, "too_many_requests", None));
        }
        if self
            .forbidden
            .iter()
            .any(|path| request.path.starts_with(path))
        {
            return Some(error(403, "forbidden", None));
        }
        None
    }

    fn respond(&self, request: &PaddleRequest) -> (u16, String) {
        let segments: Vec<_> = request.path.trim_matches('/').split('/').collect();
        let (status, body) = match segments[..] {
            ["subscriptions"] => return (200, self.page(request)),
            ["subscriptions", id] => one_object(self.subscriptions.get(id).cloned()),
            ["customers", id] => {
                let mut all = self.subscriptions.values();
                let is_known = all.any(|one| text(one, "customer_id") == id);
                one_object(is_known.then(|| json!({"id": id, "custom_data": null})))
            }
            ["customers"] => list(&[]),
            ["notifications"] => {
                let about = request.value("filter").unwrap_or_default();
                let notifications = self.notifications.iter();
                let is_about = |one: &&Value| text(&one["payload"]["data"], "id") == about;
                list(&notifications.filter(is_about).cloned().collect::<Vec<_>>())
            }
            ["notifications", _, "logs"] => list(&[
                json!({"id": "ntflog_01k0", "response_code": 503, "attempted_at": "2026-11-20T00:00:10Z"}),
            ]),
            ["adjustments"] => list(&self.adjustments),
            ["transactions"] => list(&self.transactions),
            _ => error(404, "not_found", None),
        };
        (status, body.to_string())
    }

    fn page(&self, request: &PaddleRequest) -> String {
        let is_among = |list: Option<&str>, word: &str| {
            list.is_none_or(|list| list.split(',').any(|one| one == word))
        };
        let fits = |(_, one): &(&String, &Value)| {
            is_among(request.value("status"), text(one, "status"))
                && is_among(request.value("customer_id"), text(one, "customer_id"))
        };
        let is_counted = request.is_counted && !self.is_uncounted;
        let total = if is_counted {
            self.subscriptions
                .iter()
                .filter(fits)
                .count()
                .min(MAX_COUNT + 1)
                .to_string()
        } else {
            "-1".to_owned()
        };
        let size = request.value("per_page").and_then(|size| size.parse().ok());
        let size = self.page.unwrap_or(200).min(size.unwrap_or(50));
        let after = request.value("after");
        let is_descending = request.value("order_by") == Some("id[DESC]");
        // One more shows whether there is another page.
        let rows: Vec<_> = if is_descending {
            let before = after.map_or(Bound::Unbounded, |id| Bound::Excluded(id.to_owned()));
            let range = self.subscriptions.range((Bound::Unbounded, before)).rev();
            range.filter(fits).take(size + 1).collect()
        } else {
            let beyond = after.map_or(Bound::Unbounded, |id| Bound::Excluded(id.to_owned()));
            let range = self.subscriptions.range((beyond, Bound::Unbounded));
            range.filter(fits).take(size + 1).collect()
        };
        let has_more = rows.len() > size;
        let rows: Vec<_> = rows.into_iter().take(size).collect();
        let last = rows.last().map_or("", |(id, _)| id);
        let data: Vec<_> = rows.iter().map(|(_, one)| one.to_string()).collect();
        format!(
            r#"{{"data":[{}],"meta":{{"request_id":"r","pagination":{{"per_page":{size},"next":"https://api.paddle.com/subscriptions?after={last}","has_more":{has_more},"estimated_total":{total}}}}}}}"#,
            data.join(",")
        )
    }
}

fn one_object(found: Option<Value>) -> (u16, Value) {
    found.map_or_else(
        || error(404, "not_found", None),
        |found| (200, json!({"data": found})),
    )
}

fn list(data: &[Value]) -> (u16, Value) {
    let pagination =
        json!({"per_page": 50, "next": "", "has_more": false, "estimated_total": data.len()});
    (
        200,
        json!({"data": data, "meta": {"request_id": "r", "pagination": pagination}}),
    )
}

fn error(status: u16, code: &str, field: Option<&str>) -> (u16, Value) {
    let fields = field.map(|field| json!([{"field": field, "message": "no"}]));
    let error = json!({"type": "request_error", "code": code, "detail": "No.", "errors": fields});
    (status, json!({"error": error, "meta": {"request_id": "r"}}))
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
