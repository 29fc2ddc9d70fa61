//! Operations that change the world as Stripe would, and record the events that Stripe would send, in its order, each
//! with the object as it was at that moment.
//!
//! Public methods record events. Of the others, those that begin with `record` or end with `_and_record` do, as parts of an
//! operation; the rest change the state alone.

mod cancellation;
mod cards;
mod catalog;
mod checkout;
mod customers;
mod dunning;
mod entitlements;
mod events;
mod invoice_payments;
mod invoices;
mod one_off;
mod pause;
mod payment_intents;
mod phases;
mod purchase;
mod records;
mod refunds_and_disputes;
mod schedules;
mod subscribing;
mod subscription_changes;
mod subscription_invoices;
mod trial;

use compact_str::CompactString;

pub use self::{
    cancellation::EndForm,
    checkout::{Completion, Payment, Purchase},
    dunning::{GiveUp, Renewal},
    schedules::{NewSchedule, PhaseLength, WantedPhase},
    subscribing::FirstPayment,
    trial::TrialEnd,
};
use super::world::{Subscription, World};

const DAY: i64 = 86_400;

/// The reason an operation is impossible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Impossible {
    #[error("There is no {kind} `{id}`.")]
    Unknown {
        kind: &'static str,
        id: CompactString,
    },
    #[error("The {kind} `{id}` is {state}, so {action} is impossible.")]
    NotNow {
        kind: &'static str,
        id: CompactString,
        state: CompactString,
        action: &'static str,
    },
}

impl Impossible {
    fn unknown(kind: &'static str, id: &str) -> Self {
        Self::Unknown {
            kind,
            id: id.into(),
        }
    }

    /// Returns the error for a subscription in a state that does not allow the operation.
    fn not_now(subscription: &Subscription, action: &'static str) -> Self {
        Self::NotNow {
            kind: "subscription",
            id: subscription.id.clone(),
            state: subscription.status.as_str().into(),
            action,
        }
    }
}

impl World {
    /// Returns a copy of a subscription.
    fn find_subscription_or_fail(&self, id: &str) -> Result<Subscription, Impossible> {
        let found = self.find_subscription(id).cloned();
        found.ok_or_else(|| Impossible::unknown("subscription", id))
    }

    /// Returns a copy of a subscription that has not ended.
    fn find_active(&self, id: &str, action: &'static str) -> Result<Subscription, Impossible> {
        let subscription = self.find_subscription_or_fail(id)?;
        if subscription.status.is_ended() {
            Err(Impossible::not_now(&subscription, action))
        } else {
            Ok(subscription)
        }
    }
}
