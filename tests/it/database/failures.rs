//! Failures during a read, each caused on the server and reported with advice.

use std::time::Duration;

use prodverdict::{
    contract::Field,
    database::{self},
};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};

use super::world::{
    ReadAccounts as _, World, column, error_text, in_a_world, query, request, secret, sql, table,
    with,
};

async fn users(world: &World) {
    world
        .run(
            "create table users (id text, stripe_customer_id text, has_paid_access boolean, \"planName\" text); \
             insert into users values ('u1', 'cus_1', true, 'pro')",
        )
        .await;
}

#[track_caller]
fn assert_told(error: &str, parts: &[&str]) {
    for part in parts {
        assert!(error.contains(part), "no `{part}` in: {error}");
    }
}

#[test]
fn a_missing_table_is_found_under_its_other_spelling() {
    in_a_world(async |world| {
        users(&world).await;
        world
            .run("create schema app; create table app.\"Team\" (id text)")
            .await;
        for (name, nearest) in [
            ("Users", "did you mean `users`?"),
            ("user", "did you mean `users`?"),
            ("team", "did you mean `app.Team`?"),
            ("app.team", "did you mean `app.Team`?"),
            ("public.usres", "did you mean `users`?"),
            ("invoices", "name the schema"),
        ] {
            let error = error_text(world.read(&table(name, &[])).await);
            assert_told(&error, &[&format!("there is no table `{name}`"), nearest]);
        }
        let error = error_text(
            world
                .read(&query("select id, 'c' as customer_id\nfrom team"))
                .await,
        );
        assert_told(
            &error,
            &[
                "there is no table `team`",
                "in `query`, line 2, column 6: `from team`",
                "`\"app\".\"Team\"`",
            ],
        );
    });
}

#[test]
fn a_missing_column_is_found_under_its_other_spelling() {
    in_a_world(async |world| {
        users(&world).await;
        for (name, hint) in [
            ("plan_name", "did you mean `planName`?"),
            ("planname", "did you mean `planName`?"),
            ("nothing_like_it", "write an expression as"),
            (
                "nothing_like_it",
                "it has `id`, `stripe_customer_id`, `has_paid_access`, `planName`;",
            ),
            ("s.plan", "needs `join`"),
        ] {
            let error = error_text(
                world
                    .read(&table("users", &[(Field::Plan, column(name))]))
                    .await,
            );
            assert_told(
                &error,
                &[
                    &format!("table `users` has no column `{name}`"),
                    "`plan`",
                    hint,
                ],
            );
        }
        let error = error_text(
            world
                .read(&table("users", &[(Field::Plan, sql("  planName"))]))
                .await,
        );
        assert_told(
            &error,
            &[
                "column \"planname\" does not exist",
                "in `columns.plan`, line 1, column 3",
                "planName",
            ],
        );
        let joined = with(
            table("users", &[(Field::Plan, column("id2"))]),
            Some("cross join users other"),
            None,
        );
        assert_told(&error_text(world.read(&joined).await), &["id2"]);
    });
}

#[test]
fn wrong_sql_is_shown_where_it_was_written() {
    in_a_world(async |world| {
        users(&world).await;
        let broken = with(table("users", &[]), None, Some("id is\n  nul"));
        assert_told(
            &error_text(world.read(&broken).await),
            &["syntax error", "in `where`, line 2, column 3: `nul`"],
        );
        let broken = with(
            table("users", &[(Field::Plan, sql("{{now}} ++ größe"))]),
            None,
            None,
        );
        assert_told(
            &error_text(world.read(&broken).await),
            &["in `columns.plan`, line 1, column 12"],
        );
        let broken = with(table("users", &[]), Some("left joim users u on true"), None);
        assert_told(
            &error_text(world.read(&broken).await),
            &["in `join`, line 1"],
        );
        for (text, place) in [
            ("select 1 as id; select 2", "in `query`, line 1, column 17"),
            ("select $1 as id", "in `query`, line 1, column 8"),
            ("select (1 as id", "in `query`, line 1, column 8"),
            ("select '{{now}}' as id", "in `query`, line 1, column 9"),
            ("", "there is no SQL"),
        ] {
            assert_told(&error_text(world.read(&query(text)).await), &[place]);
        }
    });
}

