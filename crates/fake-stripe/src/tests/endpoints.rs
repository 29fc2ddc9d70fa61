//! Requests of handlers beside subscriptions: cards, coupons, refunds, manual invoices, searches and others.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::{Value, json};

use super::{
    Bench, NOW, at, ids,
    shapes::{reference, whole_world},
    text,
};
use crate::{Payment, World};

const CUSTOMER: &str = "cus_whole";

async fn made(bench: &Bench, path: &str, body: &str) -> Value {
    let (status, made) = bench.post(path, body).await;
    assert_eq!(status, 200, "{path}: {made}");
    made
}

/// Creates an object, checks that it can be retrieved and is listed, and returns its id.
async fn kept(bench: &Bench, path: &str, body: &str) -> String {
    let made = made(bench, path, body).await;
    let id = text(&made, "/id").to_owned();
    let address = path.split('?').next().unwrap();
    assert_eq!(bench.get(&format!("{address}/{id}"), &[]).await, made);
    let listed = bench.get(address, &[]).await;
    assert!(ids(&listed).contains(&id), "{path}: {listed}");
    id
}

fn bought() -> (World, String, String) {
    let mut world = whole_world();
    let purchase = world
        .checkout(
            crate::CheckoutSession {
                customer: Some(CUSTOMER.into()),
                items: vec![crate::Item::new("price_1ProMonthly")],
                ..Default::default()
            },
            Payment::Paid,
        )
        .unwrap();
    let (subscription, invoice) = (
        purchase.subscription.to_string(),
        purchase.invoice.to_string(),
    );
    (world, subscription, invoice)
}

#[tokio::test]
async fn objects_are_stored_as_requested() {
    let (world, _, invoice) = bought();
    let bench = Bench::of(world);
    for (path, body) in [
        (
            "/v1/promotion_codes",
            "promotion[type]=coupon&promotion[coupon]=TWENTY&code=SPRING",
        ),
        ("/v1/promotion_codes", "coupon=TWENTY&metadata[a]=b"),
        (
            "/v1/tax_rates",
            "display_name=VAT&inclusive=false&percentage=19.5",
        ),
        (
            "/v1/setup_intents",
            "customer=cus_whole&usage=off_session&payment_method_types[]=card",
        ),
        (
            "/v1/payment_links",
            "line_items[0][price]=price_1ProMonthly&line_items[0][quantity]=1",
        ),
        (
            "/v1/billing_portal/configurations",
            "features[invoice_history][enabled]=true",
        ),
        (
            "/v1/credit_notes",
            &format!("invoice={invoice}&amount=100&reason=order_change"),
        ),
        (
            "/v1/tax_ids",
            "type=eu_vat&value=DE123456789&owner[type]=customer&owner[customer]=cus_whole",
        ),
        ("/v1/coupons", "percent_off=12.5&duration=once"),
        (
            "/v1/invoiceitems",
            "customer=cus_whole&amount=500&currency=usd",
        ),
        (
            "/v1/invoices",
            "customer=cus_whole&collection_method=send_invoice&days_until_due=7",
        ),
    ] {
        kept(&bench, path, body).await;
    }
    let portal = bench.get("/v1/billing_portal/configurations", &[]).await;
    let history = "/data/0/features/invoice_history/enabled";
    assert_eq!(at(&portal, history), Some(&Value::Bool(true)));
    let codes = bench
        .get("/v1/promotion_codes", &[("code", "SPRING")])
        .await;
    assert_eq!(text(&codes, "/data/0/promotion/coupon"), "TWENTY");
    assert_eq!(ids(&codes).len(), 1);
}

