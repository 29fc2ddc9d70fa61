//! Repair scripts, run by a real Postgres: they change nothing as written, and with COMMIT the next check passes.

use std::fs;

use fake_stripe::{Event, Status, Subscription, World};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _, raw_sql};
use testing::database::Database;

use super::live::{Live, NOW, contract_with};

const PLANS: [&str; 3] = ["plans:", "  price_pro: pro", "  price_team: team"];

/// Every column that can be mapped, in the types that applications use.
const EVERY_COLUMN: [&str; 6] = [
    "plan: plan",
    "seats: seats",
    "status: status",
    "subscription_id: subscription",
    "period_end: period_end",
    "cancel_at_period_end: cancels",
];

fn subscription(name: &str, status: Status) -> Subscription {
    Subscription::new(&format!("cus_{name}"), status)
        .id(&format!("sub_{name}"))
        .price("price_pro")
}

/// Returns the script that a check with these findings writes.
#[track_caller]
fn script(live: &Live) -> String {
    let file = live.folder.path().join("repair.sql");
    let program = live.program("check access").argument("--output");
    let program = program.argument(&file).argument("--now");
    let ran = live.run(program.argument("2026-11-23T00:00:00Z"));
    assert_ne!(ran.status, Some(2), "{ran:#?}");
    fs::read_to_string(file).expect("a script")
}

/// Runs statements as the superuser and returns their rows of two texts.
#[track_caller]
fn answers(live: &Live, sql: &str) -> Vec<(String, String)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let rows = runtime.block_on(async {
        let url = live.database.admin_url();
        let mut connection = PgConnection::connect(url.as_str()).await.expect("a server");
        raw_sql(AssertSqlSafe(sql.to_owned()))
            .fetch_all(&mut connection)
            .await
    });
    let rows = rows.unwrap_or_else(|error| panic!("{error}\n{sql}"));
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

fn committed(script: &str) -> String {
    assert_eq!(script.matches("\nROLLBACK;\n").count(), 1, "{script}");
    script.replace("\nROLLBACK;\n", "\nCOMMIT;\n")
}

#[track_caller]
fn assert_clean(live: &Live) {
    let program = live.program("check access --strict --now 2026-11-23T00:00:00Z");
    live.run(program).with_status(0);
}

/// Alice pays without access, Bob left and kept it, Carol has another plan; Dave and Erin are right.
fn drifted() -> Live {
    let mut world = World::new(NOW);
    world.subscription(subscription("alice", Status::Trialing));
    world.subscription(subscription("bob", Status::Canceled));
    world.subscription(subscription("carol", Status::Active));
    world.subscription(subscription("erin", Status::Active));
    let database = Database::of_users(
        "('usr_alice', 'cus_alice', false, 'free'), ('usr_bob', 'cus_bob', true, 'team'), \
         ('usr_carol', 'cus_carol', true, 'team'), ('usr_dave', null, false, 'free'), \
         ('usr_erin', 'cus_erin', true, 'pro')",
    );
    Live::new(world, database, &contract_with(&["plan: plan"], &PLANS))
}

#[test]
fn a_repair_script_changes_rows_only_with_commit() {
    let live = drifted();
    let script = script(&live);
    assert_eq!(script.matches("UPDATE").count(), 3, "{script}");
    let answers_after = answers(&live, &script);
    let expected = ["user:usr_alice", "user:usr_bob", "user:usr_carol"]
        .map(|entity| (entity.to_owned(), "one row, as expected".to_owned()));
    assert_eq!(answers_after, expected);
    assert_eq!(self::script(&live), script);
    answers(&live, &committed(&script));
    assert_clean(&live);
    assert!(self::script(&live).contains("There is nothing to repair."));
}

