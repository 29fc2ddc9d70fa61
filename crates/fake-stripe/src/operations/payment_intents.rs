//! User-requested operations on payment intents.

use compact_str::CompactString;

use super::{Impossible, events::EventObject};
use crate::world::{IntentStatus, PaymentIntent, World};

impl World {
    /// Creates a one-off payment intent.
    pub fn create_payment_intent(&mut self, intent: PaymentIntent) -> CompactString {
        self.begin_user_operation();
        let id = self.put_payment_intent(intent);
        self.record_event("payment_intent.created", EventObject::PaymentIntent(&id));
        id
    }

    /// Pays a payment intent with a card, or the invoice that it belongs to.
    pub fn confirm_payment_intent(&mut self, id: &str) -> Result<(), Impossible> {
        let intent = self.unpaid_intent(id, "confirming it")?;
        if let Some(invoice) = intent.invoice {
            return self.pay_invoice(&invoice);
        }
        self.begin_user_operation();
        self.charge_and_record(id);
        Ok(())
    }

    /// Cancels a payment intent that is not paid yet.
    pub fn cancel_payment_intent(&mut self, id: &str) -> Result<(), Impossible> {
        self.unpaid_intent(id, "canceling it")?;
        self.begin_user_operation();
        let clock = self.clock;
        self.change_intent(id, |intent| {
            intent.status = IntentStatus::Canceled;
            intent.canceled_at = Some(clock);
        });
        self.record_event("payment_intent.canceled", EventObject::PaymentIntent(id));
        Ok(())
    }

    /// Updates a payment intent. Records no event, since Stripe has none for it.
    pub fn update_payment_intent(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut PaymentIntent),
    ) -> Result<(), Impossible> {
        if self.objects.payment_intents.get(id).is_none() {
            return Err(Impossible::unknown("payment_intent", id));
        }
        self.change_intent(id, change);
        Ok(())
    }

    /// Returns a copy of a payment intent that can still be paid or canceled.
    fn unpaid_intent(&self, id: &str, action: &'static str) -> Result<PaymentIntent, Impossible> {
        let found = self.objects.payment_intents.get(id);
        let intent = found.ok_or_else(|| Impossible::unknown("payment_intent", id))?;
        match intent.status {
            IntentStatus::RequiresPaymentMethod | IntentStatus::RequiresAction => {
                Ok(intent.clone())
            }
            IntentStatus::Processing | IntentStatus::Succeeded | IntentStatus::Canceled => {
                Err(Impossible::NotNow {
                    kind: "payment_intent",
                    id: id.into(),
                    state: intent.status.as_str().into(),
                    action,
                })
            }
        }
    }
}
