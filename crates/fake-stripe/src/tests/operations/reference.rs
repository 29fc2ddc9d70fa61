//! Compares operations with the documented sequences: every listed event is recorded, with its documented changes.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    super::shapes::reference, BOTH, DAY, MONTH, NEW, OLD, Play, RecordedEvents, plan, schedule_of,
};
use crate::{
    CheckoutSession, Customer, EndForm, FirstPayment, GiveUp, PauseCollection, Payment, Price,
    Renewal, Status, Subscription, TrialEnd,
};

/// Events that a sequence lists as one of several alternatives, or as optional.
const OPTIONAL_EVENTS: &[(&str, &str)] = &[
    ("renewal", "customer.updated"),
    (
        "trial_start_convert",
        "customer.subscription.trial_will_end",
    ),
    ("payment_failure", "invoice.marked_uncollectible"),
    ("dispute", "charge.dispute.closed"),
    ("cancel_now", "invoiceitem.created"),
    ("cancel_now", "invoice.created"),
];

/// Runs the sequence with this id. Returns `None` if it is about delivery.
fn play(id: &str, version: &str) -> Option<RecordedEvents> {
    let mut play = Play::new(version);
    let mut all = Vec::new();
    let sub = "sub_a";
    let mut keep = |events: RecordedEvents| all.extend(events.0);
    match id {
        "checkout_new" | "checkout_new_legacy" | "resubscribe" => {
            if id == "resubscribe" {
                play.subscribed(sub);
                keep(play.events_of(0, |world| world.schedule_cancel(sub, EndForm::FlagAndTime)));
            }
            keep(play.buy(plan()).1);
            if id == "resubscribe" {
                keep(play.events_of(MONTH, |world| world.end_at_period_end(sub)));
            }
        }
        "api_new_default_incomplete" | "incomplete_expired" => {
            play.world.customer(Customer::new("cus_a"));
            let one = Subscription::new("cus_a", Status::Active)
                .id(sub)
                .price("price_pro");
            let first = if id == "incomplete_expired" {
                FirstPayment::Declined
            } else {
                FirstPayment::Awaited
            };
            keep(play.events_of(0, |world| world.subscribe(one, first)));
            keep(if id == "incomplete_expired" {
                play.events_of(DAY, |world| world.expire_incomplete(sub))
            } else {
                play.events_of(60, |world| world.pay_first_invoice(sub))
            });
        }
        "trial_start_convert" | "trial_no_pm_cancel" | "trial_no_pm_pause" => {
            for how in match id {
                "trial_start_convert" => &[TrialEnd::Convert, TrialEnd::PaymentFails][..],
                "trial_no_pm_cancel" => &[TrialEnd::Cancel],
                _ => &[TrialEnd::Pause],
            } {
                let (trial, events) = play.buy(CheckoutSession {
                    trial_days: Some(14),
                    ..plan()
                });
                keep(events);
                let sub = &trial.subscription;
                keep(play.events_of(14 * DAY, |world| world.end_trial(sub, *how)));
                if *how == TrialEnd::Pause {
                    keep(play.events_of(DAY, |world| world.resume_subscription(sub)));
                }
            }
        }
        "async_payment" => {
            let (purchase, events) = play.after(0, |world| {
                world.checkout(plan(), Payment::PendingWhileActive)
            });
            keep(RecordedEvents(events));
            let session = purchase.unwrap().session;
            keep(play.events_of(DAY, |world| world.async_payment_succeeds(&session)));
        }
        "duplicate" | "out_of_order" => return None,
        _ => {
            play.subscribed(sub);
            live(id, &mut play, &mut keep);
        }
    }
    Some(RecordedEvents(all))
}