#[test]
fn a_row_that_changed_meanwhile_is_left_alone_and_reported() {
    let live = drifted();
    let script = committed(&script(&live));
    live.database
        .run("update users set plan = 'gift' where id = 'usr_bob'");
    live.database
        .run("delete from users where id = 'usr_carol'");
    let answers_after = answers(&live, &script);
    let results: Vec<_> = answers_after
        .iter()
        .map(|(_, result)| result.as_str())
        .collect();
    let left = "no row: it is gone or has changed, and is left alone";
    assert_eq!(results, ["one row, as expected", left, left]);
    let bob = "select id, has_paid_access || ' ' || plan from users where id = 'usr_bob'";
    let bob = answers(&live, bob);
    assert_eq!(bob, [("usr_bob".to_owned(), "true gift".to_owned())]);
}

#[test]
fn literals_fit_columns_of_every_type() {
    for (id, ids, flag, no, plan, seats, end) in [
        (
            "uuid",
            [
                "00000000-0000-0000-0000-000000000001",
                "00000000-0000-0000-0000-000000000002",
            ],
            "boolean",
            "false",
            "plan",
            "integer",
            "timestamptz",
        ),
        (
            "bigint",
            ["1", "2"],
            "integer",
            "0",
            "text",
            "numeric",
            "timestamp",
        ),
        (
            "integer",
            ["-1", "2"],
            "text",
            "No",
            "varchar(9)",
            "text",
            "bigint",
        ),
        (
            "citizen",
            ["a", "b"],
            "char(5)",
            "f",
            "plan",
            "smallint",
            "date",
        ),
    ] {
        let mut world = World::new(NOW);
        for name in ["alice", "bob"] {
            world.subscription(subscription(name, Status::Active));
        }
        let past = if end == "bigint" {
            "1700000000"
        } else {
            "2026-01-01"
        };
        let database = Database::with(&format!(
            "create type plan as enum ('free', 'pro'); create domain citizen as text; \
             create table users (id {id}, stripe_customer_id text, has_paid_access {flag}, plan {plan}, seats {seats}, \
             status text, subscription text, period_end {end}, cancels boolean); \
             insert into users values ('{}', 'cus_alice', '{no}', 'free', '7', 'canceled', null, '{past}', true), \
             ('{}', 'cus_bob', '{no}', 'free', '1', null, 'sub_old', '{past}', null)",
            ids[0], ids[1]
        ));
        let live = Live::new(world, database, &contract_with(&EVERY_COLUMN, &PLANS));
        let script = script(&live);
        assert_eq!(script.matches("UPDATE").count(), 2, "{script}");
        let answers_after = answers(&live, &committed(&script));
        assert!(
            answers_after
                .iter()
                .all(|(_, result)| result == "one row, as expected"),
            "{answers_after:?} {script}"
        );
        assert_clean(&live);
    }
}

#[test]
fn hostile_ids_names_and_values_are_kept_exactly() {
    let ids = [
        "o'neil",
        "back\\slash'",
        "$$; drop table users; --",
        "*/ x",
        "new\nline",
        "\u{202e}evil",
        ":'var'",
        "\\q",
    ];
    let mut world = World::new(NOW);
    let mut rows = Vec::new();
    for (number, id) in ids.iter().enumerate() {
        world.subscription(subscription(&number.to_string(), Status::Active));
        let id = id
            .replace('\\', "\\\\")
            .replace('\'', "''")
            .replace('\n', "\\n");
        rows.push(format!("(E'{id}', 'cus_{number}', false)"));
    }
    let database = Database::with(&format!(
        "create schema \"my schema\"; create table \"my schema\".\"Us\"\"ers\" (\"i d\" text, c text, \"p;ay\" boolean); \
         insert into \"my schema\".\"Us\"\"ers\" values {}",
        rows.join(", ")
    ));
    let reader = format!("{}_reader", database.name);
    database.run(&format!(
        "grant usage on schema \"my schema\" to {reader}; grant select on all tables in schema \"my schema\" to {reader}"
    ));
    let contract = contract_with(&[], &[])
        .replace(
            "users_table: users",
            "users_table: '\"my schema\".\"Us\"\"ers\"'",
        )
        .replace("id: id\n", "id: 'i d'\n")
        .replace(
            "stripe_customer_id: stripe_customer_id",
            "stripe_customer_id: c",
        )
        .replace(
            "has_paid_access: has_paid_access",
            "has_paid_access: 'p;ay'",
        );
    let live = Live::new(world, database, &contract);
    let script = script(&live);
    let answers_after = answers(&live, &committed(&script));
    assert_eq!(answers_after.len(), ids.len(), "{script}");
    assert!(
        answers_after
            .iter()
            .all(|(_, result)| result == "one row, as expected"),
        "{answers_after:?}"
    );
    assert_clean(&live);
}

