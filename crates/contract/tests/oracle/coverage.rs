//! Checks that the random worlds cover every key and fact of the specification: without any of them, the model's result
//! differs.

use std::collections::BTreeMap;

use contract::{
    AccountColumns, Details, Included, MatchOn, PlanKeyKind, PlanWords, Plans, SubscriptionId,
};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};

use crate::{
    differential::worlds,
    model::{Judged, Keys, judge, judge_with},
    random::{NOW_SECONDS, World, world},
};

/// Returns the number of worlds that must show each effect: one in a hundred.
fn least() -> u32 {
    worlds() / 100
}

/// Removes one key from the contract, or one fact from the world.
type Removal = fn(&mut World);

const REMOVALS: [(&str, Removal); 27] = [
    ("plans by lookup key", |world| {
        keep_plans(world, |kind, _| kind != PlanKeyKind::LookupKey);
    }),
    ("plans by product", |world| {
        keep_plans(world, |kind, _| kind != PlanKeyKind::Product);
    }),
    ("plans by prefix", |world| {
        keep_plans(world, |_, is_prefix| !is_prefix);
    }),
    ("second words of plans", keep_first_words),
    ("plan_order", |world| world.contract.plan_order.clear()),
    ("pause_collection by a word", |world| {
        world.contract.pause.all = None;
    }),
    ("pause_collection by behaviour", |world| {
        world.contract.pause.by_behavior.clear();
    }),
    ("status.words", |world| world.contract.status_words.clear()),
    ("seats.per_unit", |world| world.contract.seats.per_unit = 1),
    ("seats.included as a number", |world| {
        if let Included::Number(number) = &mut world.contract.seats.included {
            *number = 0;
        }
    }),
    ("seats.included by plan", |world| {
        if let Included::ByPlan(numbers) = &mut world.contract.seats.included {
            numbers.clear();
        }
    }),
    ("seats.prices", |world| world.contract.seats.prices = None),
    ("seats.unlimited", |world| {
        world.contract.seats.unlimited.clear();
    }),
    ("seats.unlimited_prices", |world| {
        world.contract.seats.unlimited_prices = None;
    }),
    ("metadata_account", |world| {
        world.contract.metadata_account.clear();
    }),
    ("match_on: subscription_id", match_on_customer),
    ("paid_elsewhere", |world| {
        of_columns(world, |columns| columns.paid_elsewhere = false);
    }),
    ("past_due_since", |world| {
        of_columns(world, |columns| columns.past_due_since = None);
    }),
    ("other_customers", |world| {
        of_columns(world, |columns| columns.other_customers = Box::default());
    }),
    ("invoice_due", |world| {
        of_details(world, |details| details.invoice_due = None);
    }),
    ("refund", |world| {
        of_details(world, |details| details.refund = None);
    }),
    ("item_periods", |world| {
        of_details(world, |details| details.item_periods = Box::default());
    }),
    ("metadata of subscriptions", |world| {
        of_details(world, |details| details.metadata = Box::default());
    }),
    ("days_until_due", |world| {
        for subscription in &mut world.facts.subscriptions {
            subscription.days_until_due = None;
        }
    }),
    ("on_test_clock", |world| {
        for subscription in &mut world.facts.subscriptions {
            subscription.on_test_clock = false;
        }
    }),
    ("customer_metadata", |world| {
        world.facts.customer_metadata.clear();
    }),
    ("stored_words", |world| world.facts.stored_words.clear()),
];

fn keep_plans(world: &mut World, wanted: impl Fn(PlanKeyKind, bool) -> bool) {
    let plans = world.contract.plans.iter();
    let kept = plans.filter(|(key, _)| wanted(key.kind, key.is_prefix));
    world.contract.plans = kept
        .map(|(key, plan)| (key.clone(), plan.clone()))
        .collect();
}

fn keep_first_words(world: &mut World) {
    let plans = world.contract.plans.iter();
    let first: Plans = plans
        .map(|(key, plan)| (key.clone(), PlanWords::new([plan.name()]).unwrap()))
        .collect();
    world.contract.plans = first;
}

fn of_columns(world: &mut World, change: impl Fn(&mut AccountColumns)) {
    for account in &mut world.facts.accounts {
        if let Some(columns) = &mut account.columns {
            change(columns);
        }
    }
}

fn of_details(world: &mut World, change: impl Fn(&mut Details)) {
    for subscription in &mut world.facts.subscriptions {
        if let Some(details) = &mut subscription.details {
            change(details);
        }
    }
}

/// Matches the accounts by the customers of the subscriptions that they store.
fn match_on_customer(world: &mut World) {
    if world.contract.match_on == MatchOn::CustomerId {
        return;
    }
    world.contract.match_on = MatchOn::CustomerId;
    for account in &mut world.facts.accounts {
        let columns = account.columns.as_ref();
        let stored: Option<&SubscriptionId> =
            columns.and_then(|columns| columns.subscription_id.as_ref());
        let mut all = world.facts.subscriptions.iter();
        account.customer = all
            .find(|subscription| Some(&subscription.id) == stored)
            .map(|subscription| subscription.customer.clone());
    }
}

/// Returns true if the removal changed nothing.
fn is_equal(a: &World, b: &World) -> bool {
    let (facts, others) = (&a.facts, &b.facts);
    a.contract == b.contract
        && facts.accounts == others.accounts
        && facts.subscriptions == others.subscriptions
        && facts.customer_metadata == others.customer_metadata
        && facts.stored_words == others.stored_words
}

fn judged(world: &World) -> Judged {
    judge(&world.contract, &world.facts, NOW_SECONDS)
}

/// Number of worlds that showed each effect, by name. Effects seen often enough are no longer checked.
struct Seen(BTreeMap<&'static str, u32>);

impl Seen {
    fn is_missing(&self, name: &str) -> bool {
        self.0.get(name).is_none_or(|times| *times < least())
    }

    fn add(&mut self, name: &'static str, differs: bool) {
        *self.0.entry(name).or_default() += u32::from(differs);
    }

    fn look_at(&mut self, world: &World) {
        let whole = judged(world);
        for (name, remove) in REMOVALS {
            if self.is_missing(name) {
                let mut without = world.clone();
                remove(&mut without);
                let differs = !is_equal(&without, world) && judged(&without) != whole;
                self.add(name, differs);
            }
        }
        let specified = Keys::AS_SPECIFIED;
        let variants = [
            (
                "learned account keys",
                Keys {
                    are_learned: false,
                    ..specified
                },
            ),
            (
                "names that are no keys",
                Keys {
                    are_vetoed: false,
                    ..specified
                },
            ),
        ];
        for (name, keys) in variants {
            if self.is_missing(name) {
                let World { contract, facts } = world;
                let other = judge_with(contract, facts, NOW_SECONDS, keys);
                self.add(name, other != whole);
            }
        }
    }

    fn everything(&self) -> bool {
        !self.0.is_empty() && self.0.keys().all(|name| !self.is_missing(name))
    }
}

#[test]
fn every_key_and_fact_can_change_findings() {
    let mut runner = TestRunner::deterministic();
    let mut seen = Seen(BTreeMap::new());
    let any_world = world();
    let mut taken = 0;
    while taken < 2 * worlds() && !seen.everything() {
        seen.look_at(&any_world.new_tree(&mut runner).unwrap().current());
        taken += 1;
    }
    assert!(seen.everything(), "seen in {taken} worlds: {:#?}", seen.0);
}
