//! Reads the state of a subscription from an event's object.

use serde_json::{Map, Value};

use crate::action::{CancelEncoding, PauseBehavior};
use contract::{Price, PriceId, Status};

/// The part of a subscription that a recording reads. Ids only distinguish items and prices while the log is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SubscriptionState {
    pub(super) status: Status,
    pub(super) items: Vec<ItemState>,
    pub(super) cancel: Option<CancelEncoding>,
    pub(super) ends_at: Option<i64>,
    pub(super) pause: Option<PauseBehavior>,
    pub(super) trial_end: Option<i64>,
    pub(super) period_start: Option<i64>,
    pub(super) has_schedule: bool,
    pub(super) has_metadata: bool,
    /// True if it was canceled because payments failed.
    pub(super) was_given_up: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ItemState {
    pub(super) id: String,
    pub(super) price: Price,
    pub(super) quantity: Option<u64>,
}

impl SubscriptionState {
    /// Reads an object of any API version.
    pub(super) fn new(object: &Value) -> Self {
        let items = object.pointer("/items/data").and_then(Value::as_array);
        let items: Vec<ItemState> = items.into_iter().flatten().map(ItemState::new).collect();
        let period_start = object.get("current_period_start").and_then(Value::as_i64);
        let at_items = object.pointer("/items/data/0/current_period_start");
        let ends_at = object.get("cancel_at").and_then(Value::as_i64);
        let flag = object.get("cancel_at_period_end").and_then(Value::as_bool);
        let status = object.get("status").and_then(Value::as_str);
        Self {
            status: Status::parse(status.unwrap_or_default()),
            items,
            cancel: match (flag, ends_at) {
                (Some(true), _) => Some(CancelEncoding::Flag),
                (_, Some(_)) => Some(CancelEncoding::Time),
                (_, None) => None,
            },
            ends_at: ends_at.or_else(|| period_end(object)),
            pause: object.pointer("/pause_collection/behavior").and_then(pause),
            trial_end: object.get("trial_end").and_then(Value::as_i64),
            period_start: period_start.or_else(|| at_items.and_then(Value::as_i64)),
            has_schedule: object
                .get("schedule")
                .is_some_and(|schedule| !schedule.is_null()),
            has_metadata: object
                .get("metadata")
                .and_then(Value::as_object)
                .is_some_and(|metadata| !metadata.is_empty()),
            was_given_up: object
                .pointer("/cancellation_details/reason")
                .is_some_and(|reason| reason == "payment_failed"),
        }
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.status, Status::Canceled | Status::IncompleteExpired)
    }
}

impl ItemState {
    fn new(item: &Value) -> Self {
        let price = item.get("price").filter(|price| price.is_object());
        // Objects of old versions have only a plan.
        let price = price.or_else(|| item.get("plan")).unwrap_or(&Value::Null);
        let text = |object: &Value, name| {
            let text = object.get(name).and_then(Value::as_str);
            text.map(ToOwned::to_owned)
        };
        let usage = price.pointer("/recurring/usage_type");
        let usage = usage.or_else(|| price.get("usage_type"));
        Self {
            id: text(item, "id").unwrap_or_default(),
            price: Price {
                lookup_key: text(price, "lookup_key"),
                product: price.get("product").and_then(id_of).map(ToOwned::to_owned),
                metered: usage.is_some_and(|usage| usage == "metered"),
                ..Price::bare(&text(price, "id").unwrap_or_default())
            },
            quantity: item.get("quantity").and_then(Value::as_u64),
        }
    }

    pub(super) fn price_id(&self) -> &PriceId {
        &self.price.id
    }
}

fn period_end(object: &Value) -> Option<i64> {
    let top_level = object.get("current_period_end");
    top_level
        .or_else(|| object.pointer("/items/data/0/current_period_end"))
        .and_then(Value::as_i64)
}

fn pause(behavior: &Value) -> Option<PauseBehavior> {
    match behavior.as_str()? {
        "keep_as_draft" => Some(PauseBehavior::KeepAsDraft),
        "mark_uncollectible" => Some(PauseBehavior::MarkUncollectible),
        "void" => Some(PauseBehavior::Void),
        _ => None,
    }
}

/// Returns the id of an object, expanded or not.
pub(super) fn id_of(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.get("id")?.as_str())
}

/// Returns the object as it was before a change. Nested objects are merged, and lists are replaced.
pub(super) fn before(object: &Value, previous: &Map<String, Value>) -> Value {
    let mut before = object.as_object().cloned().unwrap_or_default();
    for (name, old) in previous {
        let now = before.get(name).filter(|now| now.is_object());
        let old = match (now, old) {
            (Some(now), Value::Object(old)) => self::before(now, old),
            _ => old.clone(),
        };
        before.insert(name.clone(), old);
    }
    Value::Object(before)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_of_old_and_new_versions_are_read_the_same_way() {
        let new = json!({"status": "active", "items": {"data": [{"id": "si_1", "current_period_start": 5, "quantity": 2,
            "current_period_end": 9, "price": {"id": "price_1", "product": "prod_1", "recurring": {"usage_type": "licensed"}}}]}});
        let old = json!({"status": "active", "current_period_start": 5, "current_period_end": 9, "items": {"data": [
            {"id": "si_1", "quantity": 2, "plan": {"id": "price_1", "product": {"id": "prod_1"}, "usage_type": "licensed"}}]}});
        assert_eq!(SubscriptionState::new(&new), SubscriptionState::new(&old));
        assert_eq!(SubscriptionState::new(&new).ends_at, Some(9));
    }

    #[test]
    fn previous_attributes_restore_the_state_before() {
        let now = json!({"status": "past_due", "pause_collection": {"behavior": "void", "resumes_at": 1}, "cancel_at": 4});
        let previous = json!({"status": "active", "pause_collection": {"behavior": "keep_as_draft"}, "cancel_at": null});
        let Value::Object(previous) = previous else {
            unreachable!("an object")
        };
        let before = SubscriptionState::new(&before(&now, &previous));
        assert_eq!(before.status, Status::Active);
        assert_eq!(before.pause, Some(PauseBehavior::KeepAsDraft));
        assert_eq!(before.cancel, None);
    }
}
