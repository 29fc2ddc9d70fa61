//! Tests of the example app alone: it starts, rejects forgeries, and its broken variants are the same in both
//! languages. Rehearsals test its handling of a customer's life elsewhere.

use std::{fmt::Write as _, process::Command};

use fake_stripe::{Customer, FakeStripe, Status, Subscription, World};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;
use testing::{
    database::Database,
    handlers::{self, App, Environment, Mutant},
    node_app::{self, NodeApp, Packages},
};

const SECRET: &str = "whsec_of_the_example";

#[test]
fn every_mutant_is_a_patch_that_applies() {
    let names = Mutant::ALL.map(Mutant::as_str);
    assert_eq!(node_app::patches(), names);
    for name in names {
        let (title, story) = node_app::story(name);
        assert!(
            title.lines().count() == 1 && !title.ends_with('.'),
            "{name}: {title}"
        );
        assert!(
            story.lines().count() == 1 && story.ends_with('.'),
            "{name}: {story}"
        );
        let copy = node_app::copy(Some(name));
        let checked = Command::new("node")
            .args(["--check", "webhook.js"])
            .current_dir(copy.path())
            .status();
        assert!(checked.map_or(true, |status| status.success()), "{name}");
    }
}

#[tokio::test]
async fn the_rust_app_accepts_only_signed_deliveries() {
    let database = database();
    let stripe = stripe();
    let environment = Environment {
        database_url: database.admin_url().into(),
        stripe_url: stripe.base_url(),
        stripe_key: "sk_test_example".to_owned(),
        webhook_secret: SECRET.to_owned(),
    };
    let app = App::start(environment, None).expect("the app starts");
    let purchase = event("checkout.session.completed");
    let forged = deliver(&app.webhook_url(), &purchase, "whsec_of_another").await;
    assert_eq!((forged, is_paid(&app.gate_url()).await), (400, false));
    let delivered = deliver(&app.webhook_url(), &purchase, SECRET).await;
    assert_eq!((delivered, is_paid(&app.gate_url()).await), (200, true));
}

#[tokio::test]
#[expect(
    clippy::disallowed_macros,
    reason = "a person who runs the tests should see it"
)]
async fn the_node_app_refuses_forgeries() {
    let packages = match Packages::install() {
        Ok(packages) => packages,
        Err(why) => return println!("not run: {why}"),
    };
    let database = database();
    let database_url = database.admin_url();
    let environment = [
        ("DATABASE_URL", database_url.as_str()),
        ("STRIPE_SECRET_KEY", "sk_test_example"),
        ("STRIPE_WEBHOOK_SECRET", SECRET),
    ];
    let app = NodeApp::start(packages, None, &environment);
    let purchase = event("checkout.session.completed");
    let forged = deliver(&app.webhook_url(), &purchase, "whsec_of_another").await;
    assert_eq!((forged, is_paid(&app.gate_url()).await), (400, false));
    let unknown = deliver(&app.webhook_url(), &event("something.new"), SECRET).await;
    assert_eq!(unknown, 200, "{}", app.log());
    assert!(app.log().contains("refused a delivery"), "{}", app.log());
}

/// A customer who pays for `pro`.
fn stripe() -> FakeStripe {
    let mut world = World::new(1_795_426_800);
    world.customer(Customer::new("cus_ann"));
    world.subscription(Subscription::new("cus_ann", Status::Active).price("price_1ProMonthly"));
    FakeStripe::start_anywhere(world).expect("a fake Stripe")
}

fn event(kind: &str) -> String {
    let session = json!({
        "id": "cs_test_1", "object": "checkout.session", "customer": "cus_ann", "client_reference_id": "usr_ann",
    });
    let event = json!({
        "id": "evt_1", "object": "event", "type": kind, "created": 1_795_426_800, "data": { "object": session },
    });
    event.to_string()
}

async fn deliver(url: &str, body: &str, secret: &str) -> u16 {
    #[expect(
        clippy::disallowed_methods,
        reason = "the app verifies signatures against the real clock"
    )]
    let now = jiff::Timestamp::now().as_second();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(format!("{now}.{body}").as_bytes());
    let signature = mac.finalize().into_bytes();
    let signature = signature.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string");
        hex
    });
    let answer = client()
        .post(url)
        .header("stripe-signature", format!("t={now},v1={signature}"))
        .body(body.to_owned())
        .send()
        .await
        .expect("the app answers");
    answer.status().as_u16()
}

async fn is_paid(gate: &str) -> bool {
    let url = gate.replace("{account_id}", "usr_ann");
    let answer = client().get(url).send().await.expect("the app answers");
    answer
        .text()
        .await
        .expect("a body")
        .contains("\"paid\":true")
}

fn client() -> reqwest::Client {
    fake_stripe::client_builder().build().expect("a client")
}

/// Creates the app's tables with one account.
fn database() -> Database {
    let account = "insert into users (id, email) values ('usr_ann', 'ann@example.com')";
    let database = Database::create();
    database.run(&format!("{}; {account}", handlers::SCHEMA));
    database
}
