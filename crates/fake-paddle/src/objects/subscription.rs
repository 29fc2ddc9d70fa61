//! Subscriptions.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Cycle, Period, Price, Product};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Subscription {
    pub id: String,
    pub status: String,
    pub customer_id: String,
    pub address_id: String,
    pub business_id: Option<String>,
    pub currency_code: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub first_billed_at: Option<Timestamp>,
    pub next_billed_at: Option<Timestamp>,
    pub paused_at: Option<Timestamp>,
    pub canceled_at: Option<Timestamp>,
    pub collection_mode: String,
    pub billing_details: Option<Value>,
    pub current_billing_period: Option<Period>,
    pub billing_cycle: Cycle,
    pub scheduled_change: Option<ScheduledChange>,
    pub items: Vec<Item>,
    pub discount: Option<Value>,
    pub custom_data: Option<Value>,
    pub import_meta: Option<Value>,
    /// Only in answers of the API, not in events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub management_urls: Option<ManagementUrls>,
}

impl Default for Subscription {
    fn default() -> Self {
        Self {
            id: String::new(),
            status: "active".to_owned(),
            customer_id: String::new(),
            address_id: String::new(),
            business_id: None,
            currency_code: "USD".to_owned(),
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
            started_at: None,
            first_billed_at: None,
            next_billed_at: None,
            paused_at: None,
            canceled_at: None,
            collection_mode: "automatic".to_owned(),
            billing_details: None,
            current_billing_period: None,
            billing_cycle: Cycle::new("month"),
            scheduled_change: None,
            items: Vec::new(),
            discount: None,
            custom_data: None,
            import_meta: None,
            management_urls: None,
        }
    }
}

impl Subscription {
    /// Returns the subscription as the API shows it.
    pub(crate) fn with_urls(&self) -> Self {
        let url = |action: &str| {
            format!(
                "https://sandbox-buyer-portal.paddle.com/subscriptions/{}/{action}",
                self.id
            )
        };
        Self {
            management_urls: Some(ManagementUrls {
                update_payment_method: url("update-payment-method"),
                cancel: url("cancel"),
            }),
            ..self.clone()
        }
    }
}

/// Pages of the customer portal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagementUrls {
    pub update_payment_method: String,
    pub cancel: String,
}

/// A pause, resume or cancellation to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledChange {
    pub action: String,
    pub effective_at: Timestamp,
    #[serde(default)]
    pub resume_at: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Item {
    pub status: String,
    pub quantity: u32,
    pub recurring: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub previously_billed_at: Option<Timestamp>,
    pub next_billed_at: Option<Timestamp>,
    pub trial_dates: Option<Period>,
    pub price: Price,
    pub product: Product,
}

impl Default for Item {
    fn default() -> Self {
        Self {
            status: "active".to_owned(),
            quantity: 1,
            recurring: true,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
            previously_billed_at: None,
            next_billed_at: None,
            trial_dates: None,
            price: Price::default(),
            product: Product::default(),
        }
    }
}
