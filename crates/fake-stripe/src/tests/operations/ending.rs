//! Cancellations, scheduled and immediate, and deleted customers.

use serde_json::{Value, json};

use super::{BOTH, DAY, MONTH, Play, period_end};
use crate::{Customer, EndForm, FirstPayment, Renewal, Status, Subscription};

#[test]
fn a_scheduled_end_in_both_forms_is_revoked_or_happens() {
    for version in BOTH {
        for form in [EndForm::FlagAndTime, EndForm::TimeOnly] {
            let mut play = Play::new(version);
            play.subscribed("sub_a");
            let end = play.stage.clock + MONTH;
            let events = play.events_of(DAY, |world| world.schedule_cancel("sub_a", form));
            events.share_one_operation(version, true);
            let updated = "customer.subscription.updated";
            assert_eq!(events.kinds(), [updated]);
            let requested_at = play.stage.clock;
            let has_flag = form == EndForm::FlagAndTime;
            assert_eq!(events.at(updated, "/cancel_at"), end);
            assert_eq!(events.at(updated, "/canceled_at"), requested_at);
            assert_eq!(events.at(updated, "/cancel_at_period_end"), has_flag);
            assert_eq!(events.at(updated, "/status"), "active");
            let mut previous = json!({
                "cancel_at": null, "canceled_at": null, "cancellation_details": {"reason": null},
            });
            if has_flag {
                previous["cancel_at_period_end"] = json!(false);
            }
            assert_eq!(events.previous(updated), &previous);
            let (renewal, _) =
                play.after(0, |world| world.renew_subscription("sub_a", Renewal::Paid));
            assert!(
                renewal
                    .unwrap_err()
                    .to_string()
                    .contains("scheduled to end")
            );

            let events = play.events_of(DAY, |world| world.keep_subscription("sub_a"));
            assert_eq!(events.at(updated, "/cancel_at"), &Value::Null);
            assert_eq!(
                events.previous(updated).get("cancel_at_period_end"),
                has_flag.then_some(&json!(true))
            );
            assert_eq!(
                events.previous(updated).get("cancellation_details"),
                Some(&json!({"reason": "cancellation_requested"}))
            );

            play.events_of(DAY, |world| world.schedule_cancel("sub_a", form));
            let requested_at = play.stage.clock;
            let events = play.events_of(MONTH, |world| world.end_at_period_end("sub_a"));
            events.share_one_operation(version, false);
            let deleted = "customer.subscription.deleted";
            assert_eq!(events.kinds(), [deleted]);
            assert_eq!(events.event(deleted).previous_attributes, None);
            assert_eq!(events.at(deleted, "/status"), "canceled");
            assert_eq!(events.at(deleted, "/ended_at"), end);
            assert_eq!(events.at(deleted, "/canceled_at"), requested_at);
        }
    }
}

#[test]
fn an_immediate_cancellation_keeps_the_period() {
    for version in BOTH {
        let mut play = Play::new(version);
        play.subscribed("sub_a");
        let end = play.stage.clock + MONTH;
        let events = play.events_of(DAY, |world| world.cancel_now("sub_a"));
        events.share_one_operation(version, true);
        let deleted = "customer.subscription.deleted";
        assert_eq!(events.kinds(), [deleted]);
        for (pointer, expected) in [
            ("/status", json!("canceled")),
            ("/canceled_at", json!(play.stage.clock)),
            ("/ended_at", json!(play.stage.clock)),
            ("/cancel_at_period_end", json!(false)),
            (
                "/cancellation_details/reason",
                json!("cancellation_requested"),
            ),
            (period_end(version), json!(end)),
        ] {
            assert_eq!(events.at(deleted, pointer), &expected, "{pointer}");
        }
        let (again, events) = play.after(0, |world| world.cancel_now("sub_a"));
        assert_eq!(
            again.unwrap_err().to_string(),
            "The subscription `sub_a` is canceled, so canceling it is impossible."
        );
        assert_eq!(events.len(), 0);
    }
}

#[test]
fn an_unpaid_subscription_expires_when_it_is_canceled() {
    let mut play = Play::new(super::NEW);
    play.world.customer(Customer::new("cus_a"));
    let one = Subscription::new("cus_a", Status::Active)
        .id("sub_a")
        .price("price_pro");
    play.events_of(0, |world| world.subscribe(one, FirstPayment::Awaited));
    let events = play.events_of(0, |world| world.cancel_now("sub_a"));
    assert_eq!(
        events.at("customer.subscription.updated", "/status"),
        "incomplete_expired"
    );
    assert!(!events.kinds().contains(&"customer.subscription.deleted"));
}

#[test]
fn a_deleted_customer_takes_its_subscriptions_along() {
    for version in BOTH {
        let mut play = Play::new(version);
        play.subscribed("sub_a");
        play.events_of(MONTH, |world| world.payment_fails("sub_a"));
        let events = play.events_of(DAY, |world| world.remove_customer("cus_sub_a"));
        events.share_one_operation(version, true);
        assert_eq!(
            events.kinds(),
            [
                "customer.subscription.deleted",
                "invoice.updated",
                "customer.deleted"
            ]
        );
        assert_eq!(events.at("customer.deleted", "/email"), "a@example.com");
        assert!(play.world.find_customer("cus_sub_a").unwrap().deleted);
        assert!(play.world.remove_customer("cus_sub_a").is_err());
        assert!(play.world.cancel_now("sub_a").is_err());
    }
}
