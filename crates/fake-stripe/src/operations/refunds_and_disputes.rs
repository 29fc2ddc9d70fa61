//! Refunds and disputes.

use compact_str::{CompactString, format_compact};

use super::{Impossible, events::EventObject};
use crate::world::{Charge, Dispute, Refund, World};

impl World {
    /// Refunds the last payment of a subscription. The subscription is unchanged.
    pub fn refund(&mut self, subscription: &str) -> Result<CompactString, Impossible> {
        let charge = self.last_charge(subscription, "a refund")?;
        self.refund_charge(&charge.id, None, |_| {})
    }

    /// Refunds part of a charge, or all that is left if there is no amount.
    pub fn refund_charge(
        &mut self,
        id: &str,
        amount: Option<i64>,
        write: impl FnOnce(&mut Refund),
    ) -> Result<CompactString, Impossible> {
        let known = self.objects.charges.get(id).cloned();
        let mut charge = known.ok_or_else(|| Impossible::unknown("charge", id))?;
        let left = charge.amount.saturating_sub(charge.amount_refunded);
        let amount = amount.unwrap_or(left);
        if charge.declined || amount <= 0 || amount > left {
            return Err(Impossible::NotNow {
                kind: "charge",
                id: id.into(),
                state: format_compact!("paid with {left} left to refund"),
                action: "this refund",
            });
        }
        self.begin_user_operation();
        let before = self.render(EventObject::Charge(id));
        charge.amount_refunded = charge.amount_refunded.saturating_add(amount);
        self.put_charge(charge.clone());
        let mut refund = Refund {
            charge: charge.id,
            payment_intent: charge.payment_intent,
            currency: charge.currency,
            amount,
            ..Refund::default()
        };
        write(&mut refund);
        let refund = self.put_refund(refund);
        self.record_event("refund.created", EventObject::Refund(&refund));
        self.record_difference("charge.refunded", EventObject::Charge(id), &before);
        Ok(refund)
    }

    /// Returns the customer's newest payment that can still be refunded, at least in part.
    pub fn refundable_charge(&self, customer: &str) -> Option<CompactString> {
        let charges = self.objects.charges.iter();
        let paid = charges.filter(|charge| {
            let is_left = charge.amount_refunded < charge.amount;
            charge.customer == customer && !charge.declined && is_left
        });
        let newest = paid.max_by_key(|charge| charge.created);
        newest.map(|charge| charge.id.clone())
    }

    /// Disputes the last payment of a subscription; an account setting decides whether that ends the subscription.
    pub fn dispute(&mut self, subscription: &str, ends: bool) -> Result<CompactString, Impossible> {
        let mut charge = self.last_charge(subscription, "a dispute")?;
        self.begin_provider_operation();
        charge.disputed = true;
        self.put_charge(charge.clone());
        let dispute = self.put_dispute(Dispute {
            charge: charge.id,
            payment_intent: charge.payment_intent,
            currency: charge.currency,
            amount: charge.amount,
            status: "needs_response".into(),
            ..Dispute::default()
        });
        self.record_event("charge.dispute.created", EventObject::Dispute(&dispute));
        self.record_event(
            "charge.dispute.funds_withdrawn",
            EventObject::Dispute(&dispute),
        );
        let is_living = self
            .find_subscription(subscription)
            .is_some_and(|subscription| !subscription.status.is_ended());
        if ends && is_living {
            self.end_subscription_and_record(subscription, "payment_disputed");
        }
        Ok(dispute)
    }

    pub fn update_dispute(&mut self, id: &str, change: impl FnOnce(&mut Dispute)) {
        self.change_dispute("charge.dispute.updated", id, change);
    }

    /// Closes a dispute as lost: the merchant accepts it.
    pub fn lose_dispute(&mut self, id: &str) {
        self.change_dispute("charge.dispute.closed", id, |dispute| {
            dispute.status = "lost".into();
        });
    }

    fn change_dispute(&mut self, kind: &str, id: &str, change: impl FnOnce(&mut Dispute)) {
        let Some(mut dispute) = self.objects.disputes.get(id).cloned() else {
            return;
        };
        self.begin_user_operation();
        self.record_change(kind, EventObject::Dispute(id), |world| {
            change(&mut dispute);
            world.put_dispute(dispute);
        });
    }

    /// Returns the newest charge of a subscription that succeeded and was not refunded.
    fn last_charge(&self, subscription: &str, action: &'static str) -> Result<Charge, Impossible> {
        let known = self.find_subscription_or_fail(subscription)?;
        let is_theirs = |charge: &&Charge| {
            let invoice = charge
                .invoice
                .as_deref()
                .and_then(|id| self.find_invoice(id));
            !charge.declined
                && charge.amount_refunded == 0
                && invoice
                    .is_some_and(|invoice| invoice.subscription.as_deref() == Some(subscription))
        };
        let charge = self.objects.charges.iter().rfind(is_theirs);
        charge.cloned().ok_or_else(|| Impossible::NotNow {
            kind: "subscription",
            id: subscription.into(),
            state: format_compact!("{} and was never paid for", known.status),
            action,
        })
    }
}
