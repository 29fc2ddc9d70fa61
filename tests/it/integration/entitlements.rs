//! Entitlements of many customers: a few requests read them, and the findings are those of asking for each.

use fake_stripe::{
    Customer, Endpoint, Event, Fault, Feature, Item, Key, Permission, Price, Product, Status,
    Subscription, Times, World,
};
use serde_json::json;
use testing::{
    database::Database,
    program::{KEY, ProgramOutput},
};

use super::live::{Live, NOW, contract};

const DAY: i64 = 86_400;
const CUSTOMERS: usize = 2_000;

/// Numbers of the customers whose rows are wrong: two of old subscribers, one of a new subscriber, one of a former one.
const WRONG: [usize; 4] = [17, 430, 1_990, 999];

/// The findings about all of them but the first.
const EXCEPT_THE_FIRST: [&str; 3] = [
    "revenue-leak user:usr_0430",
    "revenue-leak user:usr_1990",
    "no-subscription user:usr_0999",
];

/// Number of requests of the first read.
const FIRST_READ: u64 = 28;

/// Names of the products, each with one feature.
const PRODUCTS: [&str; 3] = ["basic", "pro", "team"];

fn has_ended(number: usize) -> bool {
    number % 100 == 99
}

/// Subscribers of three products by the month, all of whose periods began within the month, some of them new, some former
/// ones, and rows for them.
fn business(more: &[&str]) -> Live {
    business_with(&[], more)
}

/// Returns the same business, in which these subscribers are entitled to nothing.
fn business_with(unentitled: &[usize], more: &[&str]) -> Live {
    let mut world = World::new(NOW);
    for name in PRODUCTS {
        world.feature(Feature::new(&format!("feat_{name}"), name));
        let mut product = Product::new(&format!("prod_{name}"), name);
        product.features = vec![format!("feat_{name}").into()];
        world.product(product);
        let mut price = Price::monthly(&format!("price_{name}"), 900);
        price.product = format!("prod_{name}").into();
        world.price(price);
    }
    let mut rows = Vec::new();
    for number in 0..CUSTOMERS {
        let customer = format!("cus_{number:04}");
        let name = PRODUCTS[number % PRODUCTS.len()];
        // The last customers came within the month, about which Stripe's log tells.
        let is_new = number >= CUSTOMERS - 30;
        let age = i64::try_from(CUSTOMERS - number).expect("a small number");
        let created = if is_new {
            NOW - age * DAY / 2
        } else {
            NOW - (60 + age / 3) * DAY
        };
        world.clock = created;
        world.customer(Customer::new(&customer).created(created));
        let status = if has_ended(number) {
            Status::Canceled
        } else {
            Status::Active
        };
        let begin = if is_new {
            created
        } else {
            NOW - (1 + age % 28) * DAY
        };
        let item = Item::new(&format!("price_{name}")).period(begin, begin + 30 * DAY);
        let subscription = Subscription::new(&customer, status).created(created);
        let subscription = world.subscription(subscription.item(item));
        let reason = if is_new { "create" } else { "cycle" };
        world.draft_invoice(&subscription, &format!("subscription_{reason}"));
        if !has_ended(number) && !unentitled.contains(&number) {
            let features = [format!("feat_{name}").into()];
            world
                .change_entitlements(&customer, &features)
                .expect("both exist");
        }
        let paid = has_ended(number) == WRONG.contains(&number);
        rows.push(format!("('usr_{number:04}', '{customer}', {paid}, null)"));
    }
    world.clock = NOW;
    let source = [
        "source_of_truth: stripe_entitlements",
        "requests_per_second: 1000",
    ];
    let contract = contract(&[&source, more].concat());
    let contract = contract.replace("    stripe: {", "    entitlements: {");
    Live::new(world, Database::of_users(&rows.join(", ")), &contract)
}

fn check(live: &Live, arguments: &str) -> ProgramOutput {
    let now = jiff::Timestamp::from_second(NOW).expect("a time");
    let program = live.program(&format!("check access {arguments} --now"));
    live.run(program.argument(now.to_string()))
}

fn allow(live: &Live, permissions: &[Permission]) {
    let key = Key::restricted(KEY, permissions.iter().copied());
    live.stripe.world(|world| world.keys.add(key));
}

