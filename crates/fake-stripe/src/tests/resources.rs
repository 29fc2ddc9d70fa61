//! Every other resource, and expansion.

use serde_json::{Value, json};

use super::{Bench, NOW, at, ids, text};
use crate::{
    Customer, Event, Feature, Interval, Item, Price, Product, Status, Subscription, TestClock,
    WebhookEndpoint, World,
};

fn shop() -> World {
    let mut world = World::new(NOW);
    world.feature(Feature::new("feat_export", "export"));
    world.feature(Feature::new("feat_seats", "seats"));
    let mut product = Product::new("prod_pro", "Pro");
    product.features = vec!["feat_export".into(), "feat_seats".into()];
    world.product(product);
    world.price(
        Price::monthly("price_month", 2000)
            .product("prod_pro")
            .lookup_key("pro_month"),
    );
    world.price(
        Price::recurring("price_year", 20_000, Interval::Year)
            .product("prod_pro")
            .currency("eur"),
    );
    world.customer(Customer::new("cus_a").email("a@example.com"));
    world.customer(Customer::new("cus_gone").deleted());
    world.subscription(
        Subscription::new("cus_a", Status::Active)
            .id("sub_a")
            .price("price_month"),
    );
    world.subscription(
        Subscription::new("cus_gone", Status::Canceled)
            .id("sub_gone")
            .price("price_month"),
    );
    world.entitle("cus_a", "feat_export");
    world
}

#[tokio::test]
async fn a_deleted_customer_is_a_stub() {
    let gone = Bench::of(shop()).get("/v1/customers/cus_gone", &[]).await;
    assert_eq!(
        gone,
        json!({"id": "cus_gone", "object": "customer", "deleted": true})
    );
}

#[tokio::test]
async fn customers_expand_in_lists_and_retrievals_living_or_deleted() {
    let bench = Bench::of(shop());
    let query = [("status", "all"), ("expand[]", "data.customer")];
    let page = bench.get("/v1/subscriptions", &query).await;
    assert_eq!(
        at(&page, "/data/0/customer"),
        Some(&json!({"id": "cus_gone", "object": "customer", "deleted": true}))
    );
    assert_eq!(text(&page, "/data/1/customer/email"), "a@example.com");
    let one = bench
        .get(
            "/v1/subscriptions/sub_a",
            &[
                ("expand[]", "items.data.price.product"),
                ("expand[]", "latest_invoice"),
            ],
        )
        .await;
    assert_eq!(text(&one, "/items/data/0/price/product/name"), "Pro");
    assert_eq!(text(&one, "/customer"), "cus_a");
    assert_eq!(at(&one, "/latest_invoice"), Some(&Value::Null));
    let customer = bench
        .get("/v1/customers/cus_a", &[("expand[]", "subscriptions")])
        .await;
    assert_eq!(text(&customer, "/subscriptions/data/0/id"), "sub_a");
}

#[tokio::test]
async fn invalid_expansions_are_refused() {
    let bench = Bench::of(shop());
    for (path, expand, message) in [
        (
            "/v1/subscriptions",
            "customer",
            "This property cannot be expanded (customer).",
        ),
        (
            "/v1/subscriptions/sub_a",
            "status",
            "This property cannot be expanded (status).",
        ),
        (
            "/v1/subscriptions",
            "data.items.data.price.product",
            "You cannot expand more than 4 levels of a property. Property: data.items.data.price.product",
        ),
    ] {
        let (status, error) = bench.refused(path, &[("expand[]", expand)]).await;
        assert_eq!((status, text(&error, "/message")), (400, message));
    }
}

#[tokio::test]
async fn a_subscription_shows_ten_items_and_the_rest_are_listed() {
    let mut world = shop();
    let mut large = Subscription::new("cus_a", Status::Active).id("sub_large");
    for number in 0..23 {
        large = large.item(Item::new("price_month").quantity(number));
    }
    world.subscription(large);
    let bench = Bench::of(world);
    let items = bench
        .get("/v1/subscriptions/sub_large", &[])
        .await
        .get_mut("items")
        .unwrap()
        .take();
    assert_eq!(ids(&items).len(), 10);
    assert_eq!(at(&items, "/has_more"), Some(&Value::Bool(true)));
    assert_eq!(at(&items, "/total_count"), Some(&json!(23)));
    assert_eq!(
        text(&items, "/url"),
        "/v1/subscription_items?subscription=sub_large"
    );
    let all = bench
        .walk(
            "/v1/subscription_items",
            &[("subscription", "sub_large"), ("limit", "7")],
        )
        .await;
    assert_eq!(all.len(), 23);
    assert!(all.starts_with(&ids(&items)));
}

