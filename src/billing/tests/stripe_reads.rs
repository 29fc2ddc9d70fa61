//! Exact requests to Stripe, and the facts read from its responses.

use std::{collections::BTreeMap, sync::Mutex};

use secrecy::SecretString;
use serde_json::{Value, json};

use super::scripted::{Answer, CANARY, Server, item, page, subscription};
use crate::{
    billing::{BillingReader, Error, Settings},
    contract::{CustomerId, Mode, Source},
    http,
    problem::Explain as _,
};

fn customers(ids: &[&str]) -> Vec<CustomerId> {
    ids.iter().map(|id| CustomerId::from(*id)).collect()
}

fn unknown_customer(id: &str) -> Answer {
    Answer::error(
        404,
        &json!({"code": "resource_missing", "param": "customer", "message": format!("No such customer: '{id}'")}),
    )
}

#[tokio::test]
async fn everything_is_requested_page_by_page_with_version_and_key() {
    let objects: Vec<_> = (1..=5)
        .map(|n| subscription(&format!("sub_{n}"), "cus_1", "active"))
        .collect();
    let server = Server::start(move |_, request| Answer::ok(&page(&objects, request))).await;
    let reader = server.reader(Source::Stripe);
    let progress = Mutex::new(Vec::new());
    let facts = reader
        .read_all(&[], &|count| progress.lock().unwrap().push(count))
        .await
        .unwrap();

    assert_eq!(facts.subscriptions.len(), 5);
    assert_eq!(facts.seen_modes.test.as_deref(), Some("sub_1"));
    assert_eq!(facts.seen_modes.live, None);
    assert_eq!(progress.into_inner().unwrap(), [2, 4, 5]);
    assert_eq!(reader.requests(), 3);
    let cursors = [None, Some("sub_2"), Some("sub_4")];
    for (request, cursor) in server.requests().iter().zip(cursors) {
        assert_eq!(
            (request.method.as_str(), request.path.as_str()),
            ("GET", "/v1/subscriptions")
        );
        let mut query = BTreeMap::from([("status", "all"), ("limit", "100")]);
        query.extend(cursor.map(|cursor| ("starting_after", cursor)));
        let sent: BTreeMap<_, _> = request
            .query
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(sent, query);
        assert_eq!(request.query.len(), query.len());
        for (name, value) in [
            ("stripe-version", "2026-10-28.endive"),
            ("authorization", &format!("Bearer {CANARY}")),
            ("accept-encoding", "gzip"),
            ("user-agent", http::USER_AGENT),
        ] {
            assert_eq!(request.header(name), Some(value));
        }
    }
}

#[tokio::test]
async fn both_modes_are_seen_with_their_first_example() {
    let mut live = subscription("sub_2", "cus_1", "active");
    live["livemode"] = json!(true);
    let objects = [subscription("sub_1", "cus_1", "active"), live];
    let server = Server::start(move |_, request| Answer::ok(&page(&objects, request))).await;
    let facts = server
        .reader(Source::Stripe)
        .read_all(&[], &|_| {})
        .await
        .unwrap();
    assert_eq!(facts.seen_modes.live.as_deref(), Some("sub_2"));
    assert_eq!(facts.seen_modes.test.as_deref(), Some("sub_1"));
}

#[tokio::test]
async fn items_beyond_the_embedded_ones_are_fetched() {
    let mut wide = subscription("sub_wide", "cus_1", "active");
    wide["items"]["has_more"] = json!(true);
    let items: Vec<Value> = (1..=5)
        .map(|n| {
            let mut item = item(&format!("si_{n}"), &format!("price_{n}"));
            // The format before basil: the subscription carries the period.
            item["current_period_start"] = Value::Null;
            if n == 5 {
                item["current_period_start"] = json!(6);
                item["current_period_end"] = json!(9);
            }
            item
        })
        .collect();
    wide["current_period_start"] = json!(7);
    wide["current_period_end"] = json!(8);
    let server = Server::start(move |_, request| {
        Answer::ok(&match request.path.as_str() {
            "/v1/subscriptions" => json!({"has_more": false, "data": [wide]}),
            _ => page(&items, request),
        })
    })
    .await;
    let facts = server
        .reader(Source::Stripe)
        .read_all(&[], &|_| {})
        .await
        .unwrap();
    let prices: Vec<_> = facts
        .subscriptions
        .iter()
        .flat_map(|subscription| subscription.items.iter())
        .map(|item| item.price.id.as_str())
        .collect();
    assert_eq!(
        prices,
        ["price_1", "price_2", "price_3", "price_4", "price_5"]
    );
    let period = facts.subscriptions.first().and_then(|one| one.period);
    assert_eq!(
        period.map(|period| (period.start().0, period.end().0)),
        Some((7, 9))
    );
    let requests = server.requests();
    assert_eq!(requests.len(), 4);
    for request in requests.iter().skip(1) {
        assert_eq!(request.path, "/v1/subscription_items");
        assert_eq!(request.value("subscription"), Some("sub_wide"));
        assert_eq!(request.value("limit"), Some("100"));
    }
}

