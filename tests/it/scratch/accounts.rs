//! Accounts in the schemas of various applications, and how the contract's reader finds them.

use std::collections::BTreeMap;

use prodverdict::{
    contract::{AccountId, UnixSeconds},
    database::{self, AccountSelection, ReadRequest},
};
use secrecy::SecretString;

use super::world::{
    INSERT, World, assert_error_text, email, in_a_world, lines, opened, seed, setup, setup_reading,
};

const USERS: &str =
    "users (id %, email text, stripe_customer_id text, has_paid_access boolean default false)";

/// Creates two accounts in a fresh table, and returns their ids and rows.
async fn made(world: &World, table: &str, account: &str) -> (Vec<String>, Vec<String>) {
    world
        .run(&format!("drop table if exists users; create table {table}"))
        .await;
    let scratch = setup(account, "").open(&world.url()).await.expect(account);
    let mut ids = Vec::new();
    for (name, customer) in [("trial", Some("cus_1")), ("free", None)] {
        ids.push(
            scratch
                .add_account(&seed(name, customer))
                .await
                .expect(account),
        );
    }
    let rows = lines(world, "select concat_ws('|', id, email, coalesce(stripe_customer_id, 'null')) from users order by email desc").await;
    scratch.clean().await.expect("clean");
    (ids, rows)
}

#[test]
fn ids_are_of_the_type_that_the_application_has() {
    in_a_world(async |world| {
        let mut first = BTreeMap::new();
        for kind in [
            "text",
            "varchar(80)",
            "uuid",
            "int",
            "bigint",
            "smallint",
            "numeric",
            "prodverdict_id",
        ] {
            world.run("drop table if exists users; drop domain if exists prodverdict_id; create domain prodverdict_id as uuid").await;
            let (ids, rows) = made(&world, &USERS.replace('%', kind), INSERT).await;
            assert_eq!(
                rows,
                [
                    format!("{}|{}|cus_1", ids[0], email("trial")),
                    format!("{}|{}|null", ids[1], email("free"))
                ]
            );
            first.insert(kind, ids[0].clone());
            let again = made(&world, &USERS.replace('%', kind), INSERT).await.0;
            assert_eq!(again, ids, "the same in every run");
        }
        assert_eq!(first["text"], "trial");
        assert_eq!(first["uuid"], first["prodverdict_id"]);
        assert_eq!(first["uuid"].len(), 36);
        assert_eq!(first["int"], first["bigint"]);
    });
}

#[test]
fn ids_that_the_database_makes_come_back() {
    in_a_world(async |world| {
        let account = "insert into users (email, stripe_customer_id) values ({email}, {customer_id}) returning id";
        for (kind, expected) in [
            ("bigserial", Some(["1", "2"])),
            ("serial", Some(["1", "2"])),
            ("int generated always as identity", Some(["1", "2"])),
            ("uuid default gen_random_uuid()", None),
            ("text default 'usr_' || md5(random()::text)", None),
        ] {
            let (ids, rows) = made(&world, &USERS.replace('%', kind), account).await;
            assert!(
                rows[0].starts_with(&format!("{}|trial@", ids[0])),
                "{rows:?}"
            );
            if let Some(expected) = expected {
                assert_eq!(ids, expected, "{kind}");
            }
        }
    });
}

#[test]
fn a_placeholder_can_have_several_types() {
    in_a_world(async |world| {
        let account = "insert into users (id, email, stripe_customer_id) \
             select {account_id}, lower({email}), nullif(concat({customer_id}, '{}', $${email}$$), $${}{email}$$) /* {email} */ \
             from (select {account_id}::text as given) as g where length(given) > 0 -- {account_id}\n;";
        let (ids, rows) = made(&world, &USERS.replace('%', "uuid"), account).await;
        assert_eq!(
            rows,
            [
                format!("{}|{}|cus_1{{}}{{email}}", ids[0], email("trial")),
                format!("{}|{}|null", ids[1], email("free"))
            ]
        );
    });
}

