//! `expand[]`: everything that Stripe documents for the objects of the built-in scenarios.

use serde_json::Value;

use super::{
    Bench, at,
    shapes::{reference, whole_world},
    text,
};
use crate::{Price, Status, Subscription, Unsupported};

/// Paths that are included only on request, and those documented only in prose.
const INCLUDED: [(&str, &str); 25] = [
    (
        "/v1/checkout/sessions?limit=1",
        "data.total_details.breakdown",
    ),
    (
        "/v1/checkout/sessions?limit=1",
        "data.line_items.data.price",
    ),
    (
        "/v1/checkout/sessions?limit=1",
        "data.line_items.data.discounts",
    ),
    ("/v1/checkout/sessions?limit=1", "data.customer.tax_ids"),
    ("/v1/subscriptions/active", "items.data.price.tiers"),
    (
        "/v1/subscriptions/active",
        "items.data.price.currency_options",
    ),
    ("/v1/subscriptions/active", "items.data.plan.product"),
    ("/v1/subscriptions/active", "items.data.plan.tiers"),
    ("/v1/subscriptions/active", "items.data.tax_rates"),
    ("/v1/subscriptions/active", "default_tax_rates"),
    ("/v1/subscriptions/active", "customer.tax_ids"),
    ("/v1/customers/cus_whole", "sources"),
    ("/v1/customers/cus_whole", "tax"),
    ("/v1/customers/cus_whole", "cash_balance"),
    ("/v1/customers/cus_whole", "invoice_credit_balance"),
    ("/v1/customers/cus_whole", "default_source"),
    ("/v1/customers/cus_gone", "subscriptions"),
    ("/v1/prices/price_once", "tiers"),
    ("/v1/prices/price_once", "currency_options"),
    ("/v1/invoices?limit=1", "data.lines.data.pricing"),
    (
        "/v1/invoices?limit=1",
        "data.total_discount_amounts.discount",
    ),
    ("/v1/invoices?limit=1", "data.lines.data.discounts"),
    ("/v1/charges?limit=1", "data.review"),
    (
        "/v1/payment_intents?limit=1",
        "data.latest_charge.balance_transaction",
    ),
    ("/v1/coupons/TWENTY", "applies_to"),
];

/// Objects whose field lists show what can be expanded.
const LISTED: [(&str, &str); 11] = [
    ("Subscription", "/v1/subscriptions"),
    (
        "SubscriptionItem",
        "/v1/subscription_items?subscription=active",
    ),
    ("Price", "/v1/prices"),
    ("Product", "/v1/products"),
    ("Customer", "/v1/customers"),
    ("Invoice", "/v1/invoices"),
    ("InvoicePayment", "/v1/invoice_payments"),
    ("Session", "/v1/checkout/sessions"),
    (
        "ActiveEntitlement",
        "/v1/entitlements/active_entitlements?customer=cus_whole",
    ),
    ("SubscriptionSchedule", "/v1/subscription_schedules"),
    ("Price", "/v1/prices?type=recurring"),
];

/// Returns the paths whose type is an id or an object, or a list that is omitted by default.
fn expandable(document: &str, heading: &str) -> Vec<String> {
    let section = document
        .split("\n## ")
        .find(|section| section.split(' ').next() == Some(heading))
        .unwrap_or_else(|| panic!("no section {heading}"));
    let mut path: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for line in section.lines() {
        let Some((indent, bullet)) = line.split_once("- `") else {
            continue;
        };
        let (name, kind) = bullet.split_once("`: ").unwrap_or((bullet, ""));
        path.truncate(indent.len() / 2);
        path.push(name.trim_end_matches('?'));
        let kind = kind.strip_prefix("Array<").unwrap_or(kind);
        let is_left_out = name.ends_with('?') && kind.starts_with("ApiList<");
        let names_one = kind
            .strip_prefix("string \\| ")
            .is_some_and(|kind| kind.starts_with(|letter: char| letter.is_ascii_uppercase()));
        if (is_left_out || names_one) && path.len() < 4 {
            found.push(path.join("."));
        }
    }
    found
}

