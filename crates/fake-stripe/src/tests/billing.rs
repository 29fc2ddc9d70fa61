//! Invoices, payments, purchases and schedules, read over HTTP.

use serde_json::{Value, json};

use super::{Bench, NOW, at, ids, text};
use crate::{
    CheckoutSession, Coupon, Customer, FirstPayment, Item, Payment, Price, Purchase, Renewal,
    Status, Subscription, World,
};

const OLD: &str = "2024-06-20";
const MONTH: i64 = 30 * 86_400;

/// Builds a world in which one customer bought with a discount, renewed, and scheduled a change, while another has not
/// paid yet.
fn busy() -> (Bench, Purchase) {
    let mut world = World::new(NOW);
    world.price(Price::monthly("price_pro", 2000));
    world.price(Price::monthly("price_team", 5000));
    world.put_coupon(Coupon::percent("HALF", 50));
    let session = CheckoutSession {
        items: vec![Item::new("price_pro").quantity(2)],
        customer_email: Some("a@example.com".into()),
        coupon: Some("HALF".into()),
        ..CheckoutSession::default()
    };
    let bought = world.checkout(session, Payment::Paid).unwrap();
    world.clock += MONTH;
    let id = &bought.subscription;
    world.renew_subscription(id, Renewal::Paid).unwrap();
    world.schedule_change(id, "price_team").unwrap();
    world.customer(Customer::new("cus_late").email("late@example.com"));
    let late = Subscription::new("cus_late", Status::Active).id("sub_late");
    world
        .subscribe(late.price("price_pro"), FirstPayment::Awaited)
        .unwrap();
    (Bench::of(world), bought)
}

#[tokio::test]
async fn lists_are_filtered_as_documented() {
    let (bench, bought) = busy();
    let (customer, subscription) = (&*bought.customer, &*bought.subscription);
    let session = &*bought.session;
    for (path, query, expected) in [
        ("/v1/invoices", &[][..], 3),
        ("/v1/invoices", &[("customer", customer)], 2),
        ("/v1/invoices", &[("subscription", "sub_late")], 1),
        ("/v1/invoices", &[("status", "open")], 1),
        (
            "/v1/invoices",
            &[("status", "paid"), ("subscription", subscription)],
            2,
        ),
        ("/v1/invoices", &[("collection_method", "send_invoice")], 0),
        ("/v1/invoices", &[("created[lt]", "1790812801")], 1),
        ("/v1/invoices", &[("due_date[gt]", "1")], 0),
        ("/v1/invoice_payments", &[], 3),
        ("/v1/invoice_payments", &[("invoice", &bought.invoice)], 1),
        ("/v1/invoice_payments", &[("status", "open")], 1),
        (
            "/v1/invoice_payments",
            &[("payment[type]", "payment_record")],
            0,
        ),
        (
            "/v1/checkout/sessions",
            &[("subscription", subscription)],
            1,
        ),
        (
            "/v1/checkout/sessions",
            &[("customer_details[email]", "a@example.com")],
            1,
        ),
        ("/v1/checkout/sessions", &[("status", "open")], 0),
        ("/v1/checkout/sessions", &[("customer", "cus_late")], 0),
        ("/v1/payment_intents", &[("customer", customer)], 2),
        ("/v1/charges", &[("customer", customer)], 2),
        ("/v1/charges", &[("payment_intent", "pi_never")], 0),
        ("/v1/subscription_schedules", &[("customer", customer)], 1),
        ("/v1/subscription_schedules", &[("scheduled", "true")], 0),
        ("/v1/subscription_schedules", &[("released_at[gt]", "1")], 0),
        ("/v1/coupons", &[], 1),
    ] {
        let page = bench.get(path, query).await;
        assert_eq!(ids(&page).len(), expected, "{path} {query:?}: {page:#}");
    }
    let lines = bench
        .get(&format!("/v1/checkout/sessions/{session}/line_items"), &[])
        .await;
    assert_eq!(at(&lines, "/data/0/quantity"), Some(&json!(2)));
    assert_eq!(at(&lines, "/data/0/amount_total"), Some(&json!(2000)));
    let lines = bench
        .get(&format!("/v1/invoices/{}/lines", bought.invoice), &[])
        .await;
    assert_eq!(at(&lines, "/data/0/amount"), Some(&json!(4000)));
    let newest = bench.get("/v1/invoices", &[("limit", "1")]).await;
    assert_eq!(at(&newest, "/has_more"), Some(&Value::Bool(true)));
}

