//! Write requests: how they are parsed, repeated, recorded and disturbed.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Bench, KEY, NOW, at, ids, text};
use crate::{
    ApiVersion, CheckoutSession, Customer, Endpoint, Fault, Key, Latency, Permission, Price,
    RecordedRequest, Stage, Times, World,
};

fn shop() -> Bench {
    let mut world = World::new(NOW);
    world.price(Price::monthly("price_pro", 2000));
    world.price(Price::one_time("price_once", 500));
    world.customer(Customer::new("cus_a").email("a@example.com"));
    Bench::of(world)
}

fn message(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, text(&answer.1, "/error/message"))
}

#[tokio::test]
async fn a_key_gives_the_first_answer_again_and_nothing_else() {
    let bench = shop();
    let send = |body: &str| {
        let request = bench.form("/v1/customers", body);
        request.header("Idempotency-Key", "key_1").send()
    };
    let first = send("email=b%40example.com").await.unwrap();
    let first_request = first.headers().get("request-id").cloned();
    let first: Value = first.json().await.unwrap();
    let again = send("email=b%40example.com").await.unwrap();
    assert_eq!(again.headers().get("idempotent-replayed").unwrap(), "true");
    assert_eq!(
        again.headers().get("original-request"),
        first_request.as_ref()
    );
    assert_eq!(again.json::<Value>().await.unwrap(), first);
    let other = send("email=c%40example.com").await.unwrap();
    assert_eq!(other.status(), 400);
    let other: Value = other.json().await.unwrap();
    assert_eq!(text(&other, "/error/type"), "idempotency_error");
    let customers = bench.get("/v1/customers", &[]).await;
    assert_eq!(ids(&customers).len(), 2);
}

#[tokio::test]
async fn an_idempotency_key_in_use_is_a_conflict() {
    let bench = shop();
    let slow = Duration::from_millis(400);
    bench.fake.delay(Some(Latency {
        median: slow,
        slowest_percent: slow,
        seed: 1,
    }));
    let send = || {
        let request = bench.form("/v1/customers", "email=b");
        request.header("Idempotency-Key", "key_1").send()
    };
    let (first, second) = tokio::join!(send(), async {
        tokio::time::sleep(slow / 4).await;
        send().await
    });
    assert_eq!(
        (first.unwrap().status(), second.unwrap().status()),
        (200.try_into().unwrap(), 409.try_into().unwrap())
    );
    bench.fake.delay(None);

    bench.fake.fail(Fault::ResetBeforeAnswer, Times::Nth(1));
    let send = || {
        let request = bench.form("/v1/customers", "email=c");
        request.header("Idempotency-Key", "key_2").send()
    };
    assert!(send().await.is_err());
    assert_eq!(send().await.unwrap().status(), 200);
    bench.fake.fail(Fault::LockTimeout, Times::Nth(1));
    let refused = bench
        .form("/v1/customers", "email=d")
        .header("Idempotency-Key", "key_3");
    assert_eq!(refused.send().await.unwrap().status(), 429);
    let retried = bench
        .form("/v1/customers", "email=d")
        .header("Idempotency-Key", "key_3");
    assert_eq!(
        retried
            .send()
            .await
            .unwrap()
            .headers()
            .get("idempotent-replayed"),
        None
    );
    assert_eq!(ids(&bench.get("/v1/customers", &[]).await).len(), 4);
}

#[tokio::test]
async fn refused_requests_are_explained_and_change_nothing() {
    let bench = shop();
    for (path, body, status, expected) in [
        (
            "/v1/subscriptions",
            "items[0][price]=price_pro",
            400,
            "Missing required param: customer.",
        ),
        (
            "/v1/subscriptions",
            "customer=cus_a",
            400,
            "Missing required param: items.",
        ),
        (
            "/v1/subscriptions",
            "customer=cus_a&items[0][price]=price_x",
            400,
            "No such price: 'price_x'",
        ),
        (
            "/v1/subscriptions",
            "customer=cus_x&items[0][price]=price_pro",
            400,
            "No such customer: 'cus_x'",
        ),
        (
            "/v1/subscriptions",
            "customer=cus_a&items[0][price]=price_pro&items[0][quantity]=two",
            400,
            "Invalid integer: two",
        ),
        (
            "/v1/subscriptions/sub_x",
            "metadata[a]=b",
            404,
            "No such subscription: 'sub_x'",
        ),
        (
            "/v1/customers/cus_a",
            "color=blue",
            400,
            "Received unknown parameter: color",
        ),
        (
            "/v1/customers/cus_a",
            "expand[]=email&email=x",
            400,
            "This property cannot be expanded (email).",
        ),
        (
            "/v1/webhook_endpoints",
            "url=nowhere&enabled_events[]=*",
            400,
            "Invalid URL: An explicit scheme (such as https) must be provided.",
        ),
        (
            "/v1/checkout/sessions",
            "mode=payment&success_url=https://x.example",
            400,
            "This is the fake of prodverdict: it sells subscriptions only (`mode=subscription`).",
        ),
        (
            "/v1/nothing",
            "a=b",
            404,
            "Unrecognized request URL (POST: /v1/nothing). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.",
        ),
    ] {
        let answer = bench.post(path, body).await;
        assert_eq!(message(&answer), (status, expected), "{path} {body}");
    }
}

