//! Invoices of subscriptions: drafted, finalized, paid, declined and voided.

use compact_str::{CompactString, format_compact};

use super::events::EventObject;
use crate::world::{
    Invoice, InvoiceItem, InvoiceLine, InvoiceStatus, Item, Period, Status, Subscription, World,
};

impl World {
    /// Drafts an invoice for the current period of a subscription, including pending items, and makes it the latest.
    /// `reason` is its `billing_reason`. Records no event.
    pub fn draft_invoice(&mut self, id: &str, reason: &str) -> CompactString {
        let Some(subscription) = self.find_subscription(id).cloned() else {
            return CompactString::default();
        };
        let lines = self.lines_of(&subscription);
        self.draft(&subscription, reason, lines)
    }

    pub(super) fn draft(
        &mut self,
        subscription: &Subscription,
        reason: &str,
        lines: Vec<InvoiceLine>,
    ) -> CompactString {
        let customer = self.customers.get(&subscription.customer);
        let subtotal = lines
            .iter()
            .fold(0, |sum: i64, line| sum.saturating_add(line.amount));
        let discount = subscription.details.discount.as_ref().and_then(|discount| {
            let coupon = self.objects.coupons.get(&discount.coupon)?;
            Some((discount.id.clone(), coupon.taken_off(subtotal)))
        });
        let invoice = Invoice {
            customer: subscription.customer.clone(),
            subscription: Some(subscription.id.clone()),
            subscription_metadata: subscription.details.metadata.clone(),
            billing_reason: reason.into(),
            currency: self.currency_of(subscription).into(),
            lines,
            discount,
            period: billed_period(subscription, self.clock),
            customer_email: customer.and_then(|customer| customer.email.clone()),
            customer_name: customer.and_then(|customer| customer.details.name.clone()),
            auto_advance: true,
            days_until_due: subscription.details.days_until_due,
            ..Invoice::default()
        };
        let invoice = self.put_invoice(invoice);
        self.take_pending_items(&subscription.id, &invoice);
        self.change_subscription_silently(&subscription.id, |subscription| {
            subscription.details.latest_invoice = Some(invoice.clone());
        });
        invoice
    }

    /// Assigns a subscription's pending items to this invoice.
    fn take_pending_items(&mut self, subscription: &str, invoice: &CompactString) {
        for mut item in self.pending_items(subscription) {
            item.invoice = Some(invoice.clone());
            self.put_invoice_item(item);
        }
    }

    fn pending_items(&self, subscription: &str) -> Vec<InvoiceItem> {
        let waiting = self.objects.invoice_items.iter();
        let waiting = waiting.filter(|item| item.invoice.is_none());
        waiting
            .filter(|item| item.subscription == subscription)
            .cloned()
            .collect()
    }

    /// Returns the pending items and a line for every item, which costs nothing during a trial.
    pub(super) fn lines_of(&mut self, subscription: &Subscription) -> Vec<InvoiceLine> {
        let waiting = self.pending_items(&subscription.id);
        let mut lines: Vec<InvoiceLine> = waiting
            .into_iter()
            .map(|item| InvoiceLine {
                invoice_item: Some(item.id),
                ..item.line
            })
            .collect();
        for item in &subscription.items {
            let is_free = subscription.status == Status::Trialing;
            lines.push(InvoiceLine {
                amount: if is_free { 0 } else { self.amount(item) },
                description: self.describe_line(item, is_free),
                period: item.period,
                ..line_for(item)
            });
        }
        for line in &mut lines {
            self.fill(&mut line.id, "il_1", 19);
        }
        lines
    }

    fn describe_line(&self, item: &Item, is_free: bool) -> CompactString {
        let name = self.product_name(item);
        let quantity = item.quantity.unwrap_or_default();
        if is_free {
            format_compact!("Trial period for {name}")
        } else {
            format_compact!("{quantity} × {name}")
        }
    }

    pub(super) fn product_name(&self, item: &Item) -> CompactString {
        let price = self.prices.get(&item.price);
        let product = price.and_then(|price| self.products.get(&price.product));
        product.map_or_else(|| item.price.clone(), |product| product.name.clone())
    }

