//! Groups the provider's events by customer, and merges equal lifecycles into shapes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Unplayable,
    coverage::Coverage,
    file, lifecycle,
    lifecycle_reader::TimedAction,
    shape::{LifecycleShape, LifecycleSteps, lifecycle_steps},
    stripped_event::{
        CheckoutEvent, EventContent, StrippedEvent, Stripping, SubscriptionEvent, strip,
    },
};
use crate::{action::ProviderAction, scenario::Scenario, test_prices::TestPrices};
use contract::Contract;

/// The events of a log, stripped and grouped by customer.
#[derive(Debug, Default)]
pub struct ProductionLog {
    lifecycles: BTreeMap<String, Vec<StrippedEvent>>,
    counts: EventCounts,
}

/// Number of events read, and of ignored ones by reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventCounts {
    pub all: u64,
    /// Events of types that change no subscription, by type. The type is empty if it does not have the documented form.
    pub other_types: BTreeMap<String, u64>,
    pub without_customer: u64,
    /// Events of a type that scenarios play, about a change that they do not play.
    pub nothing_played: u64,
}

/// The shapes found in a log, with counts of everything left out.
#[derive(Debug)]
pub struct Recording {
    pub counts: EventCounts,
    pub customers: u64,
    /// Number of customers without any change that scenarios play.
    pub unchanged: u64,
    /// Commonest first.
    pub shapes: Vec<LifecycleShape>,
    /// Number of lifecycles that each built-in scenario already plays.
    pub covered: BTreeMap<String, u64>,
    pub unplayable: BTreeMap<Unplayable, u64>,
}

impl ProductionLog {
    /// Adds an event. Events are added newest first, as the provider lists them.
    pub fn add(&mut self, event: &Value) {
        let counts = &mut self.counts;
        counts.all = counts.all.saturating_add(1);
        let count = match strip(event) {
            Stripping::Kept { customer, event } => {
                self.lifecycles.entry(customer).or_default().push(event);
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

    /// Merges equal lifecycles, and leaves out those that built-in scenarios play.
    pub fn recording(
        self,
        contract: &Contract,
        prices: &TestPrices,
        built_in: &[Scenario],
    ) -> Recording {
        let coverage = Coverage::new(built_in);
        let mut recording = Recording {
            counts: self.counts,
            customers: u64::try_from(self.lifecycles.len()).unwrap_or(u64::MAX),
            unchanged: 0,
            shapes: Vec::new(),
            covered: BTreeMap::new(),
            unplayable: BTreeMap::new(),
        };
        let mut folded: BTreeMap<String, Vec<LifecycleSteps>> = BTreeMap::new();
        for mut events in self.lifecycles.into_values() {
            events.reverse();
            events.sort_by_key(|event| (event.at, rank(&event.content)));
            let steps =
                lifecycle::actions(&events, contract).and_then(|timed| playable(timed, prices));
            match steps {
                Err(reason) => add(&mut recording.unplayable, reason),
                Ok(lifecycle) if lifecycle.steps.is_empty() => recording.unchanged += 1,
                Ok(lifecycle) => match coverage.scenario(actions(&lifecycle)) {
                    Some(scenario) => add(&mut recording.covered, scenario.to_owned()),
                    None if !actions(&lifecycle).any(ProviderAction::is_purchase) => {
                        add(&mut recording.unplayable, Unplayable::NothingBought);
                    }
                    None => {
                        let alike = folded.entry(file::grouping_key(&lifecycle.steps));
                        alike.or_default().push(lifecycle);
                    }
                },
            }
        }
        recording.shapes = folded.into_values().filter_map(file::merge).collect();
        // The sort is stable, so equally common shapes stay ordered by key.
        recording
            .shapes
            .sort_by_key(|shape| std::cmp::Reverse(shape.customers));
        recording
    }
}

fn add<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K) {
    let count = counts.entry(key).or_default();
    *count = count.saturating_add(1);
}

fn actions(lifecycle: &LifecycleSteps) -> impl Iterator<Item = &ProviderAction> {
    lifecycle.steps.iter().flat_map(|step| &step.provider)
}

fn playable(timed: Vec<TimedAction>, prices: &TestPrices) -> Result<LifecycleSteps, Unplayable> {
    let lifecycle = lifecycle_steps(timed)?;
    let mut roles = actions(&lifecycle).flat_map(ProviderAction::roles);
    let is_lacking = roles.any(|role| prices.missing_price(role).is_some());
    if is_lacking {
        return Err(Unplayable::NoSuchPrice);
    }
    drop(roles);
    Ok(lifecycle)
}

/// Returns the order of events within one second, which the provider lists in any order.
fn rank(content: &EventContent) -> u8 {
    match content {
        EventContent::Subscription {
            kind: SubscriptionEvent::Created,
            ..
        } => 0,
        EventContent::Checkout {
            kind: CheckoutEvent::PaymentSucceeded | CheckoutEvent::PaymentFailed,
            ..
        } => 2,
        EventContent::Checkout { .. } => 1,
        EventContent::Subscription {
            kind: SubscriptionEvent::TrialWillEnd,
            ..
        } => 3,
        EventContent::Subscription {
            kind: SubscriptionEvent::Changed,
            ..
        } => 4,
        EventContent::Invoice { .. }
        | EventContent::EmailChanged
        | EventContent::Refunded { .. } => 5,
        EventContent::Subscription {
            kind: SubscriptionEvent::Deleted,
            ..
        } => 6,
        EventContent::CustomerDeleted => 7,
    }
}
