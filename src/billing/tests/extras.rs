//! Requests beside subscriptions: invoices, test clocks and lookups by id; and checks that succeed without them.

use std::collections::BTreeSet;

use secrecy::SecretString;
use serde_json::{Value, json};

use super::scripted::{Answer, ReceivedRequest, Server, impatient, item, page, subscription};
use crate::{
    billing::{BillingFacts, BillingReader, Settings},
    contract::{CustomerId, ListingScope, Metadata, Source, Status, SubscriptionId, UnixSeconds},
    http,
};

/// Creates a reader with a key of this mode, for a contract with or without grace from invoices.
fn reader(server: &Server, key: &str, invoices: bool) -> BillingReader {
    let settings = Settings {
        base: Some(server.base.clone()),
        retry_policy: impatient(),
        invoices,
        ..Settings::default()
    };
    let client = http::client().unwrap();
    BillingReader::new(Source::Stripe, client, &SecretString::from(key), &settings).unwrap()
}

const LIVE: &str = "rk_live_CANARY0123456789";
const TEST: &str = "rk_test_CANARY0123456789";

/// Serves an account with one overdue subscription, including its invoice if requested.
fn overdue(request: &ReceivedRequest) -> Answer {
    let active = subscription("sub_1", "cus_1", "active");
    let mut late = subscription("sub_2", "cus_2", "past_due");
    late["latest_invoice"] = json!("in_2");
    if request.value("expand[]").is_some() {
        late["latest_invoice"] = json!({"id": "in_2", "created": 5, "due_date": 7});
    }
    Answer::ok(&match request.value("status") {
        Some("past_due") => page(&[late], request),
        Some("active" | "trialing") => page(&[active], request),
        _ => page(&[active, late], request),
    })
}

fn due(facts: &BillingFacts) -> Vec<Option<UnixSeconds>> {
    let due = facts.subscriptions.iter().map(|one| {
        let details = one.details.as_ref();
        details.and_then(|details| details.invoice_due)
    });
    due.collect()
}

#[tokio::test]
async fn invoices_are_requested_only_with_overdue_subscriptions() {
    let statuses = BTreeSet::from([Status::Active, Status::PastDue]);
    for (breadth, requests) in [
        (ListingScope::Everything, 2),
        (
            ListingScope::NotCanceled {
                statuses: BTreeSet::new(),
            },
            2,
        ),
        (ListingScope::Statuses(statuses), 2),
    ] {
        let server = Server::start(|_, request| overdue(request)).await;
        let reader = reader(&server, LIVE, true);
        let begun = reader.begin(&breadth, &[]).await.unwrap();
        let facts = begun.read(&|_| {}).await.unwrap();
        assert_eq!(due(&facts), [None, Some(UnixSeconds(7))], "{breadth:?}");
        assert_eq!(reader.requests(), requests, "{breadth:?}");
        for request in server.requests() {
            let expands = request.value("expand[]").is_some();
            assert_eq!(expands, request.value("status") == Some("past_due"));
        }
        assert_eq!(reader.warnings(), []);
    }
}

#[tokio::test]
async fn no_invoice_is_requested_without_grace() {
    let server = Server::start(|_, request| overdue(request)).await;
    let reader = reader(&server, LIVE, false);
    let facts = reader.read_all(&[], &|_| {}).await.unwrap();
    assert_eq!(due(&facts), [None, None]);
    assert_eq!(reader.requests(), 1);
}

#[tokio::test]
async fn a_key_that_may_not_read_invoices_does_without() {
    let forbidden = json!({"code": "more_permissions_required", "message": "Having the 'rak_invoice_read' permission would allow this"});
    let server = Server::start(move |_, request| {
        if request.value("expand[]").is_some() {
            return Answer::error(403, &forbidden);
        }
        if request.path == "/v1/subscriptions/sub_2" {
            return Answer::ok(&subscription("sub_2", "cus_2", "past_due"));
        }
        overdue(request)
    })
    .await;
    let reader = reader(&server, LIVE, true);
    let facts = reader.read_all(&[], &|_| {}).await.unwrap();
    assert_eq!(due(&facts), [None, None]);
    let [warning] = &*reader.warnings() else {
        panic!("one warning was expected");
    };
    assert!(warning.text.contains("may not read invoices"));
    // It is not requested again.
    let before = reader.requests();
    let ids = [SubscriptionId::from("sub_2")];
    let facts = reader.read_subscriptions(&ids).await.unwrap();
    assert_eq!(
        (facts.subscriptions.len(), reader.requests()),
        (1, before + 1)
    );
}

