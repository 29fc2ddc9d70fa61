//! The number of requests: as few as a verdict needs, announced in advance, and never more than allowed.

use fake_stripe::{Bulk, Customer, Endpoint, SANDBOX_LIMITS, Status, Subscription, World};
use testing::database::Database;

use super::live::{Live, NOW, contract};

/// A business after some years: 300 paying customers, 3,000 former ones, and rows for a few of them.
fn business(more: &[&str]) -> Live {
    let mut world = World::new(NOW);
    world.bulk(&Bulk {
        statuses: vec![(Status::Active, 1), (Status::Canceled, 10)],
        spacing: 7 * 3_600,
        ..Bulk::new(3_300)
    });
    for name in ["alice", "bob"] {
        let subscription = Subscription::new(&format!("cus_{name}"), Status::Active);
        world.subscription(subscription.price("price_pro"));
    }
    let gone = Subscription::new("cus_carol", Status::Canceled).created(NOW - 900 * 86_400);
    world.subscription(gone.price("price_pro"));
    let rows = "('usr_alice', 'cus_alice', true, null), ('usr_bob', 'cus_bob', false, null), \
                ('usr_carol', 'cus_carol', true, null), ('usr_dave', 'cus_dave', false, null)";
    let more = [&["rules: { orphan-subscription: off }"], more].concat();
    Live::new(world, Database::of_users(rows), &contract(&more))
}

#[test]
fn open_customers_are_looked_up_one_by_one() {
    let live = business(&[]);
    let ran = live.json().with_status(1);
    assert_eq!(
        ran.findings(),
        [
            "revenue-leak user:usr_bob",
            "wrongful-access user:usr_carol"
        ]
    );
    let requests = live.requests();
    assert!(requests.len() <= 15, "{requests:#?}");
    let about_customers: Vec<_> = requests
        .iter()
        .filter(|request| request.contains("customer="))
        .collect();
    assert_eq!(
        about_customers,
        ["/v1/subscriptions?customer=cus_carol&status=all&limit=100"]
    );
    assert!(ran.stderr.contains("Stripe: about "), "{}", ran.stderr);
    // A single additional request is not reported.
    assert!(!ran.stderr.contains("more"), "{}", ran.stderr);
}

#[test]
fn rules_that_are_off_cost_nothing() {
    let live = business(&[]);
    let off = "rules: { orphan-subscription: off, unknown-status: off, wrongful-access: off, no-subscription: off, customer-mismatch: off }";
    live.configure(&contract(&[off, "statuses: { grant: [active] }"]));
    let ran = live.json().with_status(1);
    assert_eq!(ran.findings(), ["revenue-leak user:usr_bob"]);
    let requests = live.requests();
    let of_subscriptions = |request: &&String| request.starts_with("/v1/subscriptions");
    assert!(
        requests
            .iter()
            .filter(of_subscriptions)
            .all(|request| request.contains("?status=active&")),
        "{requests:#?}"
    );
}

#[test]
fn a_plan_is_printed_without_reading_the_rest_or_the_database() {
    let live = business(&[]);
    let program = live.program("check access --plan");
    let ran = live.run(program.variable("DATABASE_URL", "postgres://nobody@127.0.0.1:9/none"));
    let ran = ran.with_status(0);
    ran.says(&[
        "contract `users`: about ",
        " requests to Stripe, ",
        "(25 a second, 8 at once)",
        "sent to make this plan",
        "to list subscriptions that are not canceled",
        "one more  for each customer who is not listed and whose account says paid",
    ]);
    assert!(live.stripe.requests().len() <= 10);

    let everything = business(&["statuses: { grant: [active], deny: [past_due] }"]);
    let ran = everything.run(everything.program("check access --plan"));
    ran.with_status(0).says(&["to list every subscription"]);
    let planned = everything.stripe.requests().len();
    assert!(planned <= 12, "{planned}");
}

