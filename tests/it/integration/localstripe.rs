//! Tests against localstripe, an independent provider with an old version of Stripe's API and gaps. Its responses must
//! lead to a correct verdict or to an error that names the cause.
//!
//! `scripts/test-localstripe` installs it and runs these tests; otherwise they are skipped with a message.

use std::{
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;
use testing::{
    database::Database,
    program::{ProgramOutput, folder, write},
};
use tokio::runtime::{Builder, Runtime};
use url::form_urlencoded;

use super::live::contract;
use crate::prodverdict;

/// The variable with the path of the server's program.
const VARIABLE: &str = "PRODVERDICT_LOCALSTRIPE";

/// It accepts only unrestricted keys.
const KEY: &str = "sk_test_51CanaryOfTheKeyCanaryQzWx";

/// Maximum time for a Python server on a busy machine.
const TIMEOUT: Duration = Duration::from_mins(1);

#[expect(
    clippy::disallowed_macros,
    clippy::print_stdout,
    reason = "a test that skips says so"
)]
fn program() -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "set by scripts/test-localstripe")]
    let program = std::env::var(VARIABLE).ok();
    if program.is_none() {
        println!("skipped: `{VARIABLE}` is not set; scripts/test-localstripe runs this");
    }
    program
}

/// A separate server for each test.
struct Localstripe {
    base: String,
    runtime: Runtime,
    client: reqwest::Client,
    server: Child,
    _folder: TempDir,
}

impl Localstripe {
    fn start(program: &str) -> Self {
        let port = {
            let free = TcpListener::bind("127.0.0.1:0").expect("a port");
            free.local_addr().expect("an address").port()
        };
        // It keeps its state in the current directory.
        let folder = tempfile::tempdir().expect("a folder");
        let server = Command::new(program)
            .args(["--from-scratch", "--port", &port.to_string()])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("localstripe starts");
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < TIMEOUT, "localstripe does not listen");
            thread::sleep(Duration::from_millis(50));
        }
        let started = Self {
            base: format!("http://127.0.0.1:{port}"),
            runtime: Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime"),
            client: fake_stripe::client_builder()
                .no_proxy()
                .build()
                .expect("a client"),
            server,
            _folder: folder,
        };
        started.post("products", &[("id", "prod_app"), ("name", "App")]);
        // Free plans, since paid ones require a card.
        for plan in ["plan_pro", "plan_team"] {
            started.post(
                "plans",
                &[
                    ("id", plan),
                    ("product", "prod_app"),
                    ("amount", "0"),
                    ("currency", "usd"),
                    ("interval", "month"),
                ],
            );
        }
        started
    }

    /// Creates an object and returns its id.
    fn post(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = self
            .client
            .post(format!("{}/v1/{path}", self.base))
            .bearer_auth(KEY)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        self.id_of(request)
    }

    fn id_of(&self, request: reqwest::RequestBuilder) -> String {
        let text = self.runtime.block_on(async {
            let answer = request.send().await.expect("an answer");
            answer.text().await.expect("a body")
        });
        let object: Value = serde_json::from_str(&text).expect(&text);
        object["id"].as_str().expect(&text).to_owned()
    }

    fn customer(&self) -> String {
        self.post("customers", &[("email", "somebody@example.com")])
    }

    /// Creates a customer with this plan, and returns its id and that of the subscription.
    fn subscriber(&self, plan: &str) -> (String, String) {
        let customer = self.customer();
        let fields = [("customer", customer.as_str()), ("items[0][plan]", plan)];
        let subscription = self.post("subscriptions", &fields);
        (customer, subscription)
    }

    fn cancel(&self, subscription: &str) {
        let address = format!("{}/v1/subscriptions/{subscription}", self.base);
        self.id_of(self.client.delete(address).bearer_auth(KEY));
    }
}

