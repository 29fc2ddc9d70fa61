//! A contract of Paddle, with a small Paddle that knows one key and two customers.

use std::{
    sync::{Arc, Mutex},
    thread,
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use testing::{database::Database, program::folder};
use tokio::{net::TcpListener, runtime::Builder};

use super::Report;
use crate::prodverdict;

const KEY: &str = "pdl_live_apikey_01CanaryOfPaddleCanaryQzWx";

const CONFIG: &str = "\
version: 1
contracts:
  - type: access
    name: users
    source_of_truth: paddle
    paddle: { api_key_env: PADDLE_API_KEY }
    database:
      url_env: DATABASE_URL
      users_table: users
      columns:
        id: id
        customer_id: stripe_customer_id
        has_paid_access: has_paid_access
        plan: plan
    plans: { pri_01pro: pro, pri_01team: team }
    confirm_after: 0s
";

const ROWS: &str = "('usr_dave', 'ctm_01dave', true, 'pro'), ('usr_erin', 'ctm_01erin', true, 'team'), \
                    ('usr_fay', null, false, 'free')";

/// The state of a fake Paddle.
#[derive(Debug, Default)]
struct Paddle {
    /// Paths that the key may not read.
    forbidden: Vec<&'static str>,
    asked: Vec<String>,
}

type Shared = Arc<Mutex<Paddle>>;

/// A repository with a contract of Paddle, its provider and its database.
struct Examined {
    base: String,
    paddle: Shared,
    database: Database,
    folder: TempDir,
}

impl Examined {
    fn new(rows: &str) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let paddle = Shared::default();
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&paddle));
        let listener = runtime
            .block_on(TcpListener::bind("127.0.0.1:0"))
            .expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        // It ends with the process of the tests.
        thread::spawn(move || runtime.block_on(async move { axum::serve(listener, router).await }));
        Self {
            base,
            paddle,
            database: Database::of_users(rows),
            folder: folder(&[("prodverdict.yml", CONFIG)]),
        }
    }

    fn forbidding(path: &'static str) -> Self {
        let examined = Self::new(ROWS);
        let mut paddle = examined.paddle.lock().expect("the state");
        paddle.forbidden.push(path);
        drop(paddle);
        examined
    }

    fn examine_with(&self, key: &str) -> Report {
        let url = self.database.url_of("reader");
        Report::of(
            prodverdict("doctor --format json")
                .within(self.folder.path())
                .variable("PADDLE_API_BASE", &self.base)
                .variable("PADDLE_API_KEY", key)
                .variable("DATABASE_URL", url.as_str()),
        )
    }

    fn examine(&self) -> Report {
        self.examine_with(KEY)
    }
}

async fn answer(State(paddle): State<Shared>, uri: Uri, headers: HeaderMap) -> Response {
    let mut paddle = paddle.lock().expect("the state");
    paddle.asked.push(uri.to_string());
    let key = headers
        .get("authorization")
        .and_then(|key| key.to_str().ok());
    let error = |status: StatusCode, code: &str| {
        let error = json!({"type": "request_error", "code": code, "detail": "Refused"});
        let body = json!({"error": error, "meta": {"request_id": "req-1"}});
        (status, body.to_string()).into_response()
    };
    if key != Some(&format!("Bearer {KEY}")) {
        return error(StatusCode::FORBIDDEN, "invalid_token");
    }
    if paddle.forbidden.contains(&uri.path()) {
        return error(StatusCode::FORBIDDEN, "forbidden");
    }
    let listed = match uri.path() {
        "/subscriptions" => vec![
            subscription("sub_01a", "ctm_01dave", "pri_01pro"),
            subscription("sub_01b", "ctm_01erin", "pri_01team"),
        ],
        "/customers" => {
            let query = uri.query().unwrap_or_default();
            let known = ["ctm_01dave", "ctm_01erin"];
            let asked = known.into_iter().filter(|id| query.contains(id));
            asked
                .map(|id| json!({"id": id, "email": "a@x.test", "custom_data": null}))
                .collect()
        }
        _ => return error(StatusCode::NOT_FOUND, "not_found"),
    };
    let pages =
        json!({"per_page": 200, "next": "", "has_more": false, "estimated_total": listed.len()});
    json!({"data": listed, "meta": {"request_id": "req-1", "pagination": pages}})
        .to_string()
        .into_response()
}

