//! Snapshots of an account's rows, and their changes.

use serde_json::json;

use super::world::{INSERT, TABLES, in_a_world, opened, seed, setup, tokens};

#[test]
fn only_the_rows_that_hold_a_token_are_examined() {
    in_a_world(async |world| {
        let scratch = opened(&world).await;
        for (name, customer) in [("paying", Some("cus_1")), ("free", None)] {
            scratch
                .add_account(&seed(name, customer))
                .await
                .expect("an account");
        }
        let (paying, free) = (tokens(&["paying", "cus_1"]), tokens(&["free"]));
        let before = scratch.rows_of(&paying).await.expect("rows");
        let free_before = scratch.rows_of(&free).await.expect("rows");
        assert_eq!((before.len(), free_before.len()), (1, 1));
        world
            .run(
                "update users set has_paid_access = true, updated_at = updated_at + interval '1s' where id = 'paying'; \
                 insert into subscriptions values ('sub_1', 'paying', 'active'); \
                 insert into events (event_id, body) values ('evt_1', '{\"customer\": \"cus_1\"}')",
            )
            .await;
        let after = scratch.rows_of(&paying).await.expect("rows");
        let changes: Vec<_> = before
            .changes(&after)
            .into_iter()
            .filter(|change| change.column != "updated_at")
            .map(|change| {
                (
                    change.table,
                    change.key,
                    change.column,
                    change.before,
                    change.after,
                )
            })
            .collect();
        let new = |column: &str, value: &str| {
            (
                "subscriptions".to_owned(),
                "[\"sub_1\"]".to_owned(),
                column.to_owned(),
                None,
                Some(json!(value)),
            )
        };
        assert_eq!(
            changes,
            [
                new("id", "sub_1"),
                new("status", "active"),
                new("user_id", "paying"),
                (
                    "users".to_owned(),
                    "[\"paying\"]".to_owned(),
                    "has_paid_access".to_owned(),
                    Some(json!(false)),
                    Some(json!(true))
                ),
            ]
        );
        let free_after = scratch.rows_of(&free).await.expect("rows");
        assert_eq!(free_before.changes(&free_after), []);
        assert_eq!(after.changes(&after), []);
        let gone = after.changes(&before);
        assert!(
            gone.iter()
                .any(|change| change.table == "subscriptions" && change.after.is_none())
        );
        scratch.clean().await.expect("clean");
        assert!(scratch.rows_of(&paying).await.expect("rows").is_empty());
    });
}

#[test]
fn every_kind_of_table_and_column_is_seen() {
    in_a_world(async |world| {
        world.run(TABLES).await;
        world
            .run(
                "create schema \"Billing Data\"; \
                 create table \"Billing Data\".\"In\"\"voices\" (a int, b text, customer uuid, primary key (b, a)); \
                 create table parts (n int, owner text, primary key (n, owner)) partition by range (n); \
                 create table parts_1 partition of parts for values from (0) to (10); \
                 create table parts_2 partition of parts for values from (10) to (20); \
                 create table base (owner text); create table child (more int) inherits (base); \
                 create table keyless (owner text, at timestamptz, plan text); \
                 create unlogged table cache (id int primary key, owner text); \
                 create view every_user as select * from users; \
                 create materialized view counted as select count(*) from users",
            )
            .await;
        let scratch = setup(INSERT, "")
            .open(&world.url())
            .await
            .expect("a scratch database");
        let all = tokens(&["usr_somebody", "0b8aa1e2-0000-4000-8000-000000000001"]);
        let before = scratch.rows_of(&all).await.expect("rows");
        world
            .run(
                "insert into \"Billing Data\".\"In\"\"voices\" values (1, 'x', '0B8AA1E2-0000-4000-8000-000000000001'); \
                 insert into parts values (1, 'usr_somebody'), (11, 'usr_somebody'), (12, 'other'); insert into child values ('usr_somebody', 1); \
                 insert into keyless values ('usr_somebody', now(), 'pro'), ('usr_somebody', now(), 'pro'), ('other', now(), 'pro'); \
                 insert into cache values (1, 'usr_somebody')",
            )
            .await;
        let after = scratch.rows_of(&all).await.expect("rows");
        let mut rows: Vec<_> = before
            .changes(&after)
            .into_iter()
            .map(|change| change.table)
            .collect();
        rows.dedup();
        assert_eq!(
            rows,
            [
                "Billing Data.In\"voices",
                "cache",
                "child",
                "keyless",
                "parts"
            ]
        );
        assert_eq!(after.len(), 7);
        scratch.clean().await.expect("clean");
        assert!(
            scratch
                .rows_of(&tokens(&["usr_somebody", "other"]))
                .await
                .expect("rows")
                .is_empty()
        );
    });
}

#[test]
fn a_number_counts_only_in_columns_that_refer_to_the_account() {
    in_a_world(async |world| {
        world
            .run(
                "create table people (id serial primary key, email text, customer text); \
                 create table licences (id serial primary key, person_id int, owner int references people (id)); \
                 create table notes (id serial primary key, people_id int, size int); \
                 insert into licences (person_id, owner) select 0, null from generate_series(1, 3); \
                 insert into notes (people_id, size) values (0, 1), (0, 1), (1, 0)",
            )
            .await;
        let making =
            "insert into people (email, customer) values ({email}, {customer_id}) returning id";
        let scratch = setup(making, "  allow_rows: true\n")
            .open(&world.url())
            .await
            .expect("open");
        let id = scratch
            .add_account(&seed("first", None))
            .await
            .expect("an account");
        world.run("insert into licences (owner) values (1)").await;
        let rows = scratch.rows_of(&tokens(&[&id])).await.expect("rows");
        let nothing = prodverdict::scratch::Snapshot::default();
        let changes = nothing.changes(&rows);
        let mut found: Vec<_> = changes
            .iter()
            .map(|change| (change.table.as_str(), change.key.as_str()))
            .collect();
        found.dedup();
        assert_eq!(
            found,
            [("licences", "[4]"), ("notes", "[3]"), ("people", "[1]")]
        );
    });
}
