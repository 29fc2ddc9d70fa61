//! Decodes Stripe's subscription objects: the fields that decide access, converted into facts.

use std::mem;

use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, value::RawValue};

use super::price_objects::{StripePrice, WirePlan};
use crate::{
    billing::{
        DecodeError, Decoded, PriceTable,
        decoding::{ObjectOrigin, boxed, check_kind, different, from_text, from_value},
        metadata::{WireMetadata, WireOwner},
    },
    contract::{
        CustomerId, Details, Item, Pause, Period, Status, Subscription, SubscriptionId, Terms,
        UnixSeconds,
    },
};

const SUBSCRIPTION: &str = "subscription";
const SUBSCRIPTION_ITEM: &str = "subscription_item";

/// Decodes a recorded subscription of any API version that has `items`.
pub fn decode_recorded_value(
    value: &Value,
    prices: &mut PriceTable,
) -> Result<Decoded, DecodeError> {
    from_value::<StripeSubscription>(SUBSCRIPTION, value)?.decode(ObjectOrigin::Recorded, prices)
}

/// Decodes a recorded subscription from its text.
pub(crate) fn decode_recorded_text(
    text: &RawValue,
    prices: &mut PriceTable,
) -> Result<Decoded, DecodeError> {
    from_text::<StripeSubscription>(SUBSCRIPTION, text)?.decode(ObjectOrigin::Recorded, prices)
}

/// Decodes a subscription from an API page.
pub(crate) fn decode_live_text(
    text: &RawValue,
    prices: &mut PriceTable,
) -> Result<Decoded, DecodeError> {
    from_text::<StripeSubscription>(SUBSCRIPTION, text)?.decode(ObjectOrigin::Live, prices)
}

/// One element of `/v1/subscription_items`.
#[derive(Debug)]
pub(crate) struct DecodedItem {
    pub(crate) id: String,
    pub(crate) item: Item,
    pub(crate) period: Option<Period>,
}

/// Decodes an item that was listed separately. Its subscription has this currency.
pub(crate) fn decode_live_item(
    text: &RawValue,
    currency: Option<&str>,
    prices: &mut PriceTable,
) -> Result<DecodedItem, DecodeError> {
    let wire: StripeItem = from_text(SUBSCRIPTION_ITEM, text)?;
    let id = wire.id.clone().unwrap_or_default();
    check_kind(SUBSCRIPTION_ITEM, wire.object.as_deref(), &id)?;
    let period = wire.period();
    let Some(item) = wire.decode(currency, prices) else {
        return Err(DecodeError::new(
            SUBSCRIPTION_ITEM,
            Some(&id),
            ".",
            NO_PRICE_OR_PLAN,
        ));
    };
    Ok(DecodedItem { id, item, period })
}

const NO_PRICE_OR_PLAN: &str = "the item has neither a price nor a plan";