/// Removes `columns`, which a query does without.
fn without_columns(contract: &str) -> String {
    let (head, rest) = contract.split_once("      columns:").expect("columns");
    let (_, rest) = rest.split_once("    confirm_after").expect("the rest");
    format!("{head}    confirm_after{rest}")
}

#[test]
fn a_query_that_plainly_names_its_columns_is_repaired() {
    let live = drifted();
    let contract = contract_with(&["plan: plan"], &PLANS);
    let script_of = |query: &str| {
        let from = "      users_table: users\n";
        let contract = contract.replace(from, &format!("      query: {query}\n"));
        live.configure(&without_columns(&contract));
        script(&live)
    };
    let own = script_of(
        "select u.id, u.stripe_customer_id as customer_id, u.has_paid_access, u.plan from users u",
    );
    assert!(own.contains("UPDATE \"users\""), "{own}");
    assert!(own.contains("\"has_paid_access\" ="), "{own}");
    // Of another row, although it has the same name.
    let other = script_of(
        "select u.id, u.stripe_customer_id as customer_id, other.has_paid_access, u.plan from users u \
         join users other on other.id = u.id",
    );
    assert!(!other.contains("\"has_paid_access\" ="), "{other}");
    assert!(other.contains("stored in another table"), "{other}");
}

#[test]
fn uncertain_repairs_have_a_reason_instead_of_a_statement() {
    let live = drifted();
    let contract = contract_with(&["plan: plan"], &PLANS);
    let query = contract.replace(
        "      users_table: users\n",
        "      query: select id || '' as id, stripe_customer_id, has_paid_access, plan from users\n",
    );
    let query = without_columns(&query);
    let computed = contract.replace(
        "has_paid_access: has_paid_access",
        "has_paid_access: { sql: has_paid_access and true }",
    );
    for (configuration, reason) in [
        (query, "No statement: the accounts come from `query:`"),
        (computed, "No statement: has_paid_access is computed"),
    ] {
        live.configure(&configuration);
        let script = script(&live);
        assert!(script.contains(reason), "{script}");
        assert!(!script.contains("\"has_paid_access\" ="), "{script}");
    }
    live.configure(&contract);
    live.database
        .run("alter table users rename to people; create view users as select * from people; grant select on users to public");
    let script = script(&live);
    assert!(
        script.contains("No statement: its table is a view"),
        "{script}"
    );
    assert!(!script.contains("UPDATE"), "{script}");
}

#[test]
fn the_script_names_the_events_to_send_again() {
    let live = drifted();
    live.configure(&contract_with(
        &["plan: plan"],
        &[PLANS.as_slice(), &["evidence: on"]].concat(),
    ));
    live.stripe.world(|world| {
        world.event(Event {
            id: "evt_1Created".into(),
            created: NOW - 86_400,
            kind: "customer.subscription.created".into(),
            api_version: "2020-08-27".into(),
            object: json!({"id": "sub_alice", "object": "subscription"}),
            previous_attributes: None,
            request: None,
            idempotency_key: None,
            pending_webhooks: 1,
        });
    });
    let script = script(&live);
    let command =
        "\n-- stripe events resend evt_1Created --webhook-endpoint=\"$endpoint\" --live\n";
    assert!(script.contains(command), "{script}");
    answers(&live, &script);
}
