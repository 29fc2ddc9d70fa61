//! An event of the provider's log, stripped to the parts that a recording keeps.

use serde_json::Value;

use super::subscription_state::{SubscriptionState, before, id_of};

/// The kept part of an event. Ids only group events while the log is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StrippedEvent {
    pub(super) at: i64,
    pub(super) content: EventContent,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum EventContent {
    Subscription {
        id: String,
        kind: SubscriptionEvent,
        now: Box<SubscriptionState>,
        before: Option<Box<SubscriptionState>>,
    },
    Checkout {
        subscription: Option<String>,
        kind: CheckoutEvent,
        mode: CheckoutMode,
    },
    Invoice {
        subscription: Option<String>,
        is_paid: bool,
    },
    EmailChanged,
    CustomerDeleted,
    Refunded {
        is_full: bool,
    },
}

impl EventContent {
    /// Returns the kind and the state, if it is an event of this subscription.
    pub(super) fn subscription(&self, id: &str) -> Option<(SubscriptionEvent, &SubscriptionState)> {
        if let Self::Subscription {
            id: own, kind, now, ..
        } = self
            && own == id
        {
            return Some((*kind, now));
        }
        None
    }

    /// Returns true for a paid invoice of this subscription, and false for a failed payment of one.
    pub(super) fn invoice(&self, id: &str) -> Option<bool> {
        if let Self::Invoice {
            subscription: Some(own),
            is_paid,
        } = self
            && own == id
        {
            return Some(*is_paid);
        }
        None
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SubscriptionEvent {
    Created,
    Changed,
    TrialWillEnd,
    Deleted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CheckoutEvent {
    Completed {
        is_paid: bool,
        /// True if a coupon took off the whole price.
        is_free: bool,
    },
    Expired,
    PaymentSucceeded,
    PaymentFailed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CheckoutMode {
    Subscription,
    Payment,
}

/// The result of stripping an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stripping {
    Kept {
        /// Id that groups the events of one lifecycle.
        customer: String,
        event: StrippedEvent,
    },
    /// An event of a type that changes no subscription. `None` if the type does not have the documented form.
    OtherType(Option<String>),
    /// An event without a customer.
    NoCustomer,
    /// An event about a change that is not played, such as a customer's new address.
    NothingPlayed,
}

/// Strips an event. Accepts any JSON.
pub(super) fn strip(event: &Value) -> Stripping {
    let kind = event.get("type").and_then(Value::as_str);
    let Some(kind) = kind.filter(|kind| is_type(kind)) else {
        return Stripping::OtherType(None);
    };
    if !PLAYED.contains(&kind) {
        return Stripping::OtherType(Some(kind.to_owned()));
    }
    let object = event.pointer("/data/object").unwrap_or(&Value::Null);
    let previous = event.pointer("/data/previous_attributes");
    let Some(content) = content(kind, object, previous) else {
        return Stripping::NothingPlayed;
    };
    let is_customer = matches!(
        content,
        EventContent::EmailChanged | EventContent::CustomerDeleted
    );
    let customer = object.get(if is_customer { "id" } else { "customer" });
    let Some(customer) = customer.and_then(id_of) else {
        return Stripping::NoCustomer;
    };
    let at = event.get("created").and_then(Value::as_i64).unwrap_or(0);
    Stripping::Kept {
        customer: customer.to_owned(),
        event: StrippedEvent { at, content },
    }
}

/// Event types that a recording reads.
pub(super) const PLAYED: [&str; 15] = [
    "charge.refunded",
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
    "customer.deleted",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "customer.subscription.trial_will_end",
    "customer.subscription.updated",
    "customer.updated",
    "invoice.paid",
    "invoice.payment_failed",
];

/// Returns true for the documented form of event types, the only part of an event that may be shown.
fn is_type(kind: &str) -> bool {
    let is_letter = |letter: u8| letter.is_ascii_lowercase() || b"._".contains(&letter);
    (1..=80).contains(&kind.len()) && kind.bytes().all(is_letter)
}

/// Returns the kept part; `None` if nothing in it is played.
fn content(kind: &str, object: &Value, previous: Option<&Value>) -> Option<EventContent> {
    let subscription = |kind| subscription(kind, object, previous);
    match kind {
        "customer.subscription.created" => subscription(SubscriptionEvent::Created),
        "customer.subscription.updated"
        | "customer.subscription.paused"
        | "customer.subscription.resumed" => subscription(SubscriptionEvent::Changed),
        "customer.subscription.trial_will_end" => subscription(SubscriptionEvent::TrialWillEnd),
        "customer.subscription.deleted" => subscription(SubscriptionEvent::Deleted),
        "checkout.session.completed" => checkout(completed(object), object),
        "checkout.session.expired" => checkout(CheckoutEvent::Expired, object),
        "checkout.session.async_payment_succeeded" => {
            checkout(CheckoutEvent::PaymentSucceeded, object)
        }
        "checkout.session.async_payment_failed" => checkout(CheckoutEvent::PaymentFailed, object),
        "invoice.paid" => Some(invoice(object, true)),
        "invoice.payment_failed" => Some(invoice(object, false)),
        "customer.updated" => previous?.get("email").map(|_| EventContent::EmailChanged),
        "customer.deleted" => Some(EventContent::CustomerDeleted),
        "charge.refunded" => Some(EventContent::Refunded {
            is_full: object.get("refunded") == Some(&Value::Bool(true)),
        }),
        _ => None,
    }
}

fn subscription(
    kind: SubscriptionEvent,
    object: &Value,
    previous: Option<&Value>,
) -> Option<EventContent> {
    let previous = previous.and_then(Value::as_object);
    Some(EventContent::Subscription {
        id: object.get("id").and_then(id_of)?.to_owned(),
        kind,
        now: Box::new(SubscriptionState::new(object)),
        before: previous
            .map(|previous| Box::new(SubscriptionState::new(&before(object, previous)))),
    })
}

fn completed(object: &Value) -> CheckoutEvent {
    let total = object.get("amount_total").and_then(Value::as_i64);
    CheckoutEvent::Completed {
        is_paid: object
            .get("payment_status")
            .is_none_or(|status| status != "unpaid"),
        is_free: total == Some(0),
    }
}

fn checkout(kind: CheckoutEvent, object: &Value) -> Option<EventContent> {
    let mode = match object.get("mode").and_then(Value::as_str)? {
        "subscription" => CheckoutMode::Subscription,
        "payment" => CheckoutMode::Payment,
        _ => return None,
    };
    let subscription = object.get("subscription").and_then(id_of);
    Some(EventContent::Checkout {
        subscription: subscription.map(ToOwned::to_owned),
        kind,
        mode,
    })
}

fn invoice(object: &Value, is_paid: bool) -> EventContent {
    // Since basil it is nested.
    let nested = object.pointer("/parent/subscription_details/subscription");
    let top_level = object.get("subscription").filter(|value| !value.is_null());
    let subscription = top_level.or(nested).and_then(id_of);
    EventContent::Invoice {
        subscription: subscription.map(ToOwned::to_owned),
        is_paid,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_type_of_another_form_is_not_kept() {
        for kind in ["Ada Lovelace", "a@b.example", "", "evt_1"] {
            let stripped = strip(&json!({"type": kind, "data": {"object": {"customer": "cus_1"}}}));
            assert_eq!(stripped, Stripping::OtherType(None), "{kind}");
        }
        let known = strip(&json!({"type": "radar.early_fraud_warning.created"}));
        let named = Some("radar.early_fraud_warning.created".to_owned());
        assert_eq!(known, Stripping::OtherType(named));
    }

    #[test]
    fn an_event_without_a_customer_belongs_to_no_lifecycle() {
        let guest = json!({"type": "checkout.session.completed", "data": {"object": {"mode": "payment", "customer": null}}});
        assert_eq!(strip(&guest), Stripping::NoCustomer);
    }

    #[test]
    fn a_new_name_of_a_customer_is_not_played() {
        let renamed = json!({"type": "customer.updated", "data": {"object": {"id": "cus_1"}, "previous_attributes": {"name": "Ada"}}});
        assert_eq!(strip(&renamed), Stripping::NothingPlayed);
    }
}