#[derive(Deserialize)]
#[serde(expecting = "a subscription")]
struct StripeSubscription {
    object: Option<String>,
    id: String,
    customer: WireOwner,
    status: String,
    created: Option<i64>,
    ended_at: Option<i64>,
    cancel_at: Option<i64>,
    cancel_at_period_end: Option<bool>,
    pause_collection: Option<WirePause>,
    collection_method: Option<String>,
    days_until_due: Option<u32>,
    latest_invoice: Option<WireInvoice>,
    test_clock: Option<IgnoredAny>,
    currency: Option<String>,
    #[serde(default)]
    metadata: WireMetadata,
    // Versions before 2025-03-31.basil carry the period here instead of on the items.
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

/// An invoice, as its id or expanded.
#[derive(Deserialize)]
#[serde(untagged, expecting = "an id or an invoice")]
enum WireInvoice {
    Expanded {
        due_date: Option<i64>,
        created: Option<i64>,
    },
    Id(IgnoredAny),
}

#[derive(Deserialize)]
#[serde(expecting = "a list of items")]
struct WireItems {
    data: Vec<StripeItem>,
    has_more: Option<bool>,
    total_count: Option<u64>,
}

#[derive(Deserialize)]
#[serde(expecting = "an item")]
struct StripeItem {
    object: Option<String>,
    id: Option<String>,
    price: Option<StripePrice>,
    // The older form of a price; equal to `price` if both are present.
    plan: Option<WirePlan>,
    quantity: Option<u64>,
    current_period_start: Option<i64>,
    current_period_end: Option<i64>,
}

impl StripeSubscription {
    fn decode(
        mut self,
        origin: ObjectOrigin,
        prices: &mut PriceTable,
    ) -> Result<Decoded, DecodeError> {
        check_kind(SUBSCRIPTION, self.object.as_deref(), &self.id)?;
        if origin == ObjectOrigin::Live && self.created.is_none() {
            let reason = "missing field `created`";
            return Err(DecodeError::new(SUBSCRIPTION, Some(&self.id), ".", reason));
        }
        let subscription_period = period(self.current_period_start, self.current_period_end);
        let may_have_more_items = self.items.may_be_truncated(origin);
        let periods: Vec<_> = self
            .items
            .data
            .iter()
            .map(|item| item.period().or(subscription_period))
            .collect();
        let currency = self.currency.as_deref().map(str::to_lowercase);
        let items = self.decode_items(currency.as_deref(), prices)?;
        let terms = self.terms(items);
        let invoice = self
            .latest_invoice
            .filter(|_| terms.status == Status::PastDue);
        Ok(Decoded {
            subscription: Subscription {
                id: SubscriptionId::from(self.id),
                customer: CustomerId::from(self.customer.id),
                created: UnixSeconds(self.created.unwrap_or_default()),
                ended_at: self.ended_at.map(|ended_at| UnixSeconds(ended_at).into()),
                period: Period::of_items(periods.iter().copied().flatten()),
                details: boxed(Details {
                    item_periods: different(periods),
                    invoice_due: invoice.and_then(WireInvoice::due),
                    metadata: self.metadata.sorted(prices),
                    ..Details::default()
                }),
                terms: prices.share_terms(terms),
            },
            livemode: self.livemode,
            may_have_more_items,
            customer_metadata: self.customer.metadata.sorted(prices),
            currency,
            period: subscription_period,
        })
    }

    /// Decodes the items, which are taken out of the object.
    fn decode_items(
        &mut self,
        currency: Option<&str>,
        prices: &mut PriceTable,
    ) -> Result<Vec<Item>, DecodeError> {
        let mut items = Vec::with_capacity(self.items.data.len());
        for (index, wire) in mem::take(&mut self.items.data).into_iter().enumerate() {
            let item_id = wire.id.clone();
            let Some(item) = wire.decode(currency, prices) else {
                let path = format!("items.data[{index}]");
                let prefix = item_id.map(|id| format!("`{id}`: ")).unwrap_or_default();
                let reason = format!("{prefix}{NO_PRICE_OR_PLAN}");
                let id = Some(self.id.as_str());
                return Err(DecodeError::new(SUBSCRIPTION, id, &path, &reason));
            };
            items.push(item);
        }
        Ok(items)
    }

    fn terms(&self, items: Vec<Item>) -> Terms {
        let behavior = self
            .pause_collection
            .as_ref()
            .and_then(|pause| pause.behavior.as_deref());
        // Recordings may omit `collection_method`.
        let may_be_sent_by_invoice = self
            .collection_method
            .as_deref()
            .is_none_or(|method| method == "send_invoice");
        Terms {
            status: Status::parse(&self.status),
            // With flexible billing mode only `cancel_at` is set; in classic mode the portal sets both fields; the API
            // sets either.
            cancel_scheduled: match (self.cancel_at_period_end, self.cancel_at) {
                (_, Some(_)) => Some(true),
                (at_period_end, None) => at_period_end,
            },
            only_cancel_at: self.cancel_at_period_end == Some(false) && self.cancel_at.is_some(),
            pause: behavior.map(Pause::parse),
            days_until_due: self.days_until_due.filter(|_| may_be_sent_by_invoice),
            on_test_clock: self.test_clock.is_some(),
            items: items.into(),
        }
    }
}

impl WireInvoice {
    /// Returns the due date. An invoice without one is due when it is created.
    fn due(self) -> Option<UnixSeconds> {
        match self {
            Self::Expanded { due_date, created } => due_date.or(created).map(UnixSeconds),
            Self::Id(IgnoredAny) => None,
        }
    }
}

impl WireItems {
    /// Returns true if there may be more items than these. Every subscription has at least one item.
    fn may_be_truncated(&self, origin: ObjectOrigin) -> bool {
        let shown = u64::try_from(self.data.len()).unwrap_or(u64::MAX);
        let total_exceeds_data = self.total_count.is_some_and(|total| total > shown);
        let has_more = self.has_more.unwrap_or(origin == ObjectOrigin::Live);
        total_exceeds_data || has_more || shown == 0
    }
}

impl StripeItem {
    fn period(&self) -> Option<Period> {
        period(self.current_period_start, self.current_period_end)
    }

