//! Refunds, single charges, new cards, and changes of a customer.

use serde_json::json;

use super::{Impossible, records::transaction_item};
use crate::{
    objects::{Adjustment, Transaction},
    world::World,
};

/// Paddle's decision about a requested refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundDecision {
    Approved,
    Rejected,
}

impl World {
    /// Charges a subscription once. Its recurring items stay as they are.
    pub fn charge(&mut self, id: &str, price: &str) -> Result<(), Impossible> {
        let subscription = self.living(id)?;
        let items = self.items(&[(price.to_owned(), 1)])?;
        let lines = items.iter().map(transaction_item).collect();
        let mut transaction = self.draft(&subscription, "subscription_charge", lines);
        self.advance(&mut transaction, "billed", &["created", "billed"]);
        self.pay(&mut transaction);
        Ok(())
    }

    /// The customer stores another card: a transaction of zero, which says nothing about access.
    pub fn change_card(&mut self, id: &str) -> Result<(), Impossible> {
        let subscription = self.living(id)?;
        let origin = "subscription_payment_method_change";
        let lines = subscription.items.iter().map(transaction_item).collect();
        let mut transaction = self.draft(&subscription, origin, lines);
        transaction.write_details(true);
        self.advance(&mut transaction, "ready", &["created", "ready"]);
        self.pay(&mut transaction);
        Ok(())
    }

    /// Requests a refund of a transaction, which Paddle then approves or rejects, and returns the adjustment.
    pub fn refund(
        &mut self,
        transaction: &str,
        is_full: bool,
        decision: RefundDecision,
    ) -> Result<Adjustment, Impossible> {
        let transaction = self.transactions.get(transaction).cloned();
        let transaction = transaction.ok_or_else(|| Impossible::unknown("transaction", ""))?;
        let total = total(&transaction);
        let amount = if is_full { total } else { 100 };
        let id = self.id("adj_");
        let lines = transaction
            .details
            .pointer("/line_items")
            .and_then(serde_json::Value::as_array);
        let line = lines.and_then(|lines| lines.first()?.get("id").cloned());
        let kind = if is_full { "full" } else { "partial" };
        let amount = amount.to_string();
        let mut adjustment = Adjustment {
            items: vec![json!({
                "id": id.replacen("adj_", "adjitm_", 1), "item_id": line, "type": kind, "amount": amount,
                "proration": null, "totals": {"subtotal": amount, "tax": "0", "total": amount},
            })],
            id,
            action: "refund".to_owned(),
            kind: kind.to_owned(),
            subscription_id: transaction.subscription_id.clone(),
            customer_id: transaction.customer_id.clone().unwrap_or_default(),
            transaction_id: transaction.id,
            reason: "requested by the customer".to_owned(),
            currency_code: "USD".to_owned(),
            status: "pending_approval".to_owned(),
            totals: json!({"subtotal": amount, "tax": "0", "total": amount, "fee": "0", "earnings": amount,
                           "currency_code": "USD"}),
            created_at: self.tick(),
            ..Adjustment::default()
        };
        self.record("adjustment.created", &adjustment);
        let status = match decision {
            RefundDecision::Approved => "approved",
            RefundDecision::Rejected => "rejected",
        };
        status.clone_into(&mut adjustment.status);
        adjustment.updated_at = Some(self.tick());
        self.record("adjustment.updated", &adjustment);
        self.adjustments
            .insert(adjustment.id.clone(), adjustment.clone());
        Ok(adjustment)
    }

    /// Returns the customer's newest completed transaction of more than nothing.
    pub fn refundable(&self, customer: &str) -> Option<String> {
        let newest = self.transactions.values().rev().find(|transaction| {
            transaction.status == "completed"
                && transaction.customer_id.as_deref() == Some(customer)
                && total(transaction) > 0
        });
        newest.map(|transaction| transaction.id.clone())
    }

    pub fn change_email(&mut self, customer: &str, email: &str) -> Result<(), Impossible> {
        let now = self.tick();
        let found = self.customers.get_mut(customer);
        let found = found.ok_or_else(|| Impossible::unknown("customer", customer))?;
        found.email = email.to_lowercase();
        found.updated_at = now;
        let changed = found.clone();
        self.record("customer.updated", &changed);
        Ok(())
    }

    /// Makes the API forget a subscription.
    pub fn forget(&mut self, id: &str) {
        self.forgotten.insert(id.to_owned());
    }

    /// Archives a customer, which keeps its subscriptions.
    pub fn archive(&mut self, customer: &str) -> Result<(), Impossible> {
        let now = self.tick();
        let found = self.customers.get_mut(customer);
        let found = found.ok_or_else(|| Impossible::unknown("customer", customer))?;
        "archived".clone_into(&mut found.status);
        found.updated_at = now;
        let changed = found.clone();
        self.record("customer.updated", &changed);
        Ok(())
    }
}

fn total(transaction: &Transaction) -> i64 {
    let total = transaction.details.pointer("/totals/grand_total");
    let total = total.and_then(|total| total.as_str()?.parse().ok());
    total.unwrap_or_default()
}
