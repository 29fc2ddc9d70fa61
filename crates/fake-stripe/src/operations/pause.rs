//! Pauses of payment collection and of the whole subscription.

use super::{Impossible, events::EventObject};
use crate::world::{PauseCollection, Status, World};

impl World {
    /// Pauses payment collection. The status is unchanged.
    pub fn pause_collection(&mut self, id: &str, pause: PauseCollection) -> Result<(), Impossible> {
        self.find_active(id, "pausing the collection of its payments")?;
        self.begin_user_operation();
        self.update_subscription_and_record(id, |subscription| {
            subscription.details.pause_collection = Some(pause);
        });
        Ok(())
    }

    /// Resumes payment collection.
    pub fn resume_collection(&mut self, id: &str) -> Result<(), Impossible> {
        self.find_active(id, "resuming the collection of its payments")?;
        self.begin_user_operation();
        self.update_subscription_and_record(id, |subscription| {
            subscription.details.pause_collection = None;
        });
        Ok(())
    }

    /// Pauses the whole subscription, which is possible since endive.
    pub fn pause_subscription(&mut self, id: &str) -> Result<(), Impossible> {
        let subscription = self.find_active(id, "pausing it")?;
        match subscription.status {
            Status::Active | Status::Trialing | Status::PastDue | Status::Unpaid => {
                self.begin_user_operation();
                self.pause_and_record(id, "pause_requested");
                Ok(())
            }
            Status::Paused
            | Status::Canceled
            | Status::Incomplete
            | Status::IncompleteExpired
            | Status::Other(_) => Err(Impossible::not_now(&subscription, "pausing it")),
        }
    }

    /// Resumes a paused subscription with a new period, which is billed.
    pub fn resume_subscription(&mut self, id: &str) -> Result<(), Impossible> {
        let subscription = self.find_subscription_or_fail(id)?;
        if subscription.status != Status::Paused {
            return Err(Impossible::not_now(&subscription, "resuming it"));
        }
        self.begin_user_operation();
        let clock = self.clock;
        let before = self.render(EventObject::Subscription(id));
        self.begin_periods(id, clock);
        self.change_subscription_silently(id, |subscription| {
            subscription.status = Status::Active;
            let details = &mut subscription.details;
            details.paused_at = None;
            details.pause_reason = None;
            details.billing_cycle_anchor = Some(clock);
        });
        let invoice = self.draft_invoice(id, "subscription_cycle");
        self.record_event(
            "customer.subscription.resumed",
            EventObject::Subscription(id),
        );
        self.record_difference(
            "customer.subscription.updated",
            EventObject::Subscription(id),
            &before,
        );
        self.record_event("invoice.created", EventObject::Invoice(&invoice));
        self.pay_and_record(&invoice);
        Ok(())
    }

    pub(super) fn pause_and_record(&mut self, id: &str, reason: &str) {
        let clock = self.clock;
        let before = self.render(EventObject::Subscription(id));
        self.change_subscription_silently(id, |subscription| {
            subscription.status = Status::Paused;
            subscription.details.paused_at = Some(clock);
            subscription.details.pause_reason = Some(reason.into());
        });
        self.record_event(
            "customer.subscription.paused",
            EventObject::Subscription(id),
        );
        self.record_difference(
            "customer.subscription.updated",
            EventObject::Subscription(id),
            &before,
        );
    }
}
