//! Customers: created, updated, deleted; and objects that vanish from the API.

use compact_str::CompactString;

use super::{Impossible, events::EventObject};
use crate::world::{Customer, World};

impl World {
    pub fn create_customer(&mut self, customer: Customer) -> CompactString {
        self.begin_user_operation();
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
        self.begin_user_operation();
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
        self.begin_user_operation();
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
    pub fn remove_object(&mut self, id: &str) -> bool {
        let is_linked = [self.subscriptions.remove(id), self.customers.remove(id)].contains(&true);
        if is_linked {
            self.link_all();
        }
        let objects = &mut self.objects;
        let is_another = [
            self.prices.remove(id),
            self.products.remove(id),
            objects.invoices.remove(id),
            objects.invoice_payments.remove(id),
            objects.payment_intents.remove(id),
            objects.payment_methods.remove(id),
            objects.charges.remove(id),
            objects.sessions.remove(id),
            objects.schedules.remove(id),
            objects.coupons.remove(id),
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
