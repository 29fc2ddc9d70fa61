//! Decodes Stripe's prices and plans inside the items of a subscription.

use std::collections::BTreeMap;

use serde::{Deserialize, de::IgnoredAny};

use crate::{
    billing::{
        amount::{Amount, interval},
        decoding::Reference,
    },
    contract::{Interval, Price, PriceId},
};

#[derive(Deserialize)]
#[serde(expecting = "a price")]
pub(super) struct StripePrice {
    id: String,
    product: Option<Reference>,
    lookup_key: Option<String>,
    currency: Option<String>,
    unit_amount: Option<i64>,
    transform_quantity: Option<IgnoredAny>,
    recurring: Option<WireRecurring>,
    currency_options: Option<BTreeMap<String, WireCurrencyOption>>,
}

/// The amount in a currency other than the price's default.
#[derive(Deserialize)]
#[serde(expecting = "an amount")]
struct WireCurrencyOption {
    unit_amount: Option<i64>,
}

#[derive(Deserialize)]
#[serde(expecting = "how a price recurs")]
struct WireRecurring {
    interval: Option<String>,
    interval_count: Option<u64>,
    usage_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(expecting = "a plan")]
pub(super) struct WirePlan {
    id: String,
    product: Option<Reference>,
    currency: Option<String>,
    amount: Option<i64>,
    transform_usage: Option<IgnoredAny>,
    interval: Option<String>,
    interval_count: Option<u64>,
    usage_type: Option<String>,
}

impl StripePrice {
    /// Decodes the price in `charged`, the currency of the subscription.
    pub(super) fn decode(self, charged: Option<&str>) -> Price {
        let (recurring, metered) = self.recurring.map_or((None, false), WireRecurring::decode);
        let base = Amount::new(self.currency, self.unit_amount);
        let options = self.currency_options.unwrap_or_default();
        let amount = base.charged_in(charged, |charged| {
            let named = |(name, _): &(&String, _)| name.eq_ignore_ascii_case(charged);
            let (_, option) = options.iter().find(named)?;
            option.unit_amount
        });
        Price {
            id: PriceId::from(self.id),
            product: self.product.map(|product| product.0),
            lookup_key: self.lookup_key,
            unit_amount: amount_per_unit(amount.minor_units, self.transform_quantity),
            currency: amount.currency,
            recurring,
            metered,
        }
    }
}

impl WirePlan {
    /// Decodes the plan in `charged`, the currency of the subscription.
    pub(super) fn decode(self, charged: Option<&str>) -> Price {
        let (recurring, metered) = WireRecurring {
            interval: self.interval,
            interval_count: self.interval_count,
            usage_type: self.usage_type,
        }
        .decode();
        let amount = Amount::new(self.currency, self.amount).charged_in(charged, |_| None);
        Price {
            id: PriceId::from(self.id),
            product: self.product.map(|product| product.0),
            lookup_key: None,
            unit_amount: amount_per_unit(amount.minor_units, self.transform_usage),
            currency: amount.currency,
            recurring,
            metered,
        }
    }
}

impl WireRecurring {
    fn decode(self) -> (Option<(Interval, u32)>, bool) {
        let interval = self.interval.as_deref().and_then(interval);
        // A plan of the oldest versions has no count, which meant one.
        let count = u32::try_from(self.interval_count.unwrap_or(1)).ok();
        let metered = self.usage_type.as_deref() == Some("metered");
        (interval.zip(count), metered)
    }
}

/// Returns the amount per unit. A price that divides the quantity first (`$10 per 100 seats`) has none.
fn amount_per_unit(amount: Option<i64>, transform: Option<IgnoredAny>) -> Option<i64> {
    match transform {
        Some(IgnoredAny) => None,
        None => amount,
    }
}
