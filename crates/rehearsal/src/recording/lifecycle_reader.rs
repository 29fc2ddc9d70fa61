//! The state while one customer's events are read, and the actions derived so far.

use std::collections::BTreeMap;

use super::{
    Unplayable,
    action_events::events_of,
    price_parts::{PricePart, PriceParts},
    stripped_event::{StrippedEvent, SubscriptionEvent},
    subscription_state::SubscriptionState,
};
use crate::{
    action::{CancelEncoding, Label, PauseBehavior, ProviderAction},
    sending::Sending,
};
use contract::Status;

/// Labels of subscriptions, in the order of purchase.
pub(super) const LABELS: [&str; 4] = ["main", "second", "third", "fourth"];

/// An action and its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TimedAction {
    pub(super) at: i64,
    pub(super) action: ProviderAction,
    /// Events that the action sends.
    pub(super) events: Vec<Sending>,
    pub(super) after: Option<ExpectedState>,
}

/// The expected state of a subscription after an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedState {
    pub label: Label,
    pub status: Status,
    pub items: Vec<PricePart>,
    pub cancel: Option<CancelEncoding>,
    pub pause: Option<PauseBehavior>,
}

/// A subscription and its state after the events read so far.
#[derive(Debug, Clone)]
pub(super) struct KnownSubscription {
    pub(super) label: Label,
    pub(super) state: SubscriptionState,
    /// Time of the last failed payment, to recognize further events about it.
    pub(super) failed_at: Option<i64>,
}

#[derive(Debug)]
pub(super) struct LifecycleReader<'l> {
    pub(super) events: &'l [StrippedEvent],
    pub(super) parts: PriceParts<'l>,
    pub(super) actions: Vec<TimedAction>,
    pub(super) subscriptions: BTreeMap<&'l str, KnownSubscription>,
}

/// An event about a known subscription.
#[derive(Debug, Clone, Copy)]
pub(super) struct LifecycleChange<'l> {
    pub(super) index: usize,
    pub(super) at: i64,
    pub(super) id: &'l str,
    pub(super) kind: SubscriptionEvent,
    pub(super) now: &'l SubscriptionState,
}

impl LifecycleReader<'_> {
    /// Stores the time of a failed payment, to recognize the other events that report it.
    pub(super) fn store_failed_payment(&mut self, id: &str, at: i64) {
        if let Some(known) = self.subscriptions.get_mut(id) {
            known.failed_at = Some(at);
        }
    }

    /// Removes an event from the last action, which does not send it in this case.
    pub(super) fn drop_event(&mut self, event: &str) {
        if let Some(last) = self.actions.last_mut() {
            last.events.retain(|sending| sending.event != event);
        }
    }

    pub(super) fn push(&mut self, at: i64, action: ProviderAction) {
        let events = events_of(&action);
        self.actions.push(TimedAction {
            at,
            action,
            events,
            after: None,
        });
    }

    /// Sets the expected state of a subscription after the last action.
    pub(super) fn expect_state(&mut self, id: &str) -> Result<(), Unplayable> {
        let Some(known) = self.subscriptions.get(id) else {
            return Ok(());
        };
        let expected = ExpectedState {
            label: known.label.clone(),
            status: known.state.status.clone(),
            items: self.parts.all_parts(&known.state)?,
            cancel: known.state.cancel,
            pause: known.state.pause,
        };
        if let Some(last) = self.actions.last_mut() {
            last.after = Some(expected);
        }
        Ok(())
    }

    pub(super) fn next_label(&self) -> Result<Label, Unplayable> {
        let label = LABELS.get(self.subscriptions.len());
        let label = label.ok_or(Unplayable::ManySubscriptions)?;
        Ok(Label((*label).to_owned()))
    }
}
