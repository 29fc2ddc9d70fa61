//! Cancellations, pauses, and what ends them.

use jiff::Timestamp;

use super::Impossible;
use crate::{
    objects::{ScheduledChange, Subscription},
    world::World,
};

/// The consequence of a failed last try to collect a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GiveUp {
    Cancel,
    Pause,
}

impl World {
    pub fn give_up(&mut self, id: &str, then: GiveUp) -> Result<(), Impossible> {
        let mut transaction = self.unpaid(id)?;
        self.advance(&mut transaction, "canceled", &["updated", "canceled"]);
        match then {
            GiveUp::Cancel => self.cancel_now(id),
            GiveUp::Pause => self.pause_now(id),
        }
    }

    pub fn cancel_now(&mut self, id: &str) -> Result<(), Impossible> {
        let mut subscription = self.living(id)?;
        if subscription.status == "past_due"
            && let Ok(mut transaction) = self.unpaid(id)
        {
            self.advance(&mut transaction, "canceled", &["updated", "canceled"]);
        }
        "canceled".clone_into(&mut subscription.status);
        subscription.canceled_at = Some(self.tick());
        stop(&mut subscription);
        subscription.scheduled_change = None;
        self.save(subscription, &["updated", "canceled"]);
        Ok(())
    }

    /// Schedules `cancel` or `pause` for the end of the period.
    pub fn schedule(&mut self, id: &str, action: &str) -> Result<(), Impossible> {
        let mut subscription = self.living(id)?;
        let now = self.tick();
        let effective_at = subscription
            .current_billing_period
            .map_or(now, |period| period.ends_at);
        subscription.scheduled_change = Some(ScheduledChange {
            action: action.to_owned(),
            effective_at,
            resume_at: None,
        });
        subscription.next_billed_at = None;
        self.save(subscription, &["updated"]);
        Ok(())
    }

    /// Takes a scheduled change back.
    pub fn keep(&mut self, id: &str) -> Result<(), Impossible> {
        let mut subscription = self.living(id)?;
        subscription.scheduled_change = None;
        let period = subscription.current_billing_period;
        subscription.next_billed_at = period.map(|period| period.ends_at);
        self.save(subscription, &["updated"]);
        Ok(())
    }

    /// The period ends, and with it a scheduled change takes effect.
    pub fn end_at_period_end(&mut self, id: &str) -> Result<(), Impossible> {
        let subscription = self.living(id)?;
        match subscription.scheduled_change {
            Some(change) if change.action == "pause" => self.pause_now(id),
            _ => self.cancel_now(id),
        }
    }

    pub fn pause_now(&mut self, id: &str) -> Result<(), Impossible> {
        let mut subscription = self.living(id)?;
        "paused".clone_into(&mut subscription.status);
        subscription.paused_at = Some(self.tick());
        subscription.scheduled_change = None;
        stop(&mut subscription);
        self.save(subscription, &["updated", "paused"]);
        Ok(())
    }

    /// Resumes a paused subscription: a new period begins and is billed.
    pub fn resume(&mut self, id: &str, is_paid: bool) -> Result<(), Impossible> {
        let mut subscription = self.living(id)?;
        let now = self.tick();
        "active".clone_into(&mut subscription.status);
        subscription.paused_at = None;
        subscription.scheduled_change = None;
        subscription.begin_period(now);
        let period = subscription.current_billing_period;
        let subscription = self.save(subscription, &["updated", "resumed"]);
        let mut transaction = self.bill(&subscription, "subscription_recurring", period);
        if is_paid {
            self.pay(&mut transaction);
            return Ok(());
        }
        self.payment_fails(id)
    }
}

/// Ends the current period.
fn stop(subscription: &mut Subscription) {
    subscription.current_billing_period = None;
    subscription.next_billed_at = None;
    for item in &mut subscription.items {
        item.next_billed_at = None::<Timestamp>;
    }
}
