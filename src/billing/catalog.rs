//! Lists the active recurring prices of an account, with their products' names.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    DecodeError, Error,
    pages::{ListElement, ListQuery, Pages},
    transport::ReadSession,
};

/// Maximum number of prices. An account with more is a shop, and its prices are not the plans of an application.
const MAX_PRICES: usize = 1000;

/// An active recurring price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogPrice {
    pub id: String,
    pub product: String,
    /// Name of the product.
    pub name: String,
    pub lookup_key: Option<String>,
    pub nickname: Option<String>,
}

/// A price with its product, in the format of either provider.
#[derive(Deserialize)]
#[serde(expecting = "a price")]
struct WirePrice {
    id: String,
    product: Option<WireProduct>,
    lookup_key: Option<String>,
    #[serde(alias = "name")]
    nickname: Option<String>,
    /// Stripe's field.
    recurring: Option<serde::de::IgnoredAny>,
    /// Paddle's field.
    billing_cycle: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(expecting = "a product")]
struct WireProduct {
    id: String,
    #[serde(default)]
    name: String,
}

impl ListElement for WirePrice {
    fn id(&self) -> &str {
        &self.id
    }
}

pub(super) async fn read(
    session: ReadSession<'_>,
    listing: &ListQuery,
) -> Result<Vec<CatalogPrice>, Error> {
    let mut pages = Pages::new(session, listing);
    let mut found = Vec::new();
    while let Some(page) = pages.next(decode).await? {
        found.extend(page.into_iter().filter_map(WirePrice::recurring));
        if found.len() >= MAX_PRICES {
            break;
        }
    }
    Ok(found)
}

fn decode(text: &RawValue) -> Result<WirePrice, DecodeError> {
    serde_json::from_str(text.get())
        .map_err(|error| DecodeError::new("price", None, ".", &error.to_string()))
}

impl WirePrice {
    fn recurring(self) -> Option<CatalogPrice> {
        let is_recurring = self.recurring.is_some() || self.billing_cycle.is_some();
        let product = self.product.filter(|_| is_recurring)?;
        Some(CatalogPrice {
            id: self.id,
            name: product.name,
            product: product.id,
            lookup_key: self.lookup_key,
            nickname: self.nickname,
        })
    }
}
