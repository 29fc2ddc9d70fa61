//! Steps that several operations share: changing an object and recording what it became.

use jiff::Timestamp;
use serde_json::json;

use super::Impossible;
use crate::{
    objects::{Item, Period, Subscription, Transaction, TransactionItem},
    world::{World, after},
};

impl World {
    /// Returns a subscription to change.
    pub(super) fn existing(&self, id: &str) -> Result<Subscription, Impossible> {
        let found = self.subscriptions.get(id).cloned();
        found.ok_or_else(|| Impossible::unknown("subscription", id))
    }

    /// Returns a subscription to change that is not canceled, because those never change again.
    pub(super) fn living(&self, id: &str) -> Result<Subscription, Impossible> {
        let found = self.existing(id)?;
        if found.status == "canceled" {
            return Err(Impossible::Status {
                id: id.to_owned(),
                status: found.status,
            });
        }
        Ok(found)
    }

    /// Stores a subscription, and records these events about it.
    pub(super) fn save(&mut self, mut subscription: Subscription, events: &[&str]) -> Subscription {
        subscription.updated_at = self.tick();
        for event in events {
            self.record(&format!("subscription.{event}"), &subscription);
        }
        self.subscriptions
            .insert(subscription.id.clone(), subscription.clone());
        subscription
    }

    /// Stores a transaction with a new status, and records these events about it.
    pub(super) fn advance(&mut self, transaction: &mut Transaction, status: &str, events: &[&str]) {
        status.clone_into(&mut transaction.status);
        transaction.updated_at = self.tick();
        if status == "billed" || status == "paid" {
            transaction.billed_at.get_or_insert(transaction.updated_at);
        }
        if status == "completed" {
            let number = self.transactions.len();
            let id = self.id("inv_");
            transaction.invoice_id = Some(id);
            transaction.invoice_number =
                Some(format!("325-{}", 10_000_usize.saturating_add(number)));
        }
        for event in events {
            self.record(&format!("transaction.{event}"), transaction);
        }
        self.transactions
            .insert(transaction.id.clone(), transaction.clone());
    }

    /// Creates a transaction about a subscription, with `created` and `billed`.
    pub(super) fn bill(
        &mut self,
        subscription: &Subscription,
        origin: &str,
        period: Option<Period>,
    ) -> Transaction {
        let items = subscription.items.iter().map(transaction_item).collect();
        let mut transaction = self.draft(subscription, origin, items);
        transaction.billing_period = period;
        self.advance(&mut transaction, "billed", &["created", "billed"]);
        transaction
    }

    /// Returns a new transaction about a subscription, before any event.
    pub(super) fn draft(
        &mut self,
        subscription: &Subscription,
        origin: &str,
        items: Vec<TransactionItem>,
    ) -> Transaction {
        let id = self.id("txn_");
        let now = self.tick();
        let mut transaction = Transaction {
            checkout: Some(json!({"url": format!("https://app.example/pay?_ptxn={id}")})),
            id,
            customer_id: Some(subscription.customer_id.clone()),
            address_id: Some(subscription.address_id.clone()),
            subscription_id: (!subscription.id.is_empty()).then(|| subscription.id.clone()),
            custom_data: subscription.custom_data.clone(),
            origin: origin.to_owned(),
            collection_mode: subscription.collection_mode.clone(),
            billing_details: subscription.billing_details.clone(),
            items,
            created_at: now,
            updated_at: now,
            ..Transaction::default()
        };
        transaction.write_details(subscription.discount.is_some());
        transaction
    }

    /// Captures the money and completes a transaction.
    pub(super) fn pay(&mut self, transaction: &mut Transaction) {
        self.capture(transaction);
        self.advance(transaction, "completed", &["updated", "completed"]);
    }

    pub(super) fn capture(&mut self, transaction: &mut Transaction) {
        self.attempt(transaction, None);
        self.advance(transaction, "paid", &["updated", "paid"]);
    }

    /// Adds an attempt to pay, which fails for this reason.
    pub(super) fn attempt(&mut self, transaction: &mut Transaction, error: Option<&str>) {
        let id = self.id("paymtd_");
        let now = self.tick();
        let total = transaction
            .details
            .pointer("/totals/grand_total")
            .cloned()
            .unwrap_or_default();
        transaction.payments.push(json!({
            "payment_attempt_id": uuid(&id),
            "stored_payment_method_id": uuid(&transaction.id),
            "payment_method_id": id,
            "amount": total,
            "status": if error.is_some() { "error" } else { "captured" },
            "error_code": error,
            "method_details": {
                "type": "card",
                "card": {"type": "visa", "last4": "4242", "expiry_month": 1, "expiry_year": 2030,
                         "cardholder_name": "Test"},
            },
            "created_at": now,
            "captured_at": error.is_none().then_some(now),
        }));
    }
}

impl Subscription {
    /// Moves it into its next period.
    pub(super) fn begin_period(&mut self, starts_at: Timestamp) {
        let ends_at = after(starts_at, &self.billing_cycle);
        self.current_billing_period = Some(Period { starts_at, ends_at });
        self.next_billed_at = self.scheduled_change.is_none().then_some(ends_at);
        self.first_billed_at.get_or_insert(starts_at);
        for item in &mut self.items {
            item.previously_billed_at = Some(starts_at);
            item.next_billed_at = Some(ends_at);
            item.updated_at = starts_at;
        }
    }
}

pub(super) fn transaction_item(item: &Item) -> TransactionItem {
    TransactionItem {
        price_id: item.price.id.clone(),
        price: item.price.clone(),
        quantity: item.quantity,
        proration: None,
    }
}

/// Returns a UUID, which some ids of payments are, made of an id.
fn uuid(id: &str) -> String {
    let number = id
        .bytes()
        .fold(0_u128, |number, byte| (number << 5) ^ u128::from(byte));
    let digits = format!("{number:032x}");
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    [
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32),
    ]
    .join("-")
}
