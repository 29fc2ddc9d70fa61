//! Customers and their addresses.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Customer {
    pub id: String,
    pub name: Option<String>,
    pub email: String,
    pub marketing_consent: bool,
    pub status: String,
    pub custom_data: Option<Value>,
    pub locale: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub import_meta: Option<Value>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    pub id: String,
    pub customer_id: String,
    pub description: Option<String>,
    pub first_line: Option<String>,
    pub second_line: Option<String>,
    pub city: Option<String>,
    pub postal_code: Option<String>,
    pub region: Option<String>,
    pub country_code: String,
    pub custom_data: Option<Value>,
    pub status: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub import_meta: Option<Value>,
}
