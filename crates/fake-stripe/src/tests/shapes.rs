//! The keys of every object, by version: all that Stripe sends, and no others.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::{Value, json};

use super::{Bench, NOW, at, text};
use crate::{
    CheckoutSession, Coupon, Customer, Event, Feature, Item, PauseCollection, Payment, Price,
    Product, Status, Subscription, TestClock, WebhookEndpoint, World,
};

const NEWEST: &str = "2026-10-28.endive";

/// The reference beside this checkout: official examples, plausible examples, and the lists of fields.
const REFERENCE: &str = "../../../shared/reference";

fn lively() -> World {
    let mut world = World::new(NOW);
    world.price(Price::monthly("price_1ProMonthly", 2000).lookup_key("pro_monthly"));
    let add = |world: &mut World, id: &str, status: Status| {
        world.subscription(
            Subscription::new(&format!("cus_{id}"), status)
                .id(id)
                .price("price_1ProMonthly"),
        );
    };
    add(&mut world, "active", Status::Active);
    add(&mut world, "trialing", Status::Trialing);
    add(&mut world, "past_due", Status::PastDue);
    add(&mut world, "canceled", Status::Canceled);
    add(&mut world, "incomplete_expired", Status::IncompleteExpired);
    add(&mut world, "paused", Status::Paused);
    add(&mut world, "cancel_scheduled.classic", Status::Active);
    world.schedule_cancel_silently("cancel_scheduled.classic");
    add(&mut world, "cancel_scheduled.flexible", Status::Active);
    world.change_subscription_silently("cancel_scheduled.flexible", |one| {
        one.details.flexible_billing = true;
    });
    world.schedule_cancel_silently("cancel_scheduled.flexible");
    add(&mut world, "collection_paused", Status::Active);
    world.change_subscription_silently("collection_paused", |one| {
        one.details.pause_collection = Some(PauseCollection {
            behavior: "void".into(),
            resumes_at: None,
        });
        one.details.automatic_tax = true;
        one.items.push(Item::new("price_1ProMonthly").metered());
    });
    world
}

