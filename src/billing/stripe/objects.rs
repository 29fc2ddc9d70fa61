//! Stripe's subscription objects: the fields that decide about access, and their way into facts.

use std::sync::Arc;

use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, value::RawValue};

use crate::{
    billing::{
        DecodeError, Decoded, PriceTable,
        decoding::{Reference, check_kind, from_text, from_value},
    },
    contract::{
        CustomerId, Interval, Item, Price, PriceId, Status, Subscription, SubscriptionId,
        UnixSeconds,
    },
};

const SUBSCRIPTION: &str = "subscription";
const SUBSCRIPTION_ITEM: &str = "subscription_item";

type Period = (UnixSeconds, UnixSeconds);

/// Reads a subscription as the API returns it, of any version of the API that has `items`.
pub fn subscription(value: &Value, prices: &mut PriceTable) -> Result<Decoded, DecodeError> {
    from_value::<WireSubscription>(SUBSCRIPTION, value)?.decode(prices)
}

pub(crate) fn subscription_text(
    text: &RawValue,
    prices: &mut PriceTable,
) -> Result<Decoded, DecodeError> {
    from_text::<WireSubscription>(SUBSCRIPTION, text)?.decode(prices)
}

/// One element of `/v1/subscription_items`.
#[derive(Debug)]
pub(crate) struct DecodedItem {
    pub(crate) id: String,
    pub(crate) item: Item,
}

/// Reads an item listed on its own; `period` is that of its subscription.
pub(crate) fn item_text(
    text: &RawValue,
    period: Option<Period>,
    prices: &mut PriceTable,
) -> Result<DecodedItem, DecodeError> {
    let wire: WireItem = from_text(SUBSCRIPTION_ITEM, text)?;
    check_kind(SUBSCRIPTION_ITEM, wire.object.as_deref(), &wire.id)?;
    let id = wire.id.clone();
    let Some(item) = wire.decode(period, prices) else {
        return Err(DecodeError::new(SUBSCRIPTION_ITEM, Some(&id), ".", NEITHER));
    };
    Ok(DecodedItem { id, item })
}

const NEITHER: &str = "the item has neither a price nor a plan";

#[derive(Deserialize)]
struct WireSubscription {
    object: Option<String>,
    id: String,
    customer: Reference,
    status: String,
    created: i64,
    ended_at: Option<i64>,
    cancel_at: Option<i64>,
    cancel_at_period_end: Option<bool>,
    pause_collection: Option<WirePause>,
    // Versions before 2025-03-31.basil carry the period here and not on the items.
    current_period_start: Option<i64>,
    current_period_end: Option<i64>,
    livemode: Option<bool>,
    items: WireItems,
}

#[derive(Deserialize)]
struct WirePause {
    behavior: Option<String>,
}

#[derive(Deserialize)]
struct WireItems {
    data: Vec<WireItem>,
    has_more: Option<bool>,
}

#[derive(Deserialize)]
struct WireItem {
    object: Option<String>,
    id: String,
    price: Option<WirePrice>,
    // The older name of a price, which mirrors `price` where both are there.
    plan: Option<WirePlan>,
    quantity: Option<u64>,
    current_period_start: Option<i64>,
    current_period_end: Option<i64>,
}

#[derive(Deserialize)]
struct WirePrice {
    id: String,
    product: Option<Reference>,
    currency: Option<String>,
    unit_amount: Option<i64>,
    transform_quantity: Option<IgnoredAny>,
    recurring: Option<WireRecurring>,
}

#[derive(Deserialize)]
struct WireRecurring {
    interval: Option<String>,
    interval_count: Option<u64>,
    usage_type: Option<String>,
}

#[derive(Deserialize)]
struct WirePlan {
    id: String,
    product: Option<Reference>,
    currency: Option<String>,
    amount: Option<i64>,
    transform_usage: Option<IgnoredAny>,
    interval: Option<String>,
    interval_count: Option<u64>,
    usage_type: Option<String>,
}

