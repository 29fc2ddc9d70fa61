//! Renewals and their payments: paid, failed, recovered; the end of a trial.

use super::Impossible;
use crate::{objects::Transaction, world::World};

/// The end of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrialEnd {
    Convert,
    PaymentFails,
}

impl World {
    /// Begins the next period. The new period is announced before it is paid.
    pub fn renew(&mut self, id: &str, is_paid: bool) -> Result<(), Impossible> {
        let mut transaction = self.begin_renewal(id)?;
        if is_paid {
            self.pay(&mut transaction);
        }
        Ok(())
    }

    fn begin_renewal(&mut self, id: &str) -> Result<Transaction, Impossible> {
        let mut subscription = self.living(id)?;
        let now = self.tick();
        let starts_at = subscription
            .current_billing_period
            .map_or(now, |period| period.ends_at);
        subscription.begin_period(starts_at);
        let period = subscription.current_billing_period;
        let subscription = self.save(subscription, &["updated"]);
        Ok(self.bill(&subscription, "subscription_recurring", period))
    }

    /// The payment of the period fails: for the first time, or once more.
    pub fn payment_fails(&mut self, id: &str) -> Result<(), Impossible> {
        let mut subscription = self.living(id)?;
        let mut transaction = self.unpaid(id)?;
        self.attempt(&mut transaction, Some("declined"));
        if subscription.status == "past_due" {
            self.advance(&mut transaction, "past_due", &["payment_failed", "updated"]);
            return Ok(());
        }
        let status = transaction.status.clone();
        self.advance(&mut transaction, &status, &["updated", "payment_failed"]);
        self.advance(&mut transaction, "past_due", &["updated", "past_due"]);
        "past_due".clone_into(&mut subscription.status);
        self.save(subscription, &["updated", "past_due"]);
        Ok(())
    }

    /// The invoice of a manually collected subscription is not paid in time. The subscription stays as it is until then.
    pub fn invoice_overdue(&mut self, id: &str) -> Result<(), Impossible> {
        let mut subscription = self.living(id)?;
        let mut transaction = self.unpaid(id)?;
        self.advance(&mut transaction, "past_due", &["updated", "past_due"]);
        "past_due".clone_into(&mut subscription.status);
        self.save(subscription, &["updated", "past_due"]);
        Ok(())
    }

    /// The unpaid transaction is paid after all.
    pub fn recover(&mut self, id: &str) -> Result<(), Impossible> {
        let mut subscription = self.living(id)?;
        let mut transaction = self.unpaid(id)?;
        self.capture(&mut transaction);
        "active".clone_into(&mut subscription.status);
        self.save(subscription, &["updated"]);
        self.advance(&mut transaction, "completed", &["updated", "completed"]);
        Ok(())
    }

    pub fn end_trial(&mut self, id: &str, then: TrialEnd) -> Result<(), Impossible> {
        let mut subscription = self.living(id)?;
        if subscription.status != "trialing" {
            return Err(Impossible::Status {
                id: id.to_owned(),
                status: subscription.status,
            });
        }
        let now = self.tick();
        let starts_at = subscription
            .current_billing_period
            .map_or(now, |trial| trial.ends_at);
        "active".clone_into(&mut subscription.status);
        for item in &mut subscription.items {
            "active".clone_into(&mut item.status);
        }
        subscription.begin_period(starts_at);
        let period = subscription.current_billing_period;
        let subscription = self.save(subscription, &["updated"]);
        let mut transaction = self.bill(&subscription, "subscription_recurring", period);
        match then {
            TrialEnd::Convert => {
                self.capture(&mut transaction);
                self.save(subscription, &["updated", "activated"]);
                self.advance(&mut transaction, "completed", &["updated", "completed"]);
                Ok(())
            }
            TrialEnd::PaymentFails => self.payment_fails(id),
        }
    }

    /// Returns the subscription's newest transaction that is not paid.
    pub(super) fn unpaid(&self, id: &str) -> Result<Transaction, Impossible> {
        let newest = self.transactions.values().rev().find(|one| {
            let is_open = ["billed", "past_due", "ready"].contains(&one.status.as_str());
            is_open && one.subscription_id.as_deref() == Some(id)
        });
        let newest = newest.cloned();
        newest.ok_or_else(|| Impossible::unknown("unpaid transaction of", id))
    }
}