/// Reads a file of the reference. If there is no reference, prints a note and returns `None`.
#[expect(
    clippy::disallowed_macros,
    reason = "a test says what it skips on its own output"
)]
pub(super) fn reference(name: &str) -> Option<String> {
    let path = Path::new(REFERENCE).join(name);
    if !Path::new(REFERENCE).is_dir() {
        println!("skipped: there is no {REFERENCE} beside this checkout");
        return None;
    }
    Some(fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

async fn versioned(bench: &Bench, id: &str, version: &str) -> Value {
    let request = bench.request(&format!("/v1/subscriptions/{id}"), &[]);
    let request = request.header("Stripe-Version", version);
    request.send().await.unwrap().json().await.unwrap()
}

/// Collects the paths of all keys; lists are represented by their first element, and `metadata` is skipped.
fn pointers(value: &Value, pointer: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(_) if pointer.ends_with("metadata") => {}
        Value::Object(object) => {
            for (key, value) in object {
                let pointer = format!("{pointer}/{key}");
                pointers(value, &pointer, found);
                found.insert(pointer);
            }
        }
        Value::Array(values) => values
            .iter()
            .take(1)
            .for_each(|value| pointers(value, &format!("{pointer}/0"), found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn keys(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    pointers(value, "", &mut found);
    found
}

#[tokio::test]
async fn subscriptions_have_the_keys_of_the_plausible_examples() {
    let bench = Bench::of(lively());
    for id in [
        "active",
        "trialing",
        "past_due",
        "canceled",
        "incomplete_expired",
        "paused",
        "cancel_scheduled.classic",
        "cancel_scheduled.flexible",
    ] {
        let Some(example) = reference(&format!("stripe-fixtures/realistic/subscription.{id}.json"))
        else {
            return;
        };
        let actual = versioned(&bench, id, NEWEST).await;
        let documented: Value = serde_json::from_str(&example).unwrap();
        assert_eq!(keys(&actual), keys(&documented), "{id}");
        for same in [
            "status",
            "cancel_at_period_end",
            "billing_mode",
            "cancellation_details/reason",
            "status_details/paused/type",
        ] {
            let pointer = format!("/{same}");
            assert_eq!(
                at(&actual, &pointer),
                at(&documented, &pointer),
                "{id} {same}"
            );
        }
        for null in [
            "cancel_at",
            "canceled_at",
            "ended_at",
            "trial_start",
            "trial_end",
            "pause_collection",
        ] {
            let pointer = format!("/{null}");
            let is_null = |value| at(value, &pointer) == Some(&Value::Null);
            assert_eq!(is_null(&actual), is_null(&documented), "{id} {null}");
        }
    }
}

pub(super) fn whole_world() -> World {
    let mut world = lively();
    world.customer(Customer::new("cus_whole").email("a@example.com"));
    world.customer(Customer::new("cus_gone").deleted());
    world.product(Product::new("prod_whole", "Whole"));
    world.price(Price::one_time("price_once", 500));
    world.feature(Feature::new("feat_whole", "whole"));
    world.entitle("cus_whole", "feat_whole");
    world.event(Event {
        id: "evt_whole".into(),
        created: 0,
        kind: "customer.created".into(),
        api_version: NEWEST.into(),
        object: json!({"id": "cus_whole"}),
        previous_attributes: None,
        request: None,
        idempotency_key: None,
        pending_webhooks: 0,
    });
    world.webhook_endpoint(WebhookEndpoint {
        id: "we_whole".into(),
        created: 0,
        url: "https://example.com".into(),
        enabled_events: vec!["*".into()],
        api_version: None,
        enabled: true,
        metadata: [].into(),
    });
    world.test_clock(TestClock {
        id: "clock_whole".into(),
        created: 0,
        frozen_time: NOW,
        name: None,
    });
    happen(&mut world);
    world
}

/// Runs a purchase, a schedule and a refund, so that every kind of object exists.
fn happen(world: &mut World) {
    world.put_coupon(Coupon::percent("TWENTY", 20));
    let session = CheckoutSession {
        customer: Some("cus_whole".into()),
        items: vec![Item::new("price_1ProMonthly")],
        coupon: Some("TWENTY".into()),
        ..CheckoutSession::default()
    };
    let bought = world.checkout(session, Payment::Paid).unwrap();
    world
        .change_price(&bought.subscription, None, "price_1ProMonthly")
        .unwrap();
    world
        .schedule_change(&bought.subscription, "price_1ProMonthly")
        .unwrap();
    world.dispute(&bought.subscription, false).unwrap();
    world.refund(&bought.subscription).unwrap();
    world.change_entitlements("cus_whole", &[]).unwrap();
    world
        .change_entitlements("cus_whole", &["feat_whole".into()])
        .unwrap();
}

/// Fields in the official examples that the newest version's documentation does not list.
const LEFT_OUT: [(&str, &str); 1] = [("invoice", "subscription")];

#[tokio::test]
async fn nothing_of_the_official_examples_is_left_out() {
    let bench = Bench::of(whole_world());
    let mut missing = Vec::new();
    for (name, path, pointer) in [
        ("subscription", "/v1/subscriptions/collection_paused", ""),
        (
            "subscription_item",
            "/v1/subscriptions/active",
            "/items/data/0",
        ),
        ("plan", "/v1/subscriptions/active", "/items/data/0/plan"),
        ("price", "/v1/prices", "/data/1"),
        ("product", "/v1/products", "/data/0"),
        ("customer", "/v1/customers/cus_whole", ""),
        ("deleted_customer", "/v1/customers/cus_gone", ""),
        ("event", "/v1/events", "/data/0"),
        (
            "entitlements.feature",
            "/v1/entitlements/features",
            "/data/0",
        ),
        ("webhook_endpoint", "/v1/webhook_endpoints", "/data/0"),
        (
            "test_helpers.test_clock",
            "/v1/test_helpers/test_clocks",
            "/data/0",
        ),
        ("invoice", "/v1/invoices", "/data/0"),
        ("line_item", "/v1/invoices", "/data/0/lines/data/0"),
        ("invoice_payment", "/v1/invoice_payments", "/data/0"),
        ("checkout.session", "/v1/checkout/sessions", "/data/0"),
        ("payment_intent", "/v1/payment_intents", "/data/0"),
        ("charge", "/v1/charges", "/data/0"),
        ("coupon", "/v1/coupons", "/data/0"),
        (
            "discount",
            "/v1/invoices?expand[]=data.discounts",
            "/data/0/discounts/0",
        ),
        (
            "subscription_schedule",
            "/v1/subscription_schedules",
            "/data/0",
        ),
        (
            "payment_method",
            "/v1/payment_intents?expand[]=data.payment_method",
            "/data/0/payment_method",
        ),
        (
            "refund",
            "/v1/events?type=refund.created",
            "/data/0/data/object",
        ),
        (
            "dispute",
            "/v1/events?type=charge.dispute.created",
            "/data/0/data/object",
        ),
    ] {
        let Some(example) = reference(&format!("stripe-fixtures/{name}.json")) else {
            return;
        };
        let documented: Value = serde_json::from_str(&example).unwrap();
        let body = bench.get(path, &[]).await;
        let actual = at(&body, pointer).unwrap().as_object().unwrap();
        let left_out = documented
            .as_object()
            .unwrap()
            .keys()
            .filter(|key| !actual.contains_key(*key))
            .filter(|key| !LEFT_OUT.contains(&(name, key)));
        missing.extend(left_out.map(|key| format!("{name}/{key}")));
    }
    assert_eq!(missing, [""; 0]);
}

#[tokio::test]
async fn basil_moves_the_period_to_the_items() {
    let bench = Bench::of(lively());
    for (version, is_old) in [
        ("2023-10-16", true),
        ("2025-02-24.acacia", true),
        ("2025-03-31.basil", false),
        (NEWEST, false),
    ] {
        let one = versioned(&bench, "active", version).await;
        let end = json!(NOW + 30 * 86_400);
        let (old, new) = (
            at(&one, "/current_period_end"),
            at(&one, "/items/data/0/current_period_end"),
        );
        assert_eq!(
            (old, new),
            if is_old {
                (Some(&end), None)
            } else {
                (None, Some(&end))
            },
            "{version}"
        );
        assert_eq!(at(&one, "/discount").is_some(), is_old, "{version}");
        assert_eq!(at(&one, "/discounts"), Some(&json!([])), "{version}");
    }
}

#[tokio::test]
async fn live_payloads_of_old_versions_can_be_imitated() {
    let mut world = lively();
    world.quirks.periods_in_both_places = true;
    world.quirks.top_level_plan = true;
    let bench = Bench::of(world);
    let one = versioned(&bench, "active", "2024-06-20").await;
    assert!(
        at(&one, "/current_period_end").is_some()
            && at(&one, "/items/data/0/current_period_end").is_some()
    );
    assert_eq!(text(&one, "/plan/id"), "price_1ProMonthly");
    assert_eq!(at(&one, "/quantity"), Some(&json!(1)));
    let two = versioned(&bench, "collection_paused", "2024-06-20").await;
    assert_eq!(at(&two, "/plan"), None);
}

#[tokio::test]
async fn metered_items_have_no_quantity_and_tiered_prices_no_amount() {
    let mut world = lively();
    let mut price = Price::monthly("price_usage", 0).metered();
    price.tiered = true;
    price.unit_amount = None;
    world.price(price);
    world.subscription(
        Subscription::new("cus_m", Status::Active)
            .id("sub_m")
            .item(Item::new("price_usage").metered()),
    );
    let one = Bench::of(world).get("/v1/subscriptions/sub_m", &[]).await;
    let item = at(&one, "/items/data/0").unwrap();
    assert_eq!(item.get("quantity"), None);
    assert_eq!(at(item, "/price/unit_amount"), Some(&Value::Null));
    assert_eq!(text(item, "/price/recurring/usage_type"), "metered");
    assert_eq!(text(item, "/plan/billing_scheme"), "tiered");
}
