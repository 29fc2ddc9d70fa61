//! Incomplete data is never judged: status 2, advice, and never the word "pass".

use fake_stripe::{
    Bulk, Customer, Fault, Key, Keys, MalformedList, Permission, Status, Subscription, Times, World,
};
use testing::{
    database::Database,
    program::{KEY, ProgramOutput},
};

use super::live::{Live, NOW, contract, contract_with};

/// Three pages of subscriptions, and an account without a customer: a part of it would pass.
fn three_pages() -> Live {
    let mut world = World::new(NOW);
    world.bulk(&Bulk {
        statuses: vec![(Status::Unpaid, 1)],
        ..Bulk::new(250)
    });
    Live::new(
        world,
        Database::of_users("('usr_a', null, false, null)"),
        &contract(&[]),
    )
}

/// One customer who pays and has access.
fn one_customer() -> Live {
    let mut world = World::new(NOW);
    world.subscription(Subscription::new("cus_a", Status::Active).price("price_pro"));
    Live::new(
        world,
        Database::of_users("('usr_a', 'cus_a', true, 'pro')"),
        &contract(&[]),
    )
}

/// Six paid accounts whose customers have no subscription at the provider.
fn strangers() -> Live {
    let mut world = World::new(NOW);
    world.subscription(Subscription::new("cus_else", Status::Active).price("price_pro"));
    let rows: Vec<_> = (1..=6)
        .map(|number| format!("('usr_{number}', 'cus_{number}', true, 'pro')"))
        .collect();
    Live::new(
        world,
        Database::of_users(&rows.join(", ")),
        &contract(&["rules: { orphan-subscription: off }"]),
    )
}

#[test]
fn the_same_world_passes_when_every_page_comes() {
    three_pages().check().with_status(0).says(&[
        "VERDICT: PASS\n",
        "Read 1 account (0 linked, 0 exempt) and 250",
    ]);
    one_customer()
        .check()
        .with_status(0)
        .says(&["VERDICT: PASS\n"]);
}

#[test]
fn a_page_that_fails_for_good_leaves_no_verdict() {
    let faults = [
        Fault::ServerError {
            status: 500,
            should_retry: Some(false),
        },
        Fault::KeyRevoked,
        Fault::HtmlBody(404),
        Fault::EmptyBody(302),
        Fault::MalformedList(MalformedList::HasMoreWithoutData),
        Fault::MalformedList(MalformedList::RepeatedPage),
    ];
    let live = three_pages();
    for fault in faults {
        for page in [2, 3] {
            live.stripe.heal();
            live.stripe.fail(fault.clone(), Times::From(page));
            let ran = live.check().unanswered();
            assert!(ran.stdout.contains("fix: "), "{fault:?}: {ran:#?}");
        }
    }
}

#[test]
fn json_has_the_verdict_error_if_a_page_fails() {
    let live = three_pages();
    live.stripe.fail(Fault::KeyRevoked, Times::Nth(3));
    let ran = live.json().with_status(2);
    let report = ran.json();
    assert_eq!(report["verdict"], "error");
    assert_eq!(report["contracts"][0]["verdict"], "error");
    assert!(!ran.all().contains("\"pass\""), "{ran:#?}");
    assert!(
        report["contracts"][0]["problem"]["hint"]
            .as_str()
            .is_some_and(|hint| !hint.is_empty()),
        "{ran:#?}"
    );
}

fn with_key(live: &Live, key: &str) -> ProgramOutput {
    live.run(
        live.program("check access")
            .variable("STRIPE_SECRET_KEY", key),
    )
}

#[test]
fn the_advice_for_a_revoked_key_has_the_permissions_it_needs() {
    let live = one_customer();
    live.stripe.fail(Fault::KeyRevoked, Times::Always);
    let source = "    source_of_truth: stripe_entitlements\n    entitlements: {";
    let entitlements = contract(&[]).replace("    stripe: {", source);
    for (configuration, permission) in [
        (contract(&[]), "rak_subscription_read"),
        (entitlements, "rak_entitlement_read"),
    ] {
        live.configure(&configuration);
        live.check().unanswered().says(&[
            "the key is wrong or was revoked",
            &format!("apikeys/create?name=ProdVerdict&permissions[]={permission}"),
        ]);
    }
}

