//! Recordings as a whole: any log results in files that can be read back, and files with anything else are refused.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{ProductionLog, Recording, Unplayable, render};
use crate::{Scenario, TestPrices, built_in, parse};
use contract::{Contract, Plans, Source};

const DAY: i64 = 86_400;

static BUILT_IN: LazyLock<Vec<Scenario>> =
    LazyLock::new(|| built_in(crate::Provider::Stripe).expect("scenarios"));

fn contract() -> Contract {
    let mut contract = Contract::new(Source::Stripe);
    let plans = [("price_1", "pro"), ("price_2", "pro"), ("price_3", "team")];
    contract.plans = Plans::by_price(plans);
    contract
}

/// Records these events, given oldest first.
fn record(events: &[Value]) -> Recording {
    let mut log = ProductionLog::default();
    for event in events.iter().rev() {
        log.add(event);
    }
    let contract = contract();
    let prices = TestPrices::from_contract(&contract).expect("a paid plan");
    log.recording(&contract, &prices, &BUILT_IN)
}

fn titles(recording: &Recording) -> Vec<String> {
    let titles = recording.shapes.iter().map(|shape| {
        assert_eq!(
            render(&shape.scenario).map(|text| text.contains('#')),
            Some(false)
        );
        format!("{} × {}", shape.customers, shape.scenario.title)
    });
    titles.collect()
}

fn event(day: i64, kind: &str, object: &Value) -> Value {
    changed(day, kind, object, &Value::Null)
}

fn changed(day: i64, kind: &str, object: &Value, previous: &Value) -> Value {
    json!({"id": "evt_1", "type": kind, "created": day * DAY, "data": {"object": object, "previous_attributes": previous}})
}

/// A subscription of a customer, with one item.
fn subscription(customer: &str, status: &str, price: &str) -> Value {
    json!({
        "id": format!("sub_{customer}"), "object": "subscription", "customer": customer, "status": status,
        "items": {"data": [{"id": "si_1", "quantity": 1, "price": {"id": price}, "current_period_start": 0, "current_period_end": 30 * DAY}]},
        "metadata": {"user": "usr_1"},
    })
}

fn created(customer: &str, day: i64) -> Value {
    let bought = subscription(customer, "active", "price_1");
    event(day, "customer.subscription.created", &bought)
}

fn updated(day: i64, now: &Value) -> Value {
    event(day, "customer.subscription.updated", now)
}

#[test]
fn lifecycles_with_different_days_are_merged() {
    let mut events = Vec::new();
    for (customer, days) in [("cus_1", 1), ("cus_2", 4), ("cus_3", 5)] {
        events.push(created(customer, 0));
        let other = subscription(customer, "active", "price_3");
        events.push(updated(days, &other));
        let paused = subscription(customer, "paused", "price_3");
        events.push(updated(days + 1, &paused));
        events.push(updated(days + 2, &other));
    }
    let recording = record(&events);
    assert_eq!(
        titles(&recording),
        ["3 × subscribe, change price (price: other), pause, resume"]
    );
    let text = render(&recording.shapes[0].scenario).expect("a recorded one");
    assert!(
        text.contains("- wait:\n        days: 3\n    - change_price"),
        "{text}"
    );
}

#[test]
fn a_lifecycle_older_than_the_log_begins_in_its_state() {
    let canceled = subscription("cus_1", "canceled", "price_1");
    let upgraded = changed(
        3,
        "customer.subscription.updated",
        &subscription("cus_1", "past_due", "price_3"),
        &json!({"items": {"data": [{"id": "si_1", "quantity": 1, "price": {"id": "price_1"}}]}}),
    );
    let deleted = event(9, "customer.subscription.deleted", &canceled);
    assert_eq!(
        titles(&record(&[upgraded, deleted])),
        ["1 × checkout, renew (paid: no), payment failed, change price (price: other), cancel now"]
    );
}

#[test]
fn unplayable_lifecycles_are_counted_by_reason() {
    let strange = subscription("cus_1", "resting", "price_1");
    let events = [created("cus_1", 0), updated(1, &strange)];
    let recording = record(&events);
    assert_eq!(
        recording.unplayable.get(&Unplayable::UnknownStatus),
        Some(&1)
    );
    let mut empty = subscription("cus_1", "active", "price_1");
    empty["items"] = json!({"data": []});
    let recording = record(&[event(0, "customer.subscription.created", &empty)]);
    assert_eq!(recording.unplayable.get(&Unplayable::NoItems), Some(&1));
}

#[test]
fn a_subscription_to_nothing_known_is_to_another_product() {
    let other = subscription("cus_1", "active", "price_9");
    let bought = event(0, "customer.subscription.created", &other);
    let paused = subscription("cus_1", "paused", "price_9");
    let recording = record(&[bought, updated(1, &paused)]);
    assert_eq!(titles(&recording), ["1 × subscribe (price: addon), pause"]);
}

#[test]
fn an_unknown_price_keeps_access_and_plan() {
    let events = [
        created("cus_1", 0),
        updated(1, &subscription("cus_1", "active", "price_3")),
        updated(2, &subscription("cus_1", "active", "price_9")),
    ];
    let recording = record(&events);
    let text = render(&recording.shapes[0].scenario).expect("a recorded one");
    assert_eq!(text.matches("row: kept").count(), 1, "{text}");
}