#[tokio::test]
async fn items_that_cannot_all_be_fetched_fail_the_read() {
    let mut wide = subscription("sub_wide", "cus_1", "active");
    wide["items"]["has_more"] = json!(true);
    let server = Server::start(move |_, request| match request.path.as_str() {
        "/v1/subscriptions" => Answer::ok(&json!({"has_more": false, "data": [wide]})),
        _ => Answer::ok(
            &json!({"has_more": false, "data": [{"id": "si_1", "object": "subscription_item"}]}),
        ),
    })
    .await;
    let error = server
        .reader(Source::Stripe)
        .read_all(&[], &|_| {})
        .await
        .unwrap_err();
    assert!(
        format!("{error:?}").contains("neither a price nor a plan")
            && format!("{error:?}").contains("si_1"),
        "{error:?}"
    );
}

#[tokio::test]
async fn entitlements_are_read_per_customer() {
    let server = Server::start(|_, request| {
        let customer = request.value("customer").unwrap();
        match customer {
            "cus_gone" => unknown_customer(customer),
            "cus_other_mode" => Answer::error(404, &json!({
                "code": "resource_missing", "param": "customer",
                "message": "No such customer: 'cus_other_mode'; a similar object exists in live mode, but a test mode key was used to make this request.",
            })),
            _ => Answer::ok(&page(
                &["a", "b", "c"].map(|n| subscription(&format!("sub_{customer}{n}"), customer, "active")),
                request,
            )),
        }
    })
    .await;
    let strange = "cus_&status=canceled/../é";
    let endless = "c".repeat(70_000);
    let asked_for = customers(&[
        "cus_2",
        "cus_1",
        "cus_gone",
        "cus_2",
        "cus_other_mode",
        strange,
        &endless,
        "..",
        "a\nb",
    ]);
    let reader = server.reader(Source::Stripe);
    let facts = reader.read_customers(&asked_for).await.unwrap();
    let mut owners: Vec<_> = facts
        .subscriptions
        .iter()
        .map(|read| read.customer.as_str())
        .collect();
    owners.dedup();
    assert_eq!(facts.subscriptions.len(), 9);
    assert_eq!(owners, [strange, "cus_1", "cus_2"]);
    for request in server.requests() {
        assert_eq!(request.path, "/v1/subscriptions");
        assert_eq!(request.value("status"), Some("all"));
    }
    // Two pages for each of three customers, one response for each unknown one, none for invalid ids.
    assert_eq!(reader.requests(), 8);
}

#[tokio::test]
async fn one_customer_that_cannot_be_read_fails_them_all() {
    let server = Server::start(|_, request| match request.value("customer") {
        Some("cus_2") => Answer::error(401, &json!({"message": "Invalid API Key provided"})),
        Some(customer) => Answer::ok(&page(&[subscription("sub_1", customer, "active")], request)),
        None => unreachable!(),
    })
    .await;
    let reader = server.reader(Source::Stripe);
    let error = reader.read_customers(&customers(&["cus_1", "cus_2"])).await;
    assert!(matches!(error, Err(Error::Request { .. })));
}

#[tokio::test]
async fn a_customer_that_vanishes_between_pages_fails_the_read() {
    let server = Server::start(|number, request| match number {
        0 => Answer::ok(
            &json!({"has_more": true, "data": [subscription("sub_1", "cus_1", "active")]}),
        ),
        _ => unknown_customer(request.value("customer").unwrap()),
    })
    .await;
    let reader = server.reader(Source::Stripe);
    let error = reader.read_customers(&customers(&["cus_1"])).await;
    assert!(matches!(error, Err(Error::Request { .. })), "{error:?}");
}

