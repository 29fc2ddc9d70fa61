//! Stages: stable ids whatever else happens, requests, and stable bytes of events.

use compact_str::CompactString;
use serde_json::Value;

use super::{DAY, NEW, OLD, Play, plan};
use crate::{Cause, EndForm, Payment, Purchase, Stage};

fn stage(namespace: &str, clock: i64) -> Stage {
    Stage {
        clock,
        events_version: OLD.parse().unwrap(),
        namespace: namespace.into(),
    }
}

fn buy(play: &mut Play, stage: &Stage) -> (Purchase, Vec<CompactString>) {
    let (purchase, events) = play
        .world
        .on_stage(stage, |world| world.checkout(plan(), Payment::Paid));
    (purchase.unwrap(), events)
}

#[test]
fn ids_depend_on_the_namespace_alone() {
    let mut alone = Play::new(NEW);
    let first = buy(&mut alone, &stage("renewal", 100));
    let second = buy(&mut alone, &stage("renewal", 200));

    let mut beside = Play::new(NEW);
    let other = buy(&mut beside, &stage("dunning", 100));
    beside.subscribed("sub_own");
    let one = buy(&mut beside, &stage("renewal", 100));
    let another = buy(&mut beside, &stage("dunning", 150));
    let two = buy(&mut beside, &stage("renewal", 200));
    assert_eq!((one, two), (first.clone(), second.clone()));
    assert_ne!(other, first);
    assert_ne!(another, other);
    assert_ne!(first.0.customer, second.0.customer);
}

#[test]
fn the_world_is_as_before_when_the_stage_is_left() {
    let mut play = Play::new(NEW);
    let clock = play.world.clock;
    let (purchase, events) = buy(&mut play, &stage("a", 100));
    assert_eq!(play.world.clock, clock);
    assert!(!events.is_empty());
    play.world.cancel_now(&purchase.subscription).unwrap();
    let last = play.world.events.iter().last().unwrap();
    assert_eq!(last.created, clock);
    assert_eq!(last.api_version, NEW);
    assert_eq!(
        play.world
            .stage_of(&purchase.customer)
            .map(|stage| &*stage.namespace),
        Some("a")
    );
    assert_eq!(play.world.stage_of("cus_never"), None);
}

#[test]
fn a_request_of_the_application_is_named_by_its_events() {
    let mut play = Play::new(NEW);
    play.subscribed("sub_a");
    let cause = Cause {
        request: Some("req_app".into()),
        idempotency_key: Some("key".into()),
    };
    let events = play.events_of(DAY, |world| {
        world.by_request(cause, |world| {
            world.schedule_cancel("sub_a", EndForm::FlagAndTime)
        })
    });
    let event = events.event("customer.subscription.updated");
    assert_eq!(event.request.as_deref(), Some("req_app"));
    assert_eq!(event.idempotency_key.as_deref(), Some("key"));
    let events = play.events_of(DAY, |world| world.keep_subscription("sub_a"));
    let event = events.event("customer.subscription.updated");
    assert_ne!(event.request.as_deref(), Some("req_app"));
}

#[test]
fn an_event_is_sent_as_the_same_pretty_bytes_each_time() {
    let mut play = Play::new(NEW);
    let (_, events) = buy(&mut play, &stage("a", 100));
    let id = events.last().unwrap();
    let body = play.world.event_body(id).unwrap();
    assert!(body.starts_with(b"{\n  \"id\": \"evt_1"));
    let event: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(event["object"], "event");
    assert_eq!(event["api_version"], OLD);
    assert_eq!(event["created"], 100);
    assert_eq!(event["request"]["idempotency_key"], Value::Null);
    play.world
        .cancel_now(event["data"]["object"]["subscription"].as_str().unwrap())
        .unwrap();
    assert_eq!(play.world.event_body(id).unwrap(), body);
    assert_eq!(play.world.event_body("evt_never"), None);
}
