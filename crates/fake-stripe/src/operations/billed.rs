//! Billing operations triggered by an application: invoices, coupons, refunds, cards.

use compact_str::CompactString;
use serde_json::Value;

use super::{Impossible, events::EventObject};
use crate::version::ApiVersion;
use crate::world::{
    Coupon, Dispute, Invoice, InvoiceItem, InvoiceLine, InvoiceStatus, Item, Refund, World,
};

impl World {
    pub fn create_coupon(&mut self, coupon: Coupon) -> CompactString {
        self.begin_for_person();
        let id = self.coupon(coupon);
        self.record_event("coupon.created", EventObject::Coupon(&id));
        id
    }

    pub fn update_coupon(&mut self, id: &str, change: impl FnOnce(&mut Coupon)) {
        let Some(mut coupon) = self.objects.coupons.get(id).cloned() else {
            return;
        };
        self.begin_for_person();
        self.record_change("coupon.updated", EventObject::Coupon(id), |world| {
            change(&mut coupon);
            world.coupon(coupon);
        });
    }

    /// Deletes a coupon. At Stripe existing users keep it; here they keep the discount.
    pub fn delete_coupon(&mut self, id: &str) {
        self.begin_for_person();
        self.record_event("coupon.deleted", EventObject::Coupon(id));
        self.objects.coupons.forget(id);
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
                state: compact_str::format_compact!("paid with {left} left to refund"),
                act: "this refund",
            });
        }
        self.begin_for_person();
        let before = self.render(EventObject::Charge(id));
        charge.amount_refunded = charge.amount_refunded.saturating_add(amount);
        self.charge(charge.clone());
        let mut refund = Refund {
            charge: charge.id,
            payment_intent: charge.payment_intent,
            currency: charge.currency,
            amount,
            ..Refund::default()
        };
        write(&mut refund);
        let refund = self.add_refund(refund);
        self.record_event("refund.created", EventObject::Refund(&refund));
        self.record_difference("charge.refunded", EventObject::Charge(id), &before);
        Ok(refund)
    }

    /// The newest payment of a customer of which something is left to refund.
    pub fn refundable_charge(&self, customer: &str) -> Option<CompactString> {
        let charges = self.objects.charges.iter();
        let paid = charges.filter(|charge| {
            let is_left = charge.amount_refunded < charge.amount;
            charge.customer == customer && !charge.declined && is_left
        });
        let newest = paid.max_by_key(|charge| charge.created);
        newest.map(|charge| charge.id.clone())
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
        self.begin_for_person();
        self.record_change(kind, EventObject::Dispute(id), |world| {
            change(&mut dispute);
            world.add_dispute(dispute);
        });
    }

    /// Detaches a card from its customer.
    pub fn detach_card(&mut self, customer: &str, id: &str) {
        let Some(mut card) = self.objects.payment_methods.get(id).cloned() else {
            return;
        };
        self.begin_for_person();
        self.record_change(
            "payment_method.detached",
            EventObject::PaymentMethod(id),
            |world| {
                card.customer = None;
                world.payment_method(card);
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

    /// Adds an invoice item to a draft, or to the next invoice.
    pub fn create_invoice_item(&mut self, item: InvoiceItem) -> CompactString {
        self.begin_for_person();
        let draft = item.invoice.clone();
        let line = item.line.clone();
        let id = self.invoice_item(item);
        if let Some(draft) = draft {
            let mut line = InvoiceLine {
                invoice_item: Some(id.clone()),
                ..line
            };
            self.fill(&mut line.id, "il_1", 19);
            self.change_invoice(&draft, |invoice| invoice.lines.push(line));
        }
        self.record_event("invoiceitem.created", EventObject::InvoiceItem(&id));
        id
    }

    pub fn delete_invoice_item(&mut self, id: &str) {
        self.begin_for_person();
        self.record_event("invoiceitem.deleted", EventObject::InvoiceItem(id));
        self.objects.invoice_items.forget(id);
    }

    /// Creates a draft invoice, including pending items of the customer or subscription if `takes_pending`.
    pub fn create_invoice(&mut self, mut invoice: Invoice, takes_pending: bool) -> CompactString {
        self.begin_for_person();
        let subscription = invoice.subscription.clone().unwrap_or_default();
        let waiting = self.objects.invoice_items.iter().filter(|item| {
            item.invoice.is_none()
                && item.customer == invoice.customer
                && item.subscription == subscription
        });
        let waiting: Vec<InvoiceItem> = waiting.filter(|_| takes_pending).cloned().collect();
        for item in &waiting {
            let mut line = InvoiceLine {
                invoice_item: Some(item.id.clone()),
                ..item.line.clone()
            };
            self.fill(&mut line.id, "il_1", 19);
            invoice.lines.push(line);
            invoice.currency.clone_from(&item.currency);
        }
        let id = self.invoice(invoice);
        for mut item in waiting {
            item.invoice = Some(id.clone());
            self.invoice_item(item);
        }
        self.record_event("invoice.created", EventObject::Invoice(&id));
        id
    }

    /// Sends an invoice to the customer.
    pub fn send_invoice(&mut self, id: &str) -> Result<(), Impossible> {
        let found = self.find_invoice(id);
        let status = found.map(|invoice| invoice.status);
        if status == Some(InvoiceStatus::Draft) {
            self.finalize_invoice(id)?;
        }
        self.begin_for_person();
        self.record_event("invoice.sent", EventObject::Invoice(id));
        Ok(())
    }

    pub fn delete_invoice(&mut self, id: &str) {
        self.begin_for_person();
        self.record_event("invoice.deleted", EventObject::Invoice(id));
        self.objects.invoices.forget(id);
    }

    /// Returns the next invoice of a subscription with other items, as JSON of this version. Changes nothing except for
    /// adding the prices of those items.
    pub(crate) fn next_invoice(
        &mut self,
        id: &str,
        version: &ApiVersion,
        change: impl FnOnce(&mut Self, Vec<Item>) -> Vec<Item>,
    ) -> Value {
        let Some(before) = self.find_subscription(id).cloned() else {
            return Value::Null;
        };
        let items = change(self, before.items.clone());
        self.change_subscription_silently(id, |one| one.items = items);
        let told = self.context.events_version.replace(version.clone());
        let mut next = self.render_next_invoice(id);
        self.context.events_version = told;
        self.change_subscription_silently(id, |one| *one = before);
        let own = next.get("id").and_then(Value::as_str).unwrap_or_default();
        let named = format!("upcoming_{own}");
        if let Some(next) = next.as_object_mut() {
            next.insert("id".to_owned(), named.into());
        }
        next
    }
}
