//! Transactions.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Period, Price};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Transaction {
    pub id: String,
    pub status: String,
    pub customer_id: Option<String>,
    pub address_id: Option<String>,
    pub business_id: Option<String>,
    pub custom_data: Option<Value>,
    pub currency_code: String,
    pub origin: String,
    pub subscription_id: Option<String>,
    pub invoice_id: Option<String>,
    pub invoice_number: Option<String>,
    pub collection_mode: String,
    pub discount_id: Option<String>,
    pub billing_details: Option<Value>,
    pub billing_period: Option<Period>,
    pub items: Vec<TransactionItem>,
    pub details: Value,
    pub payments: Vec<Value>,
    pub checkout: Option<Value>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub billed_at: Option<Timestamp>,
    pub revised_at: Option<Timestamp>,
}

impl Default for Transaction {
    fn default() -> Self {
        Self {
            id: String::new(),
            status: "draft".to_owned(),
            customer_id: None,
            address_id: None,
            business_id: None,
            custom_data: None,
            currency_code: "USD".to_owned(),
            origin: "web".to_owned(),
            subscription_id: None,
            invoice_id: None,
            invoice_number: None,
            collection_mode: "automatic".to_owned(),
            discount_id: None,
            billing_details: None,
            billing_period: None,
            items: Vec::new(),
            details: Value::Null,
            payments: Vec::new(),
            checkout: None,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
            billed_at: None,
            revised_at: None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransactionItem {
    pub price_id: String,
    pub price: Price,
    pub quantity: u32,
    #[serde(default)]
    pub proration: Option<Value>,
}

impl TransactionItem {
    fn cents(&self) -> i64 {
        self.price.cents().saturating_mul(self.quantity.into())
    }
}

impl Transaction {
    /// Writes `details`: the totals and the line items. If `is_free`, nothing is due, as with a
    /// discount of 100 percent.
    pub(crate) fn write_details(&mut self, is_free: bool) {
        let cents = |item: &TransactionItem| if is_free { 0 } else { item.cents() };
        let total = self
            .items
            .iter()
            .map(cents)
            .fold(0, i64::saturating_add)
            .to_string();
        let currency = &self.currency_code;
        let totals = json!({
            "subtotal": total, "discount": "0", "tax": "0", "total": total, "credit": "0",
            "credit_to_balance": "0", "balance": "0", "grand_total": total, "fee": null, "earnings": null,
            "currency_code": currency,
        });
        let lines = self.items.iter().enumerate().map(|(number, item)| {
            let id = format!("txnitm_{}{number}", self.id.trim_start_matches("txn_"));
            line_item(&id, item, cents(item))
        });
        let lines: Vec<Value> = lines.collect();
        let adjusted = json!({
            "subtotal": total, "tax": "0", "total": total, "grand_total": total, "fee": "0", "earnings": "0",
            "currency_code": currency,
        });
        self.details = json!({
            "tax_rates_used": [], "totals": totals, "adjusted_totals": adjusted, "payout_totals": null,
            "adjusted_payout_totals": null, "line_items": lines,
        });
    }
}

fn line_item(id: &str, item: &TransactionItem, cents: i64) -> Value {
    let amount = cents.to_string();
    let unit = item.price.unit_price.amount.as_str();
    json!({
        "id": id,
        "price_id": item.price.id, "quantity": item.quantity, "proration": null, "tax_rate": "0",
        "unit_totals": {"subtotal": unit, "discount": "0", "tax": "0", "total": unit},
        "totals": {"subtotal": amount, "discount": "0", "tax": "0", "total": amount},
        "product": {
            "id": item.price.product_id, "name": item.price.description, "type": "standard",
            "tax_category": "standard", "description": null, "image_url": null, "custom_data": null,
            "status": "active", "import_meta": null, "created_at": item.price.created_at,
            "updated_at": item.price.updated_at,
        },
    })
}
