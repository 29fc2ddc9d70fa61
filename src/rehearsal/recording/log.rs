//! The provider's log as it is read, and what becomes of it: shapes, and what was left out.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Unplayable,
    coverage::Coverage,
    file,
    life::{Move, moves},
    shape::{Course, Shape, course},
    stripped_event::{CheckoutEvent, StrippedEvent, Stripping, SubscriptionEvent, What, strip},
};
use crate::{
    contract::Contract,
    rehearsal::{act::Act, cast::Cast, scenario::Scenario},
};

/// The events of a log, stripped and grouped by customer.
#[derive(Debug, Default)]
pub struct ProductionLog {
    lives: BTreeMap<String, Vec<StrippedEvent>>,
    counts: EventCounts,
}

/// How many events there were, and of which no use is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventCounts {
    pub all: u64,
    /// Of types that change no subscription, by type; an empty one has no documented form.
    pub other_types: BTreeMap<String, u64>,
    pub without_customer: u64,
    /// Of a type that is played, about something that is not.
    pub nothing_played: u64,
}

/// What a log came to.
#[derive(Debug)]
pub struct Recording {
    pub counts: EventCounts,
    pub customers: u64,
    /// Customers about whom nothing is told that is played.
    pub unchanged: u64,
    /// Commonest first.
    pub shapes: Vec<Shape>,
    /// The program's scenarios that play other lives, and how many.
    pub covered: BTreeMap<String, u64>,
    pub unplayable: BTreeMap<Unplayable, u64>,
}

impl ProductionLog {
    /// Adds an event; the newest comes first, as the provider lists them.
    pub fn add(&mut self, event: &Value) {
        let counts = &mut self.counts;
        counts.all = counts.all.saturating_add(1);
        let count = match strip(event) {
            Stripping::Kept { customer, event } => {
                self.lives.entry(customer).or_default().push(event);
                return;
            }
            Stripping::OtherType(kind) => counts
                .other_types
                .entry(kind.unwrap_or_default())
                .or_default(),
            Stripping::NoCustomer => &mut counts.without_customer,
            Stripping::NothingPlayed => &mut counts.nothing_played,
        };
        *count = count.saturating_add(1);
    }

    /// Folds equal lives and leaves out those that the program's scenarios play.
    pub fn recording(self, contract: &Contract, cast: &Cast, built_in: &[Scenario]) -> Recording {
        let coverage = Coverage::new(built_in);
        let mut recording = Recording {
            counts: self.counts,
            customers: u64::try_from(self.lives.len()).unwrap_or(u64::MAX),
            unchanged: 0,
            shapes: Vec::new(),
            covered: BTreeMap::new(),
            unplayable: BTreeMap::new(),
        };
        let mut folded: BTreeMap<String, Vec<Course>> = BTreeMap::new();
        for mut events in self.lives.into_values() {
            events.reverse();
            events.sort_by_key(|event| (event.at, rank(&event.what)));
            let course = moves(&events, contract).and_then(|moves| playable(moves, cast));
            match course {
                Err(reason) => add(&mut recording.unplayable, reason),
                Ok(course) if course.steps.is_empty() => recording.unchanged += 1,
                Ok(course) => match coverage.scenario(acts(&course)) {
                    Some(scenario) => add(&mut recording.covered, scenario.to_owned()),
                    None if !acts(&course).any(Act::is_purchase) => {
                        add(&mut recording.unplayable, Unplayable::NothingBought);
                    }
                    None => {
                        let alike = folded.entry(file::key(&course.steps));
                        alike.or_default().push(course);
                    }
                },
            }
        }
        recording.shapes = folded.into_values().filter_map(file::shape).collect();
        // Stable: equally common ones stay in the order of their keys.
        recording
            .shapes
            .sort_by_key(|shape| std::cmp::Reverse(shape.times));
        recording
    }
}

fn add<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K) {
    let count = counts.entry(key).or_default();
    *count = count.saturating_add(1);
}

fn acts(course: &Course) -> impl Iterator<Item = &Act> {
    course.steps.iter().flat_map(|step| &step.provider)
}

fn playable(moves: Vec<Move>, cast: &Cast) -> Result<Course, Unplayable> {
    let course = course(moves)?;
    let mut roles = acts(&course).flat_map(Act::roles);
    let is_lacking = roles.any(|role| cast.lacks(role).is_some());
    if is_lacking {
        return Err(Unplayable::NoSuchPrice);
    }
    drop(roles);
    Ok(course)
}

/// The order of events of the same second, in which the provider lists them as it likes.
fn rank(what: &What) -> u8 {
    match what {
        What::Subscription {
            kind: SubscriptionEvent::Created,
            ..
        } => 0,
        What::Checkout {
            kind: CheckoutEvent::PaymentSucceeded | CheckoutEvent::PaymentFailed,
            ..
        } => 2,
        What::Checkout { .. } => 1,
        What::Subscription {
            kind: SubscriptionEvent::TrialWillEnd,
            ..
        } => 3,
        What::Subscription {
            kind: SubscriptionEvent::Changed,
            ..
        } => 4,
        What::Invoice { .. } | What::EmailChanged | What::Refunded { .. } => 5,
        What::Subscription {
            kind: SubscriptionEvent::Deleted,
            ..
        } => 6,
        What::CustomerDeleted => 7,
    }
}