#[test]
fn two_thousand_customers_take_under_thirty_requests() {
    let live = business(&[]);
    let derived = check(&live, "--format json").with_status(1);
    assert_eq!(
        derived.findings(),
        [
            "revenue-leak user:usr_0017",
            "revenue-leak user:usr_0430",
            "revenue-leak user:usr_1990",
            "no-subscription user:usr_0999",
        ]
    );
    let counts = live.stripe.counts();
    let requests = live.stripe.requests().len();
    assert!(requests < 30 + WRONG.len(), "{counts:?}");
    // One for the first customer of each product, and one for each suspect.
    let asked = counts[&Endpoint::ListActiveEntitlements];
    assert_eq!(asked, PRODUCTS.len() + WRONG.len(), "{counts:?}");

    // A key that may read nothing else makes the check ask for each.
    allow(&live, &[Permission::EntitlementRead]);
    let asked = check(&live, "--format json").with_status(1);
    let findings = |ran: &ProgramOutput| ran.json()["findings"].to_string();
    assert_eq!(findings(&derived), findings(&asked));
    assert!(live.stripe.requests().len() - requests > CUSTOMERS);
}

#[test]
fn customers_of_an_unmapped_feature_are_asked_about() {
    let live = business(&[
        "plans: { basic: basic, pro: pro }",
        "rules: { plan-drift: off }",
    ]);
    let ran = check(&live, "--format json").with_status(1);
    assert_eq!(
        ran.findings(),
        [
            "revenue-leak user:usr_0430",
            "revenue-leak user:usr_1990",
            "no-subscription user:usr_0999",
            "unmapped-feature feature:team",
        ]
    );
    // One for each product, one for each account, and three whom the finding about the feature names.
    let asked = live.stripe.counts()[&Endpoint::ListActiveEntitlements];
    assert_eq!(asked, PRODUCTS.len() + 3 + 3);
}

#[test]
fn a_second_read_takes_one_request_for_each_suspect() {
    let live = business(&["confirm_after: 100ms", "evidence: on"]);
    let ran = check(&live, "--format json").with_status(1);
    assert_eq!(ran.findings().len(), WRONG.len());
    let counts = live.stripe.counts();
    let asked = counts[&Endpoint::ListActiveEntitlements];
    assert_eq!(asked, PRODUCTS.len() + WRONG.len(), "{counts:?}");
    // The events behind findings take up to five more.
    let read = live.stripe.requests().len() - counts[&Endpoint::ListEvents];
    assert!(read < 30 + WRONG.len(), "{counts:?}");
    assert!(counts[&Endpoint::ListEvents] <= 1 + 5, "{counts:?}");
}

/// Ends the subscription of a suspect after the lists were read.
fn end_a_suspects_subscription(live: &Live) {
    live.stripe.before_request(FIRST_READ + 1, |world| {
        world
            .change_entitlements("cus_0017", &[])
            .expect("it exists");
    });
}

#[test]
fn without_events_a_change_puts_all_alike_in_doubt() {
    let live = business(&["confirm_after: 100ms"]);
    end_a_suspects_subscription(&live);
    let broken = Fault::ServerError {
        status: 500,
        should_retry: Some(false),
    };
    live.stripe
        .fail_at(Endpoint::ListEvents, broken, Times::From(2));
    let ran = check(&live, "--format json").with_status(1);
    assert_eq!(ran.findings(), EXCEPT_THE_FIRST);
    let asked = live.stripe.counts()[&Endpoint::ListActiveEntitlements];
    assert!(asked > CUSTOMERS / PRODUCTS.len());
}

#[test]
fn a_change_between_the_reads_puts_nobody_else_in_doubt() {
    let live = business(&["confirm_after: 100ms"]);
    end_a_suspects_subscription(&live);
    let ran = check(&live, "--format json").with_status(1);
    assert_eq!(ran.findings(), EXCEPT_THE_FIRST);
    assert_eq!(ran.json()["summary"]["settled"], 1);
    let asked = live.stripe.counts()[&Endpoint::ListActiveEntitlements];
    assert_eq!(asked, PRODUCTS.len() + WRONG.len());
}

#[test]
fn an_answer_that_differs_puts_all_alike_in_doubt() {
    for (wait, reads) in [("0", 1), ("100ms", 2)] {
        let live = business(&[&format!("confirm_after: {wait}")]);
        let former: Vec<_> = (0..CUSTOMERS).filter(|number| has_ended(*number)).collect();
        // They bought something once, so nothing but Stripe's answer says that they may use it.
        live.stripe.world(|world| {
            // Except for one, who has access, too.
            for number in former.iter().filter(|number| **number != 99) {
                world.entitle(&format!("cus_{number:04}"), "feat_basic");
            }
        });
        live.database
            .run("update users set has_paid_access = true where id = 'usr_0099'");
        let ran = check(&live, "--format json").with_status(1);
        let findings = ran.findings();
        let leaks = findings
            .iter()
            .filter(|finding| finding.starts_with("revenue-leak"));
        // Of the former customers, Stripe is asked first about the two who have access.
        assert_eq!(leaks.count(), former.len() - 2 + 3);
        assert_eq!(findings.len(), former.len() - 2 + 4);
        assert_eq!(ran.json()["summary"]["settled"], 0);
        let confirmed = (reads - 1) * findings.len();
        let asked = live.stripe.counts()[&Endpoint::ListActiveEntitlements];
        assert_eq!(asked, PRODUCTS.len() + 3 + former.len() + confirmed);
    }
}

