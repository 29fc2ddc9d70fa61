//! Changes around subscriptions: customers, refunds, disputes, entitlements, and unknown events.

use serde_json::json;

use super::{BOTH, DAY, NEW, Play};
use crate::{Customer, Subscription};

#[test]
fn customers_are_made_and_move() {
    let mut play = Play::new(NEW);
    let (id, events) = play.after(0, |world| {
        world.create_customer(Customer::new("").email("old@example.com"))
    });
    assert_eq!(events[0].kind, "customer.created");
    let events = play.events_of(DAY, |world| world.change_email(&id, "new@example.com"));
    assert_eq!(events.kinds(), ["customer.updated"]);
    assert_eq!(
        events.previous("customer.updated"),
        &json!({"email": "old@example.com"})
    );
    assert_eq!(events.at("customer.updated", "/email"), "new@example.com");
}

#[test]
fn the_session_of_a_guest_is_kept() {
    let mut play = Play::new(NEW);
    let (id, events) = play.after(0, |world| world.pay_as_guest("price_a"));
    assert_eq!(events[0].kind, "checkout.session.completed");
    let kept = play.world.objects.sessions.get(&id).expect("a session");
    let amount = kept.items.iter().map(|item| item.price.as_str());
    assert_eq!(amount.count(), 1);
}

#[test]
fn an_unknown_invoice_cannot_be_sent() {
    let mut play = Play::new(NEW);
    let (result, events) = play.after(0, |world| world.send_invoice("in_unknown"));
    let error = result.expect_err("an unknown invoice");
    assert_eq!(error.to_string(), "There is no invoice `in_unknown`.");
    assert!(events.is_empty());
}

#[test]
fn a_refund_leaves_the_subscription_unchanged() {
    for version in BOTH {
        let mut play = Play::new(version);
        play.subscribed("sub_a");
        let events = play.events_of(DAY, |world| world.refund("sub_a"));
        assert_eq!(events.kinds(), ["refund.created", "charge.refunded"]);
        assert_eq!(events.at("charge.refunded", "/refunded"), true);
        assert_eq!(
            events.previous("charge.refunded"),
            &json!({"amount_refunded": 0, "refunded": false})
        );
        assert_eq!(play.status("sub_a"), "active");
        assert!(
            play.world.refund("sub_a").is_err(),
            "it is given back already"
        );

        play.subscribed("sub_b");
        let events = play.events_of(DAY, |world| world.dispute("sub_b", true));
        events.share_one_operation(version, false);
        assert_eq!(
            events.kinds(),
            [
                "charge.dispute.created",
                "charge.dispute.funds_withdrawn",
                "customer.subscription.deleted"
            ]
        );
        assert_eq!(
            events.at(
                "customer.subscription.deleted",
                "/cancellation_details/reason"
            ),
            "payment_disputed"
        );
    }
}

#[test]
fn entitlements_are_sent_as_a_summary() {
    let mut play = Play::new(NEW);
    play.subscribed("sub_a");
    let kind = "entitlements.active_entitlement_summary.updated";
    let events = play.events_of(0, |world| {
        world.change_entitlements("cus_sub_a", &["feat_a".into()])
    });
    assert_eq!(events.at(kind, "/entitlements/data/0/lookup_key"), "a");
    assert_eq!(
        events.previous(kind),
        &json!({"entitlements": {"data": []}})
    );
    let events = play.events_of(0, |world| {
        world.change_entitlements("cus_sub_a", &["feat_b".into()])
    });
    assert_eq!(events.at(kind, "/entitlements/data/0/lookup_key"), "b");
    let old = events
        .previous(kind)
        .pointer("/entitlements/data/0/lookup_key");
    assert_eq!(old, Some(&json!("a")));
}

#[test]
fn events_about_a_forgotten_object_remain() {
    let mut play = Play::new(NEW);
    play.subscribed("sub_a");
    assert!(play.world.remove_object("sub_a"));
    assert!(!play.world.remove_object("sub_a"));
    assert!(play.world.find_subscription("sub_a").is_none());
    assert!(play.world.subscriptions_of("cus_sub_a").is_empty());
    let created = play
        .world
        .events
        .iter()
        .any(|event| event.object["id"] == "sub_a");
    assert!(created);
    assert!(play.world.cancel_now("sub_a").is_err());
    play.world.subscription(
        Subscription::new("cus_sub_a", crate::Status::Active)
            .id("sub_a")
            .price("price_pro"),
    );
    assert_eq!(play.world.subscriptions_of("cus_sub_a"), ["sub_a"]);
}

#[test]
fn an_unknown_event_has_a_type_and_an_object() {
    let mut play = Play::new(NEW);
    let (id, events) = play.after(0, |world| world.unknown_event(Some("cus_a")));
    assert_eq!(events[0].id, id);
    assert_eq!(events[0].object["object"], "billing.novelty");
    assert_eq!(events[0].object["customer"], "cus_a");
}

#[test]
fn updates_that_change_nothing_are_not_recorded() {
    let mut play = Play::new(NEW);
    play.subscribed("sub_a");
    let (_, events) = play.after(0, |world| world.update_subscription("sub_a", |_| {}));
    assert!(events.is_empty());
    let events = play.events_of(0, |world| {
        world.update_subscription("sub_a", |one| {
            one.details.metadata.insert("a".into(), "b".into());
        })
    });
    assert_eq!(
        events.previous("customer.subscription.updated"),
        &json!({"metadata": {"a": null}})
    );
}
