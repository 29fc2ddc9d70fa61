//! Renewals, paid or unpaid, and what happens to unpaid subscriptions.

use compact_str::CompactString;

use super::{DAY, Impossible, events::EventObject};
use crate::world::{InvoiceStatus, Status, Subscription, World};

/// Last step of a renewal to perform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// The invoice is drafted, and paid an hour later.
    Paid,
    /// The invoice is only drafted.
    Draft,
}

/// The account's setting for the time after the last failed payment attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GiveUp {
    Cancel,
    Unpaid,
    /// The subscription stays past due.
    Stay,
    Pause,
}

/// Time until Stripe's next payment attempt.
const NEXT_ATTEMPT: i64 = 3 * DAY;

impl World {
    /// Announces the next invoice a few days in advance.
    pub fn upcoming_invoice(&mut self, id: &str) -> Result<(), Impossible> {
        self.find_active(id, "announcing its next invoice")?;
        self.begin_provider_operation();
        let mut ahead = self.render_next_invoice(id);
        if let Some(invoice) = ahead.as_object_mut() {
            invoice.remove("id");
        }
        self.record_object("invoice.upcoming", ahead, None);
        Ok(())
    }

    /// Starts the next period.
    pub fn renew_subscription(&mut self, id: &str, how: Renewal) -> Result<(), Impossible> {
        let subscription = self.renewable(id)?;
        self.begin_provider_operation();
        let invoice = self.renew_and_record(id);
        let is_collected = subscription.status == Status::Active
            && subscription.details.pause_collection.is_none();
        if how == Renewal::Paid && is_collected {
            self.pay_and_record(&invoice);
        }
        Ok(())
    }

    /// Fails an attempt to collect the invoice. A subscription that owes nothing is renewed first.
    pub fn payment_fails(&mut self, id: &str) -> Result<(), Impossible> {
        let subscription = self.find_active(id, "a failing payment")?;
        let owed = self
            .unpaid_invoice(&subscription)
            .map(|invoice| invoice.id.clone());
        if owed.is_none() {
            self.renewable(id)?;
        }
        self.begin_provider_operation();
        let invoice = owed.unwrap_or_else(|| self.renew_and_record(id));
        self.fail_payment_and_record(id, &invoice);
        Ok(())
    }

    /// Pays the open invoice with the customer's new card.
    pub fn recover(&mut self, id: &str) -> Result<(), Impossible> {
        let subscription = self.find_active(id, "paying what is owed")?;
        let owed = self
            .unpaid_invoice(&subscription)
            .map(|invoice| invoice.id.clone());
        let Some(invoice) = owed else {
            return Err(nothing_owed(&subscription, "paying what is owed"));
        };
        self.begin_user_operation();
        let customer = &subscription.customer;
        let card = self.create_card(customer);
        self.record_event("payment_method.attached", EventObject::PaymentMethod(&card));
        self.record_change(
            "customer.updated",
            EventObject::Customer(customer),
            |world| {
                if let Some(mut known) = world.customers.get(customer).cloned() {
                    known.details.default_payment_method = Some(card.clone());
                    world.customers.put(known);
                }
            },
        );
        self.pay_and_record(&invoice);
        self.reactivate_and_record(id);
        Ok(())
    }

    /// Fails the last attempt and applies the account's setting.
    pub fn give_up(&mut self, id: &str, how: GiveUp) -> Result<(), Impossible> {
        let subscription = self.find_active(id, "giving up its payment")?;
        let owed = self
            .unpaid_invoice(&subscription)
            .map(|invoice| invoice.id.clone());
        let Some(invoice) = owed.filter(|_| subscription.status == Status::PastDue) else {
            return Err(Impossible::not_now(&subscription, "giving up its payment"));
        };
        self.begin_provider_operation();
        self.decline_and_record(&invoice, None);
        match how {
            GiveUp::Cancel => self.end_subscription_and_record(id, "payment_failed"),
            GiveUp::Unpaid => self.update_subscription_and_record(id, |subscription| {
                subscription.status = Status::Unpaid;
            }),
            GiveUp::Stay => {}
            GiveUp::Pause => self.pause_and_record(id, "final_payment_failure"),
        }
        Ok(())
    }

