//! Paddle's subscription objects: the fields that decide about access, and their way into facts.

use std::num::ParseIntError;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Value, value::RawValue};

use crate::{
    billing::{
        DecodeError, Decoded, PriceTable,
        decoding::{Reference, check_kind, from_text, from_value},
        stripe::objects::interval,
    },
    contract::{CustomerId, Item, Price, PriceId, Status, Subscription, SubscriptionId},
};

const SUBSCRIPTION: &str = "subscription";

/// Reads a subscription as the API returns it.
pub fn subscription(value: &Value, prices: &mut PriceTable) -> Result<Decoded, DecodeError> {
    from_value::<WireSubscription>(SUBSCRIPTION, value)?.decode(prices)
}

pub(crate) fn subscription_text(
    text: &RawValue,
    prices: &mut PriceTable,
) -> Result<Decoded, DecodeError> {
    from_text::<WireSubscription>(SUBSCRIPTION, text)?.decode(prices)
}

#[derive(Deserialize)]
struct WireSubscription {
    id: String,
    status: String,
    customer_id: Reference,
    created_at: Timestamp,
    canceled_at: Option<Timestamp>,
    current_billing_period: Option<WirePeriod>,
    scheduled_change: Option<WireChange>,
    items: Vec<WireItem>,
}

#[derive(Deserialize)]
struct WirePeriod {
    starts_at: Timestamp,
    ends_at: Timestamp,
}

#[derive(Deserialize)]
struct WireChange {
    action: String,
}

#[derive(Deserialize)]
struct WireItem {
    price: WirePrice,
    quantity: Option<u64>,
}

#[derive(Deserialize)]
struct WirePrice {
    id: String,
    product_id: Option<String>,
    unit_price: Option<WireMoney>,
    billing_cycle: Option<WireCycle>,
}

#[derive(Deserialize)]
struct WireMoney {
    #[serde(deserialize_with = "minor_units")]
    amount: i64,
    currency_code: String,
}

#[derive(Deserialize)]
struct WireCycle {
    interval: String,
    frequency: u32,
}

/// Amounts come as text, in the smallest unit of their currency.
fn minor_units<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_not_a_number: ParseIntError| {
        D::Error::custom(format!(
            "expected a whole number of minor units, found `{text}`"
        ))
    })
}

impl WireSubscription {
    fn decode(self, prices: &mut PriceTable) -> Result<Decoded, DecodeError> {
        check_kind(SUBSCRIPTION, None, &self.id)?;
        let period = self
            .current_billing_period
            .map(|period| (period.starts_at.into(), period.ends_at.into()));
        let items = self.items.into_iter().map(|item| Item {
            price: prices.share(item.price.decode()),
            quantity: item.quantity,
            period,
        });
        Ok(Decoded {
            subscription: Subscription {
                items: items.collect(),
                id: SubscriptionId::from(self.id),
                customer: CustomerId::from(self.customer_id.0),
                status: Status::parse(&self.status),
                created: self.created_at.into(),
                ended_at: self.canceled_at.map(Into::into),
                cancel_scheduled: Some(
                    self.scheduled_change
                        .is_some_and(|change| change.action == "cancel"),
                ),
                paused_void: false,
            },
            livemode: None,
            more_items: false,
            period,
        })
    }
}

impl WirePrice {
    fn decode(self) -> Price {
        let (unit_amount, currency) = self
            .unit_price
            .map(|money| (money.amount, money.currency_code.to_lowercase()))
            .unzip();
        Price {
            id: PriceId::from(self.id),
            product: self.product_id,
            currency,
            unit_amount,
            recurring: self
                .billing_cycle
                .and_then(|cycle| Some((interval(&cycle.interval)?, cycle.frequency))),
            metered: false,
        }
    }
}