#[tokio::test]
async fn impossible_purchases_and_large_bodies_are_refused() {
    let bench = shop();
    let once = bench
        .post(
            "/v1/subscriptions",
            "customer=cus_a&items[0][price]=price_once",
        )
        .await;
    assert!(message(&once).1.contains("`type=one_time`"), "{once:?}");
    let unpaid = bench
        .post(
            "/v1/subscriptions",
            "customer=cus_a&items[0][price]=price_pro",
        )
        .await;
    assert!(
        message(&unpaid)
            .1
            .starts_with("This customer has no attached payment source"),
        "{unpaid:?}"
    );
    let large = bench
        .post("/v1/customers", &format!("name={}", "x".repeat(1 << 20)))
        .await;
    assert_eq!(large.0, 413);
    let json = bench
        .form("/v1/customers", "{}")
        .header("Content-Type", "application/json");
    let _two_types = json.send().await.unwrap();
    assert_eq!(bench.fake.world(|world| world.subscription_count()), 0);
    let deleted = bench.delete("/v1/customers/cus_a").await;
    assert_eq!(
        deleted,
        (
            200,
            json!({"id": "cus_a", "object": "customer", "deleted": true})
        )
    );
    assert_eq!(bench.delete("/v1/customers/cus_a").await.0, 404);
}

#[tokio::test]
async fn a_page_of_checkout_is_completed_as_a_buyer_would() {
    let bench = shop();
    let body = "mode=subscription&line_items[0][price]=price_pro&line_items[0][quantity]=2&success_url=https://x.example\
                &client_reference_id=u1&customer_email=b@example.com&subscription_data[metadata][userId]=u1";
    let (status, session) = bench.post("/v1/checkout/sessions", body).await;
    assert_eq!(status, 200, "{session}");
    let path = format!(
        "/v1/test_helpers/checkout/sessions/{}/complete",
        text(&session, "/id")
    );
    let (status, session) = bench.post(&path, "expand[]=subscription").await;
    assert_eq!(status, 200, "{session}");
    assert_eq!(text(&session, "/status"), "complete");
    assert_eq!(text(&session, "/subscription/metadata/userId"), "u1");
    assert_eq!(
        at(&session, "/subscription/items/data/0/quantity"),
        Some(&json!(2))
    );
    assert_eq!(bench.post(&path, "").await.0, 400);
}

#[tokio::test]
async fn events_name_the_request_and_its_key() {
    let bench = shop();
    let request = bench
        .form("/v1/customers/cus_a", "name=A")
        .header("Idempotency-Key", "key_1");
    let answer = request.send().await.unwrap();
    let id = answer
        .headers()
        .get("request-id")
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    let events = bench.get("/v1/events", &[]).await;
    assert_eq!(text(&events, "/data/0/type"), "customer.updated");
    assert_eq!(
        at(&events, "/data/0/request"),
        Some(&json!({"id": id, "idempotency_key": "key_1"}))
    );
    assert_eq!(
        at(&events, "/data/0/data/previous_attributes"),
        Some(&json!({"name": null}))
    );
}

#[tokio::test]
async fn changes_by_an_application_use_the_stage_of_the_customer() {
    let bench = shop();
    let stage = Stage {
        clock: NOW + 1000,
        events_version: "2024-06-20".parse::<ApiVersion>().unwrap(),
        namespace: "first".into(),
    };
    bench
        .fake
        .world(|world| {
            world
                .on_stage(&stage, |world| world.change_email("cus_a", "c@example.com"))
                .0
        })
        .unwrap();
    bench.post("/v1/customers/cus_a", "name=A").await;
    let events = bench.get("/v1/events", &[]).await;
    assert_eq!(at(&events, "/data/0/created"), Some(&json!(NOW + 1000)));
    assert_eq!(text(&events, "/data/0/api_version"), "2024-06-20");
    assert_eq!(bench.fake.world(|world| world.clock), NOW);
}