    /// Decodes the item. Returns `None` if it has no price under either name.
    fn decode(self, currency: Option<&str>, prices: &mut PriceTable) -> Option<Item> {
        let price = match (self.price, self.plan) {
            (Some(price), _) => price.decode(currency),
            (None, Some(plan)) => plan.decode(currency),
            (None, None) => return None,
        };
        Some(Item {
            quantity: self.quantity.filter(|_| !price.metered),
            price: prices.share(price),
        })
    }
}

fn period(start: Option<i64>, end: Option<i64>) -> Option<Period> {
    Some(Period::new(UnixSeconds(start?), UnixSeconds(end?)))
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use std::{error::Error as _, sync::Arc};

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::contract::{Interval, Price};

    /// Returns a subscription in the format before 2025-03-31.basil, with one item.
    fn pre_basil_subscription(item: &Value) -> Value {
        json!({
            "id": "sub_1", "object": "subscription", "customer": "cus_1", "status": "active", "created": 1,
            "current_period_start": 10, "current_period_end": 20, "livemode": true,
            "items": {"object": "list", "data": [item]},
        })
    }

    fn read(value: &Value) -> Decoded {
        decode_recorded_value(value, &mut PriceTable::default()).unwrap()
    }

    fn only_item(value: &Value) -> Item {
        let [item] = &*read(value).subscription.items else {
            panic!("one item was given");
        };
        item.clone()
    }

    fn priced(price: &Value) -> Price {
        let item = only_item(&pre_basil_subscription(
            &json!({"id": "si_1", "quantity": 3, "price": price}),
        ));
        (*item.price).clone()
    }

    /// Returns the message of an error and its cause.
    fn error_message(value: &Value) -> String {
        let error = decode_recorded_value(value, &mut PriceTable::default()).unwrap_err();
        format!("{error}: {}", error.source().unwrap())
    }

    #[test]
    fn an_items_own_period_takes_precedence() {
        let price = json!({"id": "price_1"});
        let item_with_period = json!({"id": "si_1", "price": price, "current_period_start": 11, "current_period_end": 21});
        let item_without_period = json!({"id": "si_1", "price": price});
        let period = |items: &[&Value]| {
            let mut value = pre_basil_subscription(&item_without_period);
            value["items"]["data"] = json!(items);
            let read = read(&value).subscription;
            (
                read.period_start().map(|start| start.0),
                read.period_end().map(|end| end.0),
            )
        };
        assert_eq!(period(&[&item_with_period]), (Some(11), Some(21)));
        assert_eq!(period(&[&item_without_period]), (Some(10), Some(20)));
        let early = json!({"id": "si_2", "price": price, "current_period_start": 1, "current_period_end": 99});
        assert_eq!(
            period(&[&early, &item_with_period, &item_without_period]),
            (Some(11), Some(99))
        );
        assert_eq!(period(&[&early, &early]), (Some(1), Some(99)));
        assert_eq!(period(&[]), (None, None));
    }

    #[test]
    fn a_plan_is_used_if_there_is_no_price() {
        let plan = json!({
            "id": "plan_1", "product": "prod_1", "currency": "EUR", "amount": 900,
            "interval": "year", "interval_count": 1, "usage_type": "licensed",
        });
        let item = only_item(&pre_basil_subscription(
            &json!({"id": "si_1", "plan": plan, "quantity": 2}),
        ));
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
        assert_eq!(
            only_item(&pre_basil_subscription(&both)).price.id.as_str(),
            "price_1"
        );
    }

    /// Returns the decoded price of 5 dollars with these fields changed.
    fn price_with(extra: &Value) -> Price {
        let mut price = json!({"id": "price_1", "currency": "usd", "unit_amount": 500});
        let members = price.as_object_mut().unwrap();
        members.extend(extra.as_object().unwrap().clone());
        priced(&price)
    }

    #[test]
    fn prices_without_an_amount_per_unit_have_none() {
        for (extra, expected) in [
            (json!({}), Some(500)),
            (json!({"transform_quantity": null}), Some(500)),
            (json!({"transform_quantity": {"divide_by": 100}}), None),
            (
                json!({"unit_amount": null, "unit_amount_decimal": "0.5"}),
                None,
            ),
        ] {
            assert_eq!(price_with(&extra).unit_amount, expected, "{extra}");
        }
    }

    #[test]
    fn unknown_intervals_are_not_recurring() {
        let recurring = |interval: &str, count: u32| {
            let recurring = json!({"interval": interval, "interval_count": count});
            price_with(&json!({"recurring": recurring})).recurring
        };
        assert_eq!(recurring("fortnight", 1), None);
        assert_eq!(recurring("day", 90), Some((Interval::Day, 90)));
    }

    #[test]
    fn a_deleted_product_keeps_its_id() {
        let price = price_with(&json!({"product": {"id": "prod_9", "deleted": true}}));
        assert_eq!(price.product.as_deref(), Some("prod_9"));
    }

    #[test]
    fn a_metered_item_has_no_quantity() {
        let price = json!({"id": "price_1", "recurring": {"interval": "month", "interval_count": 1, "usage_type": "metered"}});
        let item = only_item(&pre_basil_subscription(
            &json!({"id": "si_1", "quantity": 7, "price": price}),
        ));
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
            let mut value =
                pre_basil_subscription(&json!({"id": "si_1", "price": {"id": "price_1"}}));
            value["customer"] = customer;
            assert_eq!(read(&value).subscription.customer.as_str(), "cus_1");
        }
    }

