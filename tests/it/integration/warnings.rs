//! Credentials that can do more than read, and several contracts in one file.

use fake_stripe::{Key, Permission, Status, Subscription, World};
use testing::{database::Database, program::KEY};

use super::live::{Live, NOW, contract};

fn agreeing() -> Live {
    let mut world = World::new(NOW);
    world.keys.add(Key::restricted(
        KEY,
        [
            Permission::SubscriptionRead,
            Permission::CustomerRead,
            Permission::TestClockRead,
        ],
    ));
    world
        .keys
        .add(Key::unrestricted("sk_live_51CanaryUnrestrictedQzWx"));
    world.subscription(Subscription::new("cus_a", Status::Active).price("price_pro"));
    Live::new(
        world,
        Database::of_users("('usr_a', 'cus_a', true, 'pro')"),
        &contract(&[]),
    )
}

#[test]
fn credentials_that_can_only_read_give_no_warning() {
    let live = agreeing();
    let ran = live.check().with_status(0);
    assert_eq!(ran.stdout, "VERDICT: PASS\n");
    assert_eq!(
        ran.stderr,
        "Read 1 account (1 linked, 0 exempt) and 1 subscription (1 active) in 1 request.\nFound nothing.\n"
    );
}

#[test]
fn excessive_credentials_cause_a_warning_with_advice() {
    let live = agreeing();
    let key = "sk_live_51CanaryUnrestrictedQzWx";
    live.database.run(&format!(
        "grant update on users to {}_reader",
        live.database.name
    ));
    let program = live
        .program("check access")
        .variable("STRIPE_SECRET_KEY", key);
    let ran = live.run(program).with_status(0);
    assert_eq!(ran.stdout, "VERDICT: PASS\n");
    for text in [
        "[WARNING]",
        "rak_subscription_read",
        "can write",
        "create role prodverdict login",
    ] {
        assert!(ran.stderr.contains(text), "{text}: {}", ran.stderr);
    }
    let program = live
        .program("check access --format json")
        .variable("STRIPE_SECRET_KEY", key);
    let report = live.run(program).with_status(0).json();
    assert_eq!(
        report["warnings"].as_array().map(Vec::len),
        Some(2),
        "{report}"
    );
}

/// Three contracts: the first fails, the second gets no verdict, the third passes.
fn three_contracts() -> Live {
    let live = agreeing();
    live.database
        .run("create table teams (id text, stripe_customer_id text, has_paid_access boolean)");
    live.database
        .run("insert into teams values ('team_a', 'cus_a', false)");
    live.database.run(&format!(
        "grant select on teams to {}_reader",
        live.database.name
    ));
    let named = |name: &str, table: &str| {
        let text = contract(&[]).replace("name: users", &format!("name: {name}"));
        let text = text.replace("users_table: users", &format!("users_table: {table}"));
        text.replace("version: 1\ncontracts:\n", "")
    };
    live.configure(&format!(
        "version: 1\ncontracts:\n{}{}{}",
        named("teams", "teams"),
        named("gone", "no_such_table"),
        named("people", "users")
    ));
    live
}

#[test]
fn a_failed_contract_hides_no_finding_of_another() {
    let live = three_contracts();
    let ran = live.json().with_status(2);
    let report = ran.json();
    assert_eq!(report["verdict"], "error");
    assert_eq!(ran.findings(), ["revenue-leak user:team_a"]);
    assert_eq!(report["findings"][0]["contract"], "teams");
    let contracts: Vec<_> = report["contracts"]
        .as_array()
        .expect("an array")
        .iter()
        .collect();
    let verdicts: Vec<_> = contracts
        .iter()
        .map(|contract| format!("{} {}", contract["name"], contract["verdict"]))
        .collect();
    assert_eq!(
        verdicts,
        [
            "\"teams\" \"fail\"",
            "\"gone\" \"error\"",
            "\"people\" \"pass\""
        ]
    );
    let ran = live.check().unanswered();
    assert!(
        ran.stdout.contains("[HIGH] user:team_a (contract teams)"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout
            .contains("error[database-mapping]: no verdict (contract gone)"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_warning_decides_only_with_strict() {
    let live = agreeing();
    live.stripe
        .world(|world| world.subscription(Subscription::new("cus_b", Status::Active)));
    live.check()
        .with_status(0)
        .says(&["[MEDIUM] customer:cus_b", "VERDICT: WARN"]);
    live.run(live.program("check access --strict"))
        .with_status(1)
        .says(&["VERDICT: WARN"]);
    live.configure(&contract(&["fail_on: medium"]));
    live.check().with_status(1).says(&["VERDICT: FAIL"]);
}