/// Runs a sequence on an existing subscription.
fn live(id: &str, play: &mut Play, keep: &mut impl FnMut(RecordedEvents)) {
    let sub = "sub_a";
    match id {
        "renewal" => {
            keep(play.events_of(27 * DAY, |world| world.upcoming_invoice(sub)));
            keep(play.events_of(3 * DAY, |world| {
                world.renew_subscription(sub, Renewal::Paid)
            }));
        }
        "upgrade" => {
            keep(play.events_of(DAY, |world| world.change_price(sub, None, "price_team")));
            keep(play.events_of(DAY, |world| world.change_price(sub, None, "price_year")));
            keep(play.events_of(365 * DAY, |world| world.payment_fails(sub)));
        }
        "downgrade_scheduled" => {
            keep(play.events_of(DAY, |world| world.schedule_change(sub, "price_team")));
            keep(play.events_of(MONTH, |world| world.enter_next_phase(sub, Renewal::Paid)));
            keep(play.events_of(0, |world| {
                schedule_of(world, sub).map(|id| world.release_schedule(&id))
            }));
        }
        "cancel_at_period_end" | "cancel_undo" => {
            keep(play.events_of(DAY, |world| {
                world.schedule_cancel(sub, EndForm::FlagAndTime)
            }));
            keep(if id == "cancel_undo" {
                play.events_of(DAY, |world| world.keep_subscription(sub))
            } else {
                play.events_of(MONTH, |world| world.end_at_period_end(sub))
            });
        }
        "cancel_now" => keep(play.events_of(DAY, |world| world.cancel_now(sub))),
        "payment_failure" => {
            for (number, how) in [GiveUp::Unpaid, GiveUp::Stay, GiveUp::Cancel, GiveUp::Pause]
                .iter()
                .enumerate()
            {
                let sub = format!("sub_{number}");
                play.subscribed(&sub);
                keep(play.events_of(MONTH, |world| world.payment_fails(&sub)));
                keep(play.events_of(3 * DAY, |world| world.payment_fails(&sub)));
                keep(play.events_of(DAY, |world| world.give_up(&sub, *how)));
            }
        }
        "recovery" => {
            keep(play.events_of(MONTH, |world| world.payment_fails(sub)));
            keep(play.events_of(DAY, |world| world.recover(sub)));
        }
        "pause_collection" => {
            let pause = PauseCollection {
                behavior: "void".into(),
                resumes_at: None,
            };
            keep(play.events_of(DAY, |world| world.pause_collection(sub, pause)));
            keep(play.events_of(MONTH, |world| world.renew_subscription(sub, Renewal::Paid)));
            keep(play.events_of(DAY, |world| world.resume_collection(sub)));
        }
        "pause_endive" => {
            keep(play.events_of(DAY, |world| world.pause_subscription(sub)));
            keep(play.events_of(DAY, |world| world.resume_subscription(sub)));
        }
        "price_migration" => {
            let new = Price::monthly("price_new", 2500);
            keep(play.events_of(DAY, |world| {
                world.migrate_price("price_pro", new, &[sub.into()])
            }));
        }
        "quantity" => keep(play.events_of(DAY, |world| world.change_quantity(sub, None, 3))),
        "refund" => keep(play.events_of(DAY, |world| world.refund(sub))),
        "dispute" => keep(play.events_of(DAY, |world| world.dispute(sub, true))),
        "customer_deleted" => {
            keep(play.events_of(DAY, |world| world.remove_customer("cus_sub_a")));
        }
        unknown => panic!("no operation plays {unknown}"),
    }
}

/// Returns the types in a cell of the table: `invoice.created/finalized, charge.failed` are three.
fn types(cell: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let cell = cell.replace("(+updated)", "customer.subscription.updated");
    let words = cell.split(|letter: char| {
        !(letter.is_ascii_lowercase() || ['.', '_', '/', '*'].contains(&letter))
    });
    for word in words {
        let mut family = String::new();
        for part in word.split('/').filter(|part| !part.is_empty()) {
            let part = part.trim_end_matches('.');
            match part.rsplit_once('.') {
                Some((before, _)) => {
                    family = before.to_owned();
                    found.push(part.to_owned());
                }
                None if !family.is_empty() => found.push(format!("{family}.{part}")),
                None => {}
            }
        }
    }
    found.retain(|kind| kind.contains('.') && !kind.starts_with('.') && !kind.ends_with('*'));
    found
}

#[test]
fn every_event_of_the_documented_sequences_is_recorded() {
    let Some(document) = reference("stripe-scenarios.json") else {
        return;
    };
    let sequences: Value = serde_json::from_str(&document).unwrap();
    let mut missing = BTreeSet::new();
    for sequence in sequences.as_array().unwrap() {
        let id = sequence["id"].as_str().unwrap();
        for version in BOTH {
            if (id == "checkout_new" && version == OLD)
                || (id == "checkout_new_legacy" && version == NEW)
            {
                continue;
            }
            let Some(events) = play(id, version) else {
                continue;
            };
            let kinds = events.kinds();
            OPTIONAL_EVENTS
                .iter()
                .filter(|(of, kind)| *of == id && kinds.contains(kind))
                .for_each(|(_, kind)| {
                    missing.insert(format!("{id} {version}: {kind} is recorded after all"));
                });
            for step in sequence["steps"].as_array().unwrap() {
                for kind in types(step["type"].as_str().unwrap()) {
                    let is_left_out = OPTIONAL_EVENTS.contains(&(id, &kind));
                    if !is_left_out && !kinds.contains(&&*kind) {
                        missing.insert(format!("{id} {version}: {kind}"));
                    }
                }
                check_previous(id, step, &events, &mut missing);
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Checks that some event of the type has exactly the documented old values, if those are plain ones.
fn check_previous(id: &str, step: &Value, events: &RecordedEvents, missing: &mut BTreeSet<String>) {
    let written = step["previous_attributes"].as_str().unwrap_or_default();
    if written.contains("pending_update") {
        return; // A way to update that the engine does not offer.
    }
    let Ok(Value::Object(expected)) = serde_json::from_str::<Value>(written) else {
        return;
    };
    let kinds = types(step["type"].as_str().unwrap());
    let fits = |previous: &Value| {
        expected.iter().all(|(key, old)| {
            let found = previous.get(key);
            match old {
                Value::String(word) if ["ts", "in_old"].contains(&&**word) => found.is_some(),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                    found == Some(old)
                }
                Value::Array(_) | Value::Object(_) => found.is_some(),
            }
        })
    };
    let is_recorded = events.0.iter().any(|event| {
        kinds.iter().any(|kind| event.kind == *kind)
            && event.previous_attributes.as_ref().is_some_and(fits)
    });
    if !is_recorded {
        missing.insert(format!("{id}: {} with {written}", step["type"]));
    }
}
