//! Looks ahead in a lifecycle, because the first of the events that a change causes does not always identify the
//! change.

use super::{
    lifecycle_reader::LifecycleReader,
    stripped_event::{CheckoutEvent, EventContent, StrippedEvent, SubscriptionEvent},
    subscription_state::SubscriptionState,
};
use contract::Status;

/// Maximum time between the events of one change.
const EVENT_WINDOW: i64 = 2 * 3600;

pub(super) fn within_event_window(a: i64, b: i64) -> bool {
    a.abs_diff(b) <= EVENT_WINDOW.unsigned_abs()
}

impl<'l> LifecycleReader<'l> {
    /// Returns the events that follow this one within `EVENT_WINDOW`.
    fn events_soon_after(&self, index: usize, at: i64) -> impl Iterator<Item = &'l StrippedEvent> {
        let later = self.events.iter().skip(index + 1);
        later.take_while(move |event| within_event_window(event.at, at))
    }

    /// Returns the subscription in its next event, if that follows within `EVENT_WINDOW`.
    pub(super) fn next_state(
        &self,
        index: usize,
        at: i64,
        id: &str,
    ) -> Option<(SubscriptionEvent, &'l SubscriptionState)> {
        self.events_soon_after(index, at)
            .find_map(|event| event.content.subscription(id))
    }

    /// Returns true if this failed payment was the last attempt, judging by the subscription's next state.
    pub(super) fn is_given_up(&self, index: usize, at: i64, id: &str) -> bool {
        let next = self.next_state(index, at, id);
        next.is_some_and(|(kind, now)| {
            now.status == Status::Unpaid || kind == SubscriptionEvent::Deleted && now.was_given_up
        })
    }

    /// Returns true if the subscription's next invoice is paid, false if its payment fails, and `None` if there is
    /// none.
    pub(super) fn next_bill(&self, index: usize, id: &str) -> Option<bool> {
        let mut later = self.events.iter().skip(index + 1);
        later.find_map(|event| event.content.invoice(id))
    }

    /// Returns true if a payment of the subscription fails within `EVENT_WINDOW`.
    pub(super) fn fails_soon(&self, index: usize, at: i64, id: &str) -> bool {
        let mut soon = self.events_soon_after(index, at);
        soon.any(|event| event.content.invoice(id) == Some(false))
    }

    /// Returns true if a delayed payment succeeds within `EVENT_WINDOW` of this event.
    pub(super) fn async_payment_comes(&self, index: usize, at: i64, id: &str) -> bool {
        let mut soon = self.events_soon_after(index, at);
        soon.any(|event| {
            matches!(&event.content, EventContent::Checkout {
                subscription: Some(other),
                kind: CheckoutEvent::PaymentSucceeded,
                ..
            } if other == id)
        })
    }

    pub(super) fn is_customer_deleted(&self, at: i64) -> bool {
        let mut deleted = self.events.iter();
        deleted.any(|event| {
            event.content == EventContent::CustomerDeleted && within_event_window(event.at, at)
        })
    }
}