#[test]
fn a_row_that_the_sql_cannot_compute_with_is_an_error() {
    in_a_world(async |world| {
        users(&world).await;
        let settings = table("users", &[(Field::Seats, sql("1 / (length(id) - 2)"))]);
        assert_told(
            &error_text(world.read(&settings).await),
            &["division by zero", "nullif"],
        );
    });
}

#[test]
fn every_row_counts_even_the_last_one() {
    in_a_world(async |world| {
        let settings = query(
            "select i as id, 'cus_1' as customer_id, true as has_paid_access, (1 / (5000 - i))::text as plan \
             from generate_series(1, 5000) i",
        );
        assert_told(
            &error_text(world.read(&settings).await),
            &["division by zero"],
        );
    });
}

#[test]
fn a_statement_that_takes_too_long_is_ended() {
    in_a_world(async |world| {
        users(&world).await;
        let mut settings = table("users", &[(Field::Plan, sql("pg_sleep(20)::text"))]);
        settings.statement_timeout = Duration::from_millis(300);
        assert_told(
            &error_text(world.read(&settings).await),
            &["did not finish within `statement_timeout`"],
        );
    });
}

#[test]
fn an_ended_statement_or_connection_is_reported() {
    in_a_world(async |world| {
        users(&world).await;
        for (function, expected) in [
            (
                "pg_cancel_backend",
                "the statement was canceled on the server",
            ),
            (
                "pg_terminate_backend",
                "connection to the database was lost",
            ),
        ] {
            let settings = table("users", &[(Field::Plan, sql("pg_sleep(20)::text"))]);
            let url = secret(&world.url());
            let request = request();
            let reading = database::read(&url, &settings, &request, &|_| {});
            let ending = async {
                let mut other = world.connection().await;
                let end = format!(
                    "select {function}(pid) from pg_stat_activity where application_name = 'prodverdict' \
                     and query like '%pg_sleep%' and wait_event = 'PgSleep' and datname = current_database()"
                );
                for _ in 0..300 {
                    let ended = other.execute(AssertSqlSafe(end.clone())).await.unwrap();
                    if ended.rows_affected() > 0 {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                other.close().await.unwrap();
            };
            let (read, ()) = tokio::join!(reading, ending);
            assert_told(&error_text(read), &[expected]);
        }
    });
}

#[test]
fn a_locked_table_is_not_waited_for_without_end() {
    in_a_world(async |world| {
        users(&world).await;
        let mut other = world.connection().await;
        other.execute("begin; lock table users").await.unwrap();
        assert_told(
            &error_text(world.read(&table("users", &[])).await),
            &["stayed locked", "migration"],
        );
        other.close().await.unwrap();
    });
}

/// Makes the database appear to be that of a replica which last replayed a transaction this many seconds ago. Nothing is
/// received any more.
async fn become_a_replica(world: &World, seconds: u32) {
    let functions = [
        ("pg_is_in_recovery", "boolean", "true".to_owned()),
        (
            "pg_last_xact_replay_timestamp",
            "timestamptz",
            format!("now() - interval '{seconds} s'"),
        ),
    ];
    for (name, kind, value) in functions {
        world
            .run(&format!(
                "set allow_system_table_mods = on; \
                 alter function pg_catalog.{name}() rename to {name}_{seconds}; \
                 create function pg_catalog.{name}() returns {kind} language sql as $$ select {value} $$"
            ))
            .await;
    }
}

#[test]
fn a_replica_that_is_behind_is_refused() {
    in_a_world(async |world| {
        users(&world).await;
        become_a_replica(&world, 50).await;
        world.read(&table("users", &[])).await.unwrap();
        become_a_replica(&world, 90).await;
        assert_told(
            &error_text(world.read(&table("users", &[])).await),
            &[
                "a replica that has not caught up with its primary",
                "its last transaction is 1m 3",
                "URL of the primary",
            ],
        );
    });
}

#[test]
fn an_unknown_time_zone_and_an_unmapped_field_are_named() {
    in_a_world(async |world| {
        users(&world).await;
        let mut settings = table("users", &[]);
        "Mars/Olympus".clone_into(&mut settings.timezone);
        assert_told(
            &error_text(world.read(&settings).await),
            &["time zone `Mars/Olympus`"],
        );
    });
}
