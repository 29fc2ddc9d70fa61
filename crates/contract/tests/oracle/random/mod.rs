//! Random small worlds: few ids, so that they collide, and facts of both sides that refer to each other.

mod accounts;
mod contracts;
mod metadata;
mod plans;
mod rows;
mod seat_policies;
mod subscriptions;

use std::collections::{BTreeMap, BTreeSet};

use contract::{
    Account, Contract, Facts, Field, MatchOn, SeenModes, Source, Status, StoredWords, Subscription,
    UnixSeconds,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use self::{
    accounts::{accounts, mistake_ids},
    contracts::contract,
    metadata::{Notes, notes},
    rows::{fit_rows, fits},
    subscriptions::{entitlements, subscriptions},
};

pub(crate) const NOW: i64 = 100_000_000;
pub(crate) const NOW_SECONDS: UnixSeconds = UnixSeconds(NOW);

pub(crate) const STATUS_WORDS: [&str; 18] = [
    "active",
    "active",
    "active",
    "active",
    "active",
    "ACTIVE",
    "trialing",
    "past_due",
    "past_due",
    "past_due",
    "past_due",
    "canceled",
    "Cancelled",
    "unpaid",
    "paused",
    "incomplete",
    "halted",
    "Odd",
];

/// A contract and the facts that it judges.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) contract: Contract,
    pub(crate) facts: Facts,
}

/// Generates any world, including those that allow no verdict. No two subscriptions are equally new.
pub(crate) fn world() -> impl Strategy<Value = World> {
    contract().prop_flat_map(|contract| {
        (facts(&contract), fits()).prop_map(move |(facts, fits)| {
            let mut world = World {
                contract: contract.clone(),
                facts,
            };
            fit_rows(&mut world, &fits);
            world
        })
    })
}

/// Generates worlds in which many subscriptions are equally new.
pub(crate) fn tied_world() -> impl Strategy<Value = World> {
    world().prop_map(|mut world| {
        for subscription in &mut world.facts.subscriptions {
            subscription.created.0 -= subscription.created.0.rem_euclid(50);
        }
        world
    })
}

fn mapped(contract: &Contract) -> impl Strategy<Value = BTreeSet<Field>> + use<> {
    let optional = select(vec![
        Field::Seats,
        Field::Seats,
        Field::Status,
        Field::SubscriptionId,
        Field::PeriodEnd,
        Field::CancelAtPeriodEnd,
        Field::UpdatedAt,
        Field::PaidElsewhere,
        Field::PastDueSince,
        Field::PastDueSince,
    ]);
    let plans = !contract.plans.is_empty();
    let match_on = contract.match_on;
    (vec(optional, 0..10), prop::bool::weighted(0.95)).prop_map(move |(fields, with_plan)| {
        let mut mapped: BTreeSet<_> = fields.into_iter().collect();
        if plans && with_plan {
            mapped.insert(Field::Plan);
        }
        if match_on == MatchOn::SubscriptionId {
            mapped.insert(Field::SubscriptionId);
        }
        mapped
    })
}

/// The parts of a world before they are linked to each other.
#[derive(Debug, Clone)]
struct Draft {
    mapped: BTreeSet<Field>,
    accounts: Vec<Account>,
    subscriptions: Vec<Subscription>,
    notes: Notes,
    on_test_clock: Option<String>,
    kind_of_ids: Option<(&'static str, bool)>,
}

fn facts(contract: &Contract) -> impl Strategy<Value = Facts> + use<> {
    let match_on = contract.match_on;
    let entitled = contract.source == Source::StripeEntitlements;
    let subscriptions = match contract.source {
        Source::Stripe => subscriptions().boxed(),
        Source::Paddle => subscriptions().prop_map(without_periods).boxed(),
        Source::StripeEntitlements => entitlements().boxed(),
    };
    let clock = option::weighted(0.15, (0..6_u8).prop_map(|number| format!("cus_{number}")));
    let draft = mapped(contract).prop_flat_map(move |mapped| {
        let rows = accounts(mapped.clone(), match_on);
        let kind = option::weighted(0.04, (kind_of_ids(match_on), prop::bool::weighted(0.3)));
        (rows, subscriptions.clone(), notes(), clock.clone(), kind).prop_map(
            move |(accounts, subscriptions, notes, on_test_clock, kind_of_ids)| Draft {
                mapped: mapped.clone(),
                accounts,
                subscriptions,
                notes,
                on_test_clock,
                kind_of_ids,
            },
        )
    });
    let modes =
        (rarely("sub_live"), rarely("sub_test")).prop_map(|(live, test)| SeenModes { live, test });
    (draft, modes, any::<bool>(), stored_words()).prop_map(
        move |(draft, seen_modes, customer_known, stored_words)| Facts {
            seen_modes,
            customer_known,
            stored_words: BTreeMap::from([(Field::HasPaidAccess, stored_words)]),
            ..finish(draft, match_on, entitled)
        },
    )
}

/// Removes the periods of `canceled` and `paused` subscriptions, as Paddle does.
fn without_periods(mut subscriptions: Vec<Subscription>) -> Vec<Subscription> {
    for subscription in &mut subscriptions {
        if matches!(subscription.status, Status::Canceled | Status::Paused) {
            subscription.period = None;
            if let Some(details) = &mut subscription.details {
                details.item_periods = Box::default();
            }
        }
    }
    subscriptions
}

fn finish(draft: Draft, match_on: MatchOn, entitled: bool) -> Facts {
    let Draft {
        mapped,
        mut accounts,
        mut subscriptions,
        notes,
        on_test_clock,
        kind_of_ids,
    } = draft;
    if let Some((kind, but_one)) = kind_of_ids {
        mistake_ids(&mut accounts, match_on, kind, but_one);
    }
    let mut customer_metadata = BTreeMap::new();
    if !entitled {
        for subscription in &mut subscriptions {
            subscription.on_test_clock =
                Some(subscription.customer.as_str()) == on_test_clock.as_deref();
        }
        notes.write(&accounts, &mut subscriptions);
        customer_metadata = notes.of_customers();
    }
    Facts {
        accounts,
        mapped,
        subscriptions,
        customer_metadata,
        ..Facts::default()
    }
}

fn rarely(object: &'static str) -> impl Strategy<Value = Option<String>> + Clone {
    option::weighted(0.2, Just(object.to_owned()))
}

fn kind_of_ids(match_on: MatchOn) -> impl Strategy<Value = &'static str> {
    select(match match_on {
        MatchOn::CustomerId => vec!["sub_1", "price_1", "si_1", "a@example.com", "cus_1"],
        MatchOn::SubscriptionId => {
            vec![
                "cus_1",
                "ctm_1",
                "price_1",
                "pri_1",
                "si_1",
                "a@example.com",
                "sub_1",
            ]
        }
    })
}

/// Generates the words of a column that the contract compares with `live` and `trial`.
fn stored_words() -> impl Strategy<Value = StoredWords> {
    let words = select(vec!["live", "LIVE", "trial", "Trial", "over"]);
    (vec(words, 0..5), prop::bool::weighted(0.1)).prop_map(|(words, has_more)| StoredWords {
        words: words.into_iter().map(Into::into).collect(),
        has_more,
    })
}
