//! Requests for Stripe's events: never more than a few pages, and no more than needed.

use std::sync::Mutex;

use serde_json::{Value, json};

use super::scripted::{Answer, ReceivedRequest, Server, page};
use crate::{
    billing::{ProviderEvidence, RefusalMeaning},
    contract::{EventLog, Source, UnixSeconds},
    problem::Explain as _,
};

fn event(id: &str, pending: u64) -> Value {
    json!({
        "id": id, "object": "event", "api_version": "2020-08-27", "created": 5, "livemode": false,
        "pending_webhooks": pending, "type": "customer.subscription.updated",
        "data": {
            "object": {"id": "sub_1", "object": "subscription"},
            "previous_attributes": {"status": "past_due", "items": {"data": []}},
        },
    })
}

/// Starts a server with `all` events and `undelivered` undelivered ones, two per page.
async fn with_events(all: usize, undelivered: usize) -> Server {
    let events = |count, name: &str| -> Vec<Value> {
        (0..count)
            .map(|n| event(&format!("evt_{name}{n}"), 1))
            .collect()
    };
    let (all, undelivered) = (events(all, "a"), events(undelivered, "u"));
    Server::start(move |_, request| {
        let is_undelivered = request.value("delivery_success") == Some("false");
        Answer::ok(&page(
            if is_undelivered { &undelivered } else { &all },
            request,
        ))
    })
    .await
}

async fn read(server: &Server, enough: usize) -> EventLog {
    let reader = server.reader(Source::Stripe);
    let is_sufficient = |log: &EventLog| log.changes.len() >= enough;
    let evidence = reader.evidence(&[], &is_sufficient).await;
    match evidence.expect("events") {
        Some(ProviderEvidence::Events(log)) => log,
        other => panic!("Stripe keeps a log: {other:?}"),
    }
}

fn kinds(request: &ReceivedRequest) -> Vec<&str> {
    let kinds = request.query.iter().filter(|(name, _)| name == "types[]");
    kinds.map(|(_, kind)| kind.as_str()).collect()
}

#[tokio::test]
async fn undelivered_events_are_requested_first_and_then_changes() {
    let server = with_events(3, 1).await;
    let log = read(&server, usize::MAX).await;
    assert!(!log.is_truncated);
    assert_eq!((log.changes.len(), log.undelivered.len()), (3, 1));
    let one = &log.undelivered[0];
    assert_eq!(
        (one.id.as_str(), one.pending, one.created.0),
        ("evt_u0", 1, 5)
    );
    assert_eq!(one.changed, ["items", "status"]);
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    assert!(
        requests
            .iter()
            .all(|request| request.method == "GET" && request.path == "/v1/events")
    );
    assert!(kinds(&requests[0]).contains(&"checkout.session.completed"));
    // Stripe accepts twenty at most.
    assert!(kinds(&requests[0]).len() <= 20);
    assert_eq!(requests[1].value("delivery_success"), None);
    assert!(
        kinds(&requests[1])
            .iter()
            .all(|kind| kind.starts_with("customer.subscription."))
    );
}

#[tokio::test]
async fn at_most_five_pages_of_the_log_are_read() {
    let server = with_events(100, 100).await;
    let log = read(&server, usize::MAX).await;
    assert!(log.is_truncated);
    assert_eq!((log.changes.len(), log.undelivered.len()), (6, 4));
    assert_eq!(server.requests().len(), 5);
    // The last page that may be read is also the last one.
    let server = with_events(6, 4).await;
    assert!(!read(&server, usize::MAX).await.is_truncated);
    assert_eq!(server.requests().len(), 5);
}

#[tokio::test]
async fn reading_stops_as_soon_as_it_suffices() {
    let server = with_events(100, 0).await;
    assert_eq!(read(&server, 1).await.changes.len(), 2);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_key_that_may_not_read_events_costs_one_request() {
    let server = Server::start(|_, _| {
        Answer::error(
            403,
            &json!({"code": "more_permissions_required", "message": "Having the 'rak_event_read' permission would allow this request to continue."}),
        )
    })
    .await;
    let changes_seen = Mutex::new(0);
    let error = server
        .reader(Source::Stripe)
        .evidence(&[], &|_| {
            *changes_seen.lock().expect("a count") += 1;
            true
        })
        .await
        .expect_err("not allowed");
    assert_eq!(
        error.refusal().map(|refusal| &refusal.meaning),
        Some(&RefusalMeaning::MissingPermission(Some(
            "event_read".to_owned()
        )))
    );
    assert!(
        error
            .hint()
            .contains("set `Events` to Read (`rak_event_read`)")
    );
    assert_eq!(server.requests().len(), 1);
    assert_eq!(*changes_seen.lock().expect("a count"), 0);
}

#[tokio::test]
async fn entitlements_have_events_of_their_own() {
    let server = with_events(1, 1).await;
    let reader = server.reader(Source::StripeEntitlements);
    let evidence = reader.evidence(&[], &|_| false).await;
    assert!(evidence.expect("a log").is_some());
    let requests = server.requests();
    assert!(!requests.is_empty());
    for request in requests {
        assert_eq!(
            kinds(&request),
            ["entitlements.active_entitlement_summary.updated"]
        );
    }
}

/// Returns the ids that are passed on from a log of `all` events, whether there are more, and the server.
async fn log(all: usize, max: u64) -> (Vec<String>, Option<bool>, Server) {
    let server = with_events(all, 0).await;
    let mut ids = Vec::new();
    let mut take = |event: Value| ids.push(event["id"].to_string());
    let reader = server.reader(Source::Stripe);
    let more = reader.event_log(UnixSeconds(7), max, &mut take).await;
    (ids, more.expect("a log"), server)
}

#[tokio::test]
async fn a_whole_log_is_handed_over_from_a_time_on() {
    let (ids, more, server) = log(5, 100).await;
    assert_eq!((ids.len(), more), (5, Some(false)));
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    assert!(
        requests
            .iter()
            .all(|request| request.value("created[gte]") == Some("7"))
    );
    assert!(kinds(&requests[0]).is_empty());
}

#[tokio::test]
async fn a_long_log_is_cut_after_whole_pages() {
    let (ids, more, server) = log(50, 3).await;
    assert_eq!(
        (ids.len(), more, server.requests().len()),
        (4, Some(true), 2)
    );
}
