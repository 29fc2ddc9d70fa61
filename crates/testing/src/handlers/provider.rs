//! The handler's Stripe client, for one fixed API version.

use std::time::Duration;

use serde::Deserialize;

use super::Failure;

const VERSION: &str = "2026-10-28.endive";

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Subscription {
    pub(super) id: String,
    pub(super) customer: String,
    pub(super) created: i64,
    pub(super) status: String,
    pub(super) cancel_at_period_end: bool,
    pub(super) cancel_at: Option<i64>,
    pub(super) pause_collection: Option<PauseCollection>,
    pub(super) items: List<Item>,
    /// The field's place before basil.
    pub(super) current_period_end: Option<i64>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct PauseCollection {
    pub(super) behavior: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Item {
    pub(super) price: Price,
    /// `None` for a metered price.
    pub(super) quantity: Option<i64>,
    pub(super) current_period_start: i64,
    pub(super) current_period_end: i64,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Price {
    pub(super) id: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct List<T> {
    pub(super) data: Vec<T>,
    has_more: bool,
}

#[derive(Debug, Deserialize)]
struct Refusal {
    error: RefusalDetails,
}

#[derive(Debug, Deserialize)]
struct RefusalDetails {
    code: Option<String>,
}

/// A client of Stripe's API.
#[derive(Debug)]
pub(super) struct Provider {
    client: reqwest::Client,
    base_url: String,
    key: String,
}

impl Provider {
    pub(super) fn new(base_url: &str, key: &str) -> Self {
        Self {
            client: fake_stripe::client_builder()
                .timeout(Duration::from_secs(10))
                .build()
                .expect("a client"),
            base_url: base_url.to_owned(),
            key: key.to_owned(),
        }
    }

    /// Lists all subscriptions of a customer; none if the customer is gone.
    pub(super) async fn subscriptions(&self, customer: &str) -> Result<Vec<Subscription>, Failure> {
        let mut all: Vec<Subscription> = Vec::new();
        loop {
            let mut query = vec![("customer", customer), ("status", "all"), ("limit", "100")];
            if let Some(last) = all.last() {
                query.push(("starting_after", &last.id));
            }
            let answer = self
                .client
                .get(format!("{}/v1/subscriptions", self.base_url))
                .query(&query)
                .bearer_auth(&self.key)
                .header("stripe-version", VERSION)
                .send()
                .await?;
            let status = answer.status();
            let body = answer.bytes().await?;
            if !status.is_success() {
                let refusal = serde_json::from_slice::<Refusal>(&body);
                if refusal
                    .is_ok_and(|refusal| refusal.error.code.as_deref() == Some("resource_missing"))
                {
                    return Ok(Vec::new());
                }
                return Err(format!("the provider answered {status}").into());
            }
            let page: List<Subscription> = serde_json::from_slice(&body)?;
            all.extend(page.data);
            if !page.has_more {
                return Ok(all);
            }
        }
    }
}