impl Drop for Localstripe {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

/// Checks these rows with this configuration and key.
fn check(
    localstripe: &Localstripe,
    rows: &[String],
    configuration: &str,
    key: &str,
) -> ProgramOutput {
    let database = Database::of_users(&rows.join(", "));
    let folder = folder(&[]);
    write(folder.path(), "prodverdict.yml", configuration);
    prodverdict("check access --format json")
        .within(folder.path())
        .variable("STRIPE_API_BASE", &localstripe.base)
        .variable("STRIPE_SECRET_KEY", key)
        .variable("DATABASE_URL", database.url_of("reader").as_str())
        .run()
}

fn row(name: &str, customer: &str, paid: bool, plan: &str) -> String {
    format!("('usr_{name}', '{customer}', {paid}, '{plan}')")
}

fn plans() -> String {
    contract(&[
        "plans: { plan_pro: pro, plan_team: team }",
        "evidence: on",
        "confirm_after: 100ms",
    ])
}

#[test]
fn every_kind_of_drift_is_found() {
    let Some(program) = program() else { return };
    let localstripe = Localstripe::start(&program);
    let (alice, _) = localstripe.subscriber("plan_pro");
    let (bob, _) = localstripe.subscriber("plan_team");
    let (carol, ended) = localstripe.subscriber("plan_pro");
    let (erin, _) = localstripe.subscriber("plan_pro");
    localstripe.cancel(&ended);
    let dave = localstripe.customer();
    let rows = [
        row("alice", &alice, false, "pro"),
        row("bob", &bob, true, "pro"),
        row("carol", &carol, true, "pro"),
        row("dave", &dave, true, "pro"),
        row("erin", &erin, true, "pro"),
    ];
    let ran = check(&localstripe, &rows, &plans(), KEY).with_status(1);
    let mut found = ran.findings();
    found.sort();
    assert_eq!(
        found,
        [
            "no-subscription user:usr_dave",
            "plan-drift user:usr_bob",
            "revenue-leak user:usr_alice",
            "wrongful-access user:usr_carol",
        ]
    );
    // Its events have no deliveries, which only costs the evidence.
    ran.says(&["the webhooks behind the findings could not be read"]);
}

#[test]
fn pages_that_come_oldest_first_are_all_read() {
    let Some(program) = program() else { return };
    let localstripe = Localstripe::start(&program);
    let rows: Vec<_> = (0..230)
        .map(|number| {
            let (customer, _) = localstripe.subscriber("plan_pro");
            row(&format!("{number:03}"), &customer, number % 100 != 5, "pro")
        })
        .collect();
    let ran = check(&localstripe, &rows, &plans(), KEY).with_status(1);
    assert_eq!(
        ran.findings(),
        [
            "revenue-leak user:usr_005",
            "revenue-leak user:usr_105",
            "revenue-leak user:usr_205",
        ]
    );
    assert_eq!(ran.json()["summary"]["subscriptions"]["active"], 230);
}

#[test]
fn unsupported_requests_are_reported() {
    let Some(program) = program() else { return };
    let localstripe = Localstripe::start(&program);
    let (alice, _) = localstripe.subscriber("plan_pro");
    let rows = [row("alice", &alice, false, "pro")];
    let unanswered = |rows: &[String], configuration: &str, key: &str, words: &str| {
        let ran = check(&localstripe, rows, configuration, key).with_status(2);
        assert_eq!(ran.json()["verdict"], "error");
        assert!(!ran.all().contains("usr_alice"), "{ran:#?}");
        ran.says(&[words]);
    };
    let restricted = KEY.replace("sk_", "rk_");
    unanswered(
        &rows,
        &plans(),
        &restricted,
        "the key is wrong or was revoked",
    );
    let paused = contract(&[
        "statuses: { grant: [active, paused] }",
        "rules: { unknown-status: off, orphan-subscription: off }",
    ]);
    unanswered(&rows, &paused, KEY, "Stripe answered 400");
    let entitlements = contract(&["source_of_truth: stripe_entitlements"])
        .replace("    stripe: {", "    entitlements: {");
    unanswered(&rows, &entitlements, KEY, "Stripe answered 404");
}