#[tokio::test]
async fn recorded_requests_hold_no_secret() {
    let bench = shop();
    bench.fake.world(|world| {
        world.note("a", "cus_a");
        world.note("a", "a@example.com");
    });
    bench.get("/v1/customers/cus_a", &[]).await;
    let since = bench.fake.last_request();
    bench
        .get("/v1/customers", &[("email", "a@example.com")])
        .await;
    bench.get("/v1/customers/cus_a", &[]).await;
    bench
        .post(
            "/v1/subscriptions",
            "customer=cus_a&items[0][price]=price_pro&payment_behavior=default_incomplete",
        )
        .await;
    bench
        .post(
            "/v1/customers",
            "email=z&metadata[card][number]=4242424242424242&metadata[token]=sk_test_secret",
        )
        .await;
    let found = bench.fake.requests_about(since, "a");
    assert_eq!(
        found
            .iter()
            .map(|request| request.endpoint)
            .collect::<Vec<_>>(),
        [
            Endpoint::ListCustomers,
            Endpoint::RetrieveCustomer,
            Endpoint::CreateSubscription
        ]
    );
    let last = found.last().unwrap();
    assert_eq!(last.parameter("items[0][price]"), Some("price_pro"));
    assert_eq!(
        last.body
            .iter()
            .map(|(name, _)| name.as_str())
            .collect::<Vec<_>>(),
        ["customer", "items[0][price]", "payment_behavior"]
    );
    assert_eq!(last.status.unwrap(), 200);
    assert_eq!(bench.fake.requests_about(since, "none"), []);
    let shown = format!("{:?}", bench.fake.requests());
    assert!(
        !shown.contains("4242424242424242")
            && !shown.contains("sk_test_secret")
            && !shown.contains(KEY),
        "{shown}"
    );
}

#[tokio::test]
async fn a_fault_waits_for_a_request_that_mentions_its_ids() {
    let bench = shop();
    bench
        .fake
        .world(|world| world.customer(Customer::new("cus_b")));
    let ids = ["cus_a".to_owned()];
    let armed = bench
        .fake
        .fail_mentioning(ids.clone(), Fault::LockTimeout, Times::Nth(1));
    bench.get("/v1/customers/cus_b", &[]).await;
    assert!(!armed.has_fired());
    let incomplete = "items[0][price]=price_pro&payment_behavior=default_incomplete&customer=";
    let (status, _) = bench
        .post("/v1/subscriptions", &format!("{incomplete}cus_a"))
        .await;
    assert_eq!((status, armed.times_fired()), (429, 1));
    let (status, _) = bench
        .post("/v1/subscriptions", &format!("{incomplete}cus_a"))
        .await;
    assert_eq!((status, armed.times_fired()), (200, 1));
    let never = bench
        .fake
        .fail_mentioning(ids, Fault::LockTimeout, Times::Always);
    bench.fake.disarm(&never);
    bench.get("/v1/customers/cus_a", &[]).await;
    assert!(!never.has_fired());
}

#[tokio::test]
async fn a_key_that_may_only_read_may_not_write() {
    let bench = shop();
    let key = Key::restricted(KEY, [Permission::CustomerRead]);
    bench.fake.world(|world| world.keys.add(key));
    bench.get("/v1/customers/cus_a", &[]).await;
    let answer = bench.post("/v1/customers/cus_a", "name=A").await;
    assert_eq!(answer.0, 403);
    assert!(
        message(&answer).1.contains("('customer_write')"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn requests_are_distinguished_by_the_objects_they_name() {
    let bench = shop();
    let stage = Stage {
        clock: NOW,
        events_version: ApiVersion::NEWEST,
        namespace: "renewal".into(),
    };
    let session = bench.fake.world(|world| {
        world.note("renewal", "a@example.com");
        let (session, _) = world.on_stage(&stage, |world| {
            world.put_checkout_session(CheckoutSession::default())
        });
        session
    });
    bench
        .get("/v1/customers", &[("email", "a@example.com")])
        .await;
    bench
        .get(&format!("/v1/checkout/sessions/{session}"), &[])
        .await;
    bench.get("/v1/prices/price_pro", &[]).await;
    let paths = |requests: Vec<RecordedRequest>| -> Vec<String> {
        requests.into_iter().map(|request| request.path).collect()
    };
    assert_eq!(
        paths(bench.fake.requests_about(0, "renewal")),
        [
            "/v1/customers".to_owned(),
            format!("/v1/checkout/sessions/{session}")
        ]
    );
    assert_eq!(
        paths(bench.fake.requests_about_nobody(0)),
        ["/v1/prices/price_pro"]
    );
}
