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
        self.by_itself();
        self.tell(
            "customer.subscription.trial_will_end",
            EventObject::Subscription(id),
        );
        Ok(())
    }

    /// Ends a trial at its time, or now if that is earlier.
    pub fn end_trial(&mut self, id: &str, how: TrialEnd) -> Result<(), Impossible> {
        let subscription = self.trialing(id, "the end of its trial")?;
        self.by_itself();
        let end = subscription
            .details
            .trial_end
            .unwrap_or(self.clock)
            .min(self.clock);
        match how {
            TrialEnd::Convert | TrialEnd::PaymentFails => self.convert(id, end, how),
            TrialEnd::Cancel => {
                self.prefer(id, "cancel");
                self.change_subscription(id, |subscription| {
                    subscription.status = Status::Canceled;
                    subscription.details.ended_at = Some(end);
                    subscription.details.canceled_at.get_or_insert(end);
                });
                self.tell(
                    "customer.subscription.deleted",
                    EventObject::Subscription(id),
                );
            }
            TrialEnd::Pause => {
                self.prefer(id, "pause");
                let before = self.rendering(EventObject::Subscription(id));
                self.change_subscription(id, |subscription| {
                    subscription.status = Status::Paused;
                    subscription.details.paused_at = Some(end);
                    subscription.details.pause_reason =
                        Some("trial_end_without_payment_method".into());
                });
                self.tell(
                    "customer.subscription.paused",
                    EventObject::Subscription(id),
                );
                let updated = "customer.subscription.updated";
                self.tell_since(updated, EventObject::Subscription(id), &before);
            }
        }
        Ok(())
    }

    fn trialing(&self, id: &str, act: &'static str) -> Result<Subscription, Impossible> {
        let subscription = self.known(id)?;
        if subscription.status == Status::Trialing {
            Ok(subscription)
        } else {
            Err(Impossible::for_act(&subscription, act))
        }
    }

    /// Sets the behavior of a trial without a card, which was chosen when it started.
    fn prefer(&mut self, id: &str, ending: &str) {
        self.change_subscription(id, |subscription| {
            subscription.details.missing_payment_method = Some(ending.into());
        });
    }

    /// Activates the subscription before the payment arrives.
    fn convert(&mut self, id: &str, end: i64, how: TrialEnd) {
        let before = self.rendering(EventObject::Subscription(id));
        self.begin_periods(id, end);
        self.change_subscription(id, |subscription| {
            subscription.status = Status::Active;
            subscription.details.trial_end = Some(end);
        });
        let invoice = self.draft_invoice(id, "subscription_cycle");
        self.tell_since(
            "customer.subscription.updated",
            EventObject::Subscription(id),
            &before,
        );
        self.tell("invoice.created", EventObject::Invoice(&invoice));
        if how == TrialEnd::Convert {
            self.pay_told(&invoice);
        } else {
            self.fail_told(id, &invoice);
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
        self.change_subscription(id, |changed| changed.items = subscription.items);
    }
}
