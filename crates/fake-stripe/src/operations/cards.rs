//! Payment methods, all of which are cards.

use compact_str::CompactString;

use super::events::EventObject;
use crate::world::{PaymentMethod, World};

impl World {
    /// Attaches a card to a customer: an existing one, or a new one.
    pub fn attach_card(&mut self, customer: &str, card: Option<&str>) -> Option<CompactString> {
        let id = match card {
            None => self.create_card(customer),
            Some(card) => {
                let known = self.objects.payment_methods.get(card)?.clone();
                self.put_payment_method(PaymentMethod {
                    customer: Some(customer.into()),
                    ..known
                })
            }
        };
        self.begin_user_operation();
        self.record_event("payment_method.attached", EventObject::PaymentMethod(&id));
        Some(id)
    }

    /// Detaches a card from its customer.
    pub fn detach_card(&mut self, customer: &str, id: &str) {
        let Some(mut card) = self.objects.payment_methods.get(id).cloned() else {
            return;
        };
        self.begin_user_operation();
        self.record_change(
            "payment_method.detached",
            EventObject::PaymentMethod(id),
            |world| {
                card.customer = None;
                world.put_payment_method(card);
            },
        );
        self.update_customer(customer, |customer| {
            let default = &mut customer.details.default_payment_method;
            if default.as_deref() == Some(id) {
                *default = None;
            }
        })
        .ok();
    }

    /// Returns true if a customer has a payment method.
    pub fn has_card(&self, customer: &str) -> bool {
        let known = self.find_customer(customer);
        let has_default =
            known.is_some_and(|customer| customer.details.default_payment_method.is_some());
        let mut methods = self.objects.payment_methods.iter();
        has_default || methods.any(|method| method.customer.as_deref() == Some(customer))
    }

    /// Returns the customer's card, or creates one. Records no event.
    pub(super) fn find_or_create_card(&mut self, customer: &str) -> CompactString {
        let known = self.customers.get(customer);
        let default = known.and_then(|customer| customer.details.default_payment_method.clone());
        let any = || {
            let methods = self.objects.payment_methods.iter();
            let mut cards = methods.filter(|method| method.customer.as_deref() == Some(customer));
            cards.next().map(|method| method.id.clone())
        };
        match default.or_else(any) {
            Some(card) => card,
            None => self.create_card(customer),
        }
    }

    pub(super) fn create_card(&mut self, customer: &str) -> CompactString {
        let known = self.customers.get(customer);
        let email = known.and_then(|customer| customer.email.clone());
        self.put_payment_method(PaymentMethod {
            customer: Some(customer.into()),
            email,
            ..PaymentMethod::default()
        })
    }
}
