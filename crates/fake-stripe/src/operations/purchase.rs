//! Events of a purchase, whose order changed with basil.

use super::{
    checkout::{Payment, Purchase, UnrecordedPurchase, begin},
    events::EventObject,
};
use crate::world::{IntentStatus, World};

impl World {
    /// Records the events since basil: Checkout creates the subscription after its payment, so it is active from the
    /// start.
    pub(super) fn record_purchase(&mut self, purchase_made: &UnrecordedPurchase) {
        let Purchase {
            session,
            customer,
            subscription,
            invoice,
        } = &purchase_made.purchase;
        let is_paid = purchase_made.payment == Payment::Paid;
        let charge = purchase_made.intent.as_deref().filter(|_| is_paid);
        let charge = charge.map(|intent| self.create_succeeded_charge(intent));
        if is_paid
            || purchase_made.intent.is_none()
            || purchase_made.payment == Payment::PendingWhileActive
        {
            self.activate(subscription);
        }
        if let Some(charge) = &charge {
            self.record_event("charge.succeeded", EventObject::Charge(charge));
        }
        self.record_event(
            "payment_method.attached",
            EventObject::PaymentMethod(&purchase_made.card),
        );
        if purchase_made.is_new_customer {
            self.record_event("customer.created", EventObject::Customer(customer));
        }
        self.record_event("checkout.session.completed", EventObject::Session(session));
        self.record_event(
            "customer.subscription.created",
            EventObject::Subscription(subscription),
        );
        self.record_intent(purchase_made);
        self.record_event("invoice.created", EventObject::Invoice(invoice));
        self.finalize_and_record(invoice);
        if is_paid || purchase_made.intent.is_none() {
            self.mark_paid_and_record(invoice);
            self.set_card_and_record(subscription, &purchase_made.card);
        }
    }

    /// Records the events before basil: the incomplete subscription came first and the session last.
    pub(super) fn record_purchase_before_basil(&mut self, purchase_made: &UnrecordedPurchase) {
        let Purchase {
            session,
            customer,
            subscription,
            invoice,
        } = &purchase_made.purchase;
        let is_paid = purchase_made.payment == Payment::Paid;
        if purchase_made.is_new_customer {
            self.record_event("customer.created", EventObject::Customer(customer));
        }
        let charge = purchase_made.intent.as_deref().filter(|_| is_paid);
        if let Some(charge) = charge.map(|intent| self.create_succeeded_charge(intent)) {
            self.record_event("charge.succeeded", EventObject::Charge(&charge));
        }
        self.record_event(
            "payment_method.attached",
            EventObject::PaymentMethod(&purchase_made.card),
        );
        self.record_event("invoice.created", EventObject::Invoice(invoice));
        self.record_event(
            "customer.subscription.created",
            EventObject::Subscription(subscription),
        );
        let before = self.render(EventObject::Invoice(invoice));
        self.finalize_silently(invoice);
        self.record_difference("invoice.updated", EventObject::Invoice(invoice), &before);
        self.record_event("invoice.finalized", EventObject::Invoice(invoice));
        if is_paid || purchase_made.intent.is_none() {
            self.update_subscription_and_record(subscription, |subscription| {
                subscription.details.default_payment_method = Some(purchase_made.card.clone());
                begin(subscription);
            });
            self.mark_paid_and_record(invoice);
        } else if purchase_made.payment == Payment::PendingWhileActive {
            self.update_subscription_and_record(subscription, begin);
        }
        self.record_intent(purchase_made);
        self.record_event("checkout.session.completed", EventObject::Session(session));
    }

    /// Records the events of the purchase's payment intent, succeeded or processing.
    fn record_intent(&mut self, purchase_made: &UnrecordedPurchase) {
        let Some(intent) = purchase_made.intent.as_deref() else {
            return;
        };
        self.record_event("payment_intent.created", EventObject::PaymentIntent(intent));
        if purchase_made.payment == Payment::Paid {
            self.record_event(
                "payment_intent.succeeded",
                EventObject::PaymentIntent(intent),
            );
        } else {
            self.change_intent(intent, |intent| {
                intent.status = IntentStatus::Processing;
                intent.payment_method = Some(purchase_made.card.clone());
            });
            self.record_event(
                "payment_intent.processing",
                EventObject::PaymentIntent(intent),
            );
        }
    }
}