    #[test]
    fn scheduled_ends_and_pauses_are_read() {
        let read_with = |extra: Value| {
            let mut value =
                pre_basil_subscription(&json!({"id": "si_1", "price": {"id": "price_1"}}));
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
            assert_eq!(
                read_with(extra.clone()).cancel_scheduled,
                expected,
                "{extra}"
            );
        }
        for (pause, expected) in [
            (json!(null), false),
            (json!({"behavior": "void", "resumes_at": null}), true),
            (json!({"behavior": "keep_as_draft"}), false),
        ] {
            assert_eq!(
                read_with(json!({"pause_collection": pause})).pause == Some(Pause::Void),
                expected
            );
        }
        let unheard_of =
            read_with(json!({"status": "Hibernating", "new_field": [{}], "ended_at": 5}));
        assert_eq!(unheard_of.status, Status::Other("hibernating".into()));
        assert_eq!(unheard_of.ended_at(), Some(UnixSeconds(5)));
    }

    #[test]
    fn unreadable_values_are_named_with_their_place() {
        let error_with = |path: &str, wrong: Value| {
            let mut value = pre_basil_subscription(
                &json!({"id": "si_1", "quantity": 1, "price": {"id": "price_1"}}),
            );
            *value.pointer_mut(path).unwrap() = wrong;
            error_message(&value)
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
                "subscription `sub_1` cannot be read at `object`: expected `subscription`, found `invoice`",
            ),
            (
                "/id",
                json!(" "),
                "subscription cannot be read at `id`: the id is empty",
            ),
        ] {
            assert_eq!(error_with(path, wrong), expected);
        }
        assert_eq!(
            error_message(&json!(7)),
            "subscription cannot be read: invalid type: integer `7`, expected a subscription"
        );
    }

    #[test]
    fn a_truncated_item_list_is_flagged() {
        let mut value = pre_basil_subscription(&json!({"id": "si_1", "price": {"id": "price_1"}}));
        assert!(!read(&value).may_have_more_items);
        value["items"]["has_more"] = json!(true);
        assert!(read(&value).may_have_more_items);
    }

    #[test]
    fn equal_prices_are_shared() {
        let value = pre_basil_subscription(&json!({"id": "si_1", "price": {"id": "price_1"}}));
        let mut prices = PriceTable::default();
        let mut price = || {
            let decoded = decode_recorded_value(&value, &mut prices).unwrap();
            Arc::clone(&decoded.subscription.items[0].price)
        };
        assert!(Arc::ptr_eq(&price(), &price()));
    }

    /// Returns a subscription with additional fields.
    fn with_fields(extra: &Value) -> Value {
        let mut value = pre_basil_subscription(
            &json!({"id": "si_1", "quantity": 1, "price": {"id": "price_1"}}),
        );
        let members = value.as_object_mut().unwrap();
        members.extend(extra.as_object().unwrap().clone());
        value
    }

    fn details(value: &Value) -> Details {
        let details = read(value).subscription.details;
        details.map_or_else(Details::default, |details| *details)
    }

    #[test]
    fn most_subscriptions_have_no_details() {
        let without_details = with_fields(&json!({"metadata": {}, "latest_invoice": "in_1"}));
        assert_eq!(read(&without_details).subscription.details, None);
    }

    #[test]
    fn different_item_periods_are_kept() {
        let item_with_period = |start: i64, end: i64| json!({"price": {"id": "p"}, "current_period_start": start, "current_period_end": end});
        let item_without_period = json!({"price": {"id": "p"}});
        let periods =
            |items: Value| details(&with_fields(&json!({"items": {"data": items}}))).item_periods;
        let period = |start, end| Some(Period::new(UnixSeconds(start), UnixSeconds(end)));
        assert_eq!(
            *periods(json!([
                item_with_period(1, 5),
                item_with_period(2, 9),
                item_without_period
            ])),
            [period(1, 5), period(2, 9), period(10, 20)]
        );
        assert_eq!(
            *periods(json!([item_with_period(1, 5), item_with_period(1, 5)])),
            []
        );
        assert_eq!(
            *periods(json!([item_with_period(10, 20), item_without_period])),
            []
        );
    }

    #[test]
    fn metadata_of_subscription_and_customer_is_kept() {
        let decoded = read(&with_fields(&json!({
            "metadata": {"userId": "u1", "n": 7},
            "customer": {"metadata": {"userId": "u2"}, "id": "cus_1"},
        })));
        let shown = |metadata: &contract::Metadata| {
            let pairs = metadata.iter();
            let shown: Vec<_> = pairs
                .map(|(key, text)| format!("{}={text}", &**key))
                .collect();
            shown.join(" ")
        };
        let metadata = decoded.subscription.details.unwrap().metadata;
        assert_eq!(shown(&metadata), "n=7 userId=u1");
        assert_eq!(shown(&decoded.customer_metadata), "userId=u2");
    }

    #[test]
    fn an_invoice_without_a_due_date_is_due_on_creation() {
        let due = |status: &str, invoice: Value| {
            details(&with_fields(
                &json!({"status": status, "latest_invoice": invoice}),
            ))
            .invoice_due
        };
        let whole = json!({"id": "in_1", "created": 100, "due_date": 200});
        assert_eq!(due("past_due", whole.clone()), Some(UnixSeconds(200)));
        let at_once = json!({"id": "in_1", "created": 100, "due_date": null});
        assert_eq!(due("past_due", at_once), Some(UnixSeconds(100)));
        assert_eq!(due("past_due", json!("in_1")), None);
        assert_eq!(due("past_due", json!(null)), None);
        assert_eq!(due("active", whole), None);
    }

    #[test]
    fn days_to_pay_belong_to_invoices_that_are_sent() {
        let days = |extra: Value| read(&with_fields(&extra)).subscription.days_until_due;
        let sent = json!({"collection_method": "send_invoice", "days_until_due": 30});
        assert_eq!(days(sent), Some(30));
        let charged = json!({"collection_method": "charge_automatically", "days_until_due": 30});
        assert_eq!(days(charged), None);
        assert_eq!(days(json!({"days_until_due": 30})), Some(30));
        assert_eq!(days(json!({"collection_method": "send_invoice"})), None);
    }

    #[test]
    fn a_test_clock_is_seen_as_id_or_object() {
        let on_clock = |clock: Value| {
            read(&with_fields(&json!({"test_clock": clock})))
                .subscription
                .on_test_clock
        };
        assert!(on_clock(json!("clock_1")));
        assert!(on_clock(json!({"id": "clock_1"})));
        assert!(!on_clock(json!(null)));
        assert!(!read(&with_fields(&json!({}))).subscription.on_test_clock);
    }

    #[test]
    fn an_end_date_alone_is_distinguished_from_the_flag() {
        let only = |extra: Value| read(&with_fields(&extra)).subscription.only_cancel_at;
        assert!(only(json!({"cancel_at": 9, "cancel_at_period_end": false})));
        assert!(!only(json!({"cancel_at": 9, "cancel_at_period_end": true})));
        assert!(!only(json!({"cancel_at": 9})));
    }

    #[test]
    fn every_pause_keeps_its_behavior() {
        let pause = |behavior: &str| {
            let pause = json!({"pause_collection": {"behavior": behavior}});
            read(&with_fields(&pause)).subscription.pause.clone()
        };
        assert_eq!(pause("keep_as_draft"), Some(Pause::KeepAsDraft));
        assert_eq!(pause("mark_uncollectible"), Some(Pause::MarkUncollectible));
        assert_eq!(pause("sleep"), Some(Pause::Other("sleep".into())));
    }

    #[test]
    fn amounts_are_in_the_currency_of_the_subscription() {
        let amount = |currency: Value, price: Value| {
            let item = json!({"id": "si_1", "quantity": 1, "price": price});
            let read = read(&with_fields(
                &json!({"currency": currency, "items": {"data": [item]}}),
            ));
            let price = &read.subscription.items[0].price;
            (price.unit_amount, price.currency.clone())
        };
        let euros = Some("eur".to_owned());
        let price = json!({"id": "p", "currency": "usd", "unit_amount": 4900,
            "currency_options": {"EUR": {"unit_amount": 4500}, "usd": {"unit_amount": 4900}}});
        assert_eq!(
            amount(json!("eur"), price.clone()),
            (Some(4500), euros.clone())
        );
        assert_eq!(amount(json!("USD"), price.clone()).0, Some(4900));
        assert_eq!(amount(json!("jpy"), price.clone()).0, None);
        assert_eq!(amount(json!(null), price).0, Some(4900));
        let bare = json!({"id": "p", "currency": "usd", "unit_amount": 4900});
        assert_eq!(amount(json!("eur"), bare), (None, euros));
    }

    #[test]
    fn a_price_keeps_its_lookup_key() {
        let price = priced(&json!({"id": "price_1", "lookup_key": "pro_monthly"}));
        assert_eq!(price.lookup_key.as_deref(), Some("pro_monthly"));
    }

    #[test]
    fn irrelevant_fields_may_be_left_out_of_a_recording() {
        let bare = json!({
            "id": "sub_1", "customer": "cus_1", "status": "active",
            "items": {"data": [{"price": {"id": "price_1"}}]},
        });
        let read = read(&bare);
        assert_eq!(read.subscription.items.len(), 1);
        assert!(!read.may_have_more_items);
        let text = RawValue::from_string(bare.to_string()).unwrap();
        assert!(decode_live_text(&text, &mut PriceTable::default()).is_err());
    }

    #[test]
    fn a_list_without_has_more_may_be_truncated() {
        let item = json!({"id": "si_1", "price": {"id": "price_1"}});
        let may_be_truncated = |items: &Value, live: bool| {
            let value = with_fields(&json!({"items": items}));
            let text = RawValue::from_string(value.to_string()).unwrap();
            let decoded = if live {
                decode_live_text(&text, &mut PriceTable::default())
            } else {
                decode_recorded_value(&value, &mut PriceTable::default())
            };
            decoded.unwrap().may_have_more_items
        };
        let both = |items: &Value| {
            (
                may_be_truncated(items, true),
                may_be_truncated(items, false),
            )
        };
        for (items, expected) in [
            (json!({"data": [item], "has_more": false}), (false, false)),
            (
                json!({"data": [item], "has_more": false, "total_count": 1}),
                (false, false),
            ),
            (json!({"data": [item], "has_more": true}), (true, true)),
            (
                json!({"data": [item], "has_more": false, "total_count": 2}),
                (true, true),
            ),
            (json!({"data": [item], "total_count": 2}), (true, true)),
            (json!({"data": [item]}), (true, false)),
            (json!({"data": []}), (true, true)),
            (json!({"data": [], "has_more": false}), (true, true)),
            (
                json!({"data": [], "has_more": false, "total_count": 1}),
                (true, true),
            ),
        ] {
            assert_eq!(both(&items), expected, "{items}");
        }
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
                "/id", "/customer", "/status", "/metadata", "/latest_invoice", "/items", "/items/data", "/items/data/0",
                "/items/data/0/price", "/items/data/0/price/recurring", "/items/data/0/quantity",
            ]),
            anything in any_json(),
        ) {
            let mut value = pre_basil_subscription(&json!({
                "id": "si_1", "quantity": 1, "price": {"id": "price_1", "recurring": {"interval": "month"}},
            }));
            value["metadata"] = Value::Null;
            value["latest_invoice"] = Value::Null;
            *value.pointer_mut(path).unwrap() = anything;
            let by_value = decode_recorded_value(&value, &mut PriceTable::default());
            let text = RawValue::from_string(value.to_string()).unwrap();
            let by_text = decode_live_text(&text, &mut PriceTable::default());
            prop_assert_eq!(by_value.is_ok(), by_text.is_ok());
        }
    }
}
