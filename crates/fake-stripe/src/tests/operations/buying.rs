//! Purchases, with and without Checkout, paid and not yet paid.

use serde_json::{Value, json};

use super::{BOTH, DAY, NEW, OLD, Play, RecordedEvents, plan};
use crate::{CheckoutSession, Completion, Customer, FirstPayment, Payment, Status, Subscription};

#[test]
fn since_basil_a_purchase_makes_an_active_subscription() {
    let mut play = Play::new(NEW);
    let (purchase, events) = play.buy(plan());
    assert_eq!(
        events.kinds(),
        [
            "charge.succeeded",
            "payment_method.attached",
            "customer.created",
            "checkout.session.completed",
            "customer.subscription.created",
            "payment_intent.created",
            "payment_intent.succeeded",
            "invoice.created",
            "invoice.finalized",
            "invoice.updated",
            "invoice.paid",
            "invoice.payment_succeeded",
            "invoice_payment.paid",
            "customer.subscription.updated",
        ]
    );
    events.share_one_operation(NEW, true);
    let created = "customer.subscription.created";
    assert_eq!(events.at(created, "/status"), "active");
    assert_eq!(events.at(created, "/default_payment_method"), &Value::Null);
    assert_eq!(
        events.at(created, "/latest_invoice"),
        purchase.invoice.as_str()
    );
    assert_eq!(
        events.at(created, "/metadata"),
        &json!({"userId": "user-1"})
    );
    assert_eq!(
        events.previous("customer.subscription.updated"),
        &json!({"default_payment_method": null})
    );
    let completed = "checkout.session.completed";
    for (pointer, expected) in [
        ("/status", json!("complete")),
        ("/payment_status", json!("paid")),
        ("/mode", json!("subscription")),
        ("/customer", json!(purchase.customer.as_str())),
        ("/subscription", json!(purchase.subscription.as_str())),
        ("/invoice", json!(purchase.invoice.as_str())),
        ("/client_reference_id", json!("user-1")),
        ("/metadata", json!({"from": "session"})),
        ("/customer_details/email", json!("b@example.com")),
        ("/amount_total", json!(2000)),
    ] {
        assert_eq!(events.at(completed, pointer), &expected, "{pointer}");
    }
    assert_eq!(events.at("invoice.created", "/status"), "draft");
    assert_eq!(events.at("invoice.finalized", "/status"), "open");
    let paid = "invoice.paid";
    assert_eq!(events.at(paid, "/status"), "paid");
    assert_eq!(events.at(paid, "/billing_reason"), "subscription_create");
    assert_eq!(
        events.at(paid, "/parent/subscription_details"),
        &json!({"metadata": {"userId": "user-1"}, "subscription": purchase.subscription.as_str()})
    );
    assert_eq!(
        events.at(paid, "/lines/data/0/pricing/price_details/price"),
        "price_pro"
    );
    for gone in ["subscription", "payment_intent", "charge", "paid"] {
        assert_eq!(events.event(paid).object.get(gone), None, "{gone}");
    }
    assert_eq!(events.event("charge.succeeded").object.get("invoice"), None);
}

#[test]
fn a_purchase_before_basil_starts_incomplete() {
    let mut play = Play::new(OLD);
    let (purchase, events) = play.buy(plan());
    assert_eq!(
        events.kinds(),
        [
            "customer.created",
            "charge.succeeded",
            "payment_method.attached",
            "invoice.created",
            "customer.subscription.created",
            "invoice.updated",
            "invoice.finalized",
            "customer.subscription.updated",
            "invoice.updated",
            "invoice.paid",
            "invoice.payment_succeeded",
            "payment_intent.created",
            "payment_intent.succeeded",
            "checkout.session.completed",
        ]
    );
    events.share_one_operation(OLD, true);
    assert_eq!(
        events.at("customer.subscription.created", "/status"),
        "incomplete"
    );
    let updated = "customer.subscription.updated";
    assert_eq!(events.at(updated, "/status"), "active");
    assert_eq!(
        events.previous(updated),
        &json!({"default_payment_method": null, "status": "incomplete"})
    );
    let paid = "invoice.paid";
    assert_eq!(
        events.at(paid, "/subscription"),
        purchase.subscription.as_str()
    );
    assert_eq!(events.at(paid, "/paid"), true);
    assert_eq!(events.at(paid, "/lines/data/0/price/id"), "price_pro");
    assert_eq!(
        events.at(paid, "/subscription_details/metadata"),
        &json!({"userId": "user-1"})
    );
    for unheard_of in ["parent", "total_taxes"] {
        assert_eq!(
            events.event(paid).object.get(unheard_of),
            None,
            "{unheard_of}"
        );
    }
    assert_eq!(
        events.at("charge.succeeded", "/invoice"),
        purchase.invoice.as_str()
    );
}

