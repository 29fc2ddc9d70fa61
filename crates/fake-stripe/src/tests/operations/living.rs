//! Renewals, failing payments, trials and pauses.

use serde_json::{Value, json};

use super::{BOTH, DAY, MONTH, NEW, OLD, Play, period_end, plan};
use crate::{CheckoutSession, GiveUp, PauseCollection, Renewal, TrialEnd};

#[test]
fn a_renewal_moves_the_period_before_it_is_paid() {
    for version in BOTH {
        let mut play = Play::new(version);
        play.subscribed("sub_a");
        let bought = play.stage.clock;
        let events = play.events_of(MONTH, |world| {
            world.renew_subscription("sub_a", Renewal::Paid)
        });
        events.share_one_operation(version, false);
        let kinds = events.kinds();
        assert_eq!(kinds.first(), Some(&"invoice.created"));
        assert_eq!(kinds.get(1), Some(&"customer.subscription.updated"));
        assert!(kinds.contains(&"invoice.paid"), "{kinds:?}");
        assert_eq!(events.at("invoice.created", "/status"), "draft");
        assert_eq!(events.at("invoice.created", "/auto_advance"), true);
        assert_eq!(
            events.at("invoice.paid", "/billing_reason"),
            "subscription_cycle"
        );
        let updated = "customer.subscription.updated";
        assert_eq!(events.at(updated, period_end(version)), bought + 2 * MONTH);
        let previous = events.previous(updated).as_object().unwrap();
        let keys: Vec<_> = previous.keys().collect();
        if version == OLD {
            assert_eq!(
                keys,
                [
                    "current_period_end",
                    "current_period_start",
                    "latest_invoice"
                ]
            );
            assert_eq!(
                previous.get("current_period_end"),
                Some(&json!(bought + MONTH))
            );
        } else {
            assert_eq!(keys, ["items", "latest_invoice"]);
            let old = events.previous(updated).pointer("/items/data/0").unwrap();
            assert_eq!(old.get("current_period_end"), Some(&json!(bought + MONTH)));
            assert_eq!(old.pointer("/price/id"), Some(&json!("price_pro")));
        }
        let events = play.events_of(MONTH, |world| {
            world.renew_subscription("sub_a", Renewal::Draft)
        });
        assert_eq!(
            events.kinds(),
            ["invoice.created", "customer.subscription.updated"]
        );
        let events = play.events_of(3600, |world| world.recover("sub_a"));
        assert_eq!(events.at("invoice.paid", "/attempt_count"), 1);
    }
}

#[test]
fn a_payment_fails_repeatedly_and_is_recovered() {
    for version in BOTH {
        let mut play = Play::new(version);
        play.subscribed("sub_a");
        let events = play.events_of(MONTH, |world| world.payment_fails("sub_a"));
        assert_eq!(events.at("invoice.payment_failed", "/attempt_count"), 1);
        assert_eq!(events.at("invoice.payment_failed", "/status"), "open");
        assert!(
            events
                .at("invoice.payment_failed", "/next_payment_attempt")
                .is_i64()
        );
        let mut changes = events.0.iter().rev();
        let last = changes.find(|event| event.kind == "customer.subscription.updated");
        let last = last.unwrap();
        assert_eq!(last.previous_attributes, Some(json!({"status": "active"})));
        let events = play.events_of(3 * DAY, |world| world.payment_fails("sub_a"));
        assert_eq!(events.at("invoice.payment_failed", "/attempt_count"), 2);
        assert!(
            !events
                .kinds()
                .iter()
                .any(|kind| kind.contains("subscription"))
        );
        let events = play.events_of(DAY, |world| world.recover("sub_a"));
        events.share_one_operation(version, true);
        assert_eq!(
            events.previous("customer.updated"),
            &json!({"invoice_settings": {"default_payment_method": null}})
        );
        assert_eq!(events.at("invoice.paid", "/status"), "paid");
        assert_eq!(
            events.previous("customer.subscription.updated"),
            &json!({"status": "past_due"})
        );
        assert_eq!(play.status("sub_a"), "active");
    }
}

#[test]
fn the_last_failure_follows_the_account_setting() {
    for version in BOTH {
        for (how, status, kind) in [
            (GiveUp::Cancel, "canceled", "customer.subscription.deleted"),
            (GiveUp::Unpaid, "unpaid", "customer.subscription.updated"),
            (GiveUp::Stay, "past_due", "invoice.payment_failed"),
            (GiveUp::Pause, "paused", "customer.subscription.paused"),
        ] {
            let mut play = Play::new(version);
            play.subscribed("sub_a");
            play.events_of(MONTH, |world| world.payment_fails("sub_a"));
            let events = play.events_of(14 * DAY, |world| world.give_up("sub_a", how));
            events.share_one_operation(version, false);
            assert_eq!(
                events.at("invoice.payment_failed", "/next_payment_attempt"),
                &Value::Null
            );
            assert_eq!(play.status("sub_a"), status);
            assert!(events.kinds().contains(&kind), "{:?}", events.kinds());
            if how == GiveUp::Cancel {
                let pointer = "/cancellation_details/reason";
                assert_eq!(events.at(kind, pointer), "payment_failed");
                assert_eq!(events.at(kind, "/ended_at"), play.stage.clock);
            }
            if how == GiveUp::Unpaid {
                assert_eq!(events.previous(kind), &json!({"status": "past_due"}));
            }
        }
    }
}