#[test]
fn a_key_that_does_not_fit_is_named_by_its_kind() {
    let live = one_customer();
    live.stripe
        .world(|world| world.keys.add(Key::unrestricted(KEY)));
    with_key(&live, "rk_test_51CanaryOfAnotherKeyQzWx")
        .unanswered()
        .says(&["401", "the key is wrong or was revoked"]);
    with_key(&live, "pk_test_51CanaryOfTheKeyQzWx")
        .unanswered()
        .says(&["publishable", "restricted key"]);
    with_key(&live, "whsec_CanaryOfTheKeyQzWx")
        .unanswered()
        .says(&["fix: "]);
    with_key(&live, "CanaryOfNoKindQzWx")
        .unanswered()
        .says(&["fix: "]);
    with_key(&live, "rk_test_51Canary OfTheKeyQzWx")
        .unanswered()
        .says(&["fix: "]);
    live.stripe
        .world(|world| world.keys.add(Key::unrestricted(KEY).expired()));
    live.check().unanswered().says(&["fix: create a new key"]);
    live.stripe.world(|world| {
        world
            .keys
            .add(Key::unrestricted(KEY).from_another_address_only());
    });
    live.check().unanswered().says(&["address"]);
}

#[test]
fn a_missing_permission_is_named() {
    let live = one_customer();
    for old in [false, true] {
        let key = Key::restricted(KEY, [Permission::CustomerRead]);
        let key = if old { key.with_old_wording() } else { key };
        live.stripe.world(|world| world.keys.add(key));
        live.check()
            .unanswered()
            .says(&["set `Subscriptions` to Read", "rak_subscription_read"]);
    }
}

#[test]
fn live_and_test_are_never_mixed() {
    let live = one_customer();
    live.configure(&contract(&["mode: test"]));
    live.check().unanswered().says(&["`mode: test`"]);
    assert_eq!(
        live.requests(),
        [""; 0],
        "a key of the wrong mode is not sent"
    );
    let live = one_customer();
    live.configure(&contract(&["mode: live"]));
    with_key(&live, "rk_live_51CanaryOfTheKeyQzWx").with_status(0);
    live.configure(&contract(&["mode: test"]));
    with_key(&live, "rk_live_51CanaryOfTheKeyQzWx")
        .unanswered()
        .says(&["`mode: test`"]);
}

#[test]
fn missing_credentials_are_named_all_at_once() {
    let live = one_customer();
    let none = live
        .program("check access")
        .without("STRIPE_SECRET_KEY")
        .without("DATABASE_URL");
    live.run(none)
        .unanswered()
        .says(&["`STRIPE_SECRET_KEY` and `DATABASE_URL`"]);
    let empty = live.program("check access").variable("DATABASE_URL", "  ");
    let ran = live.run(empty).unanswered().says(&["`DATABASE_URL`"]);
    assert!(!ran.all().contains("STRIPE_SECRET_KEY"), "{ran:#?}");
}

#[test]
fn a_key_is_not_sent_over_plain_http_to_a_public_host() {
    let live = one_customer();
    for base in [
        "http://api.stripe.com",
        "http://93.184.216.34:80",
        "ftp://127.0.0.1",
        "nonsense",
    ] {
        let program = live
            .program("check access")
            .variable("STRIPE_API_BASE", base);
        live.run(program).unanswered().says(&["https://"]);
    }
    let base = live
        .stripe
        .base_url()
        .replace("http://", "http://me:CanaryInTheUrl@");
    let program = live
        .program("check access")
        .variable("STRIPE_API_BASE", &base);
    live.run(program).unanswered();
    assert_eq!(live.requests(), [""; 0]);
}

#[test]
fn an_unusable_database_is_reported_with_the_reason() {
    let live = one_customer();
    let with_url = |url: &str| {
        live.run(live.program("check access").variable("DATABASE_URL", url))
            .unanswered()
    };
    let mut url = live.database.url_of("reader");
    url.set_password(Some("CanaryOfAWrongPassword"))
        .expect("a password");
    with_url(url.as_str()).says(&["the password of user"]);
    let mut url = live.database.url_of("reader");
    url.set_path("/no_such_database");
    with_url(url.as_str()).says(&["no database `no_such_database`"]);
    let mut url = live.database.url_of("reader");
    url.set_port(Some(1)).expect("a port");
    with_url(url.as_str()).says(&["127.0.0.1:1", "nothing accepts connections there"]);
    let mut url = live.database.url_of("reader");
    url.set_host(Some("no-such-host.invalid")).expect("a host");
    with_url(url.as_str()).says(&["its host has no address"]);
    with_url("mysql://me:CanaryInTheUrl@localhost/x").says(&["MySQL", "Postgres"]);
    with_url("CanaryAlone").says(&["fix: "]);
}