#[test]
fn a_check_over_the_request_limit_is_refused_first() {
    let live = business(&[
        "statuses: { grant: [active], deny: [past_due] }",
        "max_requests: 15",
    ]);
    let ran = live.check().unanswered();
    ran.says(&["but `max_requests` allows 15", "raise `max_requests`"]);
    assert!(live.stripe.requests().len() <= 15);
    let ran = live.run(live.program("check access --plan"));
    ran.with_status(2).says(&["but `max_requests` allows 15"]);
}

#[test]
fn a_read_that_exceeds_its_estimate_stops_at_the_limit() {
    // Everybody has access and bought nothing, which only the accounts show.
    let mut world = World::new(NOW);
    let mut rows = Vec::new();
    for number in 0..40 {
        let customer = format!("cus_{number:02}");
        world.customer(Customer::new(&customer));
        rows.push(format!("('usr_{number:02}', '{customer}', true, null)"));
    }
    world.bulk(&Bulk {
        statuses: vec![(Status::Canceled, 1)],
        ..Bulk::new(150)
    });
    let live = Live::new(
        world,
        Database::of_users(&rows.join(", ")),
        &contract(&["max_requests: 10"]),
    );
    live.check()
        .unanswered()
        .says(&["10 requests were already sent, which is all that `max_requests` allows"]);
    assert!(live.stripe.requests().len() <= 10);
}

#[test]
fn a_wrong_key_is_reported_after_a_full_read() {
    let mut world = World::new(NOW);
    world.bulk(&Bulk {
        statuses: vec![(Status::Canceled, 1)],
        ..Bulk::new(150)
    });
    let gone = Subscription::new("cus_5", Status::Canceled).created(NOW - 900 * 86_400);
    world.subscription(gone.price("price_pro"));
    let rows: Vec<_> = (1..=6)
        .map(|number| format!("('usr_{number}', 'cus_{number}', true, null)"))
        .collect();
    let live = Live::new(world, Database::of_users(&rows.join(", ")), &contract(&[]));
    let ran = live.json().with_status(1);
    assert_eq!(ran.findings().len(), 6, "{ran:#?}");
    assert_eq!(ran.findings()[0], "wrongful-access user:usr_5");
    assert_eq!(live.stripe.counts()[&Endpoint::RetrieveCustomer], 3);
}

#[test]
fn a_listing_keeps_to_the_limits_of_the_provider() {
    let mut world = World::new(NOW);
    world.bulk(&Bulk {
        statuses: vec![(Status::Unpaid, 1)],
        ..Bulk::new(6_000)
    });
    let live = Live::new(
        world,
        Database::of_users("('usr_a', null, false, null)"),
        &contract(&[]),
    );
    live.stripe.limit(SANDBOX_LIMITS);
    live.check().with_status(0);
    let requests = live.stripe.requests();
    assert!(requests.len() > 60);
    let refused = requests
        .iter()
        .filter(|request| request.status.is_some_and(|status| status == 429));
    assert_eq!(refused.count(), 0);
}

#[test]
fn a_second_in_which_thousands_were_created_is_paged_to_its_end() {
    let busy = || Bulk {
        statuses: vec![(Status::Unpaid, 1)],
        spacing: 0,
        ..Bulk::new(2_500)
    };
    let quiet = |count| Bulk {
        statuses: vec![(Status::Unpaid, 1)],
        spacing: 3_600,
        ..Bulk::new(count)
    };
    for others in [0, 900] {
        let mut world = World::new(NOW);
        world.bulk(&quiet(others));
        world.bulk(&busy());
        let rows = Database::of_users("('usr_a', null, false, null)");
        let live = Live::new(world, rows, &contract(&[]));
        let ran = live.json().with_status(0);
        let listed = &ran.json()["summary"]["subscriptions"]["unpaid"];
        assert_eq!(*listed, 2_500 + others, "{ran:#?}");
        let requests = live.requests().len();
        assert!(requests <= 50, "{requests} requests beside {others} others");
    }
}
