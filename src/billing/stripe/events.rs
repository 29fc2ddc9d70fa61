//! Reads Stripe's events as evidence: undelivered ones and the latest changes. Never reads more than a few pages.

use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use super::listing::listing;
use crate::{
    billing::{
        DecodeError, Error,
        decoding::{check_kind, from_text},
        pages::{ListElement, ListQuery, Pages},
        source::EventReads,
        transport::{ReadFuture, ReadSession},
    },
    contract::{EventLog, ProviderEvent, UnixSeconds},
};

const EVENT: &str = "event";

/// Maximum number of requests.
pub(in crate::billing) const MAX_REQUESTS: u64 = 5;

/// The part of these requests that is spent on undelivered events. It is limited because an endpoint that is down
/// leaves every event undelivered.
const MAX_UNDELIVERED_PAGES: u64 = 2;

/// Event types of subscription changes.
const CHANGES: &[&str] = &[
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "customer.subscription.updated",
];

/// Other event types on which handlers grant or remove access.
const ACCESS_EVENTS: &[&str] = &[
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "invoice.paid",
    "invoice.payment_failed",
    "invoice.payment_succeeded",
];

/// Type of the event about a customer's entitlements.
pub(in crate::billing) const SUMMARY_UPDATED: &str =
    "entitlements.active_entitlement_summary.updated";

/// Object of that event.
pub(in crate::billing) const SUMMARY: &str = "entitlements.active_entitlement_summary";

/// Stripe's log of events about one kind of object.
#[derive(Debug)]
pub(in crate::billing) struct StripeEvents {
    /// Event types of its changes.
    changes: &'static [&'static str],
    /// Other event types on which handlers grant or remove access.
    others: &'static [&'static str],
}

/// The events about subscriptions.
pub(super) static SUBSCRIPTION_EVENTS: StripeEvents = StripeEvents {
    changes: CHANGES,
    others: ACCESS_EVENTS,
};

/// The events about entitlements.
pub(in crate::billing) static ENTITLEMENT_EVENTS: StripeEvents = StripeEvents {
    changes: &[SUMMARY_UPDATED],
    others: &[],
};

impl EventReads for StripeEvents {
    fn changes<'a>(
        &'a self,
        session: ReadSession<'a>,
        is_sufficient: &'a (dyn Fn(&EventLog) -> bool + Sync),
    ) -> ReadFuture<'a, EventLog> {
        Box::pin(read_changes(session, self, is_sufficient))
    }

    fn all<'a>(
        &'a self,
        session: ReadSession<'a>,
        since: UnixSeconds,
        max: u64,
        take: &'a mut (dyn FnMut(Value) + Send),
    ) -> ReadFuture<'a, bool> {
        Box::pin(read_all(session, since, max, take))
    }
}

impl ListElement for ProviderEvent {
    fn id(&self) -> &str {
        &self.id
    }
}

/// Reads the events of the last 30 days, which is as far as Stripe lists them: those that some endpoint has not
/// accepted, and changes until `is_sufficient` returns true or the page limit is reached.
async fn read_changes(
    session: ReadSession<'_>,
    kinds: &StripeEvents,
    is_sufficient: &(dyn Fn(&EventLog) -> bool + Sync),
) -> Result<EventLog, Error> {
    let mut log = EventLog::default();
    let all = [kinds.changes, kinds.others].concat();
    let mut pages = Pages::new(session, &events(&all, &[("delivery_success", "false")]));
    let mut requests = 0;
    while requests < MAX_UNDELIVERED_PAGES
        && let Some(page) = pages.next(event_text).await?
    {
        requests += 1;
        log.undelivered.extend(page);
    }
    let mut pages = Pages::new(session, &events(kinds.changes, &[]));
    while requests < MAX_REQUESTS
        && let Some(page) = pages.next(event_text).await?
    {
        requests += 1;
        log.changes.extend(page);
        if is_sufficient(&log) {
            break;
        }
    }
    log.is_truncated = pages.has_more();
    Ok(log)
}

/// An event of the log, unmodified.
struct RawEvent {
    id: String,
    event: Value,
}

impl ListElement for RawEvent {
    fn id(&self) -> &str {
        &self.id
    }
}

/// Passes on events of every type since a time, newest first, in whole pages up to about `max`. Returns true if there
/// are more.
async fn read_all(
    session: ReadSession<'_>,
    since: UnixSeconds,
    max: u64,
    take: &mut (dyn FnMut(Value) + Send),
) -> Result<bool, Error> {
    let since = since.0.to_string();
    let listing = listing("v1/events", &[]).with("created[gte]", &since);
    let mut pages = Pages::new(session, &listing);
    let mut read: u64 = 0;
    while read < max
        && let Some(page) = pages.next(whole_event).await?
    {
        read = read.saturating_add(u64::try_from(page.len()).unwrap_or(u64::MAX));
        for whole in page {
            take(whole.event);
        }
    }
    Ok(pages.has_more())
}

