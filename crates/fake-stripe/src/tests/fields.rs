//! Compares every object with Stripe's field lists: required keys, unknown keys, nulls.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Bench, at,
    shapes::{reference, whole_world},
};

/// Kind, list and heading of each kind of object.
const OBJECTS: [(&str, &str, &str); 19] = [
    (
        "Subscription",
        "/v1/subscriptions?status=all&limit=100",
        "/data",
    ),
    (
        "SubscriptionItem",
        "/v1/subscription_items?subscription=collection_paused",
        "/data",
    ),
    (
        "SubscriptionItem",
        "/v1/subscriptions/active",
        "/items/data",
    ),
    ("Price", "/v1/prices", "/data"),
    ("Price", "/v1/subscriptions/active", "/items/data/0/price"),
    ("Product", "/v1/products", "/data"),
    ("Customer", "/v1/customers", "/data"),
    ("DeletedCustomer", "/v1/customers/cus_gone", ""),
    ("EventBase", "/v1/events", "/data"),
    (
        "ActiveEntitlement",
        "/v1/entitlements/active_entitlements?customer=cus_whole",
        "/data",
    ),
    ("Feature", "/v1/entitlements/features", "/data"),
    ("TestClock", "/v1/test_helpers/test_clocks", "/data"),
    ("WebhookEndpoint", "/v1/webhook_endpoints", "/data"),
    ("Invoice", "/v1/invoices", "/data"),
    (
        "Invoice",
        "/v1/invoices?expand[]=data.payments&expand[]=data.confirmation_secret",
        "/data",
    ),
    ("InvoicePayment", "/v1/invoice_payments", "/data"),
    (
        "Session",
        "/v1/checkout/sessions?expand[]=data.line_items",
        "/data",
    ),
    (
        "SubscriptionSchedule",
        "/v1/subscription_schedules",
        "/data",
    ),
    (
        "ActiveEntitlementSummary",
        "/v1/events?type=entitlements.*",
        "/data/0/data/object",
    ),
];

#[tokio::test]
async fn objects_have_every_required_key_and_no_unknown_one() {
    let Some(document) = reference("stripe-fields.md") else {
        return;
    };
    let bench = Bench::of(whole_world());
    let mut wrong = Vec::new();
    for (heading, path, pointer) in OBJECTS {
        let listed = listed(&document, heading);
        assert!(listed.keys.len() > 2, "{heading}");
        let body = bench.get(path, &[]).await;
        let value = at(&body, pointer).unwrap_or_else(|| panic!("{path} {pointer}"));
        assert!(
            value.as_array().is_none_or(|values| !values.is_empty()),
            "{path}"
        );
        check(value, &listed, heading, &mut wrong);
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// An object or field in the field list.
#[derive(Debug, Default)]
struct Listed {
    optional: bool,
    nullable: bool,
    keys: BTreeMap<String, Listed>,
}

/// Reads `## Heading` and the bullets under it, which are nested by two spaces.
fn listed(document: &str, heading: &str) -> Listed {
    let section = document
        .split("\n## ")
        .find(|section| section.split(' ').next() == Some(heading));
    let mut root = Listed::default();
    let mut path: Vec<String> = Vec::new();
    for line in section
        .unwrap_or_else(|| panic!("no section {heading}"))
        .lines()
    {
        let Some((indent, bullet)) = line.split_once("- `") else {
            continue;
        };
        let Some((name, rest)) = bullet.split_once('`').filter(|_| indent.trim().is_empty()) else {
            continue;
        };
        path.truncate(indent.len() / 2);
        let parent = path
            .iter()
            .fold(&mut root, |node, key| node.keys.get_mut(key).unwrap());
        let key = name.trim_end_matches('?').to_owned();
        let entry = Listed {
            optional: name.ends_with('?'),
            nullable: rest.contains("**nullable**"),
            keys: BTreeMap::new(),
        };
        parent.keys.insert(key.clone(), entry);
        path.push(key);
    }
    root
}

fn check(value: &Value, listed: &Listed, pointer: &str, wrong: &mut Vec<String>) {
    match value {
        Value::Object(object) if !listed.keys.is_empty() => {
            for (key, entry) in &listed.keys {
                match object.get(key) {
                    None if entry.optional => {}
                    None => wrong.push(format!("{pointer}/{key} is missing")),
                    Some(Value::Null) if !entry.nullable => {
                        wrong.push(format!("{pointer}/{key} is null"));
                    }
                    Some(value) => check(value, entry, &format!("{pointer}/{key}"), wrong),
                }
            }
            let unknown = object.keys().filter(|key| !listed.keys.contains_key(*key));
            wrong.extend(unknown.map(|key| format!("{pointer}/{key} is not listed")));
        }
        Value::Array(values) => values
            .iter()
            .for_each(|value| check(value, listed, pointer, wrong)),
        Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