/// Serves a test account with one subscription beside the clocks and one on each of two clocks.
fn with_clocks(request: &ReceivedRequest) -> Value {
    if request.path == "/v1/test_helpers/test_clocks" {
        let clock = |id: &str| json!({"id": id, "object": "test_helpers.test_clock"});
        return page(&[clock("clock_1"), clock("clock_2")], request);
    }
    match request.value("test_clock") {
        Some(clock) => {
            let mut on_clock = subscription(&format!("sub_{clock}"), "cus_2", "active");
            on_clock["test_clock"] = json!(clock);
            page(&[on_clock], request)
        }
        None => page(&[subscription("sub_1", "cus_1", "active")], request),
    }
}

#[tokio::test]
async fn subscriptions_on_test_clocks_are_read_and_marked() {
    let server = Server::start(|_, request| Answer::ok(&with_clocks(request))).await;
    let reader = reader(&server, TEST, false);
    let begun = reader.begin(&ListingScope::Everything, &[]).await.unwrap();
    assert_eq!(begun.plan().remaining_requests(), 2);
    let facts = begun.read(&|_| {}).await.unwrap();
    let read = facts.subscriptions.iter();
    let read: Vec<_> = read
        .map(|one| (one.id.as_str(), one.on_test_clock))
        .collect();
    assert_eq!(
        read,
        [
            ("sub_1", false),
            ("sub_clock_1", true),
            ("sub_clock_2", true)
        ]
    );
    assert_eq!(reader.requests(), 4);
    assert_eq!(reader.warnings(), []);
}

#[tokio::test]
async fn a_live_key_never_requests_test_clocks() {
    let server = Server::start(|_, request| Answer::ok(&with_clocks(request))).await;
    let reader = reader(&server, LIVE, false);
    reader.read_all(&[], &|_| {}).await.unwrap();
    assert_eq!(reader.requests(), 1);
}

#[tokio::test]
async fn test_clocks_that_cannot_be_listed_are_a_warning() {
    for (status, error) in [
        (
            403,
            json!({"code": "more_permissions_required", "message": "no"}),
        ),
        (404, json!({"message": "Unrecognized request URL"})),
    ] {
        let server = Server::start(move |_, request| {
            if request.path == "/v1/test_helpers/test_clocks" {
                return Answer::error(status, &error);
            }
            Answer::ok(&with_clocks(request))
        })
        .await;
        let reader = reader(&server, TEST, false);
        let facts = reader.read_all(&[], &|_| {}).await.unwrap();
        assert_eq!(facts.subscriptions.len(), 1);
        let [warning] = &*reader.warnings() else {
            panic!("one warning was expected");
        };
        assert!(warning.text.contains("test clocks were not listed"));
    }
}

#[tokio::test]
async fn items_that_may_be_cut_are_read_one_by_one() {
    for items in [
        json!({"data": [item("si_1", "price_1")]}),
        json!({"data": [], "has_more": false}),
        json!({"data": [], "has_more": false, "total_count": 2}),
        json!({"data": [item("si_1", "price_1")], "has_more": false, "total_count": 2}),
    ] {
        let mut cut = subscription("sub_1", "cus_1", "active");
        cut["items"] = items.clone();
        let server = Server::start(move |_, request| {
            Answer::ok(&if request.path == "/v1/subscription_items" {
                page(&[item("si_1", "price_1"), item("si_2", "price_2")], request)
            } else {
                page(std::slice::from_ref(&cut), request)
            })
        })
        .await;
        let reader = reader(&server, LIVE, false);
        let facts = reader.read_all(&[], &|_| {}).await.unwrap();
        assert_eq!(facts.subscriptions[0].items.len(), 2, "{items}");
    }
}

fn names(metadata: &Metadata) -> String {
    let pairs = metadata.iter();
    let shown: Vec<_> = pairs
        .map(|(key, text)| format!("{}={text}", &**key))
        .collect();
    shown.join(" ")
}