    pub(super) fn change_invoice(&mut self, id: &str, change: impl FnOnce(&mut Invoice)) {
        if let Some(mut invoice) = self.objects.invoices.get(id).cloned() {
            change(&mut invoice);
            self.objects.invoices.put(invoice);
        }
    }

    /// Finalizes a draft. Records no event.
    pub(super) fn finalize_silently(&mut self, id: &str) {
        let clock = self.clock;
        let Some(customer) = self
            .objects
            .invoices
            .get(id)
            .map(|one| one.customer.clone())
        else {
            return;
        };
        let number = self.next_invoice_number(&customer);
        self.change_invoice(id, |invoice| {
            if invoice.status == InvoiceStatus::Draft {
                invoice.status = InvoiceStatus::Open;
                invoice.finalized_at = Some(clock);
                invoice.number = Some(number);
            }
        });
    }

    fn next_invoice_number(&mut self, customer: &str) -> CompactString {
        let prefix = crate::shapes::invoice_prefix(customer);
        let Some(mut customer) = self.customers.get(customer).cloned() else {
            return format_compact!("{prefix}-0001");
        };
        let number = customer.details.invoices.saturating_add(1);
        customer.details.invoices = number;
        self.customers.put(customer);
        format_compact!("{prefix}-{number:04}")
    }

    /// Finalizes a draft, creates its payment intent, and records both events. Does nothing if it is final already.
    pub(super) fn finalize_and_record(&mut self, id: &str) {
        let Some(invoice) = self.find_invoice(id) else {
            return;
        };
        if invoice.status != InvoiceStatus::Draft {
            return;
        }
        let is_asked = invoice.payment_intent.is_some();
        self.finalize_silently(id);
        let intent = self.find_or_create_intent(id).filter(|_| !is_asked);
        self.record_event("invoice.finalized", EventObject::Invoice(id));
        if let Some(intent) = intent {
            self.record_event(
                "payment_intent.created",
                EventObject::PaymentIntent(&intent),
            );
        }
    }

    /// Voids an invoice.
    pub(super) fn void_and_record(&mut self, id: &str) {
        let clock = self.clock;
        let before = self.render(EventObject::Invoice(id));
        self.change_invoice(id, |invoice| {
            invoice.status = InvoiceStatus::Void;
            invoice.voided_at = Some(clock);
            invoice.auto_advance = false;
            invoice.next_payment_attempt = None;
        });
        self.record_event("invoice.voided", EventObject::Invoice(id));
        self.record_difference("invoice.updated", EventObject::Invoice(id), &before);
    }

    /// Stops the automatic collection of an open invoice.
    pub(super) fn stop_collecting_and_record(&mut self, id: &str) {
        self.record_change("invoice.updated", EventObject::Invoice(id), |world| {
            world.change_invoice(id, |invoice| {
                if matches!(invoice.status, InvoiceStatus::Draft | InvoiceStatus::Open) {
                    invoice.auto_advance = false;
                    invoice.next_payment_attempt = None;
                }
            });
        });
    }

    /// Returns the latest invoice of a subscription if it is unpaid.
    pub(super) fn unpaid_invoice(&self, subscription: &Subscription) -> Option<&Invoice> {
        let latest = subscription.details.latest_invoice.as_deref()?;
        let invoice = self.find_invoice(latest)?;
        matches!(invoice.status, InvoiceStatus::Draft | InvoiceStatus::Open).then_some(invoice)
    }
}

/// Returns an invoice line for an item, without its amount.
pub(super) fn line_for(item: &Item) -> InvoiceLine {
    InvoiceLine {
        price: item.price.clone(),
        quantity: item.quantity.or(Some(0)),
        subscription_item: item.id.clone(),
        metadata: item.metadata.as_deref().cloned().unwrap_or_default(),
        ..InvoiceLine::default()
    }
}

/// Returns the period shown on an invoice: a single moment for the first one, the past period for others.
fn billed_period(subscription: &Subscription, clock: i64) -> Option<Period> {
    let first = subscription.items.first()?.period?;
    let is_first = subscription.details.latest_invoice.is_none();
    Some(if is_first {
        Period {
            start: clock,
            end: clock,
        }
    } else {
        let length = first.end.saturating_sub(first.start);
        Period {
            start: first.start.saturating_sub(length),
            end: first.start,
        }
    })
}
