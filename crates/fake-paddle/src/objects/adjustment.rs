//! Adjustments: refunds.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Adjustment {
    pub id: String,
    pub action: String,
    /// `full` or `partial`.
    #[serde(rename = "type")]
    pub kind: String,
    pub transaction_id: String,
    pub subscription_id: Option<String>,
    pub customer_id: String,
    pub reason: String,
    pub credit_applied_to_balance: Option<bool>,
    pub currency_code: String,
    pub status: String,
    pub items: Vec<Value>,
    pub totals: Value,
    pub payout_totals: Option<Value>,
    pub tax_rates_used: Vec<Value>,
    pub created_at: Timestamp,
    pub updated_at: Option<Timestamp>,
}