#[test]
fn an_existing_customer_is_not_created_again() {
    for version in BOTH {
        let mut play = Play::new(version);
        play.world
            .customer(Customer::new("cus_known").email("k@example.com"));
        let (purchase, events) = play.buy(CheckoutSession {
            customer: Some("cus_known".into()),
            customer_email: None,
            ..plan()
        });
        assert_eq!(purchase.customer, "cus_known");
        assert!(!events.kinds().contains(&"customer.created"));
        assert_eq!(
            events.at("checkout.session.completed", "/customer_details/email"),
            "k@example.com"
        );
    }
}

#[test]
fn a_trial_and_a_whole_discount_cost_nothing() {
    for version in BOTH {
        let mut play = Play::new(version);
        let (trial, events) = play.buy(CheckoutSession {
            trial_days: Some(14),
            ..plan()
        });
        let completed = "checkout.session.completed";
        assert_eq!(
            events.at(completed, "/payment_status"),
            "no_payment_required"
        );
        let created = "customer.subscription.created";
        assert_eq!(events.at(created, "/status"), "trialing");
        let end = json!(play.stage.clock + 14 * DAY);
        for pointer in [
            "/trial_end",
            "/billing_cycle_anchor",
            super::period_end(version),
        ] {
            assert_eq!(events.at(created, pointer), &end, "{pointer}");
        }
        assert_eq!(events.at("invoice.paid", "/total"), 0);
        assert_eq!(play.status(&trial.subscription), "trialing");

        let (free, events) = play.buy(CheckoutSession {
            coupon: Some("ALL".into()),
            ..plan()
        });
        assert_eq!(events.at(completed, "/payment_status"), "paid");
        assert_eq!(events.at(completed, "/amount_total"), 0);
        assert_eq!(events.at("invoice.paid", "/amount_paid"), 0);
        assert_eq!(events.at("invoice.paid", "/subtotal"), 2000);
        assert!(!events.kinds().iter().any(|kind| kind.starts_with("charge")));
        assert_eq!(play.status(&free.subscription), "active");
    }
}

#[test]
fn delayed_payments_succeed_or_fail() {
    for version in BOTH {
        for payment in [Payment::Pending, Payment::PendingWhileActive] {
            for comes in [true, false] {
                late_money(version, payment, comes);
            }
        }
    }
}

#[track_caller]
fn late_money(version: &str, payment: Payment, comes: bool) {
    let mut play = Play::new(version);
    let (purchase, events) = play.after(0, |world| world.checkout(plan(), payment));
    let (purchase, events) = (purchase.unwrap(), RecordedEvents(events));
    let (session, subscription) = (&purchase.session, &purchase.subscription);
    assert_eq!(
        events.at("checkout.session.completed", "/payment_status"),
        "unpaid"
    );
    assert!(!events.kinds().contains(&"invoice.paid"));
    let meanwhile = match payment {
        Payment::PendingWhileActive => "active",
        Payment::Paid | Payment::Pending => "incomplete",
    };
    assert_eq!(play.status(subscription), meanwhile, "{version}");
    if comes {
        let events = play.events_of(3 * DAY, |world| world.async_payment_succeeds(session));
        events.share_one_operation(version, false);
        let kind = "checkout.session.async_payment_succeeded";
        assert_eq!(events.at(kind, "/payment_status"), "paid");
        assert_eq!(events.at("invoice.paid", "/status"), "paid");
        assert_eq!(play.status(subscription), "active");
    } else {
        let events = play.events_of(3 * DAY, |world| world.async_payment_fails(session));
        let kind = "checkout.session.async_payment_failed";
        assert_eq!(events.at(kind, "/payment_status"), "unpaid");
        assert_eq!(events.at("invoice.payment_failed", "/attempt_count"), 1);
        assert_eq!(play.status(subscription), meanwhile);
    }
}

