//! Recorded objects, key by key, in the format of any version; unused keys are ignored.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Deserializer, de};

use crate::world::{
    Customer, Feature, Interval, Item, Metadata, PauseCollection, Period, Price, Product,
    Recurring, Status, Subscription, World,
};

/// An id, or the expanded object.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected an id, or an object with one")]
enum Named {
    Id(CompactString),
    Object { id: CompactString },
}

impl Named {
    fn into_id(self) -> CompactString {
        match self {
            Self::Id(id) | Self::Object { id } => id,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct RecordedCustomer {
    id: CompactString,
    created: Option<i64>,
    email: Option<CompactString>,
    #[serde(default)]
    deleted: bool,
    name: Option<CompactString>,
    metadata: Option<Metadata>,
    currency: Option<CompactString>,
    delinquent: Option<bool>,
}

impl RecordedCustomer {
    pub(super) fn into_customer(self) -> Customer {
        let mut customer = Customer::new(&self.id).created(self.created.unwrap_or_default());
        customer.email = self.email;
        customer.deleted = self.deleted;
        let metadata = self.metadata.unwrap_or_default();
        let has_details = self.name.is_some() || !metadata.is_empty() || self.currency.is_some();
        if has_details || self.delinquent == Some(true) {
            customer = customer.with(|details| {
                details.name = self.name;
                details.metadata = metadata;
                details.currency = self.currency;
                details.delinquent = self.delinquent.unwrap_or_default();
            });
        }
        customer
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct RecordedProduct {
    id: CompactString,
    created: Option<i64>,
    name: CompactString,
    active: Option<bool>,
    description: Option<CompactString>,
    default_price: Option<Named>,
    metadata: Option<Metadata>,
}

impl RecordedProduct {
    pub(super) fn into_product(self) -> Product {
        let mut product = Product::new(&self.id, &self.name);
        product.created = self.created.unwrap_or_default();
        product.active = self.active.unwrap_or(true);
        product.description = self.description;
        product.default_price = self.default_price.map(Named::into_id);
        product.metadata = self.metadata.unwrap_or_default();
        product
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct RecordedPrice {
    id: CompactString,
    created: Option<i64>,
    product: Option<Named>,
    currency: Option<CompactString>,
    unit_amount: Option<i64>,
    unit_amount_decimal: Option<CompactString>,
    recurring: Option<RecordedRecurring>,
    billing_scheme: Option<CompactString>,
    active: Option<bool>,
    lookup_key: Option<CompactString>,
    nickname: Option<CompactString>,
    metadata: Option<Metadata>,
}

#[derive(Debug, Deserialize)]
struct RecordedRecurring {
    interval: RecordedInterval,
    interval_count: Option<u32>,
    usage_type: Option<CompactString>,
    trial_period_days: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RecordedInterval {
    Day,
    Week,
    Month,
    Year,
}

impl RecordedPrice {
    pub(super) fn add_to(self, world: &mut World) {
        let mut price = Price::one_time(&self.id, 0);
        price.created = self.created.unwrap_or_default();
        price.product = self.product.map(Named::into_id).unwrap_or_default();
        price.currency = self.currency.unwrap_or(price.currency);
        price.unit_amount = self.unit_amount;
        price.unit_amount_decimal = self
            .unit_amount
            .is_none()
            .then_some(self.unit_amount_decimal)
            .flatten();
        price.recurring = self.recurring.map(|recurring| Recurring {
            interval: match recurring.interval {
                RecordedInterval::Day => Interval::Day,
                RecordedInterval::Week => Interval::Week,
                RecordedInterval::Month => Interval::Month,
                RecordedInterval::Year => Interval::Year,
            },
            interval_count: recurring.interval_count.unwrap_or(1),
            metered: recurring.usage_type.as_deref() == Some("metered"),
            trial_period_days: recurring.trial_period_days,
        });
        price.tiered = self.billing_scheme.as_deref() == Some("tiered");
        price.active = self.active.unwrap_or(true);
        price.lookup_key = self.lookup_key;
        price.nickname = self.nickname;
        price.metadata = self.metadata.unwrap_or_default();
        world.price(price);
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct RecordedSubscription {
    id: CompactString,
    customer: Named,
    #[serde(deserialize_with = "status")]
    status: Status,
    created: Option<i64>,
    #[serde(deserialize_with = "items")]
    items: Vec<RecordedItem>,
    current_period_start: Option<i64>,
    current_period_end: Option<i64>,
    metadata: Option<Metadata>,
    cancel_at: Option<i64>,
    cancel_at_period_end: Option<bool>,
    canceled_at: Option<i64>,
    cancellation_details: Option<RecordedCancellation>,
    ended_at: Option<i64>,
    start_date: Option<i64>,
    trial_start: Option<i64>,
    trial_end: Option<i64>,
    pause_collection: Option<RecordedPause>,
    days_until_due: Option<u32>,
    billing_mode: Option<RecordedBillingMode>,
    currency: Option<CompactString>,
    description: Option<CompactString>,
    test_clock: Option<Named>,
}

/// The short form of a recorded world, without times, quantities and amounts.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ShortSubscription {
    id: CompactString,
    customer_id: CompactString,
    #[serde(deserialize_with = "status")]
    status: Status,
    price_ids: Vec<CompactString>,
}

impl From<ShortSubscription> for RecordedSubscription {
    fn from(short: ShortSubscription) -> Self {
        let item = |price| RecordedItem {
            price: Some(RecordedItemPrice::Id(price)),
            quantity: Some(1),
            ..RecordedItem::default()
        };
        Self {
            id: short.id,
            customer: Named::Id(short.customer_id),
            status: short.status,
            items: short.price_ids.into_iter().map(item).collect(),
            created: None,
            current_period_start: None,
            current_period_end: None,
            metadata: None,
            cancel_at: None,
            cancel_at_period_end: None,
            canceled_at: None,
            cancellation_details: None,
            ended_at: None,
            start_date: None,
            trial_start: None,
            trial_end: None,
            pause_collection: None,
            days_until_due: None,
            billing_mode: None,
            currency: None,
            description: None,
            test_clock: None,
        }
    }
}

/// A customer's current entitlement to a feature.
#[derive(Debug, Deserialize)]
pub(super) struct RecordedEntitlement {
    customer: Named,
    feature: Named,
    lookup_key: Option<CompactString>,
}

impl RecordedEntitlement {
    pub(super) fn add_to(self, world: &mut World) {
        let feature = self.feature.into_id();
        let key = self.lookup_key.unwrap_or_else(|| feature.clone());
        world.feature(Feature::new(&feature, &key));
        world.entitle(&self.customer.into_id(), &feature);
    }
}

#[derive(Debug, Deserialize)]
struct RecordedCancellation {
    reason: Option<CompactString>,
}

#[derive(Debug, Deserialize)]
struct RecordedPause {
    behavior: CompactString,
    resumes_at: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct RecordedBillingMode {
    #[serde(rename = "type")]
    kind: CompactString,
}

#[derive(Debug, Default, Deserialize)]
struct RecordedItem {
    #[serde(default)]
    id: CompactString,
    price: Option<RecordedItemPrice>,
    plan: Option<Named>,
    quantity: Option<u32>,
    current_period_start: Option<i64>,
    current_period_end: Option<i64>,
    metadata: Option<Metadata>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a price, or its id")]
enum RecordedItemPrice {
    Id(CompactString),
    Object(Box<RecordedPrice>),
}

#[derive(Debug, Deserialize)]
struct ItemList {
    data: Vec<RecordedItem>,
    #[serde(default)]
    has_more: bool,
}

/// A visitor that rejects arrays, which would otherwise be taken for the fields of a list object in order.
struct ListObject;

impl<'de> de::Visitor<'de> for ListObject {
    type Value = ItemList;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list object, such as {\"data\": [{\"price\": \"price_1\"}]}")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<ItemList, A::Error> {
        ItemList::deserialize(de::value::MapAccessDeserializer::new(map))
    }
}

fn items<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<RecordedItem>, D::Error> {
    let list = deserializer.deserialize_any(ListObject)?;
    if list.has_more {
        return Err(de::Error::custom(
            "this is only the first page of its items (`has_more`); record all of them",
        ));
    }
    for item in &list.data {
        if item.price.is_none() && item.plan.is_none() {
            return Err(de::Error::custom(
                "an item has neither a `price` nor a `plan`",
            ));
        }
    }
    Ok(list.data)
}

fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Status, D::Error> {
    let word = String::deserialize(deserializer)?;
    let known = Status::DOCUMENTED
        .into_iter()
        .find(|status| status.as_str() == word);
    Ok(known.unwrap_or_else(|| Status::Other(word.into())))
}

impl RecordedSubscription {
    pub(super) fn add_to(self, world: &mut World) {
        let outer = period(self.current_period_start, self.current_period_end);
        let customer = self.customer.into_id();
        let mut subscription = Subscription::new(&customer, self.status)
            .id(&self.id)
            .created(self.created.unwrap_or_default());
        for recorded in self.items {
            let price = match recorded.price {
                Some(RecordedItemPrice::Id(id)) => id,
                Some(RecordedItemPrice::Object(price)) => {
                    let id = price.id.clone();
                    if world.prices.get(&id).is_none() {
                        price.add_to(world);
                    }
                    id
                }
                None => recorded.plan.map(Named::into_id).unwrap_or_default(),
            };
            let mut item = Item::new(&price);
            item.id = recorded.id;
            item.quantity = recorded.quantity;
            item.period =
                period(recorded.current_period_start, recorded.current_period_end).or(outer);
            item.metadata = recorded
                .metadata
                .filter(|metadata| !metadata.is_empty())
                .map(Box::new);
            subscription = subscription.item(item);
        }
        let subscription = subscription.with(|details| {
            details.metadata = self.metadata.unwrap_or_default();
            details.cancel_at = self.cancel_at;
            details.cancel_at_period_end = self.cancel_at_period_end.unwrap_or_default();
            details.canceled_at = self.canceled_at;
            details.cancellation_reason = self.cancellation_details.and_then(|of| of.reason);
            details.ended_at = self.ended_at;
            details.start_date = self.start_date;
            details.trial_start = self.trial_start;
            details.trial_end = self.trial_end;
            details.pause_collection = self.pause_collection.map(|pause| PauseCollection {
                behavior: pause.behavior,
                resumes_at: pause.resumes_at,
            });
            details.days_until_due = self.days_until_due;
            details.flexible_billing = self
                .billing_mode
                .is_some_and(|mode| mode.kind == "flexible");
            details.currency = self.currency;
            details.description = self.description;
            details.test_clock = self.test_clock.map(Named::into_id);
        });
        world.subscription(subscription);
    }
}

fn period(start: Option<i64>, end: Option<i64>) -> Option<Period> {
    Some(Period {
        start: start?,
        end: end?,
    })
}
