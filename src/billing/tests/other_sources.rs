//! Reads of Paddle and of Stripe's entitlements.

use secrecy::SecretString;
use serde_json::{Value, json};

use super::scripted::{Answer, ReceivedRequest, Server};
use crate::{
    billing::{BillingReader, Error, RefusalMeaning, Settings},
    contract::{CustomerId, ListingScope, Mode, Source, Status, SubscriptionId},
    http,
    problem::{Explain as _, Problem},
};

fn customers(ids: &[&str]) -> Vec<CustomerId> {
    ids.iter().map(|id| CustomerId::from(*id)).collect()
}

fn paddle_subscription(id: &str, customer: &str) -> Value {
    json!({
        "id": id, "status": "active", "customer_id": customer, "created_at": "2026-10-01T00:00:00.123456Z",
        "canceled_at": null, "current_billing_period": null, "scheduled_change": null,
        "items": [{"price": {"id": "pri_1"}, "quantity": 1}],
    })
}

fn paddle_page(data: &[Value], next: Option<&str>) -> Answer {
    Answer::ok(&json!({
        "data": data,
        "meta": {"request_id": "r", "pagination": {"per_page": 200, "next": next, "has_more": next.is_some(), "estimated_total": -1}},
    }))
}

fn paddle_error(status: u16, code: &str, field: Option<&str>) -> Answer {
    let error = json!({
        "error": {"type": "request_error", "code": code, "detail": "Said pdl_sdbx_apikey_CANARY", "errors": field.map(|field| json!([{"field": field, "message": "no"}]))},
        "meta": {"request_id": "req-77"},
    });
    Answer::status(status, &[], &error.to_string())
}

#[tokio::test]
async fn paddle_is_read_along_its_next_links() {
    let server = Server::start(|number, request| {
        let host = request.header("host").unwrap();
        match request.value("after") {
            _ if number == 1 => Answer::status(
                429,
                &[("Retry-After", "1")],
                r#"{"error":{"code":"too_many_requests"}}"#,
            ),
            None => paddle_page(
                &[paddle_subscription("sub_1", "ctm_1")],
                Some(&format!(
                    "http://{host}/subscriptions?order_by=id[ASC]&per_page=200&after=sub_1"
                )),
            ),
            Some(_) => paddle_page(&[paddle_subscription("sub_2", "ctm_2")], None),
        }
    })
    .await;
    let reader = server.reader(Source::Paddle);
    let facts = reader.read_all(&[], &|_| {}).await.unwrap();
    assert_eq!(facts.subscriptions.len(), 2);
    let requests = server.requests();
    let newest_first = |one: &&ReceivedRequest| one.value("order_by") == Some("id[DESC]");
    assert_eq!(requests.iter().filter(newest_first).count(), 2);
    assert_eq!(reader.requests(), 5);
    for request in requests.iter().filter(|one| !newest_first(one)) {
        assert_eq!(
            (request.method.as_str(), request.path.as_str()),
            ("GET", "/subscriptions")
        );
        assert_eq!(request.value("per_page"), Some("200"));
        assert_eq!(request.value("order_by"), Some("id[ASC]"));
        assert_eq!(request.value("status"), None);
        assert_eq!(request.header("paddle-version"), Some("1"));
        assert!(
            request
                .header("authorization")
                .unwrap()
                .starts_with("Bearer pdl_sdbx_")
        );
    }
    let last = requests.iter().rfind(|one| !newest_first(one)).unwrap();
    assert_eq!(last.value("after"), Some("sub_1"));
    let skips = requests
        .iter()
        .map(|one| one.header("skip-count").is_some());
    assert_eq!(skips.collect::<Vec<_>>(), [false, true, true, true, true]);
}

