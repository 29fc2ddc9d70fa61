//! Events with the current object and its previous attributes.

use compact_str::CompactString;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    shapes::{
        self, ActiveEntitlementShape, CustomerShape, EventShape, PriceShape, ProductShape,
        SubscriptionShape, View,
    },
    version::ApiVersion,
    world::{Event, Subscription, World},
};

/// The object of an event, by its kind and id.
#[derive(Debug, Clone, Copy)]
pub(super) enum EventObject<'a> {
    Customer(&'a str),
    Subscription(&'a str),
    Invoice(&'a str),
    InvoiceItem(&'a str),
    InvoicePayment(&'a str),
    PaymentIntent(&'a str),
    PaymentMethod(&'a str),
    Charge(&'a str),
    Refund(&'a str),
    Dispute(&'a str),
    Session(&'a str),
    Schedule(&'a str),
    Price(&'a str),
    Product(&'a str),
    Coupon(&'a str),
    /// Entitlements, by customer id.
    Entitlements(&'a str),
}

impl World {
    /// Returns an event as Stripe sends it, byte for byte the same on every delivery.
    pub fn event_body(&self, id: &str) -> Option<Vec<u8>> {
        let event = self.events.get(id)?;
        let view = View {
            world: self,
            version: &self.default_version,
        };
        serde_json::to_vec_pretty(&EventShape::new(event, view)).ok()
    }

    /// Returns a customer's subscriptions as the API does in its newest version.
    pub fn subscription_objects(&self, customer: &str) -> Vec<Value> {
        let view = View {
            world: self,
            version: &ApiVersion::NEWEST,
        };
        let slots = self.slots_of(customer);
        let subscriptions = slots.filter_map(|slot| self.subscriptions.at(slot));
        subscriptions
            .map(|one| to_json(&SubscriptionShape::new(one, view)))
            .collect()
    }

    /// Returns a customer's active entitlements as the API does.
    pub fn entitlement_objects(&self, customer: &str) -> Vec<Value> {
        let view = View {
            world: self,
            version: &ApiVersion::NEWEST,
        };
        let entitlements = self.entitlements_of(customer).into_iter();
        entitlements
            .map(|one| to_json(&ActiveEntitlementShape::new(one, view)))
            .collect()
    }

    /// Records an event whose type and object no application can know. It may refer to a customer.
    pub fn unknown_event(&mut self, customer: Option<&str>) -> CompactString {
        self.begin_provider_operation();
        let id = self.id_counters.next("nvl_1", 19);
        let object = json!({
            "id": id.as_str(),
            "object": "billing.novelty",
            "created": self.clock,
            "customer": customer,
            "livemode": self.livemode,
            "quality": {"grade": 7, "parts": [{"kind": "unheard_of", "value": null}]},
            "status": "unheard_of",
        });
        self.record_object("billing.novelty.materialized", object, None)
    }

    /// Renders an object in the current event version. Returns null if it does not exist.
    pub(super) fn render(&self, object_id: EventObject<'_>) -> Value {
        let version = self.context.events_version.as_ref();
        let view = View {
            world: self,
            version: version.unwrap_or(&self.default_version),
        };
        let objects = &self.objects;
        let found = match object_id {
            EventObject::Customer(id) => self
                .customers
                .get(id)
                .map(|one| to_json(&CustomerShape::new(one, view))),
            EventObject::Subscription(id) => self
                .subscriptions
                .get(id)
                .map(|one| to_json(&SubscriptionShape::new(one, view))),
            EventObject::Price(id) => self
                .prices
                .get(id)
                .map(|one| to_json(&PriceShape::new(one, view))),
            EventObject::Product(id) => self
                .products
                .get(id)
                .map(|one| to_json(&ProductShape::new(one, view))),
            EventObject::Invoice(id) => objects
                .invoices
                .get(id)
                .map(|one| shapes::invoice(one, view)),
            EventObject::InvoiceItem(id) => objects
                .invoice_items
                .get(id)
                .map(|one| shapes::invoice_item(one, view)),
            EventObject::InvoicePayment(id) => objects
                .invoice_payments
                .get(id)
                .map(|one| shapes::invoice_payment(one, view)),
            EventObject::PaymentIntent(id) => objects
                .payment_intents
                .get(id)
                .map(|one| shapes::payment_intent(one, view)),
            EventObject::PaymentMethod(id) => objects
                .payment_methods
                .get(id)
                .map(|one| shapes::payment_method(one, view)),
            EventObject::Charge(id) => objects.charges.get(id).map(|one| shapes::charge(one, view)),
            EventObject::Refund(id) => objects.refunds.get(id).map(|one| shapes::refund(one, view)),
            EventObject::Dispute(id) => objects
                .disputes
                .get(id)
                .map(|one| shapes::dispute(one, view)),
            EventObject::Session(id) => objects
                .sessions
                .get(id)
                .map(|one| shapes::checkout_session(one, view)),
            EventObject::Schedule(id) => objects
                .schedules
                .get(id)
                .map(|one| shapes::schedule(one, view)),
            EventObject::Coupon(id) => objects.coupons.get(id).map(|one| shapes::coupon(one, view)),
            EventObject::Entitlements(id) => Some(shapes::entitlement_summary(id, view)),
        };
        found.unwrap_or_default()
    }

    /// Records an event with the object as it is now, and one about the entitlements that it changes.
    pub(super) fn record_event(&mut self, kind: &str, object_id: EventObject<'_>) {
        let object = self.render(object_id);
        self.record_object(kind, object, None);
        self.record_entitlements_of(object_id);
    }

    /// Applies a change and records an event with the difference, unless the object stayed the same.
    pub(super) fn record_change(
        &mut self,
        kind: &str,
        object_id: EventObject<'_>,
        change: impl FnOnce(&mut Self),
    ) {
        let before = self.render(object_id);
        change(self);
        self.record_difference(kind, object_id, &before);
    }

    /// Records an event with the difference since the object was rendered, if it differs, and one about the entitlements
    /// that it changes.
    pub(super) fn record_difference(
        &mut self,
        kind: &str,
        object_id: EventObject<'_>,
        before: &Value,
    ) {
        let after = self.render(object_id);
        if let Some(previous) = previous_attributes(before, &after) {
            self.record_object(kind, after, Some(previous));
            self.record_entitlements_of(object_id);
        }
    }

    /// Records the event about the entitlements that a new or changed subscription brings or takes.
    fn record_entitlements_of(&mut self, object_id: EventObject<'_>) {
        if let EventObject::Subscription(id) = object_id {
            self.entitle_by_subscription(id);
        }
    }

    /// Updates a subscription and records the event.
    pub(super) fn update_subscription_and_record(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Subscription),
    ) {
        self.record_change(
            "customer.subscription.updated",
            EventObject::Subscription(id),
            |world| {
                world.change_subscription_silently(id, change);
            },
        );
    }

    /// Records an event with a rendered object. Returns the id of the event.
    pub(super) fn record_object(
        &mut self,
        kind: &str,
        object: Value,
        previous_attributes: Option<Value>,
    ) -> CompactString {
        let version = self.context.events_version.as_ref();
        let api_version = version.unwrap_or(&self.default_version).to_string().into();
        let listening = self.webhook_endpoints.iter().filter(|endpoint| {
            let events = &endpoint.enabled_events;
            endpoint.enabled && events.iter().any(|event| event == "*" || event == kind)
        });
        let pending_webhooks = u32::try_from(listening.count()).unwrap_or(u32::MAX);
        let cause = self.context.cause.clone();
        let id = self.event(Event {
            id: CompactString::default(),
            created: self.clock,
            kind: kind.into(),
            api_version,
            object,
            previous_attributes,
            request: cause.request,
            idempotency_key: cause.idempotency_key,
            pending_webhooks,
        });
        self.context.note_event(&id);
        id
    }

    /// Returns true if events have the format introduced with basil.
    pub(super) fn has_basil_events(&self) -> bool {
        let version = self.context.events_version.as_ref();
        version
            .unwrap_or(&self.default_version)
            .has_periods_at_items()
    }
}

fn to_json<T: Serialize>(shape: &T) -> Value {
    serde_json::to_value(shape).unwrap_or_default()
}

/// Returns the old values of the keys that differ: recursively for objects, whole for lists, and null for missing ones.
pub(super) fn previous_attributes(before: &Value, after: &Value) -> Option<Value> {
    let (Value::Object(before), Value::Object(after)) = (before, after) else {
        return (before != after).then(|| before.clone());
    };
    let added = after.keys().filter(|key| !before.contains_key(*key));
    let mut previous: Map<String, Value> = added.map(|key| (key.clone(), Value::Null)).collect();
    for (key, old) in before {
        let new = after.get(key).unwrap_or(&Value::Null);
        if let Some(old) = previous_attributes(old, new) {
            previous.insert(key.clone(), old);
        }
    }
    (!previous.is_empty()).then_some(Value::Object(previous))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn previous_attributes_hold_the_old_values_that_differ() {
        let before = json!({
            "same": 1, "gone": 2, "was_null": null, "was_object": {"behavior": "void"},
            "reason": {"comment": null, "reason": null}, "items": {"data": [{"q": 1}], "url": "/"},
        });
        let after = json!({
            "same": 1, "new": 3, "was_null": 4, "was_object": null,
            "reason": {"comment": null, "reason": "asked"}, "items": {"data": [{"q": 2}], "url": "/"},
        });
        assert_eq!(
            previous_attributes(&before, &after),
            Some(json!({
                "new": null, "gone": 2, "was_null": null, "was_object": {"behavior": "void"},
                "reason": {"reason": null}, "items": {"data": [{"q": 1}]},
            }))
        );
        assert_eq!(previous_attributes(&before, &before), None);
    }
}