#[tokio::test]
async fn missing_objects_and_unknown_statuses_are_refused() {
    let (bench, _) = busy();
    for (path, kind) in [
        ("/v1/invoices/in_never", "invoice"),
        ("/v1/invoice_payments/inpay_never", "invoice_payment"),
        ("/v1/checkout/sessions/cs_never", "checkout.session"),
        (
            "/v1/checkout/sessions/cs_never/line_items",
            "checkout.session",
        ),
        ("/v1/charges/ch_never", "charge"),
        ("/v1/payment_methods/pm_never", "PaymentMethod"),
        (
            "/v1/subscription_schedules/sub_sched_never",
            "subscription_schedule",
        ),
        ("/v1/coupons/NEVER", "coupon"),
    ] {
        let (status, error) = bench.refused(path, &[]).await;
        assert_eq!(status, 404, "{path}");
        assert!(
            text(&error, "/message").starts_with(&format!("No such {kind}: '")),
            "{error}"
        );
    }
    let (status, error) = bench.refused("/v1/payment_intents/pi_never", &[]).await;
    assert_eq!((status, text(&error, "/param")), (404, "intent"));
    let (status, error) = bench.refused("/v1/invoices", &[("status", "late")]).await;
    assert_eq!(status, 400);
    assert_eq!(
        text(&error, "/message"),
        "Invalid status: must be one of draft, open, paid, uncollectible, or void"
    );
}

#[tokio::test]
async fn the_usual_expansions_of_applications_work() {
    let (bench, bought) = busy();
    let session = format!("/v1/checkout/sessions/{}", bought.session);
    let one = bench
        .get(
            &session,
            &[
                ("expand[]", "line_items.data.price.product"),
                ("expand[]", "subscription.latest_invoice"),
                ("expand[]", "customer"),
                ("expand[]", "invoice.payments"),
            ],
        )
        .await;
    assert_eq!(
        text(&one, "/line_items/data/0/price/product/object"),
        "product"
    );
    assert_eq!(text(&one, "/subscription/latest_invoice/status"), "paid");
    assert_eq!(text(&one, "/customer/email"), "a@example.com");
    assert_eq!(text(&one, "/invoice/payments/data/0/status"), "paid");
    let invoice = format!("/v1/invoices/{}", bought.invoice);
    let query = [("expand[]", "payments.data.payment.payment_intent")];
    let one = bench.get(&invoice, &query).await;
    let intent = "/payments/data/0/payment/payment_intent/status";
    assert_eq!(text(&one, intent), "succeeded");

    let one = bench
        .get(
            &format!("/v1/subscriptions/{}", bought.subscription),
            &[
                ("expand[]", "discounts"),
                ("expand[]", "schedule"),
                ("expand[]", "default_payment_method"),
                ("expand[]", "latest_invoice.discounts.source.coupon"),
            ],
        )
        .await;
    assert_eq!(text(&one, "/discounts/0/source/coupon"), "HALF");
    assert_eq!(text(&one, "/schedule/status"), "active");
    assert_eq!(text(&one, "/default_payment_method/card/last4"), "4242");
    let coupon = "/latest_invoice/discounts/0/source/coupon/percent_off";
    assert_eq!(at(&one, coupon), Some(&json!(50)));

    let late = bench
        .get(
            "/v1/subscriptions/sub_late",
            &[("expand[]", "latest_invoice.confirmation_secret")],
        )
        .await;
    let secret = text(&late, "/latest_invoice/confirmation_secret/client_secret");
    assert!(
        secret.starts_with("pi_3") && secret.contains("_secret_"),
        "{secret}"
    );
}

#[tokio::test]
async fn old_versions_have_the_old_places() {
    let (bench, bought) = busy();
    let path = format!("/v1/subscriptions/{}", bought.subscription);
    let query = [
        ("expand[]", "latest_invoice.payment_intent.latest_charge"),
        ("expand[]", "latest_invoice.subscription"),
    ];
    let request = bench.request(&path, &query).header("Stripe-Version", OLD);
    let one: Value = request.send().await.unwrap().json().await.unwrap();
    let charge = "/latest_invoice/payment_intent/latest_charge/paid";
    assert_eq!(at(&one, charge), Some(&json!(true)));
    assert_eq!(
        text(&one, "/latest_invoice/subscription/id"),
        &*bought.subscription
    );
    assert_eq!(text(&one, "/discount/coupon/id"), "HALF");
    assert_eq!(text(&one, "/latest_invoice/discount/coupon/id"), "HALF");
    let query = [("expand[]", "latest_invoice.payments")];
    let request = bench.request(&path, &query).header("Stripe-Version", OLD);
    assert_eq!(request.send().await.unwrap().status(), 400);
}