#[tokio::test]
async fn the_owner_of_a_subscription_is_requested_by_its_id() {
    let ids = ["sub_1", "sub_2", "sub_1x", "sub/../x", "", "sub 1"].map(SubscriptionId::from);
    let server = Server::start(|_, request| match request.path.as_str() {
        "/v1/subscriptions/sub_1" => Answer::ok(&json!({"id": "sub_1", "customer": "cus_1"})),
        "/v1/subscriptions/sub_2" => Answer::ok(&json!({"id": "sub_2", "customer": "cus_1"})),
        "/subscriptions/sub_1" | "/subscriptions/sub_2" => {
            let id = request.path.rsplit('/').next().unwrap();
            Answer::ok(&json!({"data": paddle_subscription(id, "ctm_1")}))
        }
        path if path.starts_with("/v1/") => Answer::status(
            404,
            &[],
            r#"{"error":{"type":"invalid_request_error","code":"resource_missing","param":"id","message":"No such subscription: 'sub_1x'"}}"#,
        ),
        _ => paddle_error(404, "not_found", None),
    })
    .await;
    for (source, owner) in [(Source::Stripe, "cus_1"), (Source::Paddle, "ctm_1")] {
        let reader = server.reader(source);
        let owners = reader.owners(&ids).await.unwrap();
        assert_eq!(owners, customers(&[owner]));
        // Values that cannot be ids are not sent.
        assert_eq!(reader.requests(), 3);
    }
    let entitlements = server.reader(Source::StripeEntitlements);
    assert_eq!(entitlements.owners(&ids).await.unwrap(), []);
    assert_eq!(entitlements.requests(), 0);
}

