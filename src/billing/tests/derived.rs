//! Entitlements of many customers, whose subscriptions change while they are read, or which the limit of requests forbids
//! to derive.

use secrecy::SecretString;
use serde_json::{Value, json};

use super::scripted::{Answer, CANARY, ReceivedRequest, Server, impatient, item, subscription};
use crate::{
    billing::{BillingReader, Settings},
    contract::{CustomerId, Source, UnixSeconds},
    http,
};

const DAY: i64 = 86_400;
const NOW: i64 = 1_900_000_000;
const CUSTOMERS: usize = 60;

fn customer(number: usize) -> String {
    format!("cus_{number:02}")
}

/// Returns a subscription of this age in days, whose period began five days ago or with it.
fn bought(id: &str, customer: &str, age: i64) -> Value {
    let (created, start) = (NOW - age * DAY, NOW - age.min(5) * DAY);
    let end = start + 30 * DAY;
    let mut item = item(&format!("si_{id}"), "price_pro");
    item["current_period_start"] = start.into();
    item["current_period_end"] = end.into();
    let line = json!({
        "period": {"start": start, "end": end},
        "parent": {"subscription_item_details": {"proration": false}},
        "pricing": {"price_details": {"product": "prod_pro"}},
    });
    let mut bought = subscription(id, customer, "active");
    bought["livemode"] = true.into();
    bought["created"] = created.into();
    bought["items"]["data"] = json!([item]);
    bought["latest_invoice"] = json!({
        "billing_reason": "subscription_cycle",
        "lines": {"has_more": false, "data": [line]},
    });
    bought
}

/// Serves these subscriptions, and everything else as if they gave one feature.
fn account(subscriptions: &[Value], request: &ReceivedRequest) -> Answer {
    let feature = json!({"id": "feat_pro", "lookup_key": "pro", "active": true});
    let data = match request.path.as_str() {
        "/v1/subscriptions" => subscriptions.to_vec(),
        "/v1/products/prod_pro/features" => {
            vec![json!({"id": "pf_1", "object": "product_feature", "entitlement_feature": feature})]
        }
        "/v1/entitlements/active_entitlements" => vec![json!({
            "id": "ent_1", "object": "entitlements.active_entitlement", "feature": "feat_pro", "lookup_key": "pro",
            "livemode": true,
        })],
        "/v1/events" => vec![json!({
            "id": "evt_1", "object": "event", "type": "entitlements.active_entitlement_summary.updated",
            "created": NOW - 50 * 3_600,
            "data": {"object": {
                "customer": customer(CUSTOMERS - 1),
                "entitlements": {"has_more": false, "data": [{"id": "ent_1", "lookup_key": "pro"}]},
            }},
        })],
        _ => Vec::new(),
    };
    Answer::ok(&json!({"object": "list", "has_more": false, "data": data}))
}

fn reader(server: &Server, max_requests: Option<u64>) -> BillingReader {
    let settings = Settings {
        base: Some(server.base.clone()),
        retry_policy: impatient(),
        max_requests,
        now: Some(UnixSeconds(NOW)),
        ..Settings::default()
    };
    let key = SecretString::from(CANARY);
    BillingReader::new(
        Source::StripeEntitlements,
        http::client().unwrap(),
        &key,
        &settings,
    )
    .unwrap()
}

fn customers() -> Vec<CustomerId> {
    (0..CUSTOMERS)
        .map(|number| CustomerId::from(customer(number)))
        .collect()
}

fn asked(server: &Server) -> usize {
    let requests = server.requests().into_iter();
    requests
        .filter(|one| one.path.ends_with("/active_entitlements"))
        .count()
}

#[tokio::test]
async fn a_subscription_that_replaced_another_meanwhile_is_seen() {
    let mut first: Vec<_> = (1..CUSTOMERS)
        .map(|number| bought(&format!("sub_{number:02}"), &customer(number), 90))
        .collect();
    let before = first.clone();
    first.insert(0, bought("sub_new", &customer(0), 0));
    let server = Server::start(move |number, request| {
        account(if number == 0 { &before } else { &first }, request)
    })
    .await;
    let facts = reader(&server, None).read_all(&customers(), &|_| {}).await;
    let facts = facts.unwrap();
    // The new one, and the first of the others, were asked about.
    assert_eq!(facts.derived.len(), CUSTOMERS - 2);
    let entitled = facts.subscriptions.iter().map(|one| one.customer.clone());
    assert_eq!(entitled.collect::<Vec<_>>(), customers());
    assert_eq!(asked(&server), 2);
}

#[tokio::test]
async fn a_limit_that_suffices_for_asking_alone_is_kept() {
    let all: Vec<_> = (0..CUSTOMERS)
        .map(|number| bought(&format!("sub_{number:02}"), &customer(number), 90))
        .collect();
    let server = Server::start(move |_, request| account(&all, request)).await;
    for (max, expected) in [(60, 60), (70, 1), (64, 60), (30, 1)] {
        let before = (asked(&server), server.requests().len());
        let reader = reader(&server, Some(max));
        let facts = reader.read_all(&customers(), &|_| {}).await.unwrap();
        assert_eq!(facts.subscriptions.len(), CUSTOMERS);
        assert_eq!(asked(&server) - before.0, expected, "{max}");
        let sent = u64::try_from(server.requests().len() - before.1).unwrap();
        assert!(sent <= max, "{max}: {sent}");
    }
}