#[test]
fn a_correction_that_reveals_another_is_followed() {
    for wait in ["0", "100ms"] {
        // Two subscribers lack what their product gives, and one of them has bought something with another customer.
        let live = business_with(&[17, 20], &[&format!("confirm_after: {wait}")]);
        live.stripe
            .world(|world| world.entitle("cus_0199", "feat_basic"));
        live.database.run(
            "delete from users where id = 'usr_0199';
             alter table users alter stripe_customer_id type text[] using array[stripe_customer_id];
             update users set stripe_customer_id = array['cus_0020', 'cus_0199'] where id = 'usr_0020'",
        );
        let ran = check(&live, "--format json").with_status(1);
        assert_eq!(ran.findings(), EXCEPT_THE_FIRST);
    }
}

#[test]
fn an_event_that_cannot_be_read_is_named_and_everybody_asked_about() {
    let live = business(&[]);
    live.stripe.world(|world| {
        world.event(Event {
            id: "evt_\u{1b}[31mred".into(),
            created: NOW,
            kind: "entitlements.active_entitlement_summary.updated".into(),
            api_version: "2026-10-28.endive".into(),
            object: json!({"object": "entitlements.active_entitlement_summary"}),
            previous_attributes: None,
            request: None,
            idempotency_key: None,
            pending_webhooks: 0,
        });
    });
    let ran = check(&live, "").with_status(1);
    assert!(!ran.stderr.contains('\u{1b}'), "{}", ran.stderr);
    ran.says(&[
        "red: ",
        "one for each customer, because an event cannot be read",
    ]);
    let asked = live.stripe.counts()[&Endpoint::ListActiveEntitlements];
    assert_eq!(asked, CUSTOMERS);
}

#[test]
fn the_cost_of_many_entitlements_is_said_before() {
    let live = business(&[]);
    let plan = check(&live, "--plan").with_status(0);
    plan.says(&[
        "to list subscriptions that are not canceled",
        "to list changes of entitlements in the last 30 days",
        "to list features of products",
        "to list entitlements of customers that these lists do not decide",
        "one more  for each customer whose account disagrees",
        "1 %  of the 10000 requests",
    ]);
    assert!(live.stripe.requests().len() < 15);
    let ran = check(&live, "").with_status(1);
    ran.says(&[
        "Stripe: about 2",
        ", 1 % of what a small account may read in a month",
    ]);
}

#[test]
fn a_missing_permission_for_few_requests_is_named() {
    let live = business(&[]);
    let granted = [
        Permission::EntitlementRead,
        Permission::SubscriptionRead,
        Permission::InvoiceRead,
        Permission::ProductRead,
        Permission::EventRead,
    ];
    for (missing, objects) in [
        (Permission::SubscriptionRead, "subscriptions"),
        (Permission::InvoiceRead, "invoices"),
        (Permission::ProductRead, "products"),
        (Permission::EventRead, "events"),
    ] {
        allow(
            &live,
            &granted.map(|one| {
                if one == missing {
                    Permission::EntitlementRead
                } else {
                    one
                }
            }),
        );
        let before = live.stripe.counts();
        let ran = check(&live, "").with_status(1);
        ran.says(&[
            "Stripe: about 200",
            " requests, ",
            &format!("the key may not read {objects}, so the entitlements of each customer were read separately"),
            &format!("(`rak_{}`)", missing.slug()),
        ]);
        let list = Endpoint::ListActiveEntitlements;
        let asked = live.stripe.counts()[&list] - before.get(&list).copied().unwrap_or_default();
        assert_eq!(asked, CUSTOMERS);
    }
}

#[test]
fn many_entitlements_are_not_read_over_the_limit() {
    let live = business(&["max_requests: 20"]);
    let ran = check(&live, "").unanswered();
    ran.says(&["but `max_requests` allows 20"]);
    assert!(live.stripe.requests().len() <= 20);
}