#[tokio::test]
async fn a_response_with_another_subscription_is_an_error() {
    let server =
        Server::start(|_, _| Answer::ok(&json!({"id": "sub_2", "customer": "cus_2"}))).await;
    let reader = server.reader(Source::Stripe);
    let error = reader.owners(&[SubscriptionId::from("sub_1")]).await;
    assert!(
        matches!(error, Err(Error::ForeignObject { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_paddle_address_elsewhere_is_never_followed() {
    for (next, expected) in [
        (
            Some("https://evil.example/subscriptions?after=sub_1"),
            "makes no progress",
        ),
        (
            Some("http://127.0.0.1:1/subscriptions?after=sub_1"),
            "makes no progress",
        ),
        (Some("subscriptions?after=sub_1"), "makes no progress"),
        (Some("SAME/transactions?after=sub_1"), "makes no progress"),
        (Some("nonsense"), "makes no progress"),
        (Some("SAME/subscriptions?after=sub_1"), "makes no progress"),
        (None, "not where"),
    ] {
        let server = Server::start(move |_, request| {
            let here = format!("http://{}", request.header("host").unwrap());
            let next = next.map(|next| next.replace("SAME", &here));
            Answer::ok(&json!({
                "data": [paddle_subscription("sub_1", "ctm_1")],
                "meta": {"pagination": {"has_more": true, "next": next}},
            }))
        })
        .await;
        let error = server
            .reader(Source::Paddle)
            .read_all(&[], &|_| {})
            .await
            .unwrap_err();
        assert!(error.to_string().contains(expected), "{next:?}: {error}");
        let requests = server.requests();
        assert!(requests.len() <= 8, "{next:?}: {}", requests.len());
        assert!(
            requests
                .iter()
                .all(|request| request.path == "/subscriptions")
        );
    }
}

fn counted_page(ids: &[&str], has_more: bool, total: i64) -> Answer {
    let data = ids.iter().map(|id| paddle_subscription(id, "ctm_1"));
    let data: Vec<_> = data.collect();
    let next = "https://api.paddle.com/subscriptions?after=sub_1&per_page=200";
    Answer::ok(&json!({
        "data": data,
        "meta": {"pagination": {"has_more": has_more, "next": next, "estimated_total": total}},
    }))
}

#[tokio::test]
async fn a_gateways_paddle_is_read_by_its_cursors() {
    let server = Server::start(|_, request| match request.value("after") {
        None => counted_page(&["sub_1"], true, 2),
        Some(cursor) => {
            assert_eq!(cursor, "sub_1");
            counted_page(&["sub_2"], false, 2)
        }
    })
    .await;
    let reader = server.reader(Source::Paddle);
    let facts = reader.read_all(&[], &|_| {}).await.unwrap();
    assert_eq!(facts.subscriptions.len(), 2);
    let requests = server.requests();
    assert_eq!(requests[1].value("per_page"), Some("200"));
    assert_eq!(requests[1].value("order_by"), Some("id[ASC]"));
}

#[tokio::test]
async fn a_listing_that_ends_before_its_count_is_refused() {
    let server = Server::start(|_, _| counted_page(&["sub_1"], false, 420)).await;
    let reader = server.reader(Source::Paddle);
    let error = reader.read_all(&[], &|_| {}).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the listing `subscriptions` ended after 1 objects but announced 420"
    );
    assert_eq!(reader.requests(), 2);
}

#[tokio::test]
async fn a_count_that_was_wrong_once_is_requested_again() {
    let server = Server::start(|number, request| match (number, request.value("after")) {
        (0, _) => counted_page(&["sub_1"], false, 2),
        (_, None) => counted_page(&["sub_1"], true, 2),
        (_, Some(_)) => counted_page(&["sub_2"], false, 2),
    })
    .await;
    let reader = server.reader(Source::Paddle);
    let facts = reader.read_all(&[], &|_| {}).await.unwrap();
    assert_eq!(facts.subscriptions.len(), 2);
}

#[tokio::test]
async fn a_count_that_is_not_exact_contradicts_nothing() {
    for total in [-1, 0, 1, 100_001] {
        let server = Server::start(move |_, _| counted_page(&["sub_1"], false, total)).await;
        let reader = server.reader(Source::Paddle);
        let facts = reader.read_all(&[], &|_| {}).await.unwrap();
        assert_eq!(facts.subscriptions.len(), 1, "{total}");
    }
}

#[tokio::test]
async fn a_capped_count_is_a_lower_bound() {
    for (total, at_least, requests) in [(401, false, 3), (100_001, true, 501), (-1, true, 2)] {
        let server = Server::start(move |_, _| counted_page(&["sub_1"], true, total)).await;
        let reader = server.reader(Source::Paddle);
        let begun = reader.begin(&ListingScope::Everything, &[]).await.unwrap();
        let plan = begun.plan();
        assert_eq!(
            (plan.is_lower_bound, plan.requests()),
            (at_least, requests),
            "{total}"
        );
    }
}

#[tokio::test]
async fn no_limit_is_guaranteed_without_a_count() {
    let server = Server::start(|_, _| counted_page(&["sub_1"], true, 100_001)).await;
    let settings = Settings {
        base: Some(server.base.clone()),
        max_requests: Some(100_000),
        ..Settings::default()
    };
    let key = SecretString::from("pdl_sdbx_apikey_1");
    let client = http::client().unwrap();
    let reader = BillingReader::new(Source::Paddle, client, &key, &settings).unwrap();
    let error = reader
        .begin(&ListingScope::Everything, &[])
        .await
        .unwrap_err();
    assert!(matches!(error, Error::UnknownTotal { .. }), "{error:?}");
}

#[test]
fn the_key_determines_the_environment_of_paddle() {
    let hexadecimal = "0123456789abcdef0123456789abcdef0123456789abcdef01";
    let (sandbox, production) = (Mode::Test, Mode::Live);
    for (key, environment, mode, works) in [
        ("pdl_live_apikey_1", None, None, true),
        ("pdl_live_apikey_1", Some(production), None, true),
        ("pdl_live_apikey_1", Some(sandbox), None, false),
        ("pdl_sdbx_apikey_1", None, Some(Mode::Test), true),
        ("pdl_sdbx_apikey_1", None, Some(Mode::Live), false),
        ("pdl_sdbx_apikey_1", Some(production), None, false),
        (hexadecimal, None, None, true),
        (hexadecimal, None, Some(Mode::Live), true),
        (hexadecimal, Some(sandbox), Some(Mode::Live), false),
    ] {
        let settings = Settings {
            host: environment,
            mode,
            ..Settings::default()
        };
        let client = http::client().unwrap();
        let reader =
            BillingReader::new(Source::Paddle, client, &SecretString::from(key), &settings);
        assert_eq!(reader.is_ok(), works, "{key} {environment:?} {mode:?}");
    }
}

#[tokio::test]
async fn paddles_refusals_suggest_a_fix() {
    for (answer, meaning, hint) in [
        (
            paddle_error(403, "invalid_token", None),
            RefusalMeaning::InvalidKey,
            "PADDLE_ENVIRONMENT",
        ),
        (
            paddle_error(403, "forbidden", None),
            RefusalMeaning::MissingPermission(None),
            "subscription.read",
        ),
        (
            paddle_error(401, "authentication_missing", None),
            RefusalMeaning::InvalidKey,
            "secret",
        ),
    ] {
        let server = Server::start(move |_, _| answer.clone()).await;
        let error = server
            .reader(Source::Paddle)
            .read_all(&[], &|_| {})
            .await
            .unwrap_err();
        assert_eq!(error.refusal().unwrap().meaning, meaning);
        assert!(error.hint().contains(hint), "{}", error.hint());
        let message = Problem::from(&error).text;
        assert!(
            message.contains("Said [key]") && message.contains("request req-77"),
            "{message}"
        );
        assert!(!format!("{error:?}").contains("CANARY"));
    }
}

#[tokio::test]
async fn paddle_customers_are_requested_fifty_at_once() {
    let server = Server::start(|_, request| match request.value("customer_id") {
        Some(ids) => {
            let owners = ids.split(',').filter(|id| id.ends_with('7'));
            let one = |owner: &str| paddle_subscription(&owner.replace("ctm", "sub"), owner);
            paddle_page(&owners.map(one).collect::<Vec<_>>(), None)
        }
        None => match request.path.as_str() {
            "/customers/ctm_1" => Answer::ok(&json!({"data": {"id": "ctm_1"}})),
            "/customers/ctm_forbidden" => paddle_error(403, "forbidden", None),
            _ => paddle_error(404, "not_found", None),
        },
    })
    .await;
    let reader = server.reader(Source::Paddle);
    let ids: Vec<_> = (0..120).map(|number| format!("ctm_{number}")).collect();
    // Values that cannot be ids are not sent.
    let impossible = ["ctm_1,ctm_2", "..", ""].map(str::to_owned);
    let all: Vec<_> = ids.iter().chain(&impossible).map(String::as_str).collect();
    let facts = reader.read_customers(&customers(&all)).await.unwrap();
    assert_eq!(facts.subscriptions.len(), 12);
    assert_eq!((reader.requests(), reader.lookup_requests(120)), (3, 3));
    assert!(
        reader
            .any_customer_exists(&customers(&["ctm_2", "ctm_1"]))
            .await
            .unwrap()
    );
    assert!(
        !reader
            .any_customer_exists(&customers(&["ctm_forbidden", "ctm_1"]))
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_refused_list_of_customers_is_halved() {
    let server = Server::start(|_, request| {
        let ids = request.value("customer_id").unwrap();
        if ids.contains("ctm_bad") {
            return paddle_error(400, "invalid_field", Some("customer_id"));
        }
        let one = |owner: &str| paddle_subscription(&owner.replace("ctm", "sub"), owner);
        paddle_page(&ids.split(',').map(one).collect::<Vec<_>>(), None)
    })
    .await;
    let reader = server.reader(Source::Paddle);
    let ids = customers(&["ctm_1", "ctm_2", "ctm_3", "ctm_bad"]);
    let facts = reader.read_customers(&ids).await.unwrap();
    assert_eq!(facts.subscriptions.len(), 3);
    assert_eq!(reader.requests(), 5);
}

#[tokio::test]
async fn a_refusal_of_every_customer_is_an_error() {
    let server = Server::start(|_, _| paddle_error(400, "bad_request", Some("order_by"))).await;
    let reader = server.reader(Source::Paddle);
    let read = reader.read_customers(&customers(&["ctm_1", "ctm_2"])).await;
    assert!(matches!(read, Err(Error::Request { .. })), "{read:?}");
}

#[tokio::test]
async fn a_subscription_of_an_unrequested_customer_is_an_error() {
    let server =
        Server::start(|_, _| paddle_page(&[paddle_subscription("sub_9", "ctm_9")], None)).await;
    let reader = server.reader(Source::Paddle);
    let read = reader.read_customers(&customers(&["ctm_1", "ctm_2"])).await;
    assert!(matches!(read, Err(Error::ForeignObject { .. })), "{read:?}");
}

fn entitlement(id: &str, key: Option<&str>) -> Value {
    json!({"id": id, "object": "entitlements.active_entitlement", "feature": format!("feat_{id}"), "lookup_key": key, "livemode": false})
}

#[tokio::test]
async fn the_entitlements_of_a_customer_become_one_subscription() {
    let server = Server::start(|_, request| {
        let data = |more, data: Value| {
            Answer::ok(&json!({"object": "list", "has_more": more, "data": data}))
        };
        match (request.value("customer"), request.value("starting_after")) {
            (Some("cus_1"), None) => data(
                true,
                json!([
                    entitlement("ent_1", Some("pro")),
                    entitlement("ent_2", None)
                ]),
            ),
            (Some("cus_1"), Some("ent_2")) => {
                data(false, json!([entitlement("ent_3", Some("beta"))]))
            }
            (Some("cus_gone"), _) => Answer::error(
                404,
                &json!({"code": "resource_missing", "param": "customer"}),
            ),
            _ => data(false, json!([])),
        }
    })
    .await;
    let reader = server.reader(Source::StripeEntitlements);
    let ids = customers(&["cus_none", "cus_1", "cus_gone"]);
    let facts = reader.read_all(&ids, &|_| {}).await.unwrap();
    let [read] = facts.subscriptions.as_slice() else {
        panic!("{facts:?}");
    };
    assert_eq!(
        (read.id.as_str(), read.customer.as_str()),
        ("cus_1", "cus_1")
    );
    assert_eq!(read.status, Status::Active);
    let keys: Vec<_> = read
        .items
        .iter()
        .map(|item| item.price.id.as_str())
        .collect();
    assert_eq!(keys, ["beta", "feat_ent_2", "pro"]);
    assert!(read.items.iter().all(|item| item.quantity.is_none()));
    assert_eq!(facts.seen_modes.test.as_deref(), Some("ent_1"));
    assert_eq!(reader.read_customers(&ids).await.unwrap(), facts);
    for request in server.requests() {
        assert_eq!(request.path, "/v1/entitlements/active_entitlements");
        assert_eq!(request.value("limit"), Some("100"));
    }
}

#[tokio::test]
async fn a_key_of_the_wrong_mode_is_an_error() {
    let server = Server::start(|_, request| match request.value("customer") {
        Some("cus_known") => Answer::ok(&json!({"has_more": false, "data": []})),
        _ => Answer::error(404, &json!({
            "code": "resource_missing", "param": "customer",
            "message": "No such customer; a similar object exists in live mode, but a test mode key was used",
        })),
    })
    .await;
    let reader = server.reader(Source::StripeEntitlements);
    let error = reader
        .read_all(&customers(&["cus_1", "cus_2"]), &|_| {})
        .await
        .unwrap_err();
    assert!(error.hint().contains("use a live mode key"), "{error:?}");
    let beside_a_known_one = reader
        .read_all(&customers(&["cus_1", "cus_known"]), &|_| {})
        .await;
    assert_eq!(beside_a_known_one.unwrap().subscriptions, []);
    let again = reader.read_customers(&customers(&["cus_1"])).await;
    assert_eq!(again.unwrap().subscriptions, []);
}

#[tokio::test]
async fn one_unanswered_customer_leaves_no_verdict_on_the_others() {
    let server = Server::start(|_, request| match request.value("customer") {
        Some("cus_2") => Answer::error(500, &json!({"message": "oops"})),
        _ => Answer::ok(&json!({"has_more": false, "data": [entitlement("ent_1", Some("pro"))]})),
    })
    .await;
    let reader = server.reader(Source::StripeEntitlements);
    let read = reader
        .read_all(&customers(&["cus_1", "cus_2", "cus_3"]), &|_| {})
        .await;
    assert!(
        matches!(read, Err(Error::Request { tries: 4, .. })),
        "{read:?}"
    );
}