fn subscription(id: &str, customer: &str, price: &str) -> Value {
    let price = json!({
        "id": price, "product_id": "pro_01a", "unit_price": {"amount": "2000", "currency_code": "USD"},
        "billing_cycle": {"interval": "month", "frequency": 1},
    });
    json!({
        "id": id, "status": "active", "customer_id": customer, "created_at": "2026-10-01T00:00:00Z", "canceled_at": null,
        "currency_code": "USD", "collection_mode": "automatic", "custom_data": null, "scheduled_change": null,
        "current_billing_period": {"starts_at": "2026-11-01T00:00:00Z", "ends_at": "2100-12-01T00:00:00Z"},
        "items": [{"price": price, "quantity": 1}],
    })
}

#[test]
fn every_check_of_a_contract_of_paddle_passes() {
    let examined = Examined::new(ROWS);
    let report = examined.examine();
    for check in report.0.json()["checks"].as_array().expect("an array") {
        let is_unused =
            ["rehearsal", "github-token"].contains(&check["id"].as_str().unwrap_or_default());
        let expected = if is_unused { "skip" } else { "pass" };
        assert_eq!(check["result"], expected, "{check:#}");
    }
    report
        .shows(
            "key",
            "pass",
            &["`PADDLE_API_KEY` is", "of Paddle, in live mode"],
        )
        .shows(
            "permissions",
            "pass",
            &["the key may read subscriptions, customers, notifications"],
        )
        .shows(
            "customers",
            "pass",
            &["Paddle knows 2 of 2 linked customers"],
        )
        .shows("plans", "pass", &["2 prices mapped, 2 subscriptions read"]);
    let asked = &examined.paddle.lock().expect("the state").asked;
    let small = asked.iter().filter(|uri| uri.ends_with("?per_page=1"));
    // The first permission is tried twice: by `api` too.
    assert_eq!(small.count(), 4, "{asked:#?}");
}

#[test]
fn a_missing_permission_of_paddle_is_named_with_the_list() {
    Examined::forbidding("/customers")
        .examine()
        .shows(
            "permissions",
            "warn",
            &[
                "it may not read customers (`customer.read`): the check cannot see whose account",
                "with the permissions `subscription.read`, `customer.read` and `notification.read` under Developer tools",
            ],
        )
        .shows("customers", "skip", &["the key may not read customers"]);
    Examined::forbidding("/subscriptions")
        .examine()
        .shows(
            "permissions",
            "fail",
            &["it may not read subscriptions (`subscription.read`): there is no check"],
        )
        .skips(&["customers", "plans"], "permissions");
}

#[test]
fn a_revoked_key_of_paddle_fails_at_the_api() {
    let examined = Examined::new(ROWS);
    examined
        .examine_with("pdl_live_apikey_01CanaryOfAnotherCanaryQzWx")
        .shows("api", "fail", &["`PADDLE_ENVIRONMENT`"])
        .skips(&["permissions"], "api");
    let before = examined.paddle.lock().expect("the state").asked.len();
    examined.examine_with("live_CanaryOfTheClientToken").shows(
        "key",
        "fail",
        &[
            "a client-side token",
            "`subscription.read`, `customer.read` and `notification.read`",
        ],
    );
    assert_eq!(
        examined.paddle.lock().expect("the state").asked.len(),
        before
    );
}

#[test]
fn customers_that_paddle_does_not_know_fail() {
    Examined::new("('usr_dave', 'ctm_01other', true, 'pro')")
        .examine()
        .shows(
            "customers",
            "fail",
            &["Paddle knows 0 of 1 linked customers", "another account"],
        )
        .skips(&["plans"], "customers");
}