#[test]
fn statements_after_a_returning_use_the_returned_id() {
    in_a_world(async |world| {
        world
            .run(
                "create table teams (id serial primary key, name text); \
                 create table members (team int not null references teams, email text, customer text)",
            )
            .await;
        let scratch = setup_reading(
            "query: \"select id, null as customer_id, true as has_paid_access from teams\"",
            "insert into teams (name) values ({email}) returning id;; insert into members values ({account_id}, {email}, {customer_id})",
            "",
        )
        .open(&world.url())
        .await
        .expect("a scratch database");
        let id = scratch
            .add_account(&seed("team", Some("cus_7")))
            .await
            .expect("an account");
        assert_eq!(id, "1");
        let members = "select team || ' ' || email || ' ' || customer from members";
        assert_eq!(
            lines(&world, members).await,
            [format!("1 {} cus_7", email("team"))]
        );
        scratch.clean().await.expect("clean");
        assert!(lines(&world, members).await.is_empty());
        assert!(lines(&world, "select name from teams").await.is_empty());
    });
}

#[test]
fn values_are_bound_and_never_spliced() {
    in_a_world(async |world| {
        let scratch = opened(&world).await;
        let name = "x'); drop table users; --";
        assert_eq!(
            scratch
                .add_account(&seed(name, Some("$1 \\ '")))
                .await
                .expect("an account"),
            name
        );
        assert_eq!(
            lines(&world, "select stripe_customer_id from users").await,
            ["$1 \\ '"]
        );
        scratch.clean().await.expect("clean");
    });
}

#[test]
fn invalid_statements_are_reported_first() {
    in_a_world(async |world| {
        world
            .run(&format!("create table {}", USERS.replace('%', "text")))
            .await;
        let open = async |account: &str| setup(account, "").open(&world.url()).await;
        assert_error_text(
            open("insert into userz (id) values ({account_id})").await,
            &[
                "statement 1 of `account.sql` cannot be used (42P01): relation \"userz\" does not exist",
                "migrations",
            ],
        );
        assert_error_text(
            open(&format!(
                "{INSERT};; insert into users (id, nmae) values ({{account_id}}, {{email}})"
            ))
            .await,
            &["statement 2 of `account.sql` cannot be used (42703): column \"nmae\""],
        );
        assert_error_text(
            open("insert into users (id) value ({account_id})").await,
            &["statement 1 of `account.sql` cannot be used (42601)"],
        );
        let scratch = open("insert into users (id, email) values ({account_id}, {email}) returning has_paid_access").await;
        assert_error_text(
            scratch
                .expect("opened")
                .add_account(&seed("trial", None))
                .await,
            &[
                "returned no usable id of the account that it created: it is of type BOOL",
                "`returning id::text`",
            ],
        );
        // The first statement is rolled back if the next one fails.
        world.run("alter table users add unique (email)").await;
        let scratch = open(&format!(
            "{INSERT};; insert into users (id, email) values ({{account_id}} || '2', {{email}})"
        ))
        .await
        .expect("opened");
        assert_error_text(
            scratch.add_account(&seed("trial", None)).await,
            &["statement 2 of `account.sql` cannot be used (23505): duplicate key value"],
        );
        assert!(lines(&world, "select id from users").await.is_empty());
        scratch.clean().await.expect("clean");
    });
}

#[test]
fn the_contracts_reader_finds_the_account_at_the_scenarios_time() {
    in_a_world(async |world| {
        world
            .run("create table users (id serial primary key, email text, customer text, ends_at timestamptz)")
            .await;
        let setup = setup_reading(
            "users_table: users, columns: { id: id, customer_id: customer, has_paid_access: { sql: \"ends_at > {{now}}\" } }",
            "insert into users (email, customer, ends_at) values ({email}, {customer_id}, to_timestamp(2000)) returning id",
            "",
        );
        let scratch = setup.open(&world.url()).await.expect("a scratch database");
        scratch
            .add_account(&seed("other", None))
            .await
            .expect("an account");
        let id = scratch
            .add_account(&seed("trial", Some("cus_1")))
            .await
            .expect("an account");
        // The contract's own settings, except for the variable that messages name.
        let mut settings = setup.contract.database.clone();
        settings.url_env = setup.rehearsal.url_env.clone();
        let chosen = AccountSelection {
            accounts: vec![AccountId::from(id.as_str())],
            ..AccountSelection::default()
        };
        for (now, paid) in [(1999, true), (2000, false)] {
            let request = ReadRequest {
                wants_plan: false,
                now: UnixSeconds(now),
                in_container_action: false,
            };
            let url = SecretString::from(world.url().as_str());
            let facts = database::read_chosen(&url, &settings, &request, &chosen)
                .await
                .expect("facts");
            assert_eq!(facts.accounts.len(), 1);
            assert_eq!(facts.accounts[0].paid, paid, "at {now}");
            assert_eq!(facts.accounts[0].id.as_str(), id);
        }
        scratch.clean().await.expect("clean");
    });
}
