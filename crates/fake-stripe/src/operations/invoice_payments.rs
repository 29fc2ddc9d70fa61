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
    /// Returns the invoice's payment intent, and creates it if there is none. Returns `None` if nothing is due. Records no
    /// event.
    pub(super) fn find_or_create_intent(&mut self, invoice_id: &str) -> Option<CompactString> {
        let invoice = self.find_invoice(invoice_id)?.clone();
        if let Some(intent_id) = invoice.payment_intent {
            return Some(intent_id);
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
        let intent_id = self.put_payment_intent(PaymentIntent {
            customer: invoice.customer.clone(),
            currency: invoice.currency.clone(),
            amount,
            invoice: Some(invoice.id.clone()),
            description: description.into(),
            ..PaymentIntent::default()
        });
        self.put_invoice_payment(InvoicePayment {
            invoice: invoice.id.clone(),
            payment_intent: intent_id.clone(),
            currency: invoice.currency,
            amount,
            ..InvoicePayment::default()
        });
        self.change_invoice(&invoice.id, |invoice| {
            invoice.payment_intent = Some(intent_id.clone());
        });
        Some(intent_id)
    }

    pub(super) fn change_intent(&mut self, id: &str, change: impl FnOnce(&mut PaymentIntent)) {
        if let Some(mut intent) = self.objects.payment_intents.get(id).cloned() {
            change(&mut intent);
            self.objects.payment_intents.put(intent);
        }
    }

    /// Charges a card for an intent successfully. Records no event.
    pub(super) fn create_succeeded_charge(&mut self, intent_id: &str) -> CompactString {
        self.create_charge(intent_id, ChargeResult::Succeeded)
    }

    fn create_charge(&mut self, intent_id: &str, result: ChargeResult) -> CompactString {
        let is_declined = result == ChargeResult::Declined;
        let Some(intent) = self.objects.payment_intents.get(intent_id).cloned() else {
            return CompactString::default();
        };
        let card = match intent.payment_method.clone() {
            Some(card) if !intent.declined => card,
            // A declined card is not tried again.
            Some(_) | None => self.find_or_create_card(&intent.customer),
        };
        let customer = self.customers.get(&intent.customer);
        let charge = self.put_charge(Charge {
            email: customer.and_then(|customer| customer.email.clone()),
            customer: intent.customer,
            currency: intent.currency,
            amount: intent.amount,
            declined: is_declined,
            payment_intent: intent.id,
            invoice: intent.invoice.clone(),
            payment_method: Some(card.clone()),
            description: intent.description,
            ..Charge::default()
        });
        self.change_intent(intent_id, |intent| {
            intent.latest_charge = Some(charge.clone());
            intent.declined = is_declined;
            intent.payment_method = (!is_declined).then_some(card);
            intent.status = if is_declined {
                IntentStatus::RequiresPaymentMethod
            } else {
                IntentStatus::Succeeded
            };
        });
        if let Some(invoice_id) = intent.invoice {
            self.change_invoice(&invoice_id, |invoice| invoice.charge = Some(charge.clone()));
        }
        charge
    }

    /// Charges an intent successfully and records the events.
    pub(super) fn charge_and_record(&mut self, intent_id: &str) {
        let charge = self.create_succeeded_charge(intent_id);
        self.record_event("charge.succeeded", EventObject::Charge(&charge));
        self.record_event(
            "payment_intent.succeeded",
            EventObject::PaymentIntent(intent_id),
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
            self.put_invoice_payment(payment);
        }
    }

    pub(super) fn payment_of(&self, invoice_id: &str) -> Option<InvoicePayment> {
        let mut payments = self.objects.invoice_payments.iter();
        payments
            .find(|payment| payment.invoice == invoice_id)
            .cloned()
    }

    /// Pays an invoice, including all steps before that, and records their events.
    pub(super) fn pay_and_record(&mut self, id: &str) {
        self.finalize_and_record(id);
        if let Some(intent_id) = self.find_or_create_intent(id) {
            self.charge_and_record(&intent_id);
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
        if self.has_basil_events()
            && let Some(payment) = self.payment_of(id)
        {
            self.record_event(
                "invoice_payment.paid",
                EventObject::InvoicePayment(&payment.id),
            );
        }
    }

    /// Records a failed attempt to collect an invoice. `next` is the time of the next attempt, if there is one.
    pub(super) fn decline_and_record(&mut self, id: &str, next: Option<i64>) {
        self.finalize_and_record(id);
        if let Some(intent_id) = self.find_or_create_intent(id) {
            let charge = self.create_charge(&intent_id, ChargeResult::Declined);
            self.record_event("charge.failed", EventObject::Charge(&charge));
            self.record_event(
                "payment_intent.payment_failed",
                EventObject::PaymentIntent(&intent_id),
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
            self.put_invoice_payment(payment);
        }
        let intent_id = self
            .find_invoice(id)
            .and_then(|invoice| invoice.payment_intent.clone());
        if let Some(intent_id) = intent_id {
            self.change_intent(&intent_id, |intent| {
                intent.status = IntentStatus::Canceled;
                intent.canceled_at = Some(clock);
            });
            self.record_event(
                "payment_intent.canceled",
                EventObject::PaymentIntent(&intent_id),
            );
        }
    }
}