#[test]
fn a_hidden_table_is_reported_with_the_grant() {
    let live = one_customer();
    live.database
        .run("alter table users enable row level security");
    live.check()
        .unanswered()
        .says(&["row-level security", "create policy", "bypassrls"]);
    let live = one_customer();
    live.database.run(&format!(
        "revoke select on users from {}_reader",
        live.database.name
    ));
    live.check()
        .unanswered()
        .says(&["may not read", "grant select on"]);
}

#[test]
fn a_missing_table_has_a_suggestion() {
    let live = one_customer();
    live.database.run("alter table users rename to usres");
    live.check()
        .unanswered()
        .says(&["`users`", "did you mean `usres`?"]);
    live.database.run("alter table usres rename to users; alter table users rename has_paid_access to has_paid_acces");
    live.check()
        .unanswered()
        .says(&["`has_paid_access`", "did you mean `has_paid_acces`?"]);
}

#[test]
fn an_empty_table_does_not_pass_unless_allowed() {
    let live = one_customer();
    live.database.run("delete from users");
    live.check().unanswered().says(&["allow_empty"]);
    live.configure(&contract(&["allow_empty: true"]));
    live.check()
        .with_status(0)
        .says(&["[MEDIUM] customer:cus_a", "VERDICT: WARN"]);
}

#[test]
fn accounts_whose_customers_nobody_knows_are_not_findings() {
    let live = strangers();
    live.check().unanswered().says(&["fix: "]);
    let requests = live.requests();
    let customers: Vec<_> = requests
        .iter()
        .filter(|path| path.starts_with("/v1/customers/"))
        .collect();
    assert_eq!(customers.len(), 3, "{requests:?}");
    live.stripe
        .world(|world| world.customer(Customer::new("cus_3")));
    let ran = live.json().with_status(1);
    assert_eq!(ran.findings().len(), 6, "{ran:#?}");
    assert!(
        ran.findings()
            .iter()
            .all(|found| found.starts_with("no-subscription ")),
        "{ran:#?}"
    );
    // Nobody has access, so no customer is looked up.
    live.database
        .run("update users set has_paid_access = false");
    live.stripe
        .world(|world| world.delete_customer_silently("cus_3"));
    live.check().with_status(0);
}

#[test]
fn a_key_that_may_not_ask_for_customers_lifts_no_guard() {
    let live = strangers();
    live.stripe.world(|world| {
        world.keys = Keys::default();
        world
            .keys
            .add(Key::restricted(KEY, [Permission::SubscriptionRead]));
    });
    live.check().unanswered();
}

#[test]
fn a_join_that_multiplies_rows_gives_no_verdict() {
    let live = one_customer();
    live.database
        .run("create table seats (user_id text); insert into seats values ('usr_a'), ('usr_a')");
    live.database.run(&format!(
        "grant select on seats to {}_reader",
        live.database.name
    ));
    let join = contract(&[]).replace(
        "      columns:\n",
        "      join: \"join seats on seats.user_id = users.id\"\n      columns:\n",
    );
    live.configure(&join);
    live.check().unanswered().says(&["usr_a", "join"]);
}

#[test]
fn a_value_that_is_not_a_boolean_is_named_with_column_row_and_kind() {
    let live = one_customer();
    live.database
        .run("alter table users alter has_paid_access type text using 'canceled'");
    live.check()
        .unanswered()
        .says(&["has_paid_access", "usr_a", "text", "in: […]", "sql: …"]);
    live.database
        .run("alter table users alter has_paid_access type timestamptz using '2026-01-01 00:00Z'");
    live.check()
        .unanswered()
        .says(&["has_paid_access", "usr_a", "timestamp", "sql: …"]);
    live.database.run("update users set has_paid_access = null");
    live.check().with_status(1).says(&["[HIGH] user:usr_a"]);
}

#[test]
fn sql_of_the_configuration_cannot_write() {
    let live = one_customer();
    live.database.run(&format!(
        "grant update on users to {}_reader",
        live.database.name
    ));
    live.database.run(
        "create function wipe() returns boolean language sql as 'update users set plan = ''gone'' returning true'",
    );
    live.configure(&contract_with(&["exempt: { sql: \"wipe()\" }"], &[]));
    live.check().unanswered().says(&["read-only"]);
    for hostile in [
        "true; drop table users",
        "true) from users; drop table users; --",
        "pg_terminate_backend(1",
    ] {
        live.configure(&contract_with(
            &[&format!("exempt: {{ sql: \"{hostile}\" }}")],
            &[],
        ));
        live.check().unanswered();
    }
    live.configure(&contract(&[]));
    live.check().with_status(0);
}
