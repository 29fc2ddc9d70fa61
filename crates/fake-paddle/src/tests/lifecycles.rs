//! The events of each lifecycle, in Paddle's order.

use serde_json::Value;

use super::{NOW, checkout, events, world};
use crate::{GiveUp, Stage, TrialEnd, World};

/// Returns a world with an active subscription, and its id.
fn bought() -> (World, String) {
    let mut world = world();
    let customer = world.create_customer("Ada@Example.com");
    let purchase = world.buy(&checkout(&customer)).expect("a purchase");
    (world, purchase.subscription)
}

#[test]
fn a_purchase_has_the_events_of_a_checkout() {
    let mut world = world();
    let kinds = events(&mut world, |world| {
        let customer = world.create_customer("ada@example.com");
        world.buy(&checkout(&customer)).expect("a purchase");
    });
    assert_eq!(
        kinds,
        [
            "transaction.created",
            "customer.created",
            "address.created",
            "transaction.updated",
            "transaction.ready",
            "transaction.updated",
            "transaction.paid",
            "subscription.created",
            "transaction.updated",
            "subscription.activated",
            "transaction.updated",
            "transaction.completed",
        ]
    );
}

#[test]
fn only_created_has_the_transaction_and_no_event_has_urls() {
    let mut world = world();
    let stage = Stage {
        clock: NOW,
        namespace: "life".into(),
    };
    let ((), ids) = world.on_stage(&stage, |world| {
        let customer = world.create_customer("ada@example.com");
        world.buy(&checkout(&customer)).expect("a purchase");
    });
    let data = |kind: &str| -> Value {
        let mut found = ids.iter().filter_map(|id| world.find_event(id));
        let event = found.find(|event| event.event_type == kind);
        event.expect("an event").data.clone()
    };
    let (created, activated) = (data("subscription.created"), data("subscription.activated"));
    assert!(created.get("transaction_id").is_some_and(Value::is_string));
    assert_eq!(activated.get("transaction_id"), None);
    assert_eq!(created.get("management_urls"), None);
    for key in ["discount", "business_id", "import_meta", "billing_details"] {
        assert_eq!(created.get(key), Some(&Value::Null), "{key}");
    }
}

#[test]
fn moments_increase_by_a_millisecond_and_have_six_digits() {
    let mut world = world();
    let stage = Stage {
        clock: NOW,
        namespace: "life".into(),
    };
    let ((), ids) = world.on_stage(&stage, |world| {
        let customer = world.create_customer("ada@example.com");
        world.buy(&checkout(&customer)).expect("a purchase");
    });
    let times: Vec<_> = ids
        .iter()
        .filter_map(|id| Some(world.find_event(id)?.occurred_at.clone()))
        .collect();
    assert!(
        times.is_sorted_by(|one, next| one.get(..23) < next.get(..23)),
        "{times:?}"
    );
    assert!(
        times
            .iter()
            .all(|time| time.len() == "2026-10-01T00:00:00.000000Z".len())
    );
}

#[test]
fn a_renewal_announces_the_period_before_it_is_paid() {
    let (mut world, id) = bought();
    let kinds = events(&mut world, |world| world.renew(&id, true).expect("renewed"));
    let first = [
        "subscription.updated",
        "transaction.created",
        "transaction.billed",
    ];
    assert_eq!(kinds.get(..3), Some(&first.map(str::to_owned)[..]));
    assert_eq!(
        kinds.last().map(String::as_str),
        Some("transaction.completed")
    );
}

