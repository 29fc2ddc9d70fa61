//! Random operations in random order: nothing panics, impossible ones fail without any change, and every change is
//! recorded.

use proptest::{
    prelude::{ProptestConfig, any, proptest},
    prop_assert, prop_assert_eq,
};
use serde_json::Value;

use super::{BOTH, DAY, Play, plan, schedule_of};
use crate::{
    CheckoutSession, Customer, EndForm, FirstPayment, GiveUp, Impossible, Item, PauseCollection,
    Payment, Renewal, Status, Subscription, TrialEnd, World,
    shapes::{self, SubscriptionShape, View},
};

const SUB: &str = "sub_chance";

/// Runs one of all operations on the subscription, by number.
fn operate(number: u8, world: &mut World) -> Result<(), Impossible> {
    match number % 37 {
        0 => world.trial_will_end(SUB),
        1 => world.end_trial(SUB, TrialEnd::Convert),
        2 => world.end_trial(SUB, TrialEnd::PaymentFails),
        3 => world.end_trial(SUB, TrialEnd::Cancel),
        4 => world.end_trial(SUB, TrialEnd::Pause),
        5 | 6 => world.renew_subscription(SUB, Renewal::Paid),
        7 | 8 => world.renew_subscription(SUB, Renewal::Draft),
        9 | 12 => world.recover(SUB),
        10 | 11 => world.payment_fails(SUB),
        13 => world.give_up(SUB, GiveUp::Cancel),
        14 => world.give_up(SUB, GiveUp::Unpaid),
        15 => world.give_up(SUB, GiveUp::Stay),
        16 => world.give_up(SUB, GiveUp::Pause),
        17 => world.schedule_cancel(SUB, EndForm::FlagAndTime),
        18 => world.schedule_cancel(SUB, EndForm::TimeOnly),
        19 => world.keep_subscription(SUB),
        20 => world.end_at_period_end(SUB),
        21 => world.change_price(SUB, None, "price_team"),
        22 => world.change_price(SUB, None, "price_year"),
        23 => world.change_quantity(SUB, None, u32::MAX),
        24 => world
            .add_item(SUB, Item::new("price_usage").metered())
            .map(drop),
        25 => world.remove_item(SUB, "price_usage"),
        26 => world.schedule_change(SUB, "price_pro").map(drop),
        27 => world.enter_next_phase(SUB, Renewal::Paid),
        28 => schedule_of(world, SUB).map(|id| world.release_schedule(&id)),
        29 => world.pause_collection(
            SUB,
            PauseCollection {
                behavior: "keep_as_draft".into(),
                resumes_at: None,
            },
        ),
        30 => world.resume_collection(SUB),
        31 => world.pause_subscription(SUB),
        32 => world.resume_subscription(SUB),
        33 => world.refund(SUB).map(drop),
        34 => world.upcoming_invoice(SUB),
        35 => schedule_of(world, SUB).map(|id| world.cancel_schedule(&id)),
        _ => world.pay_first_invoice(SUB),
    }
}

/// Returns the subscription and its invoices as rendered in the stage's events.
fn shown(play: &Play) -> Vec<Value> {
    let view = View {
        world: &play.world,
        version: &play.stage.events_version,
    };
    let subscription = play.world.find_subscription(SUB).unwrap();
    let mut shown: Vec<Value> = play
        .world
        .objects
        .invoices
        .iter()
        .map(|invoice| shapes::invoice(invoice, view))
        .collect();
    shown.push(serde_json::to_value(SubscriptionShape::new(subscription, view)).unwrap());
    shown
}

/// Returns the object of the newest event about an object.
fn last_recorded<'w>(play: &'w Play, object: &Value) -> Option<&'w Value> {
    let events = play.world.events.iter();
    let mut about = events.filter(|event| event.object.get("id") == object.get("id"));
    about.next_back().map(|event| &event.object)
}

/// Returns the keys that differ, with both values.
fn differences(recorded: Option<&Value>, now: &Value) -> String {
    let now = now.as_object().unwrap().iter();
    let differ = now.filter_map(|(key, new)| {
        let old = recorded.and_then(|recorded| recorded.get(key));
        (old != Some(new)).then(|| format!("{key}: {old:?} is {new}"))
    });
    differ.collect::<Vec<_>>().join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn every_change_is_recorded(
        version in 0..2_usize,
        first in 0..4_u8,
        numbers in proptest::collection::vec(any::<u8>(), 1..40),
    ) {
        let mut play = Play::new(BOTH[version]);
        play.world.customer(Customer::new("cus_a").email("a@example.com"));
        let mut one = Subscription::new("cus_a", Status::Active).id(SUB).price("price_pro");
        if first == 3 {
            one.details.trial_end = Some(play.stage.clock + 14 * DAY);
        }
        let payment = match first {
            0 => FirstPayment::Awaited,
            1 => FirstPayment::Declined,
            _ => FirstPayment::Paid,
        };
        play.events_of(0, |world| world.subscribe(one, payment));
        for number in numbers {
            let before = shown(&play);
            let (result, events) = play.after(DAY, |world| operate(number, world));
            let after = shown(&play);
            if result.is_err() {
                prop_assert!(events.is_empty());
                prop_assert_eq!(&before, &after);
            }
            for object in &after {
                let recorded = last_recorded(&play, object);
                prop_assert!(
                    recorded == Some(object),
                    "no event shows operation {number}: {}", differences(recorded, object)
                );
            }
            for event in &events {
                prop_assert_eq!(
                    event.previous_attributes.is_some(),
                    event.kind.ends_with(".updated") || event.kind == "charge.refunded",
                    "{}", event.kind
                );
                prop_assert!(play.world.event_body(&event.id).is_some());
            }
        }
    }

    #[test]
    fn purchases_of_any_kind_are_recorded(version in 0..2_usize, trial: bool, free: bool, late in 0..3_u8) {
        let mut play = Play::new(BOTH[version]);
        let session = CheckoutSession {
            trial_days: trial.then_some(7),
            coupon: free.then(|| "ALL".into()),
            ..plan()
        };
        let payment = match late {
            0 => Payment::Paid,
            1 => Payment::Pending,
            _ => Payment::PendingWhileActive,
        };
        let (purchase, _) = play.after(0, |world| world.checkout(session, payment));
        let purchase = purchase.unwrap();
        let view = View { world: &play.world, version: &play.stage.events_version };
        let subscription = play.world.find_subscription(&purchase.subscription).unwrap();
        let session = play.world.find_session(&purchase.session).unwrap();
        let invoice = play.world.find_invoice(&purchase.invoice).unwrap();
        for object in [
            serde_json::to_value(SubscriptionShape::new(subscription, view)).unwrap(),
            shapes::checkout_session(session, view),
            shapes::invoice(invoice, view),
        ] {
            prop_assert_eq!(Some(&object), last_recorded(&play, &object));
        }
    }
}
