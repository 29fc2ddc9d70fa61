//! Events of a purchase, whose order changed with basil.

use super::{
    checkout::{Making, Payment, Purchase, begin},
    events::EventObject,
};
use crate::world::{IntentStatus, World};

impl World {
    /// Records the events since basil: Checkout creates the subscription after its payment, so it is active from the
    /// start.
    pub(super) fn tell_purchase(&mut self, making: &Making) {
        let Purchase {
            session,
            customer,
            subscription,
            invoice,
        } = &making.purchase;
        let is_paid = making.payment == Payment::Paid;
        let charge = making.intent.as_deref().filter(|_| is_paid);
        let charge = charge.map(|intent| self.charge_for(intent, false));
        if is_paid || making.intent.is_none() || making.payment == Payment::PendingWhileActive {
            self.activate(subscription);
        }
        if let Some(charge) = &charge {
            self.tell("charge.succeeded", EventObject::Charge(charge));
        }
        self.tell(
            "payment_method.attached",
            EventObject::PaymentMethod(&making.card),
        );
        if making.is_new_customer {
            self.tell("customer.created", EventObject::Customer(customer));
        }
        self.tell("checkout.session.completed", EventObject::Session(session));
        self.tell(
            "customer.subscription.created",
            EventObject::Subscription(subscription),
        );
        self.tell_intent(making);
        self.tell("invoice.created", EventObject::Invoice(invoice));
        self.finalize_told(invoice);
        if is_paid || making.intent.is_none() {
            self.paid_told(invoice);
            self.set_card_told(subscription, &making.card);
        }
    }

    /// Records the events before basil: the incomplete subscription came first and the session last.
    pub(super) fn tell_old_purchase(&mut self, making: &Making) {
        let Purchase {
            session,
            customer,
            subscription,
            invoice,
        } = &making.purchase;
        let is_paid = making.payment == Payment::Paid;
        if making.is_new_customer {
            self.tell("customer.created", EventObject::Customer(customer));
        }
        let charge = making.intent.as_deref().filter(|_| is_paid);
        if let Some(charge) = charge.map(|intent| self.charge_for(intent, false)) {
            self.tell("charge.succeeded", EventObject::Charge(&charge));
        }
        self.tell(
            "payment_method.attached",
            EventObject::PaymentMethod(&making.card),
        );
        self.tell("invoice.created", EventObject::Invoice(invoice));
        self.tell(
            "customer.subscription.created",
            EventObject::Subscription(subscription),
        );
        let before = self.rendering(EventObject::Invoice(invoice));
        self.finalize(invoice);
        self.tell_since("invoice.updated", EventObject::Invoice(invoice), &before);
        self.tell("invoice.finalized", EventObject::Invoice(invoice));
        if is_paid || making.intent.is_none() {
            self.update_told(subscription, |subscription| {
                subscription.details.default_payment_method = Some(making.card.clone());
                begin(subscription);
            });
            self.paid_told(invoice);
        } else if making.payment == Payment::PendingWhileActive {
            self.update_told(subscription, begin);
        }
        self.tell_intent(making);
        self.tell("checkout.session.completed", EventObject::Session(session));
    }

    /// Records the events of the purchase's payment intent, succeeded or processing.
    fn tell_intent(&mut self, making: &Making) {
        let Some(intent) = making.intent.as_deref() else {
            return;
        };
        self.tell("payment_intent.created", EventObject::PaymentIntent(intent));
        if making.payment == Payment::Paid {
            self.tell(
                "payment_intent.succeeded",
                EventObject::PaymentIntent(intent),
            );
        } else {
            self.change_intent(intent, |intent| {
                intent.status = IntentStatus::Processing;
                intent.payment_method = Some(making.card.clone());
            });
            self.tell(
                "payment_intent.processing",
                EventObject::PaymentIntent(intent),
            );
        }
    }
}
