//! Decodes Paddle's subscription objects: the fields that decide access, converted into facts.

use std::num::ParseIntError;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Value, value::RawValue};

use crate::{
    billing::{
        DecodeError, Decoded, PriceTable,
        amount::{Amount, interval},
        decoding::{ObjectOrigin, boxed, check_kind, from_text, from_value},
        metadata::{WireMetadata, WireOwner},
    },
    contract::{
        CustomerId, Details, Interval, Item, Period, Price, PriceId, ScheduledAction,
        ScheduledChange, Status, Subscription, SubscriptionId, Terms, UnixSeconds,
    },
};

const SUBSCRIPTION: &str = "subscription";

/// Decodes a recorded subscription.
pub(crate) fn decode_recorded_value(
    value: &Value,
    prices: &mut PriceTable,
) -> Result<Decoded, DecodeError> {
    from_value::<PaddleSubscription>(SUBSCRIPTION, value)?.decode(ObjectOrigin::Recorded, prices)
}

/// Decodes a recorded subscription from its text.
pub(crate) fn decode_recorded_text(
    text: &RawValue,
    prices: &mut PriceTable,
) -> Result<Decoded, DecodeError> {
    from_text::<PaddleSubscription>(SUBSCRIPTION, text)?.decode(ObjectOrigin::Recorded, prices)
}

/// Decodes a subscription from an API page.
pub(crate) fn decode_live_text(
    text: &RawValue,
    prices: &mut PriceTable,
) -> Result<Decoded, DecodeError> {
    from_text::<PaddleSubscription>(SUBSCRIPTION, text)?.decode(ObjectOrigin::Live, prices)
}

#[derive(Deserialize)]
#[serde(expecting = "a subscription")]
struct PaddleSubscription {
    id: String,
    status: String,
    customer_id: WireOwner,
    created_at: Option<Timestamp>,
    canceled_at: Option<Timestamp>,
    current_billing_period: Option<WirePeriod>,
    scheduled_change: Option<WireChange>,
    currency_code: Option<String>,
    collection_mode: Option<String>,
    billing_details: Option<WireBilling>,
    #[serde(default)]
    custom_data: WireMetadata,
    items: Vec<PaddleItem>,
}

#[derive(Deserialize)]
#[serde(expecting = "a period")]
struct WirePeriod {
    starts_at: Timestamp,
    ends_at: Timestamp,
}

/// Payment terms of a subscription that is paid by invoice.
#[derive(Deserialize)]
#[serde(expecting = "billing details")]
struct WireBilling {
    payment_terms: Option<WireCycle>,
}

#[derive(Deserialize)]
#[serde(expecting = "a scheduled change")]
struct WireChange {
    action: String,
    effective_at: Option<Timestamp>,
    resume_at: Option<Timestamp>,
}

impl WireChange {
    /// Returns `None` for a change that this version does not know.
    fn decode(&self) -> Option<ScheduledChange> {
        Some(ScheduledChange {
            action: match self.action.as_str() {
                "cancel" => ScheduledAction::Cancel,
                "pause" => ScheduledAction::Pause,
                "resume" => ScheduledAction::Resume,
                _ => return None,
            },
            at: self.effective_at?.into(),
            resumes: self.resume_at.map(UnixSeconds::from),
        })
    }
}

#[derive(Deserialize)]
#[serde(expecting = "an item")]
struct PaddleItem {
    price: PaddlePrice,
    quantity: Option<u64>,
}

#[derive(Deserialize)]
#[serde(expecting = "a price")]
struct PaddlePrice {
    id: String,
    product_id: Option<String>,
    unit_price: Option<WireMoney>,
    billing_cycle: Option<WireCycle>,
}

#[derive(Deserialize)]
#[serde(expecting = "an amount with its currency")]
struct WireMoney {
    #[serde(deserialize_with = "minor_units")]
    amount: i64,
    currency_code: String,
}