#[tokio::test]
async fn a_server_that_ignores_the_customer_is_detected() {
    let server = Server::start(|_, request| {
        Answer::ok(&page(&[subscription("sub_1", "cus_9", "active")], request))
    })
    .await;
    let reader = server.reader(Source::Stripe);
    let error = reader
        .read_customers(&customers(&["cus_1"]))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::ForeignObject { .. }), "{error:?}");
}

#[tokio::test]
async fn a_customer_exists_when_stripe_shows_it_deleted_or_not() {
    let server = Server::start(|_, request| match request.path.as_str() {
        "/v1/customers/cus_deleted" => Answer::ok(&json!({"id": "cus_deleted", "deleted": true})),
        // The response of a list, in case an id ever reaches the path unescaped.
        "/v1/customers" | "/v1/customers/" => Answer::ok(&json!({"id": "cus_9", "data": []})),
        "/v1/customers/cus_other_mode" => Answer::error(404, &json!({
            "code": "resource_missing", "message": "No such customer; a similar object exists in live mode, but a test mode key was used",
        })),
        "/v1/customers/cus_forbidden" => Answer::error(403, &json!({"code": "more_permissions_required", "message": "Permission denied"})),
        "/v1/customers/cus_broken" => Answer::error(401, &json!({"message": "Invalid API Key provided"})),
        _ => Answer::error(404, &json!({"code": "resource_missing", "param": "id", "message": "No such customer"})),
    })
    .await;
    let reader = server.reader(Source::Stripe);
    for (ids, expected) in [
        (&["cus_1", "cus_deleted"][..], true),
        (&["cus_other_mode", "cus_deleted"], true),
        (&["cus_1", "..", "", "../customers", "cus_2?"], false),
        (&["cus_forbidden", "cus_deleted"], false),
    ] {
        let exists = reader.any_customer_exists(&customers(ids)).await.unwrap();
        assert_eq!(exists, expected, "{ids:?}");
    }
    let mixed = reader
        .any_customer_exists(&customers(&["cus_other_mode", "cus_1"]))
        .await
        .unwrap_err();
    assert!(mixed.hint().contains("use a live mode key"), "{mixed:?}");
    assert!(
        reader
            .any_customer_exists(&customers(&["cus_broken"]))
            .await
            .is_err()
    );
}

#[test]
fn a_reader_refuses_unusable_settings_and_shows_no_secret() {
    let make = |base: Option<&str>, key: &str, mode| {
        let settings = Settings {
            base: base.map(str::to_owned),
            mode,
            ..Settings::default()
        };
        let client = http::client().unwrap();
        BillingReader::new(Source::Stripe, client, &SecretString::from(key), &settings)
    };
    let padded = format!("  {CANARY}\n");
    let reader = make(None, &padded, Some(Mode::Live)).unwrap();
    assert!(!format!("{reader:#?}").contains("CANARY"), "{reader:#?}");

    for (base, key, mode, expected) in [
        (
            Some("http://api.stripe.com"),
            CANARY,
            None,
            "the base URL of Stripe cannot be used",
        ),
        (
            Some("https://user:CANARY@api.stripe.com"),
            CANARY,
            None,
            "has a user name",
        ),
        (Some("https://api.stripe.com/?x=1"), CANARY, None, "a query"),
        (Some("not a url"), CANARY, None, "cannot be used"),
        (
            None,
            CANARY,
            Some(Mode::Test),
            "the contract says `mode: test`",
        ),
        (None, "pk_test_CANARY", None, "publishable"),
    ] {
        let error = make(base, key, mode).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.hint().is_empty());
        let shown = format!("{error:?} {error} {}", error.hint());
        assert!(!shown.contains("CANARY"), "{shown}");
    }
}

#[tokio::test]
async fn a_base_url_may_have_a_path() {
    let mut server = Server::start(|_, request| Answer::ok(&page(&[], request))).await;
    server.base.push_str("/proxied/stripe/");
    let facts = server.reader(Source::Stripe).read_all(&[], &|_| {}).await;
    assert_eq!(facts.unwrap().subscriptions, []);
    let requests = server.requests();
    assert_eq!(
        requests.first().unwrap().path,
        "/proxied/stripe/v1/subscriptions"
    );
}
