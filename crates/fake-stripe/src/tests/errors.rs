//! Errors: statuses, messages and envelopes.

use serde_json::json;

use super::{Bench, NOW, text};
use crate::{Endpoint, Status, Subscription, Unsupported, World};

fn small() -> World {
    let mut world = World::new(NOW);
    world.subscription(
        Subscription::new("cus_a", Status::Active)
            .id("sub_a")
            .price("price_a"),
    );
    world
}

async fn refusal(path: &str, query: &[(&str, &str)]) -> (u16, String) {
    let (status, error) = Bench::of(small()).refused(path, query).await;
    assert_eq!(text(&error, "/type"), "invalid_request_error");
    (status, text(&error, "/message").to_owned())
}

#[tokio::test]
async fn a_missing_object_is_a_whole_envelope() {
    let bench = Bench::of(small());
    let (status, error) = bench.refused("/v1/subscriptions/sub_x", &[]).await;
    assert_eq!(status, 404);
    assert_eq!(
        error,
        json!({
            "code": "resource_missing",
            "doc_url": "https://stripe.com/docs/error-codes/resource-missing",
            "message": "No such subscription: 'sub_x'",
            "param": "id",
            "request_log_url": text(&error, "/request_log_url"),
            "type": "invalid_request_error",
        })
    );
    assert!(
        text(&error, "/request_log_url").starts_with("https://dashboard.stripe.com/test/logs/req_")
    );
}

#[tokio::test]
async fn a_parameter_that_names_nothing_is_a_bad_request() {
    for (param, message) in [
        ("starting_after", "No such subscription: 'x'"),
        ("ending_before", "No such subscription: 'x'"),
        ("customer", "No such customer: 'x'"),
        ("price", "No such price: 'x'"),
        ("plan", "No such plan: 'x'"),
    ] {
        assert_eq!(
            refusal("/v1/subscriptions", &[(param, "x")]).await,
            (400, message.to_owned())
        );
    }
}

#[tokio::test]
async fn unknown_parameters_of_a_list_are_reported() {
    let list = "/v1/subscriptions";
    for (query, message) in [
        (
            ("status", "alll"),
            "Invalid status: must be one of active, past_due, unpaid, canceled, incomplete, incomplete_expired, trialing, \
             paused, all, or ended",
        ),
        (("status[]", "active"), "Invalid string: a hash"),
        (("created[]", "1"), "Received unknown parameter: created[]"),
        (("colour", "red"), "Received unknown parameter: colour"),
        (
            ("collection_method", "by_hand"),
            "Invalid collection_method: must be one of charge_automatically or send_invoice",
        ),
        (
            ("limit", "101"),
            "This value must be less than or equal to 100 (it currently is '101').",
        ),
        (("created[gte]", "yesterday"), "Invalid integer: yesterday"),
    ] {
        assert_eq!(refusal(list, &[query]).await, (400, message.to_owned()));
    }
    let both = [("starting_after", "sub_a"), ("ending_before", "sub_a")];
    let message =
        "Received both starting_after and ending_before parameters. Please pass in only one.";
    assert_eq!(refusal(list, &both).await, (400, message.to_owned()));
}

#[tokio::test]
async fn missing_required_parameters_are_reported() {
    for (path, param) in [
        ("/v1/entitlements/active_entitlements", "customer"),
        ("/v1/subscription_items", "subscription"),
    ] {
        assert_eq!(
            refusal(path, &[]).await,
            (400, format!("Missing required param: {param}."))
        );
    }
}

