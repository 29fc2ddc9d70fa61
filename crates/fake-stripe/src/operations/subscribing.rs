//! Subscriptions without Checkout, created by the API or in the dashboard, and their first payment.

use compact_str::CompactString;

use super::{Impossible, checkout::begin, events::EventObject};
use crate::world::{Status, Subscription, World};

/// The outcome of the first payment. If nothing is due (a trial, a 100 % coupon), it makes no difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstPayment {
    /// Charged immediately, as when created in the dashboard for a customer with a card.
    Paid,
    /// Left to the customer: `payment_behavior=default_incomplete`.
    Awaited,
    /// Attempted and declined.
    Declined,
}

impl World {
    /// Creates a subscription without Checkout. Its status follows from the trial and the payment; other fields (items,
    /// metadata, trial, coupon) are used as given.
    pub fn subscribe(
        &mut self,
        mut subscription: Subscription,
        payment: FirstPayment,
    ) -> Result<CompactString, Impossible> {
        let known = self.find_customer(&subscription.customer);
        if known.is_none_or(|customer| customer.deleted) {
            return Err(Impossible::unknown("customer", &subscription.customer));
        }
        for item in &subscription.items {
            if self.prices.get(&item.price).is_none() {
                return Err(Impossible::unknown("price", &item.price));
            }
        }
        self.begin_user_operation();
        let is_trial = subscription
            .details
            .trial_end
            .is_some_and(|end| end > self.clock);
        if is_trial {
            let clock = self.clock;
            subscription.details.trial_start.get_or_insert(clock);
        }
        subscription.status = if is_trial {
            Status::Trialing
        } else {
            Status::Incomplete
        };
        let id = self.subscription(subscription);
        let invoice = self.draft_invoice(&id, "subscription_create");
        let is_free = self
            .find_invoice(&invoice)
            .is_some_and(|invoice| invoice.amount_due() == 0);
        let is_paid = is_free || payment == FirstPayment::Paid;
        if is_paid {
            self.activate(&id);
        }
        self.record_event(
            "customer.subscription.created",
            EventObject::Subscription(&id),
        );
        self.record_event("invoice.created", EventObject::Invoice(&invoice));
        self.finalize_and_record(&invoice);
        match payment {
            FirstPayment::Paid | FirstPayment::Awaited | FirstPayment::Declined if is_paid => {
                self.pay_and_record(&invoice);
            }
            FirstPayment::Declined => self.decline_and_record(&invoice, None),
            FirstPayment::Paid | FirstPayment::Awaited => {}
        }
        Ok(id)
    }

    /// Pays the first invoice of an incomplete subscription as the customer.
    pub fn pay_first_invoice(&mut self, id: &str) -> Result<(), Impossible> {
        let (subscription, invoice) = self.incomplete(id, "paying its first invoice")?;
        self.begin_user_operation();
        let card = self.create_card(&subscription.customer);
        if let Some(intent) = self.find_or_create_intent(&invoice) {
            self.change_intent(&intent, |intent| {
                intent.payment_method = Some(card.clone());
                intent.declined = false;
            });
            self.charge_and_record(&intent);
        }
        self.record_event("payment_method.attached", EventObject::PaymentMethod(&card));
        self.finalize_and_record(&invoice);
        self.mark_paid_and_record(&invoice);
        self.update_subscription_and_record(id, |subscription| {
            subscription.details.default_payment_method = Some(card);
            begin(subscription);
        });
        Ok(())
    }

    /// Expires an incomplete subscription that was not paid within 23 hours.
    pub fn expire_incomplete(&mut self, id: &str) -> Result<(), Impossible> {
        let (_, invoice) = self.incomplete(id, "its expiry")?;
        self.begin_provider_operation();
        self.expire_and_record(id, &invoice);
        Ok(())
    }

    /// Expires an incomplete subscription. Stripe reports this as `customer.subscription.updated`.
    pub(super) fn expire_and_record(&mut self, id: &str, invoice: &str) {
        let clock = self.clock;
        self.update_subscription_and_record(id, |subscription| {
            subscription.status = Status::IncompleteExpired;
            subscription.details.canceled_at = Some(clock);
            subscription.details.ended_at = Some(clock);
        });
        self.void_and_record(invoice);
        self.cancel_payment_and_record(invoice);
    }

    fn incomplete(
        &self,
        id: &str,
        action: &'static str,
    ) -> Result<(Subscription, CompactString), Impossible> {
        let subscription = self.find_subscription_or_fail(id)?;
        let invoice = self
            .unpaid_invoice(&subscription)
            .map(|invoice| invoice.id.clone());
        match invoice {
            Some(invoice) if subscription.status == Status::Incomplete => {
                Ok((subscription, invoice))
            }
            Some(_) | None => Err(Impossible::not_now(&subscription, action)),
        }
    }
}