    /// Starts the next period with a draft invoice. The period moves whether or not it is paid.
    pub(super) fn renew_and_record(&mut self, id: &str) -> CompactString {
        let before = self.render(EventObject::Subscription(id));
        self.renew_silently(id);
        let invoice = self.draft_invoice(id, "subscription_cycle");
        self.record_event("invoice.created", EventObject::Invoice(&invoice));
        self.record_difference(
            "customer.subscription.updated",
            EventObject::Subscription(id),
            &before,
        );
        self.skip_collection_and_record(id, &invoice);
        invoice
    }

    /// Does what the pause says with a new invoice while collection is paused: voids it, marks it uncollectible, or keeps it
    /// as a draft.
    fn skip_collection_and_record(&mut self, id: &str, invoice: &str) {
        let subscription = self.find_subscription(id);
        let pause =
            subscription.and_then(|subscription| subscription.details.pause_collection.clone());
        match pause.as_ref().map(|pause| pause.behavior.as_str()) {
            Some("void") => {
                self.finalize_and_record(invoice);
                self.void_and_record(invoice);
            }
            Some("mark_uncollectible") => {
                self.finalize_and_record(invoice);
                let clock = self.clock;
                self.change_invoice(invoice, |invoice| {
                    invoice.status = InvoiceStatus::Uncollectible;
                    invoice.uncollectible_at = Some(clock);
                    invoice.auto_advance = false;
                });
                self.record_event(
                    "invoice.marked_uncollectible",
                    EventObject::Invoice(invoice),
                );
            }
            Some(_) => self.stop_collecting_and_record(invoice),
            None => {}
        }
    }

    /// Fails a payment attempt. The first failure makes the subscription past due.
    pub(super) fn fail_payment_and_record(&mut self, id: &str, invoice: &str) {
        let next = self.clock.saturating_add(NEXT_ATTEMPT);
        self.decline_and_record(invoice, Some(next));
        self.update_subscription_and_record(id, |subscription| {
            if matches!(subscription.status, Status::Active | Status::Trialing) {
                subscription.status = Status::PastDue;
            }
        });
    }

    /// Reactivates a subscription after its overdue payment.
    pub(super) fn reactivate_and_record(&mut self, id: &str) {
        self.update_subscription_and_record(id, |subscription| {
            if matches!(subscription.status, Status::PastDue | Status::Unpaid) {
                subscription.status = Status::Active;
            }
        });
    }

    fn renewable(&self, id: &str) -> Result<Subscription, Impossible> {
        const ACTION: &str = "its renewal";
        let subscription = self.find_active(id, ACTION)?;
        if subscription.details.cancel_at.is_some() {
            return Err(Impossible::NotNow {
                kind: "subscription",
                id: id.into(),
                state: "scheduled to end".into(),
                action: ACTION,
            });
        }
        match subscription.status {
            Status::Active | Status::PastDue | Status::Unpaid => Ok(subscription),
            Status::Trialing
            | Status::Canceled
            | Status::Incomplete
            | Status::IncompleteExpired
            | Status::Paused
            | Status::Other(_) => Err(Impossible::not_now(&subscription, ACTION)),
        }
    }

    /// Returns the invoice that a renewal would create. Changes nothing but the id counters.
    pub(super) fn render_next_invoice(&mut self, id: &str) -> serde_json::Value {
        let Some(subscription) = self.find_subscription(id).cloned() else {
            return serde_json::Value::Null;
        };
        self.renew_silently(id);
        let waiting: Vec<_> = self
            .objects
            .invoice_items
            .iter()
            .filter(|item| item.invoice.is_none() && item.subscription == id)
            .cloned()
            .collect();
        let invoice = self.draft_invoice(id, "upcoming");
        let rendering = self.render(EventObject::Invoice(&invoice));
        self.objects.invoices.remove(&invoice);
        for item in waiting {
            self.put_invoice_item(item);
        }
        self.change_subscription_silently(id, |changed| *changed = subscription);
        rendering
    }
}

fn nothing_owed(subscription: &Subscription, action: &'static str) -> Impossible {
    Impossible::NotNow {
        kind: "subscription",
        id: subscription.id.clone(),
        state: compact_str::format_compact!("{} and owes nothing", subscription.status),
        action,
    }
}
