//! Keys: which are accepted, how others are refused, and that no key is recorded.

use http::StatusCode;
use serde_json::Value;

use super::{Bench, NOW, text};
use crate::{Customer, Key, Permission, Status, Subscription, World};

fn with_key(key: Key) -> Bench {
    let mut world = World::new(NOW);
    world.subscription(
        Subscription::new("cus_a", Status::Active)
            .id("sub_a")
            .price("price_a"),
    );
    world.keys.add(key);
    Bench::of(world)
}

async fn answer(bench: &Bench, path: &str, key: &str) -> (StatusCode, Value) {
    let url = format!("{}{path}", bench.fake.base_url());
    let response = bench.http.get(url).bearer_auth(key).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

#[tokio::test]
async fn each_kind_of_bad_key_is_refused_in_its_own_words() {
    const SECRET: &str = "rk_test_abcdefgh1234";
    let key = || Key::unrestricted(SECRET);
    for (key, message, code) in [
        (
            key().revoked(),
            "Invalid API Key provided: rk_test_********1234",
            None,
        ),
        (
            key().expired(),
            "Expired API Key provided: rk_test_********1234",
            Some("api_key_expired"),
        ),
        (
            key().from_another_address_only(),
            "The API key provided does not allow requests from your IP address.",
            None,
        ),
    ] {
        let (status, body) = answer(&with_key(key), "/v1/subscriptions", SECRET).await;
        assert_eq!(status, 401);
        assert_eq!(text(&body, "/error/message"), message);
        assert_eq!(body.pointer("/error/code").and_then(Value::as_str), code);
    }
}

#[tokio::test]
async fn no_key_a_publishable_key_and_basic_authentication() {
    let bench = with_key(Key::unrestricted("sk_test_abcdefgh1234"));
    let url = format!("{}/v1/subscriptions", bench.fake.base_url());
    let nothing = bench.http.get(&url).send().await.unwrap();
    assert_eq!(nothing.status(), 401);
    assert_eq!(
        nothing.headers().get("www-authenticate").unwrap(),
        "Basic realm=\"Stripe\""
    );
    let (status, body) = answer(&bench, "/v1/subscriptions", "pk_test_abcdefgh1234").await;
    assert_eq!(
        (status.as_u16(), text(&body, "/error/code")),
        (401, "secret_key_required")
    );
    let basic = bench
        .http
        .get(&url)
        .basic_auth("sk_test_abcdefgh1234", Some(""))
        .send()
        .await
        .unwrap();
    assert_eq!(basic.status(), 200);
}

#[tokio::test]
async fn a_restricted_key_reads_only_permitted_objects() {
    const SECRET: &str = "rk_test_abcdefgh1234";
    let bench = with_key(Key::restricted(SECRET, [Permission::SubscriptionRead]));
    assert_eq!(answer(&bench, "/v1/subscriptions", SECRET).await.0, 200);
    for (path, slug) in [
        ("/v1/customers/cus_none", "customer_read"),
        ("/v1/prices", "plan_read"),
        ("/v1/products", "product_read"),
        ("/v1/events", "event_read"),
        ("/v1/webhook_endpoints", "webhook_read"),
        ("/v1/entitlements/features", "entitlement_read"),
    ] {
        let (status, body) = answer(&bench, path, SECRET).await;
        assert_eq!(
            (status.as_u16(), text(&body, "/error/code")),
            (403, "more_permissions_required")
        );
        let message = text(&body, "/error/message");
        assert!(
            message.contains(&format!("('{slug}') permissions on this key")),
            "{message}"
        );
    }
}

#[tokio::test]
async fn objects_of_this_mode_are_missing_in_the_other_with_an_explanation() {
    let bench = with_key(Key::unrestricted("sk_live_abcdefgh1234"));
    let (status, body) = answer(&bench, "/v1/subscriptions/sub_a", "sk_live_abcdefgh1234").await;
    assert_eq!(status, 404);
    assert_eq!(
        text(&body, "/error/message"),
        "No such subscription: 'sub_a'; a similar object exists in test mode, but a live mode key was used to make this \
         request."
    );
    let (status, body) = answer(
        &bench,
        "/v1/subscriptions?status=all",
        "sk_live_abcdefgh1234",
    )
    .await;
    assert_eq!((status.as_u16(), body.pointer("/data/0")), (200, None));
    bench.fake.world(|world| world.livemode = true);
    let (_, body) = answer(
        &bench,
        "/v1/subscriptions?status=all",
        "sk_live_abcdefgh1234",
    )
    .await;
    assert_eq!(body.pointer("/data/0/livemode"), Some(&Value::Bool(true)));
}

#[tokio::test]
async fn a_key_can_be_revoked_between_requests() {
    const SECRET: &str = "sk_test_abcdefgh1234";
    let bench = with_key(Key::unrestricted(SECRET));
    bench
        .fake
        .before_request(3, |world| world.keys.revoke_all());
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(answer(&bench, "/v1/subscriptions", SECRET).await.0.as_u16());
    }
    assert_eq!(statuses, [200, 200, 401, 401]);
}

#[tokio::test]
async fn the_key_is_never_recorded() {
    const SECRET: &str = "sk_test_canarycanarycanary";
    let bench = with_key(Key::unrestricted(SECRET));
    bench
        .fake
        .world(|world| world.customer(Customer::new("cus_b")));
    let url = format!("{}/v1/customers/cus_b", bench.fake.base_url());
    bench
        .http
        .get(&url)
        .bearer_auth(SECRET)
        .send()
        .await
        .unwrap();
    bench
        .http
        .get(&url)
        .basic_auth(SECRET, Some(""))
        .send()
        .await
        .unwrap();
    let kept = format!("{:?} {:?}", bench.fake.requests(), bench.fake);
    assert!(kept.contains("/v1/customers/cus_b"));
    assert!(!kept.contains("canary"), "{kept}");
}
