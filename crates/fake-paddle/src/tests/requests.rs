//! Requests over HTTP.

use fake_http::{Fault, Times};
use reqwest::Response;
use serde_json::{Value, json};

use super::{NOW, checkout, world};
use crate::{Customer, FakePaddle, LIMITS, Subscription, World};

struct Bench {
    fake: FakePaddle,
    http: reqwest::Client,
}

impl Bench {
    fn of(world: World) -> Self {
        let http = fake_http::client_builder().no_proxy().build();
        Self {
            fake: FakePaddle::start_anywhere(world).expect("a free port"),
            http: http.expect("a client"),
        }
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.fake.base_url());
        let method = method.parse().expect("a method");
        self.http
            .request(method, url)
            .bearer_auth("pdl_sdbx_apikey_1")
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        read(self.request("GET", path).send().await.expect("an answer")).await
    }

    async fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        read(
            self.request(method, path)
                .json(body)
                .send()
                .await
                .expect("an answer"),
        )
        .await
    }
}

async fn read(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    (status, response.json().await.expect("JSON"))
}

fn at<'v>(value: &'v Value, pointer: &str) -> &'v Value {
    value
        .pointer(pointer)
        .unwrap_or_else(|| panic!("nothing at {pointer} of {value}"))
}

#[tokio::test]
async fn pages_link_to_the_host_that_the_client_asked() {
    let mut world = World::new(NOW);
    for number in 1..=5 {
        world.customer(Customer {
            id: format!("ctm_{number}"),
            status: "active".to_owned(),
            ..Customer::default()
        });
    }
    let bench = Bench::of(world);
    let path = "/customers?per_page=2&order_by=id[ASC]";
    let redirected = bench
        .request("GET", path)
        .header("Host", "sandbox-api.paddle.com");
    let (_, page) = read(redirected.send().await.expect("an answer")).await;
    let next = at(&page, "/meta/pagination/next")
        .as_str()
        .expect("a link")
        .to_owned();
    assert!(
        next.starts_with("https://sandbox-api.paddle.com/customers?"),
        "{next}"
    );
    assert_eq!(at(&page, "/meta/pagination/estimated_total"), 5);
    let rest = next
        .strip_prefix("https://sandbox-api.paddle.com")
        .expect("checked");
    let (_, page) = bench.get(rest).await;
    assert_eq!(at(&page, "/data/0/id"), "ctm_3");
    let (_, page) = bench.get("/customers?after=ctm_2").await;
    assert_eq!(at(&page, "/data/0/id"), "ctm_1");
    assert_eq!(at(&page, "/meta/pagination/has_more"), false);
    let next = at(&page, "/meta/pagination/next")
        .as_str()
        .expect("also on the last page");
    assert!(next.starts_with(&bench.fake.base_url()), "{next}");
}

#[tokio::test]
async fn subscriptions_are_filtered_and_not_counted_on_request() {
    let mut world = world();
    for (number, status) in [(1, "active"), (2, "canceled"), (3, "past_due")] {
        world.subscription(Subscription {
            id: format!("sub_{number}"),
            status: status.to_owned(),
            customer_id: format!("ctm_{number}"),
            ..Subscription::default()
        });
    }
    let bench = Bench::of(world);
    let count = async |query: &str| {
        let (_, page) = bench.get(&format!("/subscriptions?{query}")).await;
        at(&page, "/data").as_array().expect("a list").len()
    };
    assert_eq!(count("status=active,past_due").await, 2);
    assert_eq!(count("customer_id=ctm_2,ctm_3").await, 2);
    assert_eq!(count("id=sub_1").await, 1);
    let request = bench
        .request("GET", "/subscriptions")
        .header("Skip-Count", "true");
    let (_, page) = read(request.send().await.expect("an answer")).await;
    assert_eq!(at(&page, "/meta/pagination/estimated_total"), -1);
    let (status, error) = bench.get("/subscriptions?created_at=1").await;
    assert_eq!(
        (status, at(&error, "/error/errors/0/field")),
        (400, &json!("created_at"))
    );
}

#[tokio::test]
async fn keys_and_limits_are_refused_in_the_envelope() {
    let bench = Bench::of(world());
    let url = format!("{}/subscriptions", bench.fake.base_url());
    let (status, error) = read(bench.http.get(&url).send().await.expect("an answer")).await;
    assert_eq!(
        (status, at(&error, "/error/code")),
        (403, &json!("authentication_missing"))
    );
    let lower = bench
        .http
        .get(&url)
        .header("Authorization", "bearer pdl_sdbx_apikey_1");
    assert_eq!(lower.send().await.expect("an answer").status(), 200);
    bench.fake.limit(LIMITS);
    let mut last = None;
    for _ in 0..=240 {
        last = Some(
            bench
                .request("GET", "/prices")
                .send()
                .await
                .expect("an answer"),
        );
    }
    let last = last.expect("a request");
    let wait = last
        .headers()
        .get("retry-after")
        .expect("a header")
        .to_str()
        .expect("text");
    assert!(
        (1..=60).contains(&wait.parse::<u64>().expect("seconds")),
        "{wait}"
    );
    let (status, error) = read(last).await;
    assert_eq!(
        (status, at(&error, "/error/code")),
        (429, &json!("too_many_requests"))
    );
}