#[test]
fn an_unfinished_checkout_page_expires() {
    let mut play = Play::new(NEW);
    let (session, events) = play.after(0, |world| world.open_checkout(plan()));
    assert_eq!(events.len(), 0);
    let session = session.unwrap();
    let events = play.events_of(DAY, |world| world.expire_checkout(&session));
    assert_eq!(events.kinds(), ["checkout.session.expired"]);
    assert_eq!(events.at("checkout.session.expired", "/status"), "expired");
    assert_eq!(events.at("checkout.session.expired", "/url"), &Value::Null);
    let completion = Completion {
        payment: Payment::Paid,
        email: None,
    };
    let late = play.world.complete_checkout(&session, &completion);
    assert_eq!(
        late.unwrap_err().to_string(),
        format!("The checkout session `{session}` is expired, so completing it is impossible.")
    );
}

#[test]
fn a_subscription_by_the_api_waits_for_its_payment() {
    for version in BOTH {
        let mut play = Play::new(version);
        play.world
            .customer(Customer::new("cus_a").email("a@example.com"));
        let one = Subscription::new("cus_a", Status::Active)
            .id("sub_a")
            .price("price_pro");
        let events = play.events_of(0, |world| world.subscribe(one, FirstPayment::Awaited));
        events.share_one_operation(version, true);
        assert_eq!(
            events.kinds(),
            [
                "customer.subscription.created",
                "invoice.created",
                "invoice.finalized",
                "payment_intent.created"
            ]
        );
        assert_eq!(
            events.at("customer.subscription.created", "/status"),
            "incomplete"
        );
        assert_eq!(events.at("invoice.finalized", "/status"), "open");
        let events = play.events_of(60, |world| world.pay_first_invoice("sub_a"));
        assert_eq!(events.at("invoice.paid", "/status"), "paid");
        assert_eq!(
            events.previous("customer.subscription.updated"),
            &json!({"default_payment_method": null, "status": "incomplete"})
        );
        assert_eq!(play.status("sub_a"), "active");
    }
}

#[test]
fn an_unpaid_subscription_expires_with_an_update() {
    for version in BOTH {
        let mut play = Play::new(version);
        play.world.customer(Customer::new("cus_a"));
        let one = Subscription::new("cus_a", Status::Active)
            .id("sub_a")
            .price("price_pro");
        let events = play.events_of(0, |world| world.subscribe(one, FirstPayment::Declined));
        assert!(events.kinds().contains(&"invoice.payment_failed"));
        let events = play.events_of(23 * 3600, |world| world.expire_incomplete("sub_a"));
        events.share_one_operation(version, false);
        let updated = "customer.subscription.updated";
        assert_eq!(events.at(updated, "/status"), "incomplete_expired");
        assert_eq!(
            events.previous(updated),
            &json!({"status": "incomplete", "canceled_at": null, "ended_at": null})
        );
        assert_eq!(events.at("invoice.voided", "/status"), "void");
        assert_eq!(
            events.previous("invoice.updated").get("status"),
            Some(&json!("open"))
        );
        assert_eq!(events.at("payment_intent.canceled", "/status"), "canceled");
        assert!(!events.kinds().contains(&"customer.subscription.deleted"));
    }
}

#[test]
fn a_subscription_made_by_hand_is_active_and_has_no_metadata() {
    for version in BOTH {
        let mut play = Play::new(version);
        play.world.customer(Customer::new("cus_a"));
        let one = Subscription::new("cus_a", Status::Active)
            .id("sub_a")
            .price("price_pro");
        let events = play.events_of(0, |world| world.subscribe(one, FirstPayment::Paid));
        let created = "customer.subscription.created";
        assert_eq!(events.at(created, "/status"), "active");
        assert_eq!(events.at(created, "/metadata"), &json!({}));
        assert!(events.kinds().contains(&"invoice.paid"));
    }
}
