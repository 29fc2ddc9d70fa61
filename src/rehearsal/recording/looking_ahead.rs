//! What comes later in a life: several events tell of one thing, and the first is not always the one that says what it was.

use super::{
    life::LifeReader,
    stripped_event::{CheckoutEvent, StrippedEvent, SubscriptionEvent, What},
    subscription_state::SubscriptionState,
};
use crate::contract::Status;

/// Events about one thing that happened come within this time.
const MOMENT: i64 = 2 * 3600;

pub(super) fn near(one: i64, other: i64) -> bool {
    one.abs_diff(other) <= MOMENT.unsigned_abs()
}

impl<'l> LifeReader<'l> {
    /// The events of the moment of this one that come after it.
    fn soon(&self, index: usize, at: i64) -> impl Iterator<Item = &'l StrippedEvent> {
        let later = self.events.iter().skip(index + 1);
        later.take_while(move |event| near(event.at, at))
    }

    /// The subscription as its next event shows it, where that comes within a moment.
    pub(super) fn next_state(
        &self,
        index: usize,
        at: i64,
        id: &str,
    ) -> Option<(SubscriptionEvent, &'l SubscriptionState)> {
        self.soon(index, at)
            .find_map(|event| event.what.subscription(id))
    }

    /// Whether the failure of a payment is the last one, told by what becomes of the subscription.
    pub(super) fn is_given_up(&self, index: usize, at: i64, id: &str) -> bool {
        let next = self.next_state(index, at, id);
        next.is_some_and(|(kind, now)| {
            now.status == Status::Unpaid || kind == SubscriptionEvent::Deleted && now.was_given_up
        })
    }

    /// Whether the invoice that comes next for a subscription is paid; none where none comes.
    pub(super) fn next_bill(&self, index: usize, id: &str) -> Option<bool> {
        let mut later = self.events.iter().skip(index + 1);
        later.find_map(|event| event.what.invoice(id))
    }

    /// Whether a payment of the subscription fails within a moment.
    pub(super) fn fails_soon(&self, index: usize, at: i64, id: &str) -> bool {
        let mut soon = self.soon(index, at);
        soon.any(|event| event.what.invoice(id) == Some(false))
    }

    /// Whether a payment that takes days arrives at the moment of this event.
    pub(super) fn async_payment_comes(&self, index: usize, at: i64, id: &str) -> bool {
        let mut soon = self.soon(index, at);
        soon.any(|event| {
            matches!(&event.what, What::Checkout {
                subscription: Some(other),
                kind: CheckoutEvent::PaymentSucceeded,
                ..
            } if other == id)
        })
    }

    pub(super) fn is_customer_deleted(&self, at: i64) -> bool {
        let mut deleted = self.events.iter();
        deleted.any(|event| event.what == What::CustomerDeleted && near(event.at, at))
    }
}