#[tokio::test]
async fn the_application_changes_its_subscription() {
    let mut world = world();
    let customer = world.create_customer("ada@example.com");
    let id = world
        .buy(&checkout(&customer))
        .expect("a purchase")
        .subscription;
    let bench = Bench::of(world);
    let path = format!("/subscriptions/{id}");
    let body = json!({"items": [{"price_id": "pri_year", "quantity": 3}],
                      "proration_billing_mode": "prorated_immediately"});
    let (status, changed) = bench.send("PATCH", &path, &body).await;
    assert_eq!(
        (status, at(&changed, "/data/items/0/price/id")),
        (200, &json!("pri_year"))
    );
    let (_, scheduled) = bench
        .send("POST", &format!("{path}/cancel"), &json!({}))
        .await;
    assert_eq!(at(&scheduled, "/data/scheduled_change/action"), "cancel");
    let body = json!({"scheduled_change": null});
    let (_, kept) = bench.send("PATCH", &path, &body).await;
    assert_eq!(at(&kept, "/data/scheduled_change"), &Value::Null);
    let body = json!({"effective_from": "immediately"});
    let (_, canceled) = bench.send("POST", &format!("{path}/cancel"), &body).await;
    assert_eq!(at(&canceled, "/data/status"), "canceled");
    let (status, _) = bench
        .send("POST", &format!("{path}/pause"), &json!({}))
        .await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn customers_are_unique_by_their_lower_case_email() {
    let bench = Bench::of(world());
    let body = json!({"email": "Ada@Example.com"});
    let (status, made) = bench.send("POST", "/customers", &body).await;
    assert_eq!(
        (status, at(&made, "/data/email")),
        (201, &json!("ada@example.com"))
    );
    let (status, error) = bench.send("POST", "/customers", &body).await;
    assert_eq!(
        (status, at(&error, "/error/code")),
        (409, &json!("customer_already_exists"))
    );
    let (_, found) = bench.get("/customers?email=ADA@example.com").await;
    assert_eq!(at(&found, "/data/0/id"), at(&made, "/data/id"));
}

#[tokio::test]
async fn unknown_requests_are_gaps_and_forgotten_objects_are_not() {
    let mut world = world();
    let customer = world.create_customer("ada@example.com");
    let id = world
        .buy(&checkout(&customer))
        .expect("a purchase")
        .subscription;
    world.forget(&id);
    let bench = Bench::of(world);
    assert_eq!(bench.get(&format!("/subscriptions/{id}")).await.0, 404);
    assert_eq!(bench.get("/payouts").await.0, 404);
    let requests = bench.fake.requests();
    let gaps: Vec<_> = requests
        .iter()
        .map(|one| one.unsupported.is_some())
        .collect();
    assert_eq!(gaps, [false, true]);
}

#[tokio::test]
async fn faults_answer_as_paddle_does() {
    let bench = Bench::of(world());
    bench.fake.fail(Fault::RetryAfter(7), Times::Nth(1));
    let refused = bench
        .request("GET", "/prices")
        .send()
        .await
        .expect("an answer");
    assert_eq!(refused.headers().get("retry-after").expect("a header"), "7");
    bench.fake.heal();
    let fault = Fault::ServerError {
        status: 503,
        should_retry: None,
    };
    bench.fake.fail(fault, Times::Nth(1));
    let (status, error) = bench.get("/prices").await;
    assert_eq!(
        (status, at(&error, "/error/type")),
        (503, &json!("api_error"))
    );
}

#[tokio::test]
async fn notifications_are_found_by_what_they_are_about_and_replayed() {
    let mut world = world();
    let customer = world.create_customer("ada@example.com");
    let id = world
        .buy(&checkout(&customer))
        .expect("a purchase")
        .subscription;
    let bench = Bench::of(world);
    let (_, found) = bench.get(&format!("/notifications?filter={id}")).await;
    let notification = at(&found, "/data/0/id").as_str().expect("an id").to_owned();
    assert_eq!(at(&found, "/data/0/status"), "delivered");
    let path = format!("/notifications/{notification}/replay");
    let (status, replay) = bench.send("POST", &path, &json!({})).await;
    assert_eq!(status, 202);
    assert_ne!(at(&replay, "/data/notification_id"), notification.as_str());
}

#[test]
fn recorded_objects_are_loaded_or_every_problem_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("subscriptions.json");
    let write = |text: &str| std::fs::write(&path, text).expect("written");
    write(
        r#"[{"id": "sub_1", "status": "active", "customer_id": "ctm_1", "created_at": "2026-09-01T00:00:00Z",
               "items": [{"price": {"id": "pri_1", "product_id": "pro_1"}, "quantity": 1}]}]"#,
    );
    let mut world = World::new(NOW);
    assert_eq!(world.load(folder.path()), Ok(1));
    assert!(world.find_price("pri_1").is_some() && world.find_product("pro_1").is_some());
    write(r#"[{"id": "sub_1", "status": 7}, {"status": "active"}]"#);
    let problems = World::new(NOW)
        .load(folder.path())
        .expect_err("two problems");
    let entries: Vec<_> = problems.iter().map(|one| one.entry).collect();
    assert_eq!(entries, [Some(1), Some(2)]);
}