impl WireSubscription {
    fn decode(self, prices: &mut PriceTable) -> Result<Decoded, DecodeError> {
        check_kind(SUBSCRIPTION, self.object.as_deref(), &self.id)?;
        let period = period(self.current_period_start, self.current_period_end);
        let mut items = Vec::with_capacity(self.items.data.len());
        for (index, wire) in self.items.data.into_iter().enumerate() {
            let item_id = wire.id.clone();
            let Some(item) = wire.decode(period, prices) else {
                let path = format!("items.data[{index}]");
                let reason = format!("`{item_id}`: {NEITHER}");
                return Err(DecodeError::new(
                    SUBSCRIPTION,
                    Some(&self.id),
                    &path,
                    &reason,
                ));
            };
            items.push(item);
        }
        let behavior = self.pause_collection.and_then(|pause| pause.behavior);
        Ok(Decoded {
            subscription: Subscription {
                id: SubscriptionId::from(self.id),
                customer: CustomerId::from(self.customer.0),
                status: Status::parse(&self.status),
                created: UnixSeconds(self.created),
                ended_at: self.ended_at.map(UnixSeconds),
                // Flexible billing sets only the date, the classic portal both, the API either.
                cancel_scheduled: match (self.cancel_at_period_end, self.cancel_at) {
                    (_, Some(_)) => Some(true),
                    (at_period_end, None) => at_period_end,
                },
                paused_void: behavior.as_deref() == Some("void"),
                items: items.into_boxed_slice(),
            },
            livemode: self.livemode,
            more_items: self.items.has_more.unwrap_or_default(),
            period,
        })
    }
}

impl WireItem {
    /// None when it has no price under either name.
    fn decode(self, fallback: Option<Period>, prices: &mut PriceTable) -> Option<Item> {
        let price = match (self.price, self.plan) {
            (Some(price), _) => price.decode(),
            (None, Some(plan)) => plan.decode(),
            (None, None) => return None,
        };
        let price: Arc<Price> = prices.share(price);
        Some(Item {
            quantity: self.quantity.filter(|_| !price.metered),
            price,
            period: period(self.current_period_start, self.current_period_end).or(fallback),
        })
    }
}

impl WirePrice {
    fn decode(self) -> Price {
        let (recurring, metered) = self.recurring.map_or((None, false), WireRecurring::decode);
        Price {
            id: PriceId::from(self.id),
            product: self.product.map(|product| product.0),
            currency: self.currency.map(|currency| currency.to_lowercase()),
            unit_amount: amount_per_unit(self.unit_amount, self.transform_quantity),
            recurring,
            metered,
        }
    }
}

impl WirePlan {
    fn decode(self) -> Price {
        let (recurring, metered) = WireRecurring {
            interval: self.interval,
            interval_count: self.interval_count,
            usage_type: self.usage_type,
        }
        .decode();
        Price {
            id: PriceId::from(self.id),
            product: self.product.map(|product| product.0),
            currency: self.currency.map(|currency| currency.to_lowercase()),
            unit_amount: amount_per_unit(self.amount, self.transform_usage),
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

/// The length of a period; none for a word that is not known.
pub(crate) fn interval(word: &str) -> Option<Interval> {
    match word {
        "day" => Some(Interval::Day),
        "week" => Some(Interval::Week),
        "month" => Some(Interval::Month),
        "year" => Some(Interval::Year),
        _ => None,
    }
}

/// A price that divides the quantity first (`$10 per 100 seats`) has no amount per unit.
fn amount_per_unit(amount: Option<i64>, transform: Option<IgnoredAny>) -> Option<i64> {
    match transform {
        Some(IgnoredAny) => None,
        None => amount,
    }
}

fn period(start: Option<i64>, end: Option<i64>) -> Option<Period> {
    start.map(UnixSeconds).zip(end.map(UnixSeconds))
}