#[derive(Deserialize)]
#[serde(expecting = "a billing cycle")]
struct WireCycle {
    interval: String,
    frequency: u32,
}

/// Parses an amount, which comes as text in the smallest unit of its currency.
fn minor_units<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_not_a_number: ParseIntError| {
        D::Error::custom(format!(
            "expected a whole number of minor units, found `{text}`"
        ))
    })
}

impl PaddleSubscription {
    fn decode(self, origin: ObjectOrigin, prices: &mut PriceTable) -> Result<Decoded, DecodeError> {
        check_kind(SUBSCRIPTION, None, &self.id)?;
        if origin == ObjectOrigin::Live && self.created_at.is_none() {
            let reason = "missing field `created_at`";
            return Err(DecodeError::new(SUBSCRIPTION, Some(&self.id), ".", reason));
        }
        if self.items.is_empty() {
            let reason = "expected at least one item, as every subscription has";
            return Err(DecodeError::new(
                SUBSCRIPTION,
                Some(&self.id),
                "items",
                reason,
            ));
        }
        let period = self
            .current_billing_period
            .map(|period| Period::new(period.starts_at.into(), period.ends_at.into()));
        let currency = self.currency_code.as_deref().map(str::to_lowercase);
        let item = |item: PaddleItem| Item {
            price: prices.share(item.price.decode(currency.as_deref())),
            quantity: item.quantity,
        };
        let items = self.items.into_iter().map(item).collect();
        let is_invoiced = self.collection_mode.as_deref() == Some("manual");
        let terms = self
            .billing_details
            .and_then(|billing| billing.payment_terms);
        Ok(Decoded {
            subscription: Subscription {
                id: SubscriptionId::from(self.id),
                customer: CustomerId::from(self.customer_id.id),
                created: self
                    .created_at
                    .map_or_else(UnixSeconds::default, UnixSeconds::from),
                ended_at: self
                    .canceled_at
                    .map(|ended_at| UnixSeconds::from(ended_at).into()),
                period,
                details: boxed(Details {
                    metadata: self.custom_data.sorted(prices),
                    scheduled: self.scheduled_change.as_ref().and_then(WireChange::decode),
                    ..Details::default()
                }),
                terms: prices.share_terms(Terms {
                    status: Status::parse(&self.status),
                    cancel_scheduled: Some(
                        self.scheduled_change
                            .is_some_and(|change| change.action == "cancel"),
                    ),
                    only_cancel_at: false,
                    pause: None,
                    days_until_due: terms.filter(|_| is_invoiced).and_then(|terms| terms.days()),
                    on_test_clock: false,
                    items,
                }),
            },
            livemode: None,
            may_have_more_items: false,
            customer_metadata: self.customer_id.metadata.sorted(prices),
            currency: None,
            period,
        })
    }
}

impl WireCycle {
    /// Returns the length in days, or `None` if it depends on the calendar.
    fn days(&self) -> Option<u32> {
        match interval(&self.interval)? {
            Interval::Day => Some(self.frequency),
            Interval::Week => self.frequency.checked_mul(7),
            Interval::Month | Interval::Year => None,
        }
    }
}

