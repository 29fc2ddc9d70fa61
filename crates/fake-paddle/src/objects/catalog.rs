//! Products and prices.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Product {
    pub id: String,
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub tax_category: String,
    pub description: Option<String>,
    pub image_url: Option<String>,
    pub custom_data: Option<Value>,
    pub status: String,
    pub import_meta: Option<Value>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Default for Product {
    fn default() -> Self {
        Self {
            id: String::new(),
            name: "Product".to_owned(),
            kind: "standard".to_owned(),
            tax_category: "standard".to_owned(),
            description: None,
            image_url: None,
            custom_data: None,
            status: "active".to_owned(),
            import_meta: None,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
        }
    }
}

impl Product {
    pub fn new(id: &str, name: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            ..Self::default()
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Price {
    pub id: String,
    pub product_id: String,
    pub description: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub name: Option<String>,
    pub billing_cycle: Option<Cycle>,
    pub trial_period: Option<Cycle>,
    pub tax_mode: String,
    pub unit_price: Money,
    pub unit_price_overrides: Vec<Value>,
    pub quantity: QuantityRange,
    pub status: String,
    pub custom_data: Option<Value>,
    pub import_meta: Option<Value>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Default for Price {
    fn default() -> Self {
        Self {
            id: String::new(),
            product_id: String::new(),
            description: "A price".to_owned(),
            kind: "standard".to_owned(),
            name: None,
            billing_cycle: Some(Cycle::new("month")),
            trial_period: None,
            tax_mode: "account_setting".to_owned(),
            unit_price: Money::default(),
            unit_price_overrides: Vec::new(),
            quantity: QuantityRange::default(),
            status: "active".to_owned(),
            custom_data: None,
            import_meta: None,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
        }
    }
}

impl Price {
    /// Creates a monthly price in US dollars, with the amount in cents.
    pub fn monthly(id: &str, product: &str, cents: i64) -> Self {
        Self {
            id: id.to_owned(),
            product_id: product.to_owned(),
            unit_price: Money {
                amount: cents.to_string(),
                ..Money::default()
            },
            ..Self::default()
        }
    }

    pub fn yearly(id: &str, product: &str, cents: i64) -> Self {
        Self {
            billing_cycle: Some(Cycle::new("year")),
            ..Self::monthly(id, product, cents)
        }
    }

    /// Creates a price that is paid once.
    pub fn one_time(id: &str, product: &str, cents: i64) -> Self {
        Self {
            billing_cycle: None,
            ..Self::monthly(id, product, cents)
        }
    }

    pub(crate) fn cents(&self) -> i64 {
        self.unit_price.amount.parse().unwrap_or_default()
    }
}

/// A time between two payments, or of a trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cycle {
    pub interval: String,
    pub frequency: u32,
}

impl Cycle {
    pub fn new(interval: &str) -> Self {
        Self {
            interval: interval.to_owned(),
            frequency: 1,
        }
    }
}

/// An amount in the smallest unit of its currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    pub amount: String,
    pub currency_code: String,
}

impl Default for Money {
    fn default() -> Self {
        Self {
            amount: "1000".to_owned(),
            currency_code: "USD".to_owned(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuantityRange {
    pub minimum: u64,
    pub maximum: u64,
}

impl Default for QuantityRange {
    fn default() -> Self {
        Self {
            minimum: 1,
            maximum: 10_000,
        }
    }
}