async fn refusal(bench: &Bench, path: &str, expand: &str) -> Option<String> {
    let response = bench.send(path, &[("expand[]", expand)]).await;
    let status = response.status();
    let body: Value = response.json().await.unwrap();
    (!status.is_success()).then(|| format!("{path} {expand}: {body}"))
}

#[tokio::test]
async fn fields_documented_as_expandable_are_expanded() {
    let Some(document) = reference("stripe-fields.md") else {
        return;
    };
    let bench = Bench::of(whole_world());
    let mut refused = Vec::new();
    for (heading, path) in LISTED {
        let paths = expandable(&document, heading);
        assert!(!paths.is_empty(), "{heading}");
        for one in paths {
            refused.extend(refusal(&bench, path, &format!("data.{one}")).await);
        }
    }
    assert_eq!(refused, [""; 0]);
}

#[tokio::test]
async fn fields_omitted_by_default_are_included_on_request() {
    let bench = Bench::of(whole_world());
    let mut refused = Vec::new();
    for (path, expand) in INCLUDED {
        refused.extend(refusal(&bench, path, expand).await);
    }
    assert_eq!(refused, [""; 0]);
}

#[tokio::test]
async fn included_fields_have_their_values() {
    let mut world = whole_world();
    let mut tiered = Price::monthly("price_tiers", 700);
    tiered.tiered = true;
    world.price(tiered);
    let bench = Bench::of(world);
    let price = bench
        .get(
            "/v1/prices/price_tiers",
            &[("expand[]", "tiers"), ("expand[]", "currency_options")],
        )
        .await;
    assert_eq!(at(&price, "/tiers/0/unit_amount"), Some(&700.into()));
    assert_eq!(
        text(&price, "/currency_options/usd/tax_behavior"),
        "unspecified"
    );
    let once = bench
        .get("/v1/prices/price_once", &[("expand[]", "tiers")])
        .await;
    assert_eq!(at(&once, "/tiers"), None);
    let session = bench
        .get(
            "/v1/checkout/sessions",
            &[("expand[]", "data.total_details.breakdown")],
        )
        .await;
    let discount = "/data/0/total_details/breakdown/discounts/0";
    assert_eq!(
        at(&session, &format!("{discount}/amount")),
        Some(&400.into())
    );
    assert_eq!(
        text(&session, &format!("{discount}/discount/object")),
        "discount"
    );
}

#[tokio::test]
async fn removed_fields_are_refused_like_at_the_provider() {
    let bench = Bench::of(whole_world());
    let lost = "data.payment_intent";
    assert!(refusal(&bench, "/v1/invoices", lost).await.is_some());
    assert_eq!(bench.fake.requests().last().unwrap().unsupported, None);
    let older = bench
        .request("/v1/invoices", &[("expand[]", lost)])
        .header("Stripe-Version", "2024-06-20");
    assert!(older.send().await.unwrap().status().is_success());
    let never = "data.attempt_count";
    assert!(refusal(&bench, "/v1/invoices", never).await.is_some());
    assert_eq!(bench.fake.requests().last().unwrap().unsupported, None);
    let unknown = "data.colour";
    assert!(refusal(&bench, "/v1/invoices", unknown).await.is_some());
    assert_eq!(
        bench.fake.requests().last().unwrap().unsupported,
        Some(Unsupported::Expansion(unknown.to_owned()))
    );
}

#[tokio::test]
async fn a_customer_without_anything_is_expanded_too() {
    let mut world = whole_world();
    world.subscription(Subscription::new("cus_gone", Status::Canceled).id("sub_gone"));
    let bench = Bench::of(world);
    let one = bench
        .get(
            "/v1/subscriptions/sub_gone",
            &[("expand[]", "customer.subscriptions")],
        )
        .await;
    assert_eq!(at(&one, "/customer/deleted"), Some(&Value::Bool(true)));
}