#[tokio::test]
async fn prices_and_products_are_filtered() {
    let bench = Bench::of(shop());
    let prices = |query: [(&'static str, &'static str); 1]| {
        let bench = &bench;
        async move { bench.walk("/v1/prices", &query).await }
    };
    assert_eq!(
        prices([("limit", "1")]).await,
        ["price_year", "price_month"]
    );
    assert_eq!(prices([("currency", "eur")]).await, ["price_year"]);
    assert_eq!(
        prices([("lookup_keys[]", "pro_month")]).await,
        ["price_month"]
    );
    assert_eq!(
        prices([("recurring[interval]", "year")]).await,
        ["price_year"]
    );
    assert!(prices([("active", "false")]).await.is_empty());
    assert_eq!(
        bench.walk("/v1/products", &[("ids[]", "prod_pro")]).await,
        ["prod_pro"]
    );
    let price = bench
        .get("/v1/prices/price_month", &[("expand[]", "product")])
        .await;
    assert_eq!(text(&price, "/product/name"), "Pro");
}

#[tokio::test]
async fn entitlements_belong_to_a_customer_and_features_to_a_product() {
    let bench = Bench::of(shop());
    let list = |customer| bench.get("/v1/entitlements/active_entitlements", customer);
    let page = list(&[("customer", "cus_a")]).await;
    assert_eq!(text(&page, "/data/0/lookup_key"), "export");
    assert_eq!(text(&page, "/data/0/feature"), "feat_export");
    assert!(ids(&list(&[("customer", "cus_gone")]).await).is_empty());
    assert_eq!(
        bench.walk("/v1/entitlements/features", &[]).await,
        ["feat_seats", "feat_export"]
    );
    let features = bench.get("/v1/products/prod_pro/features", &[]).await;
    assert_eq!(
        text(&features, "/data/1/entitlement_feature/lookup_key"),
        "seats"
    );
}

#[tokio::test]
async fn features_are_attached_and_detached_by_requests() {
    let bench = Bench::of(shop());
    let created = bench
        .post("/v1/entitlements/features", "lookup_key=sso&name=SSO")
        .await;
    let body = format!("entitlement_feature={}", text(&created.1, "/id"));
    let path = "/v1/products/prod_pro/features";
    let attached = bench.post(path, &body).await.1;
    let one = format!("{path}/{}", text(&attached, "/id"));
    let read = bench.get(&one, &[]).await;
    assert_eq!(text(&read, "/entitlement_feature/lookup_key"), "sso");
    let deleted = bench.delete(&one).await;
    assert_eq!(at(&deleted.1, "/deleted"), Some(&json!(true)));
    assert_eq!(text(&deleted.1, "/id"), text(&attached, "/id"));
    assert_eq!(bench.delete(&one).await.0, 404);
    let left = bench.get(path, &[]).await;
    assert_eq!(ids(&left).len(), 2);
}

#[tokio::test]
async fn events_are_listed_by_type() {
    let mut world = shop();
    let too_old = world.clock - 31 * 86_400;
    for (kind, created) in [
        ("customer.updated", too_old),
        ("customer.created", 0),
        ("customer.subscription.created", 0),
        ("customer.subscription.updated", 0),
    ] {
        world.event(Event {
            id: "".into(),
            created,
            kind: kind.into(),
            api_version: "2026-10-28.endive".into(),
            object: json!({"id": "sub_a", "object": "subscription"}),
            previous_attributes: None,
            request: None,
            idempotency_key: None,
            pending_webhooks: u32::from(kind == "customer.created"),
        });
    }
    let bench = Bench::of(world);
    let all = bench.walk("/v1/events", &[]).await;
    assert_eq!(all.len(), 3);
    let subscription = bench
        .walk("/v1/events", &[("types[]", "customer.subscription.*")])
        .await;
    assert_eq!(all.get(..2), Some(subscription.as_slice()));
    for (success, events) in [("true", all.get(..2)), ("false", all.get(2..))] {
        let listed = bench
            .walk("/v1/events", &[("delivery_success", success)])
            .await;
        assert_eq!(Some(listed.as_slice()), events);
    }
    let one = bench
        .get(&format!("/v1/events/{}", all.first().unwrap()), &[])
        .await;
    assert_eq!(text(&one, "/type"), "customer.subscription.updated");
    assert_eq!(text(&one, "/data/object/id"), "sub_a");
}

#[tokio::test]
async fn account_webhook_endpoints_and_test_clocks_are_there() {
    let mut world = shop();
    world.webhook_endpoint(WebhookEndpoint {
        id: "we_a".into(),
        created: 0,
        url: "https://example.com/hook".into(),
        enabled_events: vec!["*".into()],
        api_version: None,
        enabled: true,
        metadata: [].into(),
    });
    world.test_clock(TestClock {
        id: "clock_a".into(),
        created: 0,
        frozen_time: NOW,
        name: None,
    });
    let account = world.account.clone();
    let bench = Bench::of(world);
    assert_eq!(text(&bench.get("/v1/account", &[]).await, "/id"), account);
    assert_eq!(
        text(
            &bench.get("/v1/webhook_endpoints", &[]).await,
            "/data/0/status"
        ),
        "enabled"
    );
    assert_eq!(
        bench.walk("/v1/test_helpers/test_clocks", &[]).await,
        ["clock_a"]
    );
}
