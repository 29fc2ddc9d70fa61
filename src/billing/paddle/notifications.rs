//! Reads the notifications about subscriptions as evidence: which destination accepted which event, after how many tries.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::answers::name_permission;
use crate::{
    billing::{
        DecodeError, Error,
        decoding::from_text,
        source::DeliveryReads,
        transport::{Endpoint, ReadFuture, ReadSession},
    },
    contract::{DeliveryLog, DeliveryState, Notification, SubscriptionId, UnixSeconds},
};

const NOTIFICATION: &str = "notification";
const LISTING: Endpoint = "notifications";

/// Permission that the requests need.
pub(super) const PERMISSION: &str = "notification.read";

/// Maximum number of subscriptions that are looked up.
pub(super) const MAX_SUBSCRIPTIONS: usize = 5;

/// A request for each subscription, and one for the answer to a delivery that failed.
pub(super) const MAX_REQUESTS: u64 = 10;

/// Paddle keeps notifications for 90 days.
const RETENTION: i64 = 90 * 86_400;

/// Paddle's notifications.
#[derive(Debug)]
pub(super) struct PaddleNotifications;

impl DeliveryReads for PaddleNotifications {
    fn about<'a>(
        &'a self,
        session: ReadSession<'a>,
        subscriptions: &'a [SubscriptionId],
    ) -> ReadFuture<'a, DeliveryLog> {
        Box::pin(read(session, subscriptions))
    }
}

async fn read(
    session: ReadSession<'_>,
    subscriptions: &[SubscriptionId],
) -> Result<DeliveryLog, Error> {
    let mut log = DeliveryLog {
        retention: RETENTION,
        ..DeliveryLog::default()
    };
    for subscription in subscriptions {
        let page = page(session, subscription).await;
        let page = page.map_err(|error| name_permission(error, PERMISSION))?;
        let (mut found, has_more) = page;
        // Without the newest ones, nothing is known about the change.
        let is_newest_first = found.is_sorted_by(|one, next| one.occurred >= next.occurred);
        if has_more && !is_newest_first {
            continue;
        }
        found.sort_by(|one, other| {
            let key =
                |notification: &Notification| (notification.occurred, notification.id.clone());
            key(other).cmp(&key(one))
        });
        let is_lost = |notification: &&mut Notification| {
            matches!(
                notification.state,
                DeliveryState::GivenUp | DeliveryState::Retrying(_)
            )
        };
        if let Some(lost) = found.iter_mut().find(is_lost) {
            lost.last_answer = last_answer(session, &lost.id).await;
        }
        if has_more {
            log.truncated.push(subscription.clone());
        }
        log.about.insert(subscription.clone(), found);
    }
    Ok(log)
}

#[derive(Deserialize)]
struct NotificationPage {
    data: Vec<Box<RawValue>>,
    meta: NotificationMeta,
}

#[derive(Deserialize)]
struct NotificationMeta {
    pagination: NotificationPagination,
}

#[derive(Deserialize)]
struct NotificationPagination {
    has_more: bool,
}

/// Returns the notifications about a subscription, and true if there are more.
async fn page(
    session: ReadSession<'_>,
    subscription: &SubscriptionId,
) -> Result<(Vec<Notification>, bool), Error> {
    let query = [
        ("filter", subscription.as_str()),
        ("order_by", "id[DESC]"),
        ("per_page", "200"),
    ];
    let address = session.address(["notifications"], &query);
    let page: NotificationPage = session.get(LISTING, &address).await?;
    let decoded = page
        .data
        .iter()
        .map(|text| notification(text, subscription));
    let found: Result<Vec<_>, _> = decoded.collect();
    let found = found.map_err(|error| Error::Object {
        provider: session.provider().name,
        error: Box::new(error),
    })?;
    Ok((
        found.into_iter().flatten().collect(),
        page.meta.pagination.has_more,
    ))
}

#[derive(Deserialize)]
#[serde(expecting = "a notification")]
struct WireNotification {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    status: String,
    payload: WirePayload,
    occurred_at: Timestamp,
    delivered_at: Option<Timestamp>,
    retry_at: Option<Timestamp>,
    origin: Option<String>,
    times_attempted: Option<u64>,
    notification_setting_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(expecting = "an event")]
struct WirePayload {
    event_id: String,
    data: WireEntity,
}

/// The subscription, or an object that belongs to one.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct WireEntity {
    id: Option<String>,
    subscription_id: Option<String>,
}

