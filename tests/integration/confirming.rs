//! Two reads before accusing: what a webhook sets right in between is no finding.

use std::{thread, time::Duration};

use prodverdict::fake_stripe::{Endpoint, Fault, Status, Subscription, Times, World};

use crate::{
    database::Database,
    live::{Live, NOW, contract},
    program::Ran,
};

/// Alice's and Bob's webhooks are late; Carol's row is right.
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

/// Runs a check, and `change` as soon as the provider was read.
fn check_while(live: &Live, change: impl FnOnce() + Send) -> Ran {
    thread::scope(|scope| {
        scope.spawn(move || {
            while live
                .stripe
                .requests()
                .iter()
                .all(|request| request.status.is_none())
            {
                thread::sleep(Duration::from_millis(20));
            }
            // The accounts were asked for at the same time.
            thread::sleep(Duration::from_millis(500));
            change();
        });
        live.json()
    })
}

fn set_right(live: &Live, id: &str) {
    live.database.run(&format!(
        "update users set has_paid_access = true where id = '{id}'"
    ));
}

#[test]
fn a_row_that_is_set_right_in_between_settles_and_real_drift_stays() {
    let live = late("2s");
    let ran = check_while(&live, || set_right(&live, "usr_alice")).with_status(1);
    assert_eq!(ran.findings(), ["revenue-leak user:usr_bob"]);
    assert_eq!(ran.json()["summary"]["settled"], 1);
    assert!(ran.stderr.contains("1 settled"), "{}", ran.stderr);
    live.stripe.forget_requests();
    let ran = check_while(&live, || set_right(&live, "usr_bob")).with_status(0);
    assert_eq!(ran.findings(), [""; 0]);
    assert_eq!(ran.json()["summary"]["settled"], 1);
    assert_eq!(ran.json()["verdict"], "pass");
}

#[test]
fn a_provider_that_changes_in_between_settles_it_too_and_only_what_looks_wrong_is_asked_for_again()
{
    let live = late("100ms");
    live.stripe.before_request(2, |world| {
        world.cancel("sub_alice");
    });
    let ran = live.json().with_status(1);
    assert_eq!(ran.findings(), ["revenue-leak user:usr_bob"]);
    assert_eq!(ran.json()["summary"]["settled"], 1);
    // One request listed everything, so listing it again takes fewer than asking for two customers.
    assert_eq!(live.asked(), ["/v1/subscriptions?status=all&limit=100"; 2]);

    set_right(&live, "usr_bob");
    live.stripe.forget_requests();
    live.stripe
        .world(|world| world.set_status("sub_alice", Status::Active));
    live.json().with_status(1);
    assert_eq!(
        live.asked(),
        [
            "/v1/subscriptions?status=all&limit=100",
            "/v1/subscriptions?customer=cus_alice&status=all&limit=100"
        ]
    );
}

#[test]
fn a_second_read_that_fails_is_no_verdict() {
    let live = late("100ms");
    live.stripe.fail(Fault::KeyRevoked, Times::From(2));
    let ran = live.check().unanswered();
    assert!(!ran.stdout.contains("[HIGH]"), "{ran:#?}");
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
    // Nor twice where nothing was found.
    let live = late("10s");
    live.database.run("update users set has_paid_access = true");
    live.check().with_status(0);
    assert_eq!(
        live.stripe.counts(),
        [(Endpoint::ListSubscriptions, 1)].into()
    );
}
