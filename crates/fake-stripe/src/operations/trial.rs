//! Trials: announcement of the end, and the different ends.

use super::{Impossible, events::EventObject};
use crate::world::{Period, Status, Subscription, World, period_length};

/// The end of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrialEnd {
    /// The first period starts and is paid.
    Convert,
    /// The first period starts; its payment fails an hour later.
    PaymentFails,
    /// There is no card: canceled.
    Cancel,
    /// There is no card: paused.
    Pause,
}

impl World {
    /// Announces the end of a trial, three days before it or at the start of a shorter one.
    pub fn trial_will_end(&mut self, id: &str) -> Result<(), Impossible> {
        self.trialing(id, "announcing the end of its trial")?;
        self.begin_provider_operation();
        self.record_event(
            "customer.subscription.trial_will_end",
            EventObject::Subscription(id),
        );
        Ok(())
    }

    /// Ends a trial at its time, or now if that is earlier.
    pub fn end_trial(&mut self, id: &str, how: TrialEnd) -> Result<(), Impossible> {
        let subscription = self.trialing(id, "the end of its trial")?;
        self.begin_provider_operation();
        let end = subscription
            .details
            .trial_end
            .unwrap_or(self.clock)
            .min(self.clock);
        match how {
            TrialEnd::Convert | TrialEnd::PaymentFails => self.convert_trial(id, end, how),
            TrialEnd::Cancel => {
                self.set_trial_ending(id, "cancel");
                self.change_subscription_silently(id, |subscription| {
                    subscription.status = Status::Canceled;
                    subscription.details.ended_at = Some(end);
                    subscription.details.canceled_at.get_or_insert(end);
                });
                self.record_event(
                    "customer.subscription.deleted",
                    EventObject::Subscription(id),
                );
            }
            TrialEnd::Pause => {
                self.set_trial_ending(id, "pause");
                let before = self.render(EventObject::Subscription(id));
                self.change_subscription_silently(id, |subscription| {
                    subscription.status = Status::Paused;
                    subscription.details.paused_at = Some(end);
                    subscription.details.pause_reason =
                        Some("trial_end_without_payment_method".into());
                });
                self.record_event(
                    "customer.subscription.paused",
                    EventObject::Subscription(id),
                );
                let updated = "customer.subscription.updated";
                self.record_difference(updated, EventObject::Subscription(id), &before);
            }
        }
        Ok(())
    }

    fn trialing(&self, id: &str, action: &'static str) -> Result<Subscription, Impossible> {
        let subscription = self.find_subscription_or_fail(id)?;
        if subscription.status == Status::Trialing {
            Ok(subscription)
        } else {
            Err(Impossible::not_now(&subscription, action))
        }
    }

    /// Sets the behavior of a trial without a card, which was chosen when it started.
    fn set_trial_ending(&mut self, id: &str, ending: &str) {
        self.change_subscription_silently(id, |subscription| {
            subscription.details.missing_payment_method = Some(ending.into());
        });
    }

    /// Activates the subscription before the payment arrives.
    fn convert_trial(&mut self, id: &str, end: i64, how: TrialEnd) {
        let before = self.render(EventObject::Subscription(id));
        self.begin_periods(id, end);
        self.change_subscription_silently(id, |subscription| {
            subscription.status = Status::Active;
            subscription.details.trial_end = Some(end);
        });
        let invoice = self.draft_invoice(id, "subscription_cycle");
        self.record_difference(
            "customer.subscription.updated",
            EventObject::Subscription(id),
            &before,
        );
        self.record_event("invoice.created", EventObject::Invoice(&invoice));
        if how == TrialEnd::Convert {
            self.pay_and_record(&invoice);
        } else {
            self.fail_payment_and_record(id, &invoice);
        }
    }

    /// Starts a period for every item, with the length of its price.
    pub(super) fn begin_periods(&mut self, id: &str, start: i64) {
        let Some(mut subscription) = self.find_subscription(id).cloned() else {
            return;
        };
        for item in &mut subscription.items {
            let end = start.saturating_add(period_length(&self.prices, &item.price));
            item.period = Some(Period { start, end });
        }
        self.change_subscription_silently(id, |changed| changed.items = subscription.items);
    }
}
