//! Payments of invoices: intents, charges and their outcomes.

use compact_str::CompactString;

use super::events::EventObject;
use crate::world::{Charge, IntentStatus, InvoicePayment, InvoiceStatus, PaymentIntent, World};

/// The answer of the bank to a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ChargeResult {
    Succeeded,
    Declined,
}

impl World {
    /// Creates a payment intent for the invoice total; does nothing for a zero total. Records no event.
    pub(super) fn create_intent_for(&mut self, invoice: &str) -> Option<CompactString> {
        let invoice = self.find_invoice(invoice)?.clone();
        if let Some(intent) = invoice.payment_intent {
            return Some(intent);
        }
        let amount = invoice.amount_due();
        if amount == 0 {
            return None;
        }
        let description = match invoice.billing_reason.as_str() {
            "subscription_create" => "Subscription creation",
            "manual" => "Payment for Invoice",
            _ => "Subscription update",
        };
        let intent = self.payment_intent(PaymentIntent {
            customer: invoice.customer.clone(),
            currency: invoice.currency.clone(),
            amount,
            invoice: Some(invoice.id.clone()),
            description: description.into(),
            ..PaymentIntent::default()
        });
        self.invoice_payment(InvoicePayment {
            invoice: invoice.id.clone(),
            payment_intent: intent.clone(),
            currency: invoice.currency,
            amount,
            ..InvoicePayment::default()
        });
        self.change_invoice(&invoice.id, |invoice| {
            invoice.payment_intent = Some(intent.clone());
        });
        Some(intent)
    }

    pub(super) fn change_intent(&mut self, id: &str, change: impl FnOnce(&mut PaymentIntent)) {
        if let Some(mut intent) = self.objects.payment_intents.get(id).cloned() {
            change(&mut intent);
            self.objects.payment_intents.put(intent);
        }
    }

    /// Charges a card for an intent successfully. Records no event.
    pub(super) fn create_charge_for(&mut self, intent: &str) -> CompactString {
        self.create_charge(intent, ChargeResult::Succeeded)
    }

    fn create_charge(&mut self, intent: &str, result: ChargeResult) -> CompactString {
        let is_declined = result == ChargeResult::Declined;
        let Some(whole) = self.objects.payment_intents.get(intent).cloned() else {
            return CompactString::default();
        };
        let card = match whole.payment_method.clone() {
            Some(card) if !whole.declined => card,
            Some(_) | None => self.find_or_create_card(&whole.customer),
        };
        let customer = self.customers.get(&whole.customer);
        let charge = self.charge(Charge {
            email: customer.and_then(|customer| customer.email.clone()),
            customer: whole.customer,
            currency: whole.currency,
            amount: whole.amount,
            declined: is_declined,
            payment_intent: whole.id,
            invoice: whole.invoice.clone(),
            payment_method: Some(card.clone()),
            description: whole.description,
            ..Charge::default()
        });
        self.change_intent(intent, |intent| {
            intent.latest_charge = Some(charge.clone());
            intent.declined = is_declined;
            intent.payment_method = (!is_declined).then_some(card);
            intent.status = if is_declined {
                IntentStatus::RequiresPaymentMethod
            } else {
                IntentStatus::Succeeded
            };
        });
        if let Some(invoice) = whole.invoice {
            self.change_invoice(&invoice, |invoice| invoice.charge = Some(charge.clone()));
        }
        charge
    }

    /// Charges an intent successfully and records the events.
    pub(super) fn charge_and_record(&mut self, intent: &str) {
        let charge = self.create_charge_for(intent);
        self.record_event("charge.succeeded", EventObject::Charge(&charge));
        self.record_event(
            "payment_intent.succeeded",
            EventObject::PaymentIntent(intent),
        );
    }

    /// Marks an invoice as paid. Records no event.
    fn mark_paid(&mut self, id: &str) {
        let clock = self.clock;
        self.change_invoice(id, |invoice| {
            invoice.status = InvoiceStatus::Paid;
            invoice.paid_at = Some(clock);
            invoice.next_payment_attempt = None;
            invoice.auto_advance = false;
            if invoice.payment_intent.is_some() {
                invoice.attempt_count = invoice.attempt_count.saturating_add(1);
            }
        });
        if let Some(mut payment) = self.payment_of(id) {
            payment.paid_at = Some(clock);
            self.invoice_payment(payment);
        }
    }

    pub(super) fn payment_of(&self, invoice: &str) -> Option<InvoicePayment> {
        let mut payments = self.objects.invoice_payments.iter();
        payments.find(|payment| payment.invoice == invoice).cloned()
    }

    /// Pays an invoice, including all steps before that, and records their events.
    pub(super) fn pay_and_record(&mut self, id: &str) {
        self.finalize_and_record(id);
        if let Some(intent) = self.create_intent_for(id) {
            self.charge_and_record(&intent);
        }
        self.mark_paid_and_record(id);
    }

    /// Marks an invoice as paid after its payment succeeded, and records the events.
    pub(super) fn mark_paid_and_record(&mut self, id: &str) {
        self.record_change("invoice.updated", EventObject::Invoice(id), |world| {
            world.mark_paid(id);
        });
        self.record_event("invoice.paid", EventObject::Invoice(id));
        self.record_event("invoice.payment_succeeded", EventObject::Invoice(id));
        if let Some(payment) = self.payment_of(id).filter(|_| self.has_basil_events()) {
            self.record_event(
                "invoice_payment.paid",
                EventObject::InvoicePayment(&payment.id),
            );
        }
    }

    /// Fails an attempt to collect an invoice. The next one is at `next`, if any.
    pub(super) fn decline_and_record(&mut self, id: &str, next: Option<i64>) {
        self.finalize_and_record(id);
        if let Some(intent) = self.create_intent_for(id) {
            let charge = self.create_charge(&intent, ChargeResult::Declined);
            self.record_event("charge.failed", EventObject::Charge(&charge));
            self.record_event(
                "payment_intent.payment_failed",
                EventObject::PaymentIntent(&intent),
            );
        }
        let before = self.render(EventObject::Invoice(id));
        self.change_invoice(id, |invoice| {
            invoice.attempt_count = invoice.attempt_count.saturating_add(1);
            invoice.next_payment_attempt = next;
            invoice.auto_advance = next.is_some();
        });
        self.record_event("invoice.payment_failed", EventObject::Invoice(id));
        self.record_difference("invoice.updated", EventObject::Invoice(id), &before);
    }

    /// Cancels the payment of an invoice.
    pub(super) fn cancel_payment_and_record(&mut self, id: &str) {
        let clock = self.clock;
        if let Some(mut payment) = self.payment_of(id) {
            payment.canceled_at = Some(clock);
            self.invoice_payment(payment);
        }
        let intent = self
            .find_invoice(id)
            .and_then(|invoice| invoice.payment_intent.clone());
        if let Some(intent) = intent {
            self.change_intent(&intent, |intent| {
                intent.status = IntentStatus::Canceled;
                intent.canceled_at = Some(clock);
            });
            self.record_event(
                "payment_intent.canceled",
                EventObject::PaymentIntent(&intent),
            );
        }
    }
}