fn whole_event(text: &RawValue) -> Result<RawEvent, DecodeError> {
    let event: Value = from_text(EVENT, text)?;
    let id = event.get("id").and_then(Value::as_str);
    let id = id.ok_or_else(|| DecodeError::new(EVENT, None, "id", "this is no id"))?;
    if event.get("object").is_some_and(|object| object != EVENT) {
        return Err(DecodeError::new(EVENT, None, "object", "this is no event"));
    }
    Ok(RawEvent {
        id: id.to_owned(),
        event,
    })
}

fn events(kinds: &[&'static str], filter: &[(&'static str, &'static str)]) -> ListQuery {
    let kinds = kinds.iter().map(|kind| ("types[]", *kind));
    let filter: Vec<_> = filter.iter().copied().chain(kinds).collect();
    listing("v1/events", &filter)
}

/// An event of the list. It is rendered in the API version that its account had when it happened, so its object is not
/// typed.
#[derive(Deserialize)]
#[serde(expecting = "an event")]
struct WireEvent {
    object: Option<String>,
    id: String,
    #[serde(rename = "type")]
    kind: String,
    created: i64,
    pending_webhooks: Option<u64>,
    data: WireData,
}

#[derive(Deserialize)]
#[serde(expecting = "the data of an event")]
struct WireData {
    object: Value,
    previous_attributes: Option<Map<String, Value>>,
}

fn event_text(text: &RawValue) -> Result<ProviderEvent, DecodeError> {
    let wire: WireEvent = from_text(EVENT, text)?;
    check_kind(EVENT, wire.object.as_deref(), &wire.id)?;
    // Reports show the id in a shell command, so it must be a plain word.
    let is_word = |text: &str, marks: &str| {
        text.chars()
            .all(|letter| letter.is_ascii_alphanumeric() || marks.contains(letter))
    };
    if !is_word(&wire.id, "_") {
        return Err(DecodeError::new(EVENT, None, "id", "this is no id"));
    }
    if !is_word(&wire.kind, "._") {
        return Err(DecodeError::new(
            EVENT,
            Some(&wire.id),
            "type",
            "this is no type",
        ));
    }
    Ok(ProviderEvent {
        about: subscription_or_customer(&wire.data.object),
        changed: wire
            .data
            .previous_attributes
            .unwrap_or_default()
            .into_iter()
            .map(|(field, _)| field)
            .collect(),
        id: wire.id,
        kind: wire.kind,
        created: UnixSeconds(wire.created),
        pending: wire.pending_webhooks.unwrap_or_default(),
    })
}

/// Returns the id of the subscription that the object is or belongs to, in any API version, or of the customer of
/// entitlements.
fn subscription_or_customer(object: &Value) -> Option<String> {
    let id = match object.get("object").and_then(Value::as_str) {
        Some("subscription") => object.get("id"),
        Some(SUMMARY) => object.get("customer"),
        // Since API version 2025-03-31.basil, invoices have it in `parent`.
        Some(_) | None => object
            .get("subscription")
            .filter(|subscription| !subscription.is_null())
            .or_else(|| object.pointer("/parent/subscription_details/subscription")),
    }?;
    let id = id.as_str().or_else(|| id.get("id")?.as_str())?;
    Some(id.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(event: &Value) -> Result<ProviderEvent, DecodeError> {
        event_text(&serde_json::value::to_raw_value(event).expect("JSON"))
    }

    #[test]
    fn the_subscription_is_found_in_objects_of_any_version() {
        for object in [
            json!({"object": "subscription", "id": "sub_1", "customer": "cus_1"}),
            json!({"object": "checkout.session", "id": "cs_1", "subscription": "sub_1"}),
            json!({"object": "invoice", "id": "in_1", "subscription": {"id": "sub_1"}}),
            json!({"object": "entitlements.active_entitlement_summary", "customer": "sub_1"}),
            json!({"object": "invoice", "subscription": null, "parent": {"subscription_details": {"subscription": "sub_1"}}}),
        ] {
            assert_eq!(
                subscription_or_customer(&object).as_deref(),
                Some("sub_1"),
                "{object}"
            );
        }
        for object in [
            json!({"object": "invoice"}),
            json!(7),
            json!({"subscription": 7}),
        ] {
            assert_eq!(subscription_or_customer(&object), None, "{object}");
        }
    }

    #[test]
    fn an_id_that_is_dangerous_in_a_shell_is_not_an_event() {
        let event = |id: &str, kind: &str| json!({"object": "event", "id": id, "type": kind, "created": 1, "data": {"object": {}}});
        assert!(read(&event("evt_1Ab", "invoice.payment_failed")).is_ok());
        assert!(read(&event("evt_1; rm -rf", "invoice.paid")).is_err());
        assert!(read(&event("evt_1", "invoice.paid\nVERDICT: PASS")).is_err());
    }
}