impl PaddlePrice {
    /// Decodes the price in `charged`, the currency of the subscription. Amounts in other currencies depend on the
    /// customer's country.
    fn decode(self, charged: Option<&str>) -> Price {
        let (amount, currency) = self
            .unit_price
            .map(|money| (money.amount, money.currency_code))
            .unzip();
        let amount = Amount::new(currency, amount).charged_in(charged, |_| None);
        Price {
            id: PriceId::from(self.id),
            product: self.product_id,
            lookup_key: None,
            currency: amount.currency,
            unit_amount: amount.minor_units,
            recurring: self
                .billing_cycle
                .and_then(|cycle| Some((interval(&cycle.interval)?, cycle.frequency))),
            metered: false,
        }
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use std::error::Error as _;

    use serde_json::json;

    use super::*;

    fn example() -> Value {
        json!({
            "id": "sub_01hv8x29kz0t586xy6zn1a62ny", "status": "active", "customer_id": "ctm_01hv6y1jedq4p1n0yqn5ba3ky4",
            "created_at": "2024-04-12T10:18:49.621022Z", "canceled_at": null, "paused_at": null,
            "current_billing_period": {"starts_at": "2024-04-12T10:18:47.635628Z", "ends_at": "2024-05-12T10:18:47.635628Z"},
            "scheduled_change": null, "collection_mode": "automatic", "custom_data": null,
            "items": [{
                "status": "active", "quantity": 10, "recurring": true,
                "price": {
                    "id": "pri_01gsz8x8sawmvhz1pv30nge1ke", "product_id": "pro_01gsz4t5hdjse780zja8vvr7jg",
                    "unit_price": {"amount": "3000", "currency_code": "USD"},
                    "billing_cycle": {"interval": "month", "frequency": 3},
                },
            }],
        })
    }

    fn with(path: &str, value: Value) -> Result<Subscription, String> {
        let mut object = example();
        *object.pointer_mut(path).unwrap() = value;
        decode_recorded_value(&object, &mut PriceTable::default())
            .map(|decoded| decoded.subscription)
            .map_err(|error| format!("{error}: {}", error.source().unwrap()))
    }

    #[test]
    fn a_subscription_without_items_is_refused() {
        let error = with("/items", json!([])).unwrap_err();
        assert!(
            error.contains("`items`") && error.contains("at least one item"),
            "{error}"
        );
    }

    #[test]
    fn payment_terms_in_days_count_for_manual_collection() {
        let days = |mode: &str, interval: &str| {
            let mut object = example();
            object["collection_mode"] = json!(mode);
            object["billing_details"] =
                json!({"payment_terms": {"interval": interval, "frequency": 14}});
            let decoded = decode_recorded_value(&object, &mut PriceTable::default()).unwrap();
            decoded.subscription.days_until_due
        };
        assert_eq!(days("manual", "day"), Some(14));
        assert_eq!(days("manual", "week"), Some(98));
        assert_eq!(days("manual", "month"), None);
        assert_eq!(days("automatic", "day"), None);
    }

    #[test]
    fn custom_data_is_metadata() {
        let read = with("/custom_data", json!({"user_id": 42, "tags": ["a"]})).unwrap();
        let metadata = read.details.unwrap().metadata;
        let [(key, text)] = &*metadata else {
            panic!("one scalar was given");
        };
        assert_eq!((&**key, &**text), ("user_id", "42"));
    }

    #[test]
    fn an_amount_in_another_currency_is_not_known() {
        let mut object = example();
        let amount = |object: &Value| {
            let decoded = decode_recorded_value(object, &mut PriceTable::default()).unwrap();
            decoded.subscription.items[0].price.unit_amount
        };
        object["currency_code"] = json!("USD");
        assert_eq!(amount(&object), Some(3000));
        object["currency_code"] = json!("EUR");
        assert_eq!(amount(&object), None);
    }

    #[test]
    fn an_ended_or_paused_subscription_states_no_period() {
        for status in ["canceled", "paused"] {
            let mut object = example();
            object["status"] = json!(status);
            object["current_billing_period"] = Value::Null;
            let decoded = decode_recorded_value(&object, &mut PriceTable::default()).unwrap();
            assert_eq!(decoded.subscription.period, None);
        }
    }

    #[test]
    fn a_documented_object_is_read_as_documented() {
        let decoded = decode_recorded_value(&example(), &mut PriceTable::default()).unwrap();
        assert_eq!(decoded.livemode, None);
        let read = decoded.subscription;
        assert_eq!(read.customer.as_str(), "ctm_01hv6y1jedq4p1n0yqn5ba3ky4");
        assert_eq!(read.status, Status::Active);
        assert_eq!(read.created, UnixSeconds(1_712_917_129));
        assert_eq!(
            (read.ended_at(), read.cancel_scheduled, read.pause.clone()),
            (None, Some(false), None)
        );
        let [item] = &*read.items else {
            panic!("one item was given");
        };
        assert_eq!(item.quantity, Some(10));
        assert_eq!(
            read.period,
            Some(Period::new(
                UnixSeconds(1_712_917_127),
                UnixSeconds(1_715_509_127)
            ))
        );
        let price = Price {
            product: Some("pro_01gsz4t5hdjse780zja8vvr7jg".to_owned()),
            currency: Some("usd".to_owned()),
            unit_amount: Some(3000),
            recurring: Some((Interval::Month, 3)),
            ..Price::bare("pri_01gsz8x8sawmvhz1pv30nge1ke")
        };
        assert_eq!(*item.price, price);
    }

    #[test]
    fn ends_pauses_and_scheduled_changes_are_seen() {
        let change = |action| json!({"action": action, "effective_at": "2024-05-12T10:18:47Z", "resume_at": null});
        assert_eq!(
            with("/scheduled_change", change("cancel"))
                .unwrap()
                .cancel_scheduled,
            Some(true)
        );
        assert_eq!(
            with("/scheduled_change", change("pause"))
                .unwrap()
                .cancel_scheduled,
            Some(false)
        );
        assert_eq!(
            with("/status", json!("past_due")).unwrap().status,
            Status::PastDue
        );
        assert_eq!(
            with("/status", json!("paused")).unwrap().status,
            Status::Paused
        );
        let ended = with("/canceled_at", json!("2024-04-13T00:00:00Z")).unwrap();
        assert_eq!(ended.ended_at(), Some(UnixSeconds(1_712_966_400)));
        assert_eq!(
            with("/current_billing_period", json!(null))
                .unwrap()
                .period_end(),
            None
        );
        let once = with("/items/0/price/billing_cycle", json!(null)).unwrap();
        assert!(once.items.iter().all(|item| item.price.recurring.is_none()));
    }

    #[test]
    fn a_scheduled_change_is_read_with_its_times() {
        let scheduled = |action: &str| {
            let change = json!({"action": action, "effective_at": "2024-05-12T00:00:00Z", "resume_at": "2024-06-12T00:00:00Z"});
            let read = with("/scheduled_change", change).unwrap();
            read.details.and_then(|details| details.scheduled)
        };
        for (word, action) in [
            ("cancel", ScheduledAction::Cancel),
            ("pause", ScheduledAction::Pause),
            ("resume", ScheduledAction::Resume),
        ] {
            let change = scheduled(word).unwrap();
            assert_eq!((change.action, change.at.0), (action, 1_715_472_000));
            assert_eq!(change.resumes, Some(UnixSeconds(1_718_150_400)));
        }
        assert_eq!(scheduled("transfer"), None);
    }

    #[test]
    fn unreadable_values_are_named_with_their_place() {
        for (path, wrong, expected) in [
            (
                "/items/0/price/unit_price/amount",
                json!("30.00"),
                "`items[0].price.unit_price.amount`: expected a whole number of minor units, found `30.00`",
            ),
            (
                "/items/0/price",
                json!(null),
                "`items[0].price`: invalid type: null, expected a price",
            ),
            (
                "/customer_id",
                json!(null),
                "`customer_id`: invalid type: null",
            ),
            ("/created_at", json!("yesterday"), "`created_at`: "),
            (
                "/items/0/quantity",
                json!("1"),
                "`items[0].quantity`: invalid type: string \"1\", expected u64",
            ),
        ] {
            let error = with(path, wrong).unwrap_err();
            assert!(error.contains(expected), "{error}");
            assert!(
                error
                    .starts_with("subscription `sub_01hv8x29kz0t586xy6zn1a62ny` cannot be read at"),
                "{error}"
            );
        }
    }
}
