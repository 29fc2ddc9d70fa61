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
        CustomerId, Interval, Item, Pause, Period, Price, PriceId, Status, Subscription,
        SubscriptionId, Terms, UnixSeconds,
    },
};

const SUBSCRIPTION: &str = "subscription";
const SUBSCRIPTION_ITEM: &str = "subscription_item";

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
    pub(crate) period: Option<Period>,
}

/// Reads an item listed on its own.
pub(crate) fn item_text(
    text: &RawValue,
    prices: &mut PriceTable,
) -> Result<DecodedItem, DecodeError> {
    let wire: WireItem = from_text(SUBSCRIPTION_ITEM, text)?;
    check_kind(SUBSCRIPTION_ITEM, wire.object.as_deref(), &wire.id)?;
    let (id, period) = (wire.id.clone(), wire.period());
    let Some(item) = wire.decode(prices) else {
        return Err(DecodeError::new(SUBSCRIPTION_ITEM, Some(&id), ".", NEITHER));
    };
    Ok(DecodedItem { id, item, period })
}

const NEITHER: &str = "the item has neither a price nor a plan";

#[derive(Deserialize)]
#[serde(expecting = "a subscription")]
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
#[serde(expecting = "a pause")]
struct WirePause {
    behavior: Option<String>,
}

#[derive(Deserialize)]
#[serde(expecting = "a list of items")]
struct WireItems {
    data: Vec<WireItem>,
    has_more: Option<bool>,
}

#[derive(Deserialize)]
#[serde(expecting = "an item")]
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
#[serde(expecting = "a price")]
struct WirePrice {
    id: String,
    product: Option<Reference>,
    currency: Option<String>,
    unit_amount: Option<i64>,
    transform_quantity: Option<IgnoredAny>,
    recurring: Option<WireRecurring>,
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
        let own = period(self.current_period_start, self.current_period_end);
        let of_items = self
            .items
            .data
            .iter()
            .filter_map(|item| item.period().or(own));
        let latest = Period::of_items(of_items);
        let mut items = Vec::with_capacity(self.items.data.len());
        for (index, wire) in self.items.data.into_iter().enumerate() {
            let item_id = wire.id.clone();
            let Some(item) = wire.decode(prices) else {
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
                created: UnixSeconds(self.created),
                ended_at: self.ended_at.map(|ended_at| UnixSeconds(ended_at).into()),
                period: latest,
                details: None,
                terms: prices.share_terms(Terms {
                    status: Status::parse(&self.status),
                    // Flexible billing sets only the date, the classic portal both, the API either.
                    cancel_scheduled: match (self.cancel_at_period_end, self.cancel_at) {
                        (_, Some(_)) => Some(true),
                        (at_period_end, None) => at_period_end,
                    },
                    only_cancel_at: self.cancel_at_period_end == Some(false)
                        && self.cancel_at.is_some(),
                    pause: behavior.as_deref().map(Pause::parse),
                    days_until_due: None,
                    on_test_clock: false,
                    items: items.into(),
                }),
            },
            livemode: self.livemode,
            more_items: self.items.has_more.unwrap_or_default(),
            period: own,
        })
    }
}

impl WireItem {
    fn period(&self) -> Option<Period> {
        period(self.current_period_start, self.current_period_end)
    }

    /// None when it has no price under either name.
    fn decode(self, prices: &mut PriceTable) -> Option<Item> {
        let price = match (self.price, self.plan) {
            (Some(price), _) => price.decode(),
            (None, Some(plan)) => plan.decode(),
            (None, None) => return None,
        };
        let price: Arc<Price> = prices.share(price);
        Some(Item {
            quantity: self.quantity.filter(|_| !price.metered),
            price,
        })
    }
}