#[tokio::test]
async fn a_change_is_merged_and_recorded() {
    let bench = Bench::of(whole_world());
    let body = "display_name=VAT&inclusive=true&percentage=20&metadata[a]=1&metadata[b]=2";
    let id = kept(&bench, "/v1/tax_rates", body).await;
    let path = format!("/v1/tax_rates/{id}");
    let changed = made(&bench, &path, "active=false&metadata[a]=&metadata[c]=3").await;
    assert_eq!(at(&changed, "/active"), Some(&Value::Bool(false)));
    assert_eq!(
        at(&changed, "/metadata"),
        Some(&json!({"b": "2", "c": "3"}))
    );
    let recorded = bench
        .get(
            "/v1/events",
            &[
                ("types[]", "tax_rate.created"),
                ("types[]", "tax_rate.updated"),
            ],
        )
        .await;
    assert_eq!(ids(&recorded).len(), 2);
    let (status, _) = bench.post("/v1/tax_rates", "inclusive=true").await;
    assert_eq!(status, 400);
    let (status, _) = bench.refused("/v1/promotion_codes/txr_none", &[]).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn cards_are_listed_set_up_and_taken_away() {
    let bench = Bench::of(whole_world());
    let path = "/v1/customers/cus_whole/payment_methods";
    let before = ids(&bench.get(path, &[("type", "card")]).await);
    let intent = made(
        &bench,
        "/v1/setup_intents",
        "customer=cus_whole&payment_method=pm_card_visa&confirm=true",
    )
    .await;
    assert_eq!(text(&intent, "/status"), "succeeded");
    let card = text(&intent, "/payment_method").to_owned();
    let listed = bench
        .get(
            "/v1/payment_methods",
            &[("customer", CUSTOMER), ("type", "card")],
        )
        .await;
    assert_eq!(ids(&listed).len(), before.len() + 1);
    assert_eq!(
        text(&bench.get(&format!("{path}/{card}"), &[]).await, "/id"),
        card
    );
    let detached = made(&bench, &format!("/v1/payment_methods/{card}/detach"), "").await;
    assert_eq!(at(&detached, "/customer"), Some(&Value::Null));
    assert_eq!(ids(&bench.get(path, &[]).await), before);
}

#[tokio::test]
async fn partial_refunds_change_the_balance() {
    let (world, _, _) = bought();
    let bench = Bench::of(world);
    let charges = bench.get("/v1/charges", &[("customer", CUSTOMER)]).await;
    let charge = text(&charges, "/data/0/id").to_owned();
    let intent = text(&charges, "/data/0/payment_intent").to_owned();
    let refund = made(
        &bench,
        "/v1/refunds",
        &format!("payment_intent={intent}&amount=500"),
    )
    .await;
    assert_eq!(text(&refund, "/charge"), charge);
    let now = bench
        .get(
            &format!("/v1/charges/{charge}"),
            &[("expand[]", "balance_transaction")],
        )
        .await;
    assert_eq!(at(&now, "/amount_refunded"), Some(&500.into()));
    assert_eq!(at(&now, "/refunded"), Some(&Value::Bool(false)));
    assert_eq!(text(&now, "/balance_transaction/source"), charge);
    let rest = made(&bench, "/v1/refunds", &format!("charge={charge}")).await;
    assert_eq!(at(&rest, "/amount"), Some(&1500.into()));
    let (status, _) = bench.post("/v1/refunds", &format!("charge={charge}")).await;
    assert_eq!(status, 400);
    let moved = bench
        .get("/v1/balance_transactions", &[("source", &charge)])
        .await;
    let movement = text(&moved, "/data/0/id");
    let one = bench
        .get(&format!("/v1/balance_transactions/{movement}"), &[])
        .await;
    assert_eq!(at(&one, "/amount"), Some(&2000.into()));
    let whole = bench
        .get(&format!("/v1/charges/{charge}"), &[("expand[]", "refunds")])
        .await;
    assert_eq!(at(&whole, "/refunds/data/1/amount"), Some(&1500.into()));
    let refunds = bench.get("/v1/refunds", &[("charge", &charge)]).await;
    assert_eq!(ids(&refunds).len(), 2);
    let disputes = bench.get("/v1/disputes", &[]).await;
    let dispute = format!("/v1/disputes/{}/close", text(&disputes, "/data/0/id"));
    assert_eq!(text(&made(&bench, &dispute, "").await, "/status"), "lost");
}

#[tokio::test]
async fn a_manual_invoice_includes_pending_items() {
    let bench = Bench::of(whole_world());
    let item = "customer=cus_whole&amount=700&currency=usd&description=Setup";
    kept(&bench, "/v1/invoiceitems", item).await;
    let draft = made(
        &bench,
        "/v1/invoices",
        "customer=cus_whole&pending_invoice_items_behavior=include",
    )
    .await;
    assert_eq!(at(&draft, "/total"), Some(&700.into()));
    assert_eq!(at(&draft, "/parent"), Some(&Value::Null));
    let path = format!("/v1/invoices/{}", text(&draft, "/id"));
    let paid = made(&bench, &format!("{path}/pay"), "").await;
    assert_eq!(text(&paid, "/status"), "paid");
    let (status, _) = bench.delete(&path).await;
    assert_eq!(status, 400);
    let empty = made(&bench, "/v1/invoices", "customer=cus_whole").await;
    let (status, gone) = bench
        .delete(&format!("/v1/invoices/{}", text(&empty, "/id")))
        .await;
    assert_eq!(
        (status, at(&gone, "/deleted")),
        (200, Some(&Value::Bool(true)))
    );
}

#[tokio::test]
async fn a_preview_shows_the_next_invoice_and_changes_nothing() {
    let (world, subscription, _) = bought();
    let bench = Bench::of(world);
    let path = format!("/v1/subscriptions/{subscription}");
    let before = bench.get(&path, &[]).await;
    let item = text(&before, "/items/data/0/id");
    let preview = made(
        &bench,
        "/v1/invoices/create_preview",
        &format!(
            "subscription={subscription}&subscription_details[items][0][id]={item}&subscription_details[items][0][quantity]=3"
        ),
    )
    .await;
    assert_eq!(at(&preview, "/total"), Some(&6000.into()));
    assert!(text(&preview, "/id").starts_with("upcoming_in_"));
    assert_eq!(bench.get(&path, &[]).await, before);
    let (status, _) = bench
        .post("/v1/invoices/create_preview", "customer=cus_whole_none")
        .await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn the_next_invoice_was_retrieved_until_basil() {
    let (world, subscription, _) = bought();
    let bench = Bench::of(world);
    let path = "/v1/invoices/upcoming";
    let query = [("subscription", subscription.as_str())];
    let older = bench
        .request(path, &query)
        .header("Stripe-Version", "2024-06-20");
    let invoice: Value = older.send().await.unwrap().json().await.unwrap();
    assert_eq!(at(&invoice, "/total"), Some(&2000.into()));
    assert_eq!(at(&invoice, "/id"), None);
    assert_eq!(text(&invoice, "/subscription"), subscription);
    let (status, _) = bench.refused(path, &query).await;
    assert_eq!(status, 404);
    assert_eq!(bench.fake.requests().last().unwrap().unsupported, None);
}

#[tokio::test]
async fn a_schedule_is_created_changed_and_released() {
    let (world, subscription, _) = bought();
    let bench = Bench::of(world);
    let made_for = format!("from_subscription={subscription}");
    let schedule = kept(&bench, "/v1/subscription_schedules", &made_for).await;
    let path = format!("/v1/subscription_schedules/{schedule}");
    let one = format!("/v1/subscriptions/{subscription}");
    assert_eq!(text(&bench.get(&one, &[]).await, "/schedule"), schedule);
    let changed = made(
        &bench,
        &path,
        "end_behavior=cancel&phases[0][items][0][price]=price_1ProMonthly&phases[0][iterations]=2",
    )
    .await;
    let (start, end) = ("/phases/0/start_date", "/phases/0/end_date");
    let length = at(&changed, end).unwrap().as_i64().unwrap()
        - at(&changed, start).unwrap().as_i64().unwrap();
    assert_eq!(length, 60 * 86_400);
    let released = made(&bench, &format!("{path}/release"), "").await;
    assert_eq!(text(&released, "/released_subscription"), subscription);
    assert_eq!(
        at(&bench.get(&one, &[]).await, "/schedule"),
        Some(&Value::Null)
    );
    let later = format!(
        "customer=cus_whole&start_date={}&phases[0][items][0][price]=price_1ProMonthly",
        NOW + 86_400
    );
    let waiting = made(&bench, "/v1/subscription_schedules", &later).await;
    assert_eq!(text(&waiting, "/status"), "not_started");
    assert_eq!(at(&waiting, "/subscription"), Some(&Value::Null));
}

#[tokio::test]
async fn objects_are_searched_page_by_page() {
    let (world, subscription, _) = bought();
    let bench = Bench::of(world);
    let found = bench
        .get(
            "/v1/customers/search",
            &[("query", "email:'a@example.com'")],
        )
        .await;
    assert_eq!(ids(&found), [CUSTOMER]);
    assert_eq!(text(&found, "/object"), "search_result");
    let query = ("query", "status:'active'");
    let first = bench
        .get(
            "/v1/subscriptions/search",
            &[
                query,
                ("limit", "1"),
                ("expand[]", "total_count"),
                ("expand[]", "data.customer"),
            ],
        )
        .await;
    assert_eq!(text(&first, "/data/0/customer/object"), "customer");
    assert!(at(&first, "/total_count").unwrap().as_u64().unwrap() > 1);
    let next = text(&first, "/next_page");
    let second = bench
        .get(
            "/v1/subscriptions/search",
            &[query, ("limit", "1"), ("page", next)],
        )
        .await;
    assert_ne!(ids(&first), ids(&second));
    let of_one = format!("subscription:'{subscription}'");
    let invoices = bench
        .get("/v1/invoices/search", &[("query", &of_one)])
        .await;
    assert_eq!(ids(&invoices).len(), 1);
    for path in ["/v1/prices/search", "/v1/products/search"] {
        let all = bench.get(path, &[("query", "active:'true'")]).await;
        assert!(!ids(&all).is_empty());
    }
    let (status, _) = bench
        .refused("/v1/prices/search", &[("query", "active")])
        .await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn plans_are_recurring_prices() {
    let bench = Bench::of(whole_world());
    let plans = bench.get("/v1/plans", &[]).await;
    assert_eq!(text(&plans, "/data/0/object"), "plan");
    assert!(!ids(&plans).contains(&"price_once".to_owned()));
    let one = bench.get("/v1/plans/price_1ProMonthly", &[]).await;
    assert_eq!(at(&one, "/amount"), Some(&2000.into()));
    let (status, _) = bench.refused("/v1/plans/price_once", &[]).await;
    assert_eq!(status, 404);
    if let Some(example) = reference("stripe-fixtures/plan.json") {
        let example: Value = serde_json::from_str(&example).unwrap();
        let missing = example.as_object().unwrap().keys();
        let missing: Vec<_> = missing.filter(|key| one.get(key).is_none()).collect();
        assert_eq!(missing, [""; 0]);
    }
}

/// Returns the keys of an object required by the types of the newest library, or `None` if it is not installed.
fn required(file: &str, name: &str) -> Option<BTreeSet<String>> {
    let types = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../target/sdk/node/node_modules/stripe-23/cjs/resources")
        .join(format!("{file}.d.ts"));
    let source = fs::read_to_string(types).ok()?;
    let begin = format!("export interface {name} {{");
    let body = source.split_once(&begin)?.1.split_once("\n}")?.0;
    let keys = body
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| !line.starts_with([' ', '/', '*', '}']));
    let keys = keys.filter_map(|line| line.split_once(": ").map(|(key, _)| key));
    let required = keys.filter(|key| !key.ends_with('?'));
    Some(required.map(ToOwned::to_owned).collect())
}

#[tokio::test]
async fn new_objects_have_the_keys_of_the_librarys_types() {
    let (world, _, invoice) = bought();
    let bench = Bench::of(world);
    let charges = bench.get("/v1/charges", &[("customer", CUSTOMER)]).await;
    let refund = format!("charge={}&amount=1", text(&charges, "/data/0/id"));
    let note = format!("invoice={invoice}");
    let mut missing = Vec::new();
    for (file, name, path, body) in [
        (
            "PromotionCodes",
            "PromotionCode",
            "/v1/promotion_codes",
            "coupon=TWENTY",
        ),
        (
            "TaxRates",
            "TaxRate",
            "/v1/tax_rates",
            "display_name=V&inclusive=false&percentage=1",
        ),
        (
            "TaxIds",
            "TaxId",
            "/v1/customers/cus_whole/tax_ids",
            "type=eu_vat&value=DE1",
        ),
        (
            "SetupIntents",
            "SetupIntent",
            "/v1/setup_intents",
            "customer=cus_whole",
        ),
        ("CreditNotes", "CreditNote", "/v1/credit_notes", &note),
        (
            "PaymentLinks",
            "PaymentLink",
            "/v1/payment_links",
            "line_items[0][price]=p",
        ),
        (
            "BillingPortal/Configurations",
            "Configuration",
            "/v1/billing_portal/configurations",
            "features[invoice_history][enabled]=true",
        ),
        ("Refunds", "Refund", "/v1/refunds", &refund),
        (
            "InvoiceItems",
            "InvoiceItem",
            "/v1/invoiceitems",
            "customer=cus_whole&amount=1",
        ),
        (
            "BalanceTransactions",
            "BalanceTransaction",
            "/v1/balance_transactions",
            "",
        ),
        ("Disputes", "Dispute", "/v1/disputes", ""),
    ] {
        let Some(required) = required(file, name) else {
            return;
        };
        let object = if body.is_empty() {
            bench
                .get(path, &[])
                .await
                .pointer("/data/0")
                .unwrap()
                .clone()
        } else {
            made(&bench, path, body).await
        };
        let lacks = required
            .iter()
            .filter(|key| object.get(key.as_str()).is_none());
        missing.extend(lacks.map(|key| format!("{name}.{key}")));
    }
    assert_eq!(missing, [""; 0]);
}
