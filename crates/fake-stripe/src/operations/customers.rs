//! Customers: created, updated, deleted; and objects that vanish from the API.

use compact_str::CompactString;

use super::{Impossible, events::EventObject};
use crate::world::{Customer, World};

impl World {
    pub fn create_customer(&mut self, customer: Customer) -> CompactString {
        self.begin_for_person();
        let id = self.customer(customer);
        self.record_event("customer.created", EventObject::Customer(&id));
        id
    }

    /// Updates a customer and records the event, unless nothing changed.
    pub fn update_customer(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Customer),
    ) -> Result<(), Impossible> {
        let mut customer = self.find_active_customer(id)?;
        self.begin_for_person();
        self.record_change("customer.updated", EventObject::Customer(id), |world| {
            change(&mut customer);
            customer.id = id.into();
            world.customers.put(customer);
        });
        Ok(())
    }

    pub fn change_email(&mut self, id: &str, email: &str) -> Result<(), Impossible> {
        self.update_customer(id, |customer| customer.email = Some(email.into()))
    }

    /// Deletes a customer: ends its subscriptions and leaves a stub.
    pub fn remove_customer(&mut self, id: &str) -> Result<(), Impossible> {
        self.find_active_customer(id)?;
        self.begin_for_person();
        for subscription in self.subscriptions_of(id) {
            let known = self.find_subscription(&subscription);
            if known.is_some_and(|subscription| !subscription.status.is_ended()) {
                self.end_subscription_and_record(&subscription, "cancellation_requested");
            }
        }
        self.record_event("customer.deleted", EventObject::Customer(id));
        self.delete_customer_silently(id);
        Ok(())
    }

    /// Removes an object from the API while events about it remain. Returns false if it does not exist.
    pub fn forget(&mut self, id: &str) -> bool {
        let is_linked = [self.subscriptions.forget(id), self.customers.forget(id)].contains(&true);
        if is_linked {
            self.link_all();
        }
        let objects = &mut self.objects;
        let is_another = [
            self.prices.forget(id),
            self.products.forget(id),
            objects.invoices.forget(id),
            objects.invoice_payments.forget(id),
            objects.payment_intents.forget(id),
            objects.payment_methods.forget(id),
            objects.charges.forget(id),
            objects.sessions.forget(id),
            objects.schedules.forget(id),
            objects.coupons.forget(id),
        ]
        .contains(&true);
        is_linked || is_another
    }

    fn find_active_customer(&self, id: &str) -> Result<Customer, Impossible> {
        let known = self.find_customer(id).filter(|customer| !customer.deleted);
        known
            .cloned()
            .ok_or_else(|| Impossible::unknown("customer", id))
    }
}
