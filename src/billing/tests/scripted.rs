//! A server that answers from a script and records its requests.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    response::Response,
};
use futures::{StreamExt as _, stream};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{
    billing::{BillingReader, RetryPolicy, Settings},
    contract::Source,
    http,
};

/// Looks like a key, so that it must appear nowhere.
pub(super) const CANARY: &str = "rk_live_CANARYcanary0123456789";

/// A request as received by the server.
#[derive(Debug, Clone)]
pub(super) struct ReceivedRequest {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
}

impl ReceivedRequest {
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let (_, value) = self.query.iter().find(|(other, _)| other == name)?;
        Some(value)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(other, _)| other == name)?;
        Some(value)
    }
}

/// The server's reaction to a request.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    Whole {
        status: u16,
        headers: Vec<(&'static str, &'static str)>,
        body: String,
    },
    /// Sends the headers and half of the body, then closes the connection.
    CutInTheMiddle(String),
    /// Closes the connection before any response.
    HangUp,
    /// Sends nothing for longer than any timeout.
    Silence,
}

impl Answer {
    pub(super) fn ok(body: &Value) -> Self {
        Self::status(200, &[], &body.to_string())
    }

    pub(super) fn status(
        status: u16,
        headers: &[(&'static str, &'static str)],
        body: &str,
    ) -> Self {
        Self::Whole {
            status,
            headers: headers.to_vec(),
            body: body.to_owned(),
        }
    }

    pub(super) fn error(status: u16, error: &Value) -> Self {
        Self::status(status, &[], &json!({ "error": error }).to_string())
    }
}

type Script = dyn Fn(usize, &ReceivedRequest) -> Answer + Send + Sync;

#[derive(Clone)]
struct Play {
    script: Arc<Script>,
    requests: Arc<Mutex<Vec<ReceivedRequest>>>,
}

/// A running server. It ends with the runtime of its test.
pub(super) struct Server {
    pub(super) base: String,
    requests: Arc<Mutex<Vec<ReceivedRequest>>>,
}

impl Server {
    /// Serves `script`, which receives the number of the request, from 0, and the request.
    pub(super) async fn start(
        script: impl Fn(usize, &ReceivedRequest) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let requests = Arc::default();
        let play = Play {
            script: Arc::new(script),
            requests: Arc::clone(&requests),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(play);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base, requests }
    }

    pub(super) fn requests(&self) -> Vec<ReceivedRequest> {
        self.requests.lock().unwrap().clone()
    }

    /// Returns a reader of this server that waits only milliseconds between tries.
    pub(super) fn reader(&self, source: Source) -> BillingReader {
        self.reader_with(source, impatient())
    }

    pub(super) fn reader_with(&self, source: Source, retry_policy: RetryPolicy) -> BillingReader {
        let key = match source {
            Source::Paddle => "pdl_sdbx_apikey_CANARYcanary0123456789",
            Source::Stripe | Source::StripeEntitlements => CANARY,
        };
        let settings = Settings {
            base: Some(self.base.clone()),
            retry_policy,
            ..Settings::default()
        };
        BillingReader::new(
            source,
            http::client().unwrap(),
            &SecretString::from(key),
            &settings,
        )
        .unwrap()
    }
}

pub(super) fn impatient() -> RetryPolicy {
    RetryPolicy {
        base: Duration::from_millis(1),
        cap: Duration::from_millis(5),
        tries: 4,
        request: Duration::from_secs(10),
        retry_after: Duration::from_millis(20),
        first_answer: Duration::from_secs(20),
        deadline: Duration::from_secs(20),
    }
}

async fn answer(State(play): State<Play>, request: Request) -> Response {
    let received = ReceivedRequest {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect(),
        headers: request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
    };
    let number = {
        let mut log = play.requests.lock().unwrap();
        log.push(received.clone());
        log.len() - 1
    };
    match (play.script)(number, &received) {
        Answer::Whole {
            status,
            headers,
            body,
        } => {
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response.body(Body::from(body)).unwrap()
        }
        Answer::CutInTheMiddle(body) => cut_in_the_middle(&body),
        // The panic ends the connection's task, which closes the connection.
        Answer::HangUp => std::panic::resume_unwind(Box::new("hang up")),
        Answer::Silence => {
            tokio::time::sleep(Duration::from_mins(1)).await;
            Response::new(Body::empty())
        }
    }
}

fn cut_in_the_middle(body: &str) -> Response {
    let half: String = body.chars().take(body.len() / 2).collect();
    let pieces: [Result<Bytes, io::Error>; 2] = [
        Ok(Bytes::from(half)),
        Err(io::Error::from(io::ErrorKind::ConnectionReset)),
    ];
    Response::builder()
        .header("content-length", body.len())
        .body(Body::from_stream(stream::iter(pieces).then(apart)))
        .unwrap()
}

/// The first half must be sent before the connection closes.
async fn apart<T>(piece: T) -> T {
    tokio::time::sleep(Duration::from_millis(20)).await;
    piece
}

/// Returns a subscription in the API's format, with one item.
pub(super) fn subscription(id: &str, customer: &str, status: &str) -> Value {
    json!({
        "id": id,
        "object": "subscription",
        "customer": customer,
        "status": status,
        "created": 1_790_812_800,
        "ended_at": null,
        "cancel_at": null,
        "cancel_at_period_end": false,
        "livemode": false,
        "items": { "object": "list", "has_more": false, "data": [item(&format!("si_{id}"), "price_pro")] },
    })
}

pub(super) fn item(id: &str, price: &str) -> Value {
    json!({
        "id": id,
        "object": "subscription_item",
        "quantity": 1,
        "current_period_start": 1_790_812_800,
        "current_period_end": 1_793_491_200,
        "price": {
            "id": price,
            "product": "prod_pro",
            "currency": "usd",
            "unit_amount": 2000,
            "recurring": { "interval": "month", "interval_count": 1, "usage_type": "licensed" },
        },
    })
}

/// Returns the requested page of `objects`, with two per page whatever the request says.
pub(super) fn page(objects: &[Value], request: &ReceivedRequest) -> Value {
    let start = match request.value("starting_after") {
        Some(cursor) => {
            1 + objects
                .iter()
                .position(|object| object["id"] == cursor)
                .unwrap()
        }
        None => 0,
    };
    let rest = objects.get(start..).unwrap_or_default();
    json!({
        "object": "list",
        "url": request.path,
        "has_more": rest.len() > 2,
        "data": rest.iter().take(2).collect::<Vec<_>>(),
    })
}
