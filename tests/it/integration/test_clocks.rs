//! Customers on test clocks, which plain listings do not include: they are counted, not judged.

use fake_stripe::{Key, Permission, Status, Subscription, TestClock, World};
use testing::{
    database::Database,
    program::{Program, TEST_KEY},
};

use super::live::{Live, NOW, contract};

/// One customer without the clock, and three on it: a right row, a leak and an overdue one.
fn clocked() -> Live {
    let mut world = World::new(NOW);
    world.test_clock(TestClock {
        id: "clock_1".into(),
        created: NOW - 86_400,
        frozen_time: NOW,
        name: None,
    });
    let subscription =
        |customer: &str, status| Subscription::new(customer, status).price("price_pro");
    world.subscription(subscription("cus_1", Status::Active));
    for (customer, status) in [
        ("cus_2", Status::Active),
        ("cus_3", Status::Active),
        ("cus_4", Status::PastDue),
    ] {
        let on_clock = subscription(customer, status);
        world.subscription(on_clock.with(|details| details.test_clock = Some("clock_1".into())));
    }
    let rows = "('u1', 'cus_1', true, 'pro'), ('u2', 'cus_2', true, 'pro'), \
                ('u3', 'cus_3', false, 'free'), ('u4', 'cus_4', true, 'pro'), ('u5', null, false, null)";
    let plans = "plans: { price_pro: pro }";
    let live = Live::new(world, Database::of_users(rows), &contract(&[plans]));
    live.stripe.world(|world| world.livemode = false);
    live
}

fn program(live: &Live, arguments: &str) -> Program {
    let program = live.program(arguments);
    program.variable("STRIPE_SECRET_KEY", TEST_KEY)
}

#[test]
fn nobody_on_a_test_clock_is_accused() {
    let live = clocked();
    let ran = live
        .run(program(&live, "check access --format json"))
        .with_status(0);
    assert_eq!(ran.findings(), [""; 0]);
    let ran = live.run(program(&live, "check access")).with_status(0);
    assert!(ran.all().contains("test clock"), "{}", ran.all());
}

#[test]
fn test_clocks_that_may_not_be_read_are_reported() {
    let live = clocked();
    let may = [Permission::SubscriptionRead, Permission::CustomerRead];
    live.stripe
        .world(|world| world.keys.add(Key::restricted(TEST_KEY, may)));
    let ran = live.run(program(&live, "check access")).with_status(0);
    ran.says(&[
        "subscriptions on test clocks were not listed",
        "rak_billing_clock_read",
    ]);
}