#[test]
fn trials_are_announced_and_end_in_four_ways() {
    for version in BOTH {
        for (how, status, kind) in [
            (TrialEnd::Convert, "active", "customer.subscription.updated"),
            (TrialEnd::PaymentFails, "past_due", "invoice.payment_failed"),
            (
                TrialEnd::Cancel,
                "canceled",
                "customer.subscription.deleted",
            ),
            (TrialEnd::Pause, "paused", "customer.subscription.paused"),
        ] {
            let mut play = Play::new(version);
            let (trial, _) = play.buy(CheckoutSession {
                trial_days: Some(14),
                ..plan()
            });
            let id = &trial.subscription;
            let events = play.events_of(11 * DAY, |world| world.trial_will_end(id));
            assert_eq!(events.kinds(), ["customer.subscription.trial_will_end"]);
            let events = play.events_of(3 * DAY, |world| world.end_trial(id, how));
            events.share_one_operation(version, false);
            assert!(events.kinds().contains(&kind), "{:?}", events.kinds());
            assert_eq!(play.status(id), status, "{how:?}");
            match how {
                TrialEnd::Convert | TrialEnd::PaymentFails => {
                    let updated = "customer.subscription.updated";
                    assert_eq!(events.at(updated, "/status"), "active");
                    let previous = events.previous(updated);
                    assert_eq!(previous.get("status"), Some(&json!("trialing")));
                    assert_eq!(
                        events.at(updated, period_end(version)),
                        play.stage.clock + MONTH
                    );
                    assert_eq!(events.at("invoice.created", "/total"), 2000);
                }
                TrialEnd::Cancel => {
                    assert_eq!(events.kinds(), [kind]);
                    assert_eq!(events.at(kind, "/ended_at"), play.stage.clock);
                }
                TrialEnd::Pause => {
                    let updated = events.previous("customer.subscription.updated");
                    assert_eq!(updated.get("status"), Some(&json!("trialing")));
                    let events = play.events_of(DAY, |world| world.resume_subscription(id));
                    let resumed = "customer.subscription.resumed";
                    assert_eq!(events.at(resumed, "/status"), "active");
                    assert_eq!(
                        events.at(resumed, "/billing_cycle_anchor"),
                        play.stage.clock
                    );
                    assert!(events.kinds().contains(&"invoice.paid"));
                }
            }
        }
    }
}

#[test]
fn a_paused_collection_leaves_the_status_alone() {
    for version in BOTH {
        let mut play = Play::new(version);
        play.subscribed("sub_a");
        let pause = PauseCollection {
            behavior: "void".into(),
            resumes_at: None,
        };
        let events = play.events_of(DAY, |world| world.pause_collection("sub_a", pause));
        assert_eq!(events.kinds(), ["customer.subscription.updated"]);
        assert_eq!(
            events.previous("customer.subscription.updated"),
            &json!({"pause_collection": null})
        );
        let events = play.events_of(MONTH, |world| {
            world.renew_subscription("sub_a", Renewal::Paid)
        });
        assert!(events.kinds().contains(&"invoice.voided"));
        assert!(!events.kinds().contains(&"invoice.paid"));
        let events = play.events_of(DAY, |world| world.resume_collection("sub_a"));
        assert_eq!(
            events.previous("customer.subscription.updated"),
            &json!({"pause_collection": {"behavior": "void", "resumes_at": null}})
        );
        assert_eq!(play.status("sub_a"), "active");
    }
}

#[test]
fn endive_pauses_whole_subscriptions() {
    let mut play = Play::new(NEW);
    play.subscribed("sub_a");
    let events = play.events_of(DAY, |world| world.pause_subscription("sub_a"));
    assert_eq!(
        events.kinds(),
        [
            "customer.subscription.paused",
            "customer.subscription.updated"
        ]
    );
    assert_eq!(
        events.at(
            "customer.subscription.paused",
            "/status_details/paused/subscription/type"
        ),
        "pause_requested"
    );
    let previous = events.previous("customer.subscription.updated");
    assert_eq!(previous.get("status"), Some(&json!("active")));
    let events = play.events_of(DAY, |world| world.resume_subscription("sub_a"));
    assert_eq!(
        events
            .previous("customer.subscription.updated")
            .get("status"),
        Some(&json!("paused"))
    );
}

#[test]
fn an_upcoming_invoice_has_no_id_and_changes_nothing() {
    let mut play = Play::new(NEW);
    play.subscribed("sub_a");
    let before = play.world.find_subscription("sub_a").unwrap().items.clone();
    let events = play.events_of(27 * DAY, |world| world.upcoming_invoice("sub_a"));
    assert_eq!(events.kinds(), ["invoice.upcoming"]);
    assert_eq!(events.event("invoice.upcoming").object.get("id"), None);
    assert_eq!(events.at("invoice.upcoming", "/amount_due"), 2000);
    let after = play.world.find_subscription("sub_a").unwrap();
    let ends = |items: &[crate::Item]| items.iter().map(|item| item.period).collect::<Vec<_>>();
    assert_eq!(ends(&after.items), ends(&before));
}