#[tokio::test]
async fn versions_are_checked_and_echoed() {
    let bench = Bench::of(small());
    let ask = |version: &str| {
        bench
            .request("/v1/subscriptions", &[])
            .header("Stripe-Version", version)
            .send()
    };
    for version in [
        "2024-06-20",
        "2026-11-24.endive",
        "2026-10-28.preview",
        "2027-03-31.fennel",
        "2024-06-20; some_beta=v1; other_beta=v2",
    ] {
        let answer = ask(version).await.unwrap();
        assert_eq!(answer.status(), 200, "{version}");
        assert_eq!(answer.headers().get("stripe-version").unwrap(), version);
    }
    let answer = ask("tomorrow").await.unwrap();
    assert_eq!(answer.status(), 400);
    assert!(
        answer
            .text()
            .await
            .unwrap()
            .contains("Invalid Stripe API version: tomorrow")
    );
    assert_eq!(
        bench.fake.requests().last().unwrap().unsupported,
        Some(Unsupported::Version("tomorrow".to_owned()))
    );
    let answer = bench.send("/v1/subscriptions", &[]).await;
    assert_eq!(
        answer.headers().get("stripe-version").unwrap(),
        "2026-10-28.endive"
    );
}

#[tokio::test]
async fn versions_before_mid_2016_do_not_list_all() {
    let bench = Bench::of(small());
    let request = bench
        .request("/v1/subscriptions", &[("status", "all")])
        .header("Stripe-Version", "2015-10-16");
    let answer = request.send().await.unwrap().text().await.unwrap();
    let message = "Invalid status: must be one of active, past_due, unpaid, incomplete, incomplete_expired, or trialing";
    assert!(answer.contains(message), "{answer}");
}

#[tokio::test]
async fn every_answer_has_its_own_request_id() {
    let ids = || async {
        let bench = Bench::of(small());
        let mut ids = Vec::new();
        for path in [
            "/v1/subscriptions",
            "/v1/nothing",
            "/v1/subscriptions/sub_x",
        ] {
            let answer = bench.send(path, &[]).await;
            ids.push(
                answer
                    .headers()
                    .get("request-id")
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned(),
            );
        }
        ids
    };
    let first = ids().await;
    assert!(
        first
            .iter()
            .all(|id| id.starts_with("req_") && id.len() == 18)
    );
    assert!(first.first() != first.get(1));
    assert_eq!(ids().await, first);
}

#[tokio::test]
async fn a_missing_object_is_named_and_recorded() {
    let bench = Bench::of(small());
    let (status, error) = bench.refused("/v1/payouts", &[]).await;
    assert_eq!(status, 404);
    assert!(text(&error, "/message").starts_with("Unrecognized request URL (GET: /v1/payouts)."));
    let url = format!("{}/v1/account", bench.fake.base_url());
    let answer = bench
        .http
        .delete(url)
        .bearer_auth(super::KEY)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 404);
    let requests = bench.fake.requests();
    let seen: Vec<_> = requests
        .iter()
        .map(|request| (request.method.as_str(), request.endpoint))
        .collect();
    assert_eq!(
        seen,
        [
            ("GET", Endpoint::Unrecognized),
            ("DELETE", Endpoint::Unrecognized)
        ]
    );
}

async fn gap(path: &str, query: &[(&str, &str)]) -> Option<Unsupported> {
    let bench = Bench::of(small());
    bench.send(path, query).await;
    let requests = bench.fake.requests();
    requests.last().unwrap().unsupported.clone()
}

#[tokio::test]
async fn a_request_that_is_not_played_is_marked() {
    let path = "/v1/subscriptions/sub_a";
    assert_eq!(gap("/v1/tax/rates", &[]).await, Some(Unsupported::Endpoint));
    assert_eq!(
        gap("/v1/subscriptions", &[("colour", "red")]).await,
        Some(Unsupported::Parameter("colour".to_owned()))
    );
    assert_eq!(
        gap(path, &[("expand[]", "items.data.colour")]).await,
        Some(Unsupported::Expansion("items.data.colour".to_owned()))
    );
    assert_eq!(gap("/v1/subscriptions/sub_x", &[]).await, None);
    assert_eq!(gap("/v1/subscriptions", &[("limit", "101")]).await, None);
    assert_eq!(gap(path, &[]).await, None);
}

#[tokio::test]
async fn a_written_parameter_that_is_not_played_is_marked() {
    let bench = Bench::of(small());
    bench.post("/v1/customers", "colour=red").await;
    let requests = bench.fake.requests();
    assert_eq!(
        requests.last().unwrap().unsupported,
        Some(Unsupported::Parameter("colour".to_owned()))
    );
}
