//! Tests of the second read: a row that a webhook corrects in between is not reported.

use std::{
    net::{Shutdown, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use fake_stripe::{Customer, Endpoint, Fault, Feature, Status, Subscription, Times, World};
use testing::{database::Database, program::ProgramOutput};

use super::live::{Live, NOW, contract};

/// Returns a world in which Alice's and Bob's webhooks are late and Carol's row is right.
fn late(wait: &str) -> Live {
    let mut world = World::new(NOW);
    for name in ["alice", "bob", "carol"] {
        let subscription = Subscription::new(&format!("cus_{name}"), Status::Active);
        world.subscription(subscription.id(&format!("sub_{name}")).price("price_pro"));
    }
    let rows = "('usr_alice', 'cus_alice', false, null), ('usr_bob', 'cus_bob', false, null), \
                ('usr_carol', 'cus_carol', true, null)";
    Live::new(
        world,
        Database::of_users(rows),
        &contract(&[&format!("confirm_after: {wait}")]),
    )
}

/// Runs a check, and `change` between its two reads: when it connects to the database for the second time.
fn check_while(live: &Live, change: impl FnOnce() + Send) -> ProgramOutput {
    let front = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = front.local_addr().expect("an address").port();
    let server = live.database.url_of("reader");
    let address = (
        server.host_str().expect("a host").to_owned(),
        server.port().expect("a port"),
    );
    let next = move || {
        let (client, _) = front.accept().expect("a client");
        client
    };
    let pass = move |client: TcpStream| {
        let server = TcpStream::connect(&address).expect("the server");
        for (from, to) in [(&client, &server), (&server, &client)] {
            let (mut from, mut to) = (
                from.try_clone().expect("a clone"),
                to.try_clone().expect("a clone"),
            );
            thread::spawn(move || {
                std::io::copy(&mut from, &mut to).ok();
                to.shutdown(Shutdown::Write).ok();
            });
        }
    };
    let mut url = server.clone();
    url.set_port(Some(port)).expect("a port");
    thread::scope(|scope| {
        scope.spawn(move || {
            pass(next());
            let second = next();
            change();
            pass(second);
        });
        let program = live.program("check access --format json");
        let ran = live.run(program.variable("DATABASE_URL", url.as_str()));
        // Unblocks `accept` if there was no second read.
        TcpStream::connect(("127.0.0.1", port)).ok();
        ran
    })
}

fn set_right(live: &Live, id: &str) {
    live.database.run(&format!(
        "update users set has_paid_access = true where id = '{id}'"
    ));
}

#[test]
fn a_row_fixed_between_reads_settles() {
    let live = late("2s");
    let began = Instant::now();
    let ran = check_while(&live, || set_right(&live, "usr_alice")).with_status(1);
    assert!(began.elapsed() > Duration::from_secs(2), "it did not wait");
    assert_eq!(ran.findings(), ["revenue-leak user:usr_bob"]);
    assert_eq!(ran.json()["summary"]["settled"], 1);
    assert!(ran.stderr.contains("1 settled"), "{}", ran.stderr);
    live.stripe.clear_requests();
    let ran = check_while(&live, || set_right(&live, "usr_bob")).with_status(0);
    assert_eq!(ran.findings(), [""; 0]);
    assert_eq!(ran.json()["summary"]["settled"], 1);
    assert_eq!(ran.json()["verdict"], "pass");
}

#[test]
fn only_suspects_are_read_again() {
    let live = late("100ms");
    live.stripe.before_request(2, |world| {
        world.cancel_silently("sub_alice");
    });
    let ran = live.json().with_status(1);
    assert_eq!(ran.findings(), ["revenue-leak user:usr_bob"]);
    assert_eq!(ran.json()["summary"]["settled"], 1);
    // One request listed everything, so listing again takes fewer requests than looking up two customers.
    assert_eq!(live.requests(), ["/v1/subscriptions?limit=100"; 2]);

    set_right(&live, "usr_bob");
    live.stripe.clear_requests();
    live.stripe
        .world(|world| world.set_status_silently("sub_alice", Status::Active));
    live.json().with_status(1);
    assert_eq!(
        live.requests(),
        [
            "/v1/subscriptions?limit=100",
            "/v1/subscriptions?customer=cus_alice&status=all&limit=100"
        ]
    );
}

#[test]
fn a_second_read_that_fails_gives_no_verdict() {
    let live = late("100ms");
    live.stripe.fail(Fault::KeyRevoked, Times::From(2));
    let ran = live.check().unanswered();
    assert!(!ran.stdout.contains("[HIGH]"), "{ran:#?}");
}

#[test]
fn a_second_read_that_knows_nobody_gives_no_verdict() {
    let mut world = World::new(NOW);
    let mut rows = Vec::new();
    for number in 0..6 {
        let subscription = Subscription::new(&format!("cus_{number}"), Status::Active);
        world.subscription(subscription.price("price_pro"));
        let paid = number == 0;
        rows.push(format!("('usr_{number}', 'cus_{number}', {paid}, null)"));
    }
    let live = Live::new(
        world,
        Database::of_users(&rows.join(", ")),
        &contract(&["confirm_after: 100ms"]),
    );
    live.stripe.before_request(2, |world| {
        *world = World::new(NOW);
        world.livemode = true;
    });
    let ran = live.check().unanswered();
    assert!(!ran.stdout.contains("settled"), "{ran:#?}");
}

#[test]
fn without_a_wait_everything_is_read_once() {
    let live = late("0");
    let ran = live.json().with_status(1);
    assert_eq!(ran.findings().len(), 2);
    assert_eq!(
        live.stripe.counts(),
        [(Endpoint::ListSubscriptions, 1)].into()
    );
    // No second read either if nothing was found.
    let live = late("10s");
    live.database.run("update users set has_paid_access = true");
    live.check().with_status(0);
    assert_eq!(
        live.stripe.counts(),
        [(Endpoint::ListSubscriptions, 1)].into()
    );
}

#[test]
fn findings_settle_by_other_rows_too() {
    let live = late("100ms");
    live.database.run("update users set has_paid_access = true");
    live.database
        .run("insert into users values ('usr_dave', 'cus_dave', true, null)");
    live.stripe.world(|world| {
        world.customer(Customer::new("cus_dave"));
        world.subscription(Subscription::new("cus_erin", Status::Active).price("price_pro"));
        world.subscription(Subscription::new("cus_fred", Status::Active).price("price_pro"));
    });
    let first = live.run(live.program("check access --format json --now 2026-11-23T00:00:00Z"));
    assert_eq!(
        first.findings(),
        [
            "no-subscription user:usr_dave",
            "orphan-subscription customer:cus_erin",
            "orphan-subscription customer:cus_fred"
        ]
    );
    live.stripe.clear_requests();
    let ran = check_while(&live, || {
        live.database
            .run("insert into users values ('usr_erin', 'cus_erin', true, null)");
        live.stripe.world(|world| {
            world.subscription(Subscription::new("cus_dave", Status::Active).price("price_pro"))
        });
    });
    assert_eq!(
        ran.with_status(0).findings(),
        ["orphan-subscription customer:cus_fred"]
    );
}

#[test]
fn an_account_that_is_deleted_in_between_is_not_a_finding() {
    let live = late("100ms");
    let ran = check_while(&live, || {
        live.database
            .run("delete from users where id <> 'usr_carol'");
    });
    // Only the second read sees the orphans that this leaves.
    let ran = ran.with_status(0);
    assert_eq!(ran.findings(), [""; 0]);
    assert_eq!(ran.json()["summary"]["settled"], 2);
}

#[test]
fn a_finding_that_changes_its_rule_is_kept() {
    let live = late("100ms");
    live.database.run("update users set has_paid_access = true");
    live.database
        .run("insert into users values ('usr_dave', 'cus_dave', true, null)");
    live.stripe
        .world(|world| world.customer(Customer::new("cus_dave")));
    let ran = check_while(&live, || {
        live.stripe.world(|world| {
            let ended = Subscription::new("cus_dave", Status::Canceled);
            world.subscription(ended.price("price_pro"));
        });
    });
    assert_eq!(
        ran.with_status(1).findings(),
        ["wrongful-access user:usr_dave"]
    );
}

#[test]
fn a_customer_changed_between_reads_counts() {
    let live = late("100ms");
    live.database.run("update users set has_paid_access = true");
    live.database
        .run("insert into users values ('usr_dave', 'cus_dave', true, null)");
    live.stripe
        .world(|world| world.customer(Customer::new("cus_dave")));
    let ran = check_while(&live, || {
        live.stripe.world(|world| {
            let bought = Subscription::new("cus_erin", Status::Active);
            world.subscription(bought.price("price_pro"));
        });
        live.database
            .run("update users set stripe_customer_id = 'cus_erin' where id = 'usr_dave'");
    });
    assert_eq!(ran.with_status(0).findings(), [""; 0]);
}

#[test]
fn the_wait_is_reported_outside_the_report_for_programs() {
    let live = late("100ms");
    let ran = live.json().with_status(1);
    let confirming =
        "2 findings so far. Reading them again in 100ms, because webhooks lag (`confirm_after`)\n";
    assert_eq!(ran.stderr.matches(confirming).count(), 1, "{}", ran.stderr);
    assert_eq!(ran.findings().len(), 2);
    live.database
        .run("update users set has_paid_access = true where id <> 'usr_bob'");
    live.json()
        .with_status(1)
        .says(&["1 finding so far. Reading it again in 100ms"]);
}

/// Returns the world of [`late`], in which rows store subscriptions instead of customers.
fn late_by_subscription() -> Live {
    let live = late("100ms");
    live.database
        .run("alter table users rename stripe_customer_id to stripe_subscription_id");
    live.database.run(
        "update users set stripe_subscription_id = replace(stripe_subscription_id, 'cus_', 'sub_')",
    );
    let by_subscription = contract(&["confirm_after: 100ms"])
        .replace(
            "stripe_customer_id: stripe_customer_id",
            "subscription_id: stripe_subscription_id",
        )
        .replace(
            "      columns:",
            "      match_on: subscription_id\n      columns:",
        );
    live.configure(&by_subscription);
    live
}

#[test]
fn a_stored_subscription_of_the_other_mode_is_unknown() {
    let live = late_by_subscription();
    let row = "insert into users (id, stripe_subscription_id, has_paid_access) values ('usr_dave', 'sub_dave', true)";
    live.database.run(row);
    live.stripe
        .world(|world| world.other_mode.insert("sub_dave".into()));
    let ran = check_while(&live, || set_right(&live, "usr_alice")).with_status(1);
    assert_eq!(
        ran.findings(),
        ["revenue-leak user:usr_bob", "no-subscription user:usr_dave"]
    );
    // Without any known subscription, the key is wrong.
    live.database
        .run("delete from users where id <> 'usr_dave'");
    let ran = live.run(live.program("check access")).with_status(2);
    ran.says(&["error[mode-mismatch]", "sub_dave"]);
}

#[test]
fn accounts_that_store_only_a_subscription_are_read_again_too() {
    let live = late_by_subscription();
    let ran = check_while(&live, || set_right(&live, "usr_alice")).with_status(1);
    assert_eq!(ran.findings(), ["revenue-leak user:usr_bob"]);
    assert_eq!(ran.json()["summary"]["settled"], 1);
}

#[test]
fn entitlements_are_read_again_too() {
    let mut world = World::new(NOW);
    world.feature(Feature::new("feat_reports", "reports"));
    world.entitle("cus_alice", "feat_reports");
    world.entitle("cus_bob", "feat_reports");
    world.customer(Customer::new("cus_carol"));
    let rows = "('usr_alice', 'cus_alice', false, null), ('usr_bob', 'cus_bob', true, null), \
                ('usr_carol', 'cus_carol', true, null)";
    let entitlements = contract(&[
        "confirm_after: 100ms",
        "source_of_truth: stripe_entitlements",
    ])
    .replace("    stripe: {", "    entitlements: {");
    let live = Live::new(world, Database::of_users(rows), &entitlements);
    let ran = check_while(&live, || {
        live.stripe
            .world(|world| world.entitle("cus_carol", "feat_reports"));
    });
    let ran = ran.with_status(1);
    assert_eq!(ran.findings(), ["revenue-leak user:usr_alice"]);
    assert_eq!(ran.json()["summary"]["settled"], 1);
    let requests: Vec<_> = live.requests().split_off(3);
    assert_eq!(
        requests.len(),
        2,
        "only the two customers that findings are about: {requests:?}"
    );
}

/// The provider changes all the time, and the database follows each change at a different time within the window.
#[test]
fn no_finding_survives_that_settles_within_the_window() {
    let mut world = World::new(NOW);
    for number in 0..24 {
        let subscription = Subscription::new(&format!("cus_{number}"), Status::Active);
        world.subscription(subscription.id(&format!("sub_{number}")).price("price_pro"));
    }
    let row = |number| format!("('usr_{number}', 'cus_{number}', true, null)");
    let rows: Vec<_> = (0..24).map(row).collect();
    let live = Live::new(
        world,
        Database::of_users(&rows.join(", ")),
        &contract(&["confirm_after: 1s"]),
    );
    // A real finding among them, which nothing corrects.
    live.database
        .run("insert into users values ('usr_real', 'cus_real', true, null)");
    live.stripe
        .world(|world| world.customer(Customer::new("cus_real")));
    let cancel = |number: u32| {
        let id = format!("sub_{number}");
        live.stripe
            .world(|world| world.set_status_silently(&id, Status::Canceled));
    };
    let hear = |number: u32| {
        live.database.run(&format!(
            "update users set has_paid_access = false where id = 'usr_{number}'"
        ));
    };
    // The database follows the first ones between the two reads, the others before, between or during the first read.
    (0..4).for_each(cancel);
    let changes = || {
        thread::scope(|scope| {
            for number in 4..24 {
                cancel(number);
                scope.spawn(move || {
                    thread::sleep(Duration::from_millis(u64::from(number * 7 % 24) * 20));
                    hear(number);
                });
                thread::sleep(Duration::from_millis(20));
            }
        });
    };
    let ran = thread::scope(|scope| {
        let others = scope.spawn(changes);
        check_while(&live, || {
            (0..4).for_each(hear);
            others.join().expect("every change is heard of");
        })
    });
    let ran = ran.with_status(1);
    assert_eq!(ran.findings(), ["no-subscription user:usr_real"]);
    let settled = ran.json()["summary"]["settled"].as_u64().expect("a number");
    assert!(settled >= 4, "{settled} were late: {ran:#?}");
}