/// Returns a notification, or `None` if it is about another subscription or has an unknown status.
fn notification(
    text: &RawValue,
    subscription: &SubscriptionId,
) -> Result<Option<Notification>, DecodeError> {
    let wire: WireNotification = from_text(NOTIFICATION, text)?;
    let destination = wire.notification_setting_id.unwrap_or_default();
    // Reports show these in a shell command and in sentences, so each must be a plain word.
    for (field, text) in [
        ("id", &wire.id),
        ("type", &wire.kind),
        ("payload.event_id", &wire.payload.event_id),
        ("notification_setting_id", &destination),
    ] {
        if !is_word(text) {
            return Err(DecodeError::new(
                NOTIFICATION,
                None,
                field,
                "this is no plain word",
            ));
        }
    }
    let entity = wire.payload.data;
    let is_about = |id: &Option<String>| id.as_deref() == Some(subscription.as_str());
    if !is_about(&entity.id) && !is_about(&entity.subscription_id) {
        return Ok(None);
    }
    let seconds = |time: Option<Timestamp>| time.map(UnixSeconds::from);
    let state = match wire.status.as_str() {
        "not_attempted" => DeliveryState::NotTried,
        "needs_retry" => DeliveryState::Retrying(seconds(wire.retry_at)),
        "delivered" => DeliveryState::Delivered(seconds(wire.delivered_at)),
        "failed" => DeliveryState::GivenUp,
        _ => return Ok(None),
    };
    Ok(Some(Notification {
        id: wire.id,
        event: wire.payload.event_id,
        kind: wire.kind,
        occurred: wire.occurred_at.into(),
        destination,
        state,
        tries: wire.times_attempted.unwrap_or_default(),
        is_replay: wire.origin.as_deref() == Some("replay"),
        last_answer: None,
    }))
}

fn is_word(text: &str) -> bool {
    text.len() <= 80
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "._".contains(letter))
}

#[derive(Deserialize)]
struct DeliveryAttempts {
    data: Vec<DeliveryAttempt>,
}

#[derive(Deserialize)]
struct DeliveryAttempt {
    response_code: Option<u16>,
    attempted_at: Timestamp,
}

/// Returns the status of the latest answer of the destination. It is a detail: without it, the rest still holds.
async fn last_answer(session: ReadSession<'_>, notification: &str) -> Option<u16> {
    let query = [("order_by", "id[DESC]"), ("per_page", "50")];
    let address = session.address(["notifications", notification, "logs"], &query);
    let read = session
        .get::<DeliveryAttempts>("notifications/{id}/logs", &address)
        .await;
    let attempts =
        read.inspect_err(|error| tracing::debug!("the answers of a destination: {error}"));
    let latest = attempts
        .ok()?
        .data
        .into_iter()
        .max_by_key(|attempt| attempt.attempted_at)?;
    latest.response_code
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(change: impl Fn(&mut Value)) -> Result<Option<Notification>, DecodeError> {
        let mut object = json!({
            "id": "ntf_01k0", "type": "subscription.canceled", "status": "failed",
            "payload": {"event_id": "evt_01k0", "event_type": "subscription.canceled", "data": {"id": "sub_1"}},
            "occurred_at": "2026-11-20T00:00:00.123456Z", "delivered_at": null, "replayed_at": null,
            "origin": "event", "last_attempt_at": "2026-11-23T00:00:00Z", "retry_at": null, "times_attempted": 60,
            "notification_setting_id": "ntfset_01k0",
        });
        change(&mut object);
        let text = serde_json::value::to_raw_value(&object).unwrap();
        notification(&text, &SubscriptionId::from("sub_1"))
    }

    #[test]
    fn a_notification_is_read_with_its_state() {
        let lost = read(|_| ()).unwrap().unwrap();
        assert_eq!((lost.state, lost.tries), (DeliveryState::GivenUp, 60));
        assert_eq!(
            (&*lost.event, &*lost.destination),
            ("evt_01k0", "ntfset_01k0")
        );
        for (status, state) in [
            ("not_attempted", Some(DeliveryState::NotTried)),
            ("needs_retry", Some(DeliveryState::Retrying(None))),
            ("delivered", Some(DeliveryState::Delivered(None))),
            ("new_word", None),
        ] {
            let read = read(|object| object["status"] = json!(status)).unwrap();
            assert_eq!(
                read.map(|notification| notification.state),
                state,
                "{status}"
            );
        }
    }

    #[test]
    fn a_notification_about_something_else_is_left_out() {
        let of_data =
            |data: Value| read(|object| object["payload"]["data"] = data.clone()).unwrap();
        assert!(of_data(json!({"id": "txn_1", "subscription_id": "sub_1"})).is_some());
        assert_eq!(of_data(json!({"id": "sub_2"})), None);
    }

    #[test]
    fn an_id_that_is_dangerous_in_a_shell_is_refused() {
        for field in ["id", "type", "notification_setting_id"] {
            for word in ["ntf_1; rm -rf", "a\nVERDICT: PASS", "$(x)", "`x`", "[a](b)"] {
                assert!(
                    read(|object| object[field] = json!(word)).is_err(),
                    "{field} {word}"
                );
            }
        }
        assert!(read(|object| object["payload"]["event_id"] = json!("evt'")).is_err());
    }
}
