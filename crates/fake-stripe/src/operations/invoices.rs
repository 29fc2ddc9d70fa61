//! Single invoices and invoice items, on request.

use compact_str::CompactString;
use serde_json::Value;

use super::{Impossible, events::EventObject};
use crate::{
    version::ApiVersion,
    world::{Invoice, InvoiceItem, InvoiceLine, InvoiceStatus, Item, Status, World},
};

impl World {
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

    /// Finalizes a draft invoice.
    pub fn finalize_invoice(&mut self, id: &str) -> Result<(), Impossible> {
        self.invoice_in(id, &[InvoiceStatus::Draft], "finalizing it")?;
        self.begin_for_person();
        self.finalize_and_record(id);
        Ok(())
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

    pub fn delete_invoice(&mut self, id: &str) {
        self.begin_for_person();
        self.record_event("invoice.deleted", EventObject::Invoice(id));
        self.objects.invoices.forget(id);
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
}