/// Replaces a text of a recorded file, and returns the error.
fn refusal(text: &str, other: &str) -> String {
    let events = [
        created("cus_1", 0),
        updated(4, &subscription("cus_1", "active", "price_3")),
        updated(5, &subscription("cus_1", "paused", "price_3")),
    ];
    let shape = record(&events).shapes.remove(0);
    let file = render(&shape.scenario).expect("a recorded one");
    assert!(file.contains(text), "{file}");
    assert_eq!(
        parse("a.yml", &file, crate::Provider::Stripe).as_ref(),
        Ok(&shape.scenario)
    );
    let error = parse(
        "a.yml",
        &file.replacen(text, other, 1),
        crate::Provider::Stripe,
    );
    error.expect_err("refused").to_string()
}

#[test]
fn a_recorded_file_with_anything_else_is_refused() {
    for (text, other, reason) in [
        (
            "recorded:\n",
            "title: Ada Lovelace\nrecorded:\n",
            "unknown field `title`",
        ),
        (
            "times: 1",
            "times: 1\n  customer: cus_1",
            "unknown field `customer`",
        ),
        (
            "- id: 1-subscribe",
            "- does: what Ada did\n    id: 1-subscribe",
            "unknown field `does`",
        ),
        (
            "id: 1-subscribe",
            "id: ada-lovelace",
            "should be `1-subscribe`",
        ),
        (
            "- customer.subscription.created",
            "- ada@example.com",
            "never recorded",
        ),
        (
            "change_price:\n",
            "change_price:\n        subscription: ada\n",
            "never recorded",
        ),
        ("days: 3", "days: 1983", "never recorded"),
        (
            "price: other",
            "price: price_1",
            "unknown variant `price_1`",
        ),
        ("price: other", "price: yearly", "`id` should be `recorded-"),
        ("times: 1", "times: 1 # Ada", "holds no comments"),
        ("id: recorded-", "id: ada-", "`id` should be `recorded-"),
    ] {
        let message = refusal(text, other);
        assert!(message.contains(reason), "{message}");
        assert!(message.starts_with("a.yml: "), "{message}");
    }
}

/// Generates JSON with the keys of events and any values.
fn anything() -> impl Strategy<Value = Value> {
    let names = [
        "id",
        "object",
        "status",
        "items",
        "data",
        "price",
        "plan",
        "quantity",
        "customer",
        "subscription",
        "mode",
        "cancel_at",
        "cancel_at_period_end",
        "pause_collection",
        "behavior",
        "trial_end",
        "schedule",
        "metadata",
        "payment_status",
        "parent",
        "subscription_details",
        "current_period_start",
        "recurring",
        "usage_type",
    ];
    let words = [
        "active", "trialing", "past_due", "canceled", "sub_1", "cus_1", "void", "price_1",
        "metered",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(words.to_vec()).prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        let names = prop::sample::select(names.to_vec());
        let object = prop::collection::btree_map(names, inner.clone(), 0..8);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            object.prop_map(|map| {
                let fields = map
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value));
                fields.collect::<Value>()
            }),
        ]
    })
}

/// Generates an event about one of two subscriptions, in any state.
fn likely() -> impl Strategy<Value = Value> {
    let kinds = [
        "customer.subscription.created",
        "customer.subscription.updated",
        "customer.subscription.updated",
        "customer.subscription.deleted",
        "customer.subscription.trial_will_end",
        "invoice.paid",
        "invoice.payment_failed",
        "checkout.session.completed",
        "customer.deleted",
        "charge.refunded",
    ];
    let statuses = [
        "active",
        "trialing",
        "past_due",
        "unpaid",
        "canceled",
        "incomplete",
        "paused",
        "lost",
    ];
    let prices = ["price_1", "price_2", "price_3", "price_9"];
    let select = prop::sample::select;
    (
        select(kinds.to_vec()),
        select(statuses.to_vec()),
        select(prices.to_vec()),
        0..30_i64,
        0..4_u64,
        any::<bool>(),
    )
        .prop_map(|(kind, status, price, day, quantity, flag)| {
            let mut object = subscription("cus_1", status, price);
            object["items"]["data"][0]["quantity"] = quantity.into();
            object["cancel_at_period_end"] = flag.into();
            object["mode"] = "subscription".into();
            object["subscription"] = object["id"].clone();
            event(day, kind, &object)
        })
}

proptest! {
    #[test]
    fn any_json_is_read_and_reads_back(kind in prop::sample::select(super::stripped_event::PLAYED.to_vec()), objects in prop::collection::vec(anything(), 0..6)) {
        let mut events: Vec<Value> = objects.iter().map(|object| changed(1, kind, object, object)).collect();
        events.extend(objects);
        for shape in record(&events).shapes {
            let text = render(&shape.scenario).expect("a recorded one");
            prop_assert_eq!(parse("a.yml", &text, crate::Provider::Stripe), Ok(shape.scenario));
        }
    }

    #[test]
    fn any_lifecycle_is_a_file_or_has_a_reason(events in prop::collection::vec(likely(), 0..12)) {
        let recording = record(&events);
        let known = recording.shapes.iter().map(|shape| shape.customers).chain(recording.covered.into_values()).chain(recording.unplayable.into_values());
        prop_assert_eq!(known.sum::<u64>() + recording.unchanged, recording.customers);
        for shape in recording.shapes {
            let text = render(&shape.scenario).expect("a recorded one");
            prop_assert!(!text.contains("cus_") && !text.contains("price_"), "{}", text);
            prop_assert_eq!(parse("a.yml", &text, crate::Provider::Stripe), Ok(shape.scenario));
        }
    }
}
