//! User-requested operations on individual invoices and invoice items.

use compact_str::CompactString;
use serde_json::Value;

use super::{Impossible, events::EventObject};
use crate::{
    version::ApiVersion,
    world::{Invoice, InvoiceItem, InvoiceLine, InvoiceStatus, Item, Status, World},
};

impl World {
    /// Creates a draft invoice, including pending items of the customer or subscription if `include_pending`.
    pub fn create_invoice(&mut self, mut invoice: Invoice, include_pending: bool) -> CompactString {
        self.begin_user_operation();
        let pending = if include_pending {
            self.pending_invoice_items(&invoice)
        } else {
            Vec::new()
        };
        for item in &pending {
            invoice
                .lines
                .push(self.invoice_line(&item.id, item.line.clone()));
            invoice.currency.clone_from(&item.currency);
        }
        let id = self.put_invoice(invoice);
        for mut item in pending {
            item.invoice = Some(id.clone());
            self.put_invoice_item(item);
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
        self.begin_user_operation();
        self.record_change("invoice.updated", EventObject::Invoice(id), |world| {
            world.change_invoice(id, change);
        });
        Ok(())
    }

    /// Finalizes a draft invoice.
    pub fn finalize_invoice(&mut self, id: &str) -> Result<(), Impossible> {
        self.require_invoice_status(id, &[InvoiceStatus::Draft], "finalizing it")?;
        self.begin_user_operation();
        self.finalize_and_record(id);
        Ok(())
    }

    /// Sends an invoice to the customer.
    pub fn send_invoice(&mut self, id: &str) -> Result<(), Impossible> {
        let found = self.find_invoice(id);
        let invoice = found.ok_or_else(|| Impossible::unknown("invoice", id))?;
        if invoice.status == InvoiceStatus::Draft {
            self.finalize_invoice(id)?;
        } else {
            self.begin_user_operation();
        }
        self.record_event("invoice.sent", EventObject::Invoice(id));
        Ok(())
    }

    /// Pays an invoice. An incomplete subscription is activated with a new card; a past-due or unpaid one is
    /// reactivated.
    pub fn pay_invoice(&mut self, id: &str) -> Result<(), Impossible> {
        let payable = [
            InvoiceStatus::Draft,
            InvoiceStatus::Open,
            InvoiceStatus::Uncollectible,
        ];
        let invoice = self.require_invoice_status(id, &payable, "paying it")?;
        let subscription = self.subscription_if_latest_invoice(&invoice);
        if let Some((subscription, Status::Incomplete)) = &subscription {
            return self.pay_first_invoice(subscription);
        }
        self.begin_user_operation();
        self.pay_and_record(id);
        if let Some((subscription, _)) = subscription {
            self.reactivate_and_record(&subscription);
        }
        Ok(())
    }

    /// Voids an invoice. An incomplete subscription that waited for its payment expires.
    pub fn void_invoice(&mut self, id: &str) -> Result<(), Impossible> {
        let voidable = [InvoiceStatus::Open, InvoiceStatus::Uncollectible];
        let invoice = self.require_invoice_status(id, &voidable, "voiding it")?;
        self.begin_user_operation();
        match self.subscription_if_latest_invoice(&invoice) {
            Some((subscription, Status::Incomplete)) => self.expire_and_record(&subscription, id),
            Some(_) | None => self.void_and_record(id),
        }
        Ok(())
    }

    /// Marks an invoice as uncollectible.
    pub fn mark_uncollectible(&mut self, id: &str) -> Result<(), Impossible> {
        self.require_invoice_status(id, &[InvoiceStatus::Open], "marking it uncollectible")?;
        self.begin_user_operation();
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
        self.begin_user_operation();
        // Recorded first: the event renders the object.
        self.record_event("invoice.deleted", EventObject::Invoice(id));
        self.objects.invoices.remove(id);
    }

    /// Adds an invoice item to a draft, or to the next invoice.
    pub fn create_invoice_item(&mut self, item: InvoiceItem) -> CompactString {
        self.begin_user_operation();
        let draft = item.invoice.clone();
        let line = item.line.clone();
        let id = self.put_invoice_item(item);
        if let Some(draft) = draft {
            let line = self.invoice_line(&id, line);
            self.change_invoice(&draft, |invoice| invoice.lines.push(line));
        }
        self.record_event("invoiceitem.created", EventObject::InvoiceItem(&id));
        id
    }

    pub fn delete_invoice_item(&mut self, id: &str) {
        self.begin_user_operation();
        // Recorded first: the event renders the object.
        self.record_event("invoiceitem.deleted", EventObject::InvoiceItem(id));
        self.objects.invoice_items.remove(id);
    }

    /// Returns a subscription's next invoice as it would be with changed items, as JSON of this version. Afterwards the
    /// subscription is as before; only prices that `change` adds stay.
    pub(crate) fn preview_invoice(
        &mut self,
        subscription_id: &str,
        version: &ApiVersion,
        change: impl FnOnce(&mut Self, Vec<Item>) -> Vec<Item>,
    ) -> Value {
        let Some(before) = self.find_subscription(subscription_id).cloned() else {
            return Value::Null;
        };
        let items = change(self, before.items.clone());
        self.change_subscription_silently(subscription_id, |subscription| {
            subscription.items = items;
        });
        let previous_version = self.context.events_version.replace(version.clone());
        let mut preview = self.render_next_invoice(subscription_id);
        self.context.events_version = previous_version;
        self.change_subscription_silently(subscription_id, |subscription| *subscription = before);
        let invoice_id = preview.get("id").and_then(Value::as_str);
        let preview_id = format!("upcoming_{}", invoice_id.unwrap_or_default());
        if let Some(preview) = preview.as_object_mut() {
            preview.insert("id".to_owned(), preview_id.into());
        }
        preview
    }

    /// Returns the items that wait for the next invoice of this invoice's customer or subscription.
    fn pending_invoice_items(&self, invoice: &Invoice) -> Vec<InvoiceItem> {
        let subscription = invoice.subscription.clone().unwrap_or_default();
        let pending = self.objects.invoice_items.iter().filter(|item| {
            item.invoice.is_none()
                && item.customer == invoice.customer
                && item.subscription == subscription
        });
        pending.cloned().collect()
    }

    /// Returns the line that bills an invoice item.
    fn invoice_line(&mut self, item_id: &CompactString, line: InvoiceLine) -> InvoiceLine {
        let mut line = InvoiceLine {
            invoice_item: Some(item_id.clone()),
            ..line
        };
        self.fill(&mut line.id, "il_1", 19);
        line
    }

    /// Returns a copy of an invoice, if its status allows the action.
    fn require_invoice_status(
        &self,
        id: &str,
        allowed: &[InvoiceStatus],
        action: &'static str,
    ) -> Result<Invoice, Impossible> {
        let found = self.find_invoice(id);
        let invoice = found.ok_or_else(|| Impossible::unknown("invoice", id))?;
        if allowed.contains(&invoice.status) {
            return Ok(invoice.clone());
        }
        Err(Impossible::NotNow {
            kind: "invoice",
            id: id.into(),
            state: invoice.status.as_str().into(),
            action,
        })
    }

    /// Returns the subscription whose latest invoice this is, with its status.
    fn subscription_if_latest_invoice(&self, invoice: &Invoice) -> Option<(CompactString, Status)> {
        let subscription = self.find_subscription(invoice.subscription.as_deref()?)?;
        let latest = subscription.details.latest_invoice.as_deref();
        (latest == Some(&invoice.id))
            .then(|| (subscription.id.clone(), subscription.status.clone()))
    }
}
