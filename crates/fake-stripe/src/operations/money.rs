//! Refunds and disputes.

use compact_str::{CompactString, format_compact};

use super::{Impossible, events::EventObject};
use crate::world::{Charge, Dispute, World};

impl World {
    /// Refunds the last payment of a subscription. The subscription is unchanged.
    pub fn refund(&mut self, subscription: &str) -> Result<CompactString, Impossible> {
        let charge = self.last_charge(subscription, "a refund")?;
        self.refund_charge(&charge.id, None, |_| {})
    }

    /// Disputes the last payment of a subscription; an account setting decides whether that ends the subscription.
    pub fn dispute(&mut self, subscription: &str, ends: bool) -> Result<CompactString, Impossible> {
        let mut charge = self.last_charge(subscription, "a dispute")?;
        self.begin_for_stripe();
        charge.disputed = true;
        self.charge(charge.clone());
        let dispute = self.add_dispute(Dispute {
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

    /// Returns the newest charge of a subscription that succeeded and was not refunded.
    fn last_charge(&self, subscription: &str, act: &'static str) -> Result<Charge, Impossible> {
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
            act,
        })
    }
}
