//! The app of `examples/nextjs-stripe/app`, reimplemented in Rust in this process, with its broken variants.

mod billing;
mod mutant;
mod provider;
mod signature;
mod webhook;

use std::{
    collections::HashMap,
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    thread::JoinHandle,
};

use axum::{
    Router,
    body::Bytes,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    routing::{get, post},
};
use sqlx::{PgPool, Row as _, postgres::PgPoolOptions};
use tokio::sync::oneshot;

pub use self::mutant::Mutant;
use self::{provider::Provider, webhook::Webhook};

/// The schema of the app.
pub const SCHEMA: &str = include_str!("../../../../examples/nextjs-stripe/app/schema.sql");

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The row of an account before an event.
#[derive(Debug)]
struct Account {
    id: String,
    customer: Option<String>,
    has_paid_access: bool,
    plan: String,
    subscription_id: Option<String>,
}

/// The app's configuration from the environment.
#[derive(Debug, Clone)]
pub struct Environment {
    pub database_url: String,
    /// Replacement for `https://api.stripe.com`, without a slash at the end.
    pub stripe_url: String,
    pub stripe_key: String,
    pub webhook_secret: String,
}

/// The running app; it stops when dropped.
#[derive(Debug)]
pub struct App {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl App {
    /// Serves the correct handler, or a broken one, on a free port of the loopback interface. It runs on a separate
    /// thread, so that it also works in tests that block.
    pub fn start(environment: Environment, mutant: Option<Mutant>) -> io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("app".to_owned())
            .spawn(move || serve(listener, environment, mutant, stopped))?;
        Ok(Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    pub fn webhook_url(&self) -> String {
        format!("http://{}/api/stripe/webhook", self.address)
    }

    /// Returns the URL of the app's access endpoint; `{account_id}` is the placeholder of the user.
    pub fn gate_url(&self) -> String {
        format!("http://{}/api/me?user={{account_id}}", self.address)
    }
}

impl Drop for App {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let served = thread.join().expect("the app does not panic");
            served.expect("the app was served");
        }
    }
}

fn serve(
    listener: TcpListener,
    environment: Environment,
    mutant: Option<Mutant>,
    stopped: oneshot::Receiver<()>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let pool = PgPoolOptions::new()
            .max_connections(10)
            .connect_lazy(&environment.database_url)
            .map_err(io::Error::other)?;
        let webhook = Webhook {
            pool: pool.clone(),
            provider: Provider::new(&environment.stripe_url, &environment.stripe_key),
            secret: environment.webhook_secret,
            mutant,
        };
        let routes = Router::new()
            .route("/api/me", get(me))
            .with_state(pool.clone())
            .route("/api/stripe/webhook", post(receive))
            .with_state(Arc::new(webhook));
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let served = tokio::select! {
            served = axum::serve(listener, routes) => served,
            _ = stopped => Ok(()),
        };
        pool.close().await;
        served
    })
}

async fn receive(
    State(webhook): State<Arc<Webhook>>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let signature = headers
        .get("stripe-signature")
        .and_then(|value| value.to_str().ok());
    let status = webhook
        .handle(&body, signature.unwrap_or_default(), now())
        .await;
    let received = status.is_success();
    (status, format!("{{\"received\":{received}}}"))
}

async fn me(
    State(pool): State<PgPool>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<([(header::HeaderName, &'static str); 1], String), StatusCode> {
    let broken = |_: sqlx::Error| StatusCode::INTERNAL_SERVER_ERROR;
    let row = sqlx::query("select has_paid_access or is_comped, plan from users where id = $1")
        .bind(query.get("user"))
        .fetch_optional(&pool)
        .await
        .map_err(broken)?
        .ok_or(StatusCode::NOT_FOUND)?;
    let paid: bool = row.try_get(0).map_err(broken)?;
    let plan: String = row.try_get(1).map_err(broken)?;
    let answer = serde_json::json!({ "paid": paid, "plan": plan });
    Ok((
        [(header::CONTENT_TYPE, "application/json")],
        answer.to_string(),
    ))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the app verifies signatures against the real clock"
)]
fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}
