//! Operations that only an API request triggers: catalog changes, single invoices, one-off payments.

use compact_str::CompactString;

use super::{Impossible, events::EventObject};
use crate::world::{
    IntentStatus, Invoice, InvoiceStatus, PaymentIntent, PaymentMethod, Price, Product, Status,
    World,
};

impl World {
    pub fn create_product(&mut self, product: Product) -> CompactString {
        self.begin_for_person();
        let id = self.product(product);
        self.record_event("product.created", EventObject::Product(&id));
        id
    }

    /// Updates a product and records the event, unless nothing changed.
    pub fn update_product(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Product),
    ) -> Result<(), Impossible> {
        let known = self.products.get(id).cloned();
        let mut product = known.ok_or_else(|| Impossible::unknown("product", id))?;
        self.begin_for_person();
        self.record_change("product.updated", EventObject::Product(id), |world| {
            change(&mut product);
            product.id = id.into();
            world.products.put(product);
        });
        Ok(())
    }

    /// Deletes a product. Only one that has never had a price can be deleted.
    pub fn delete_product(&mut self, id: &str) -> Result<(), Impossible> {
        if self.products.get(id).is_none() {
            return Err(Impossible::unknown("product", id));
        }
        if self.prices.iter().any(|price| price.product == id) {
            return Err(Impossible::NotNow {
                kind: "product",
                id: id.into(),
                state: "for sale at a price".into(),
                act: "deleting it",
            });
        }
        self.begin_for_person();
        self.record_event("product.deleted", EventObject::Product(id));
        self.products.forget(id);
        Ok(())
    }

    pub fn create_price(&mut self, price: Price) -> CompactString {
        self.begin_for_person();
        let id = self.price(price);
        self.record_event("price.created", EventObject::Price(&id));
        id
    }

    /// Updates a price and records the event, unless nothing changed.
    pub fn update_price(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Price),
    ) -> Result<(), Impossible> {
        let known = self.prices.get(id).cloned();
        let mut price = known.ok_or_else(|| Impossible::unknown("price", id))?;
        self.begin_for_person();
        self.record_change("price.updated", EventObject::Price(id), |world| {
            change(&mut price);
            price.id = id.into();
            world.prices.put(price);
        });
        Ok(())
    }

    /// Finalizes a draft invoice.
    pub fn finalize_invoice(&mut self, id: &str) -> Result<(), Impossible> {
        self.invoice_in(id, &[InvoiceStatus::Draft], "finalizing it")?;
        self.begin_for_person();
        self.finalize_and_record(id);
        Ok(())
    }

    /// Pays an invoice on somebody's request, and continues the subscription that waited for it.
    pub fn pay_invoice(&mut self, id: &str) -> Result<(), Impossible> {
        let payable = [
            InvoiceStatus::Draft,
            InvoiceStatus::Open,
            InvoiceStatus::Uncollectible,
        ];
        let invoice = self.invoice_in(id, &payable, "paying it")?;
        let subscription = self.latest_of(&invoice);
        if let Some((subscription, Status::Incomplete)) = &subscription {
            return self.pay_first_invoice(subscription);
        }
        self.begin_for_person();
        self.pay_and_record(id);
        if let Some((subscription, _)) = subscription {
            self.reactivate_and_record(&subscription);
        }
        Ok(())
    }

    /// Voids an invoice. A subscription that waited for it expires.
    pub fn void_invoice(&mut self, id: &str) -> Result<(), Impossible> {
        let voidable = [InvoiceStatus::Open, InvoiceStatus::Uncollectible];
        let invoice = self.invoice_in(id, &voidable, "voiding it")?;
        self.begin_for_person();
        match self.latest_of(&invoice) {
            Some((subscription, Status::Incomplete)) => self.expire_and_record(&subscription, id),
            Some(_) | None => self.void_and_record(id),
        }
        Ok(())
    }

    /// Marks an invoice as uncollectible.
    pub fn write_invoice_off(&mut self, id: &str) -> Result<(), Impossible> {
        self.invoice_in(id, &[InvoiceStatus::Open], "giving it up")?;
        self.begin_for_person();
        let clock = self.clock;
        let before = self.render(EventObject::Invoice(id));
        self.change_invoice(id, |invoice| {
            invoice.status = InvoiceStatus::Uncollectible;
            invoice.uncollectible_at = Some(clock);
            invoice.auto_advance = false;
            invoice.next_payment_attempt = None;
        });
        self.record_event("invoice.marked_uncollectible", EventObject::Invoice(id));
        self.record_difference("invoice.updated", EventObject::Invoice(id), &before);
        Ok(())
    }

    /// Updates an invoice and records the event.
    pub fn update_invoice(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Invoice),
    ) -> Result<(), Impossible> {
        if self.find_invoice(id).is_none() {
            return Err(Impossible::unknown("invoice", id));
        }
        self.begin_for_person();
        self.record_change("invoice.updated", EventObject::Invoice(id), |world| {
            world.change_invoice(id, change);
        });
        Ok(())
    }

    fn invoice_in(
        &self,
        id: &str,
        states: &[InvoiceStatus],
        act: &'static str,
    ) -> Result<Invoice, Impossible> {
        let found = self.find_invoice(id);
        let invoice = found.ok_or_else(|| Impossible::unknown("invoice", id))?;
        if states.contains(&invoice.status) {
            return Ok(invoice.clone());
        }
        Err(Impossible::NotNow {
            kind: "invoice",
            id: id.into(),
            state: invoice.status.as_str().into(),
            act,
        })
    }

    /// Returns the subscription whose latest invoice this is, with its status.
    fn latest_of(&self, invoice: &Invoice) -> Option<(CompactString, Status)> {
        let subscription = self.find_subscription(invoice.subscription.as_deref()?)?;
        let latest = subscription.details.latest_invoice.as_deref();
        (latest == Some(&invoice.id))
            .then(|| (subscription.id.clone(), subscription.status.clone()))
    }

    /// Creates a one-off payment intent.
    pub fn create_payment_intent(&mut self, intent: PaymentIntent) -> CompactString {
        self.begin_for_person();
        let id = self.payment_intent(intent);
        self.record_event("payment_intent.created", EventObject::PaymentIntent(&id));
        id
    }

    /// Confirms a one-off payment with a card.
    pub fn confirm_payment_intent(&mut self, id: &str) -> Result<(), Impossible> {
        let intent = self.intent_in_waiting(id, "confirming it")?;
        if let Some(invoice) = intent.invoice {
            return self.pay_invoice(&invoice);
        }
        self.begin_for_person();
        self.charge_and_record(id);
        Ok(())
    }

    /// Cancels a one-off payment.
    pub fn cancel_payment_intent(&mut self, id: &str) -> Result<(), Impossible> {
        self.intent_in_waiting(id, "canceling it")?;
        self.begin_for_person();
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

    fn intent_in_waiting(&self, id: &str, act: &'static str) -> Result<PaymentIntent, Impossible> {
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
                    act,
                })
            }
        }
    }

    /// Attaches a card to a customer: an existing one, or a new one.
    pub fn attach_card(&mut self, customer: &str, card: Option<&str>) -> Option<CompactString> {
        let id = match card {
            None => self.create_card(customer),
            Some(card) => {
                let known = self.objects.payment_methods.get(card)?.clone();
                self.payment_method(PaymentMethod {
                    customer: Some(customer.into()),
                    ..known
                })
            }
        };
        self.begin_for_person();
        self.record_event("payment_method.attached", EventObject::PaymentMethod(&id));
        Some(id)
    }

    pub(crate) fn new_discount_id(&mut self) -> CompactString {
        self.numbers.next("di_1", 20)
    }

    /// Returns true if a customer has a payment method.
    pub fn has_card(&self, customer: &str) -> bool {
        let known = self.find_customer(customer);
        let has_default =
            known.is_some_and(|customer| customer.details.default_payment_method.is_some());
        let mut methods = self.objects.payment_methods.iter();
        has_default || methods.any(|method| method.customer.as_deref() == Some(customer))
    }
}