#[test]
fn a_failed_renewal_is_active_first_and_past_due_later() {
    let (mut world, id) = bought();
    let kinds = events(&mut world, |world| {
        world.renew(&id, false).expect("renewed");
        world.payment_fails(&id).expect("failed");
    });
    let of_subscription: Vec<_> = kinds
        .iter()
        .filter(|kind| kind.starts_with("subscription."))
        .collect();
    assert_eq!(
        of_subscription,
        [
            "subscription.updated",
            "subscription.updated",
            "subscription.past_due"
        ]
    );
    let recovered = events(&mut world, |world| world.recover(&id).expect("recovered"));
    assert!(!recovered.contains(&"subscription.activated".to_owned()));
    let status = |world: &World| world.find_subscription(&id).expect("there").status.clone();
    assert_eq!(status(&world), "active");
    events(&mut world, |world| {
        world.renew(&id, false).expect("renewed");
        world.payment_fails(&id).expect("failed");
        world.give_up(&id, GiveUp::Pause).expect("given up");
    });
    assert_eq!(status(&world), "paused");
}

#[test]
fn a_canceled_subscription_has_no_period_and_stays_canceled() {
    let (mut world, id) = bought();
    world.schedule(&id, "cancel").expect("scheduled");
    let scheduled = world.find_subscription(&id).expect("there");
    assert_eq!(
        (scheduled.status.as_str(), scheduled.next_billed_at),
        ("active", None)
    );
    world.keep(&id).expect("kept");
    assert!(
        world
            .find_subscription(&id)
            .expect("there")
            .next_billed_at
            .is_some()
    );
    let kinds = events(&mut world, |world| world.cancel_now(&id).expect("canceled"));
    assert_eq!(kinds, ["subscription.updated", "subscription.canceled"]);
    let canceled = world.find_subscription(&id).expect("there");
    assert_eq!(canceled.current_billing_period, None);
    assert!(canceled.canceled_at.is_some() && canceled.scheduled_change.is_none());
    assert!(world.renew(&id, true).is_err());
}

#[test]
fn a_trial_converts_with_activated_between_paid_and_completed() {
    let mut world = world();
    let customer = world.create_customer("ada@example.com");
    let mut with_trial = checkout(&customer);
    with_trial.trial_days = Some(14);
    let id = world.buy(&with_trial).expect("a purchase").subscription;
    assert_eq!(
        world.find_subscription(&id).expect("there").status,
        "trialing"
    );
    let kinds = events(&mut world, |world| {
        world.end_trial(&id, TrialEnd::Convert).expect("converted");
    });
    let position = |kind: &str| kinds.iter().position(|one| one == kind).expect("sent");
    assert!(position("transaction.paid") < position("subscription.activated"));
    assert!(position("subscription.activated") < position("transaction.completed"));
    assert_eq!(
        world.find_subscription(&id).expect("there").status,
        "active"
    );
}

#[test]
fn equal_stages_give_equal_events() {
    let bodies = |others: bool| {
        let mut world = world();
        let stage = |namespace: &str| Stage {
            clock: NOW,
            namespace: namespace.into(),
        };
        if others {
            world.on_stage(&stage("other"), |world| {
                let customer = world.create_customer("eve@example.com");
                world.buy(&checkout(&customer)).expect("a purchase");
            });
        }
        let ((), ids) = world.on_stage(&stage("life"), |world| {
            let customer = world.create_customer("ada@example.com");
            world.buy(&checkout(&customer)).expect("a purchase");
        });
        let bodies = ids.iter().filter_map(|id| world.event_body(id));
        bodies.collect::<Vec<_>>()
    };
    // Only the invoice's number counts the transactions of the whole account.
    assert_eq!(bodies(false).first(), bodies(true).first());
    assert_eq!(bodies(false), bodies(false));
}

#[test]
fn a_replay_keeps_the_event_and_has_a_new_notification() {
    let (mut world, id) = bought();
    let stage = Stage {
        clock: NOW,
        namespace: "life".into(),
    };
    let ((), ids) = world.on_stage(&stage, |world| world.cancel_now(&id).expect("canceled"));
    let event = ids.last().expect("an event");
    let read = |body: Vec<u8>| serde_json::from_slice::<Value>(&body).expect("JSON");
    let first = read(world.event_body(event).expect("a body"));
    world.replay(event).expect("known");
    let second = read(world.event_body(event).expect("a body"));
    assert_eq!(first.get("event_id"), second.get("event_id"));
    assert_ne!(first.get("notification_id"), second.get("notification_id"));
}