#[tokio::test]
async fn metadata_of_customers_is_requested_by_id() {
    let server = Server::start(|_, request| match request.path.as_str() {
        "/v1/customers/cus_1" => Answer::ok(&json!({"id": "cus_1", "metadata": {"userId": "u1"}})),
        "/v1/customers/cus_2" => Answer::ok(&json!({"id": "cus_2", "metadata": {}})),
        "/v1/customers/cus_3" => Answer::ok(&json!({"id": "cus_3", "deleted": true})),
        "/customers" if request.value("id").is_some_and(|ids| ids.contains("cus_x")) => {
            Answer::status(
                400,
                &[],
                r#"{"error":{"code":"bad_request","errors":[{"field":"id"}]}}"#,
            )
        }
        "/customers" => {
            let ids = request.value("id").unwrap().split(',');
            let known = ids.filter(|id| *id == "cus_1");
            let known = known.map(|id| json!({"id": id, "custom_data": {"userId": "u1"}}));
            let known: Vec<_> = known.collect();
            Answer::ok(&json!({"data": known, "meta": {}}))
        }
        _ => Answer::error(
            404,
            &json!({"code": "resource_missing", "param": "id", "message": "No such customer"}),
        ),
    })
    .await;
    let asked_for = ["cus_1", "cus_2", "cus_3", "cus_x", "cus_1"].map(CustomerId::from);
    for source in [Source::Stripe, Source::Paddle] {
        let reader = server.reader(source);
        let read = reader.customer_metadata(&asked_for).await.unwrap();
        let read: Vec<_> = read
            .iter()
            .map(|(id, metadata)| format!("{id} {}", names(metadata)))
            .collect();
        assert_eq!(read, ["cus_1 userId=u1"], "{source:?}");
        assert_eq!(reader.warnings(), []);
    }
}

#[tokio::test]
async fn customers_are_found_by_their_address_and_strangers_left_out() {
    let server = Server::start(|_, request| match request.value("email") {
        Some("odd@x.de") => Answer::status(
            400,
            &[],
            r#"{"error":{"code":"bad_request","errors":[{"field":"email"}]}}"#,
        ),
        Some(_) => Answer::ok(&json!({"data": [
            {"id": "c_2", "email": "Ada@x.de"},
            {"id": "c_1", "email": "ada@x.de", "metadata": {}},
            {"id": "c_3", "email": "stranger@x.de"},
            {"id": "c_4", "email": null},
        ], "has_more": false})),
        None => Answer::error(404, &json!({"code": "resource_missing"})),
    })
    .await;
    for (source, path, sent) in [
        (Source::Stripe, "/v1/customers", "Ada@x.de"),
        (Source::Paddle, "/customers", "ada@x.de,Ada@x.de"),
    ] {
        let reader = server.reader(source);
        let found = reader.customers_with_email("Ada@x.de").await.unwrap();
        assert_eq!(found, ["c_1", "c_2"].map(CustomerId::from), "{source:?}");
        let requests = server.requests();
        let last = requests.last().unwrap();
        assert_eq!(
            (last.path.as_str(), last.value("email")),
            (path, Some(sent))
        );
    }
    let reader = server.reader(Source::Paddle);
    for nobody in ["odd@x.de", "a@x.de,b@x.de", "a@x.de\n", &"a@".repeat(400)] {
        assert_eq!(reader.customers_with_email(nobody).await.unwrap(), []);
    }
    assert_eq!(reader.requests(), 1);
}

#[tokio::test]
async fn a_key_that_may_not_read_customers_learns_of_no_metadata() {
    let server = Server::start(|_, _| {
        Answer::error(
            403,
            &json!({"code": "more_permissions_required", "message": "Permission denied"}),
        )
    })
    .await;
    let reader = server.reader(Source::Stripe);
    let read = reader.customer_metadata(&[CustomerId::from("cus_1")]).await;
    assert!(read.unwrap().is_empty());
    let found = reader.customers_with_email("a@x.de").await;
    assert!(found.unwrap().is_empty());
    assert_eq!(reader.warnings().len(), 1);
}

#[tokio::test]
async fn subscriptions_are_read_by_id_and_unknown_ones_are_absent() {
    let ids = ["sub_1", "sub_2", "sub_gone", "sub/../x", ""].map(SubscriptionId::from);
    let server = Server::start(|_, request| {
        let id = request.path.rsplit('/').next().unwrap();
        if id == "sub_gone" {
            let missing = json!({"code": "resource_missing", "param": "id", "message": "No such subscription"});
            return Answer::error(404, &missing);
        }
        if request.path.starts_with("/v1/") {
            return Answer::ok(&subscription(id, "cus_1", "active"));
        }
        Answer::ok(&json!({"data": {
            "id": id, "status": "active", "customer_id": "ctm_1",
            "created_at": "2026-10-01T00:00:00Z",
            "items": [{"price": {"id": "pri_1"}, "quantity": 1}],
        }}))
    })
    .await;
    for source in [Source::Stripe, Source::Paddle] {
        let reader = server.reader(source);
        let facts = reader.read_subscriptions(&ids).await.unwrap();
        let read: Vec<_> = facts
            .subscriptions
            .iter()
            .map(|one| one.id.as_str())
            .collect();
        assert_eq!(read, ["sub_1", "sub_2"], "{source:?}");
        assert_eq!(reader.requests(), 3, "{source:?}");
    }
}