impl WirePrice {
    fn decode(self) -> Price {
        let (recurring, metered) = self.recurring.map_or((None, false), WireRecurring::decode);
        Price {
            id: PriceId::from(self.id),
            product: self.product.map(|product| product.0),
            lookup_key: None,
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
            lookup_key: None,
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
    Some(Period::new(UnixSeconds(start?), UnixSeconds(end?)))
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use std::error::Error as _;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// As it was before 2025-03-31.basil, with one item.
    fn old(item: &Value) -> Value {
        json!({
            "id": "sub_1", "object": "subscription", "customer": "cus_1", "status": "active", "created": 1,
            "current_period_start": 10, "current_period_end": 20, "livemode": true,
            "items": {"object": "list", "data": [item]},
        })
    }

    fn read(value: &Value) -> Decoded {
        subscription(value, &mut PriceTable::default()).unwrap()
    }

    fn only_item(value: &Value) -> Item {
        let [item] = &*read(value).subscription.items else {
            panic!("one item was given");
        };
        item.clone()
    }

    fn priced(price: &Value) -> Price {
        let item = only_item(&old(&json!({"id": "si_1", "quantity": 3, "price": price})));
        (*item.price).clone()
    }

    /// The sentence of an error and its cause.
    fn refused(value: &Value) -> String {
        let error = subscription(value, &mut PriceTable::default()).unwrap_err();
        format!("{error}: {}", error.source().unwrap())
    }

    #[test]
    fn an_items_own_period_comes_before_that_of_the_subscription() {
        let price = json!({"id": "price_1"});
        let own = json!({"id": "si_1", "price": price, "current_period_start": 11, "current_period_end": 21});
        let none = json!({"id": "si_1", "price": price});
        let period = |items: &[&Value]| {
            let mut value = old(&none);
            value["items"]["data"] = json!(items);
            let read = read(&value).subscription;
            (
                read.period_start().map(|start| start.0),
                read.period_end().map(|end| end.0),
            )
        };
        assert_eq!(period(&[&own]), (Some(11), Some(21)));
        assert_eq!(period(&[&none]), (Some(10), Some(20)));
        let early = json!({"id": "si_2", "price": price, "current_period_start": 1, "current_period_end": 99});
        assert_eq!(period(&[&early, &own, &none]), (Some(11), Some(99)));
        assert_eq!(period(&[&early, &early]), (Some(1), Some(99)));
        assert_eq!(period(&[]), (None, None));
    }

    #[test]
    fn a_plan_is_a_price_where_there_is_no_price() {
        let plan = json!({
            "id": "plan_1", "product": "prod_1", "currency": "EUR", "amount": 900,
            "interval": "year", "interval_count": 1, "usage_type": "licensed",
        });
        let item = only_item(&old(&json!({"id": "si_1", "plan": plan, "quantity": 2})));
        let expected = Price {
            product: Some("prod_1".to_owned()),
            currency: Some("eur".to_owned()),
            unit_amount: Some(900),
            recurring: Some((Interval::Year, 1)),
            ..Price::bare("plan_1")
        };
        assert_eq!(*item.price, expected);
        assert_eq!(item.quantity, Some(2));
        let both = json!({"id": "si_1", "plan": plan, "price": {"id": "price_1"}});
        assert_eq!(only_item(&old(&both)).price.id.as_str(), "price_1");
    }

    #[test]
    fn prices_that_have_no_amount_per_unit_have_none() {
        let price = |extra: Value| {
            let mut price = json!({"id": "price_1", "currency": "usd", "unit_amount": 500});
            price
                .as_object_mut()
                .unwrap()
                .extend(extra.as_object().unwrap().clone());
            priced(&price)
        };
        assert_eq!(price(json!({})).unit_amount, Some(500));
        assert_eq!(
            price(json!({"transform_quantity": null})).unit_amount,
            Some(500)
        );
        assert_eq!(
            price(json!({"transform_quantity": {"divide_by": 100}})).unit_amount,
            None
        );
        assert_eq!(
            price(json!({"unit_amount": null, "unit_amount_decimal": "0.5"})).unit_amount,
            None
        );
        assert_eq!(
            price(json!({"recurring": {"interval": "fortnight", "interval_count": 1}})).recurring,
            None
        );
        assert_eq!(
            price(json!({"recurring": {"interval": "day", "interval_count": 90}})).recurring,
            Some((Interval::Day, 90))
        );
        assert_eq!(
            price(json!({"product": {"id": "prod_9", "deleted": true}}))
                .product
                .as_deref(),
            Some("prod_9")
        );
    }

    #[test]
    fn a_metered_item_has_no_quantity() {
        let price = json!({"id": "price_1", "recurring": {"interval": "month", "interval_count": 1, "usage_type": "metered"}});
        let item = only_item(&old(&json!({"id": "si_1", "quantity": 7, "price": price})));
        assert!(item.price.metered);
        assert_eq!(item.quantity, None);
    }

    #[test]
    fn customers_come_as_id_expanded_or_deleted() {
        for customer in [
            json!("cus_1"),
            json!({"id": "cus_1", "object": "customer", "email": "a@b.example", "metadata": {"id": "no"}}),
            json!({"id": "cus_1", "object": "customer", "deleted": true}),
        ] {
            let mut value = old(&json!({"id": "si_1", "price": {"id": "price_1"}}));
            value["customer"] = customer;
            assert_eq!(read(&value).subscription.customer.as_str(), "cus_1");
        }
    }

    #[test]
    fn a_scheduled_end_and_a_void_pause_are_seen_wherever_they_stand() {
        let with = |extra: Value| {
            let mut value = old(&json!({"id": "si_1", "price": {"id": "price_1"}}));
            value
                .as_object_mut()
                .unwrap()
                .extend(extra.as_object().unwrap().clone());
            read(&value).subscription
        };
        for (extra, expected) in [
            (json!({}), None),
            (json!({"cancel_at_period_end": false}), Some(false)),
            (
                json!({"cancel_at_period_end": false, "cancel_at": null}),
                Some(false),
            ),
            (json!({"cancel_at_period_end": true}), Some(true)),
            (
                json!({"cancel_at_period_end": false, "cancel_at": 99}),
                Some(true),
            ),
        ] {
            assert_eq!(with(extra.clone()).cancel_scheduled, expected, "{extra}");
        }
        for (pause, expected) in [
            (json!(null), false),
            (json!({"behavior": "void", "resumes_at": null}), true),
            (json!({"behavior": "keep_as_draft"}), false),
        ] {
            assert_eq!(
                with(json!({"pause_collection": pause})).pause == Some(Pause::Void),
                expected
            );
        }
        let unheard_of = with(json!({"status": "Hibernating", "new_field": [{}], "ended_at": 5}));
        assert_eq!(unheard_of.status, Status::Other("hibernating".into()));
        assert_eq!(unheard_of.ended_at(), Some(UnixSeconds(5)));
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_place() {
        let with = |path: &str, wrong: Value| {
            let mut value = old(&json!({"id": "si_1", "quantity": 1, "price": {"id": "price_1"}}));
            *value.pointer_mut(path).unwrap() = wrong;
            refused(&value)
        };
        for (path, wrong, expected) in [
            (
                "/created",
                json!("1790812800"),
                "subscription `sub_1` cannot be read at `created`: invalid type: string \"1790812800\", expected i64",
            ),
            (
                "/customer",
                json!(null),
                "subscription `sub_1` cannot be read at `customer`: invalid type: null, expected an id or an object with an id",
            ),
            (
                "/items/data/0/quantity",
                json!(-1),
                "subscription `sub_1` cannot be read at `items.data[0].quantity`: invalid value: integer `-1`, expected u64",
            ),
            (
                "/items/data/0/price",
                json!(null),
                "subscription `sub_1` cannot be read at `items.data[0]`: `si_1`: the item has neither a price nor a plan",
            ),
            (
                "/items",
                json!([]),
                "subscription `sub_1` cannot be read at `items`: invalid length 0, expected a list of items",
            ),
            (
                "/object",
                json!("invoice"),
                "subscription `sub_1` cannot be read at `object`: expected a `subscription`, found a `invoice`",
            ),
            (
                "/id",
                json!(" "),
                "subscription cannot be read at `id`: the id is empty",
            ),
        ] {
            assert_eq!(with(path, wrong), expected);
        }
        assert_eq!(
            refused(&json!(7)),
            "subscription cannot be read: invalid type: integer `7`, expected a subscription"
        );
    }

    #[test]
    fn equal_prices_are_shared_and_the_embedded_list_says_when_it_is_short() {
        let mut value = old(&json!({"id": "si_1", "price": {"id": "price_1"}}));
        value["items"]["has_more"] = json!(true);
        let mut prices = PriceTable::default();
        let first = subscription(&value, &mut prices).unwrap();
        let second = subscription(&value, &mut prices).unwrap();
        assert!(first.more_items);
        let prices: Vec<_> = [first, second]
            .iter()
            .flat_map(|decoded| decoded.subscription.items.to_vec())
            .map(|item| item.price)
            .collect();
        let [first, second] = prices.as_slice() else {
            panic!("two items were given");
        };
        assert!(Arc::ptr_eq(first, second));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        let name = prop_oneof!["(id|object|customer|items|data|price|plan|recurring)", ".*"];
        leaf.prop_recursive(4, 32, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map(name.clone(), inner, 0..5)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_field_with_anything_in_it_never_panics(
            path in prop::sample::select(vec![
                "/id", "/customer", "/status", "/created", "/items", "/items/data", "/items/data/0",
                "/items/data/0/price", "/items/data/0/price/recurring", "/items/data/0/quantity",
            ]),
            anything in any_json(),
        ) {
            let mut value = old(&json!({
                "id": "si_1", "quantity": 1, "price": {"id": "price_1", "recurring": {"interval": "month"}},
            }));
            *value.pointer_mut(path).unwrap() = anything;
            let by_value = subscription(&value, &mut PriceTable::default());
            let text = RawValue::from_string(value.to_string()).unwrap();
            let by_text = subscription_text(&text, &mut PriceTable::default());
            prop_assert_eq!(by_value.is_ok(), by_text.is_ok());
        }
    }
}
