//! Texts that Postgres cannot send or accept, and texts in the wrong quotes.

use prodverdict::contract::Field;

use super::world::{
    ReadAccounts as _, World, column, error_text, in_a_world, query, sql, table, with,
};

#[track_caller]
fn assert_told(error: &str, parts: &[&str]) {
    for part in parts {
        assert!(error.contains(part), "no `{part}` in: {error}");
    }
}

const USERS: &str =
    "create table users (id text, stripe_customer_id text, has_paid_access boolean, plan text)";

/// Creates a database beside the test's own, dropped afterwards.
async fn in_ascii(world: &World, test: impl AsyncFnOnce(url::Url)) {
    let name = format!("{}_ascii", world.name);
    world
        .run(&format!(
            "create database {name} encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C' template template0"
        ))
        .await;
    let mut url = world.url();
    url.set_path(&name);
    test(url).await;
    world
        .run(&format!("drop database {name} with (force)"))
        .await;
}

#[test]
fn bytes_that_are_not_utf_8_are_explained() {
    in_a_world(async |world| {
        in_ascii(&world, async |url: url::Url| {
            use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
            let mut connection = sqlx::PgConnection::connect(url.as_str()).await.unwrap();
            let rows =
                format!("{USERS}; insert into users values ('u1', 'cus_1', true, e'f\\xfcr')");
            connection.execute(AssertSqlSafe(rows)).await.unwrap();
            connection.close().await.unwrap();
            let settings = table("users", &[(Field::Plan, column("plan"))]);
            let error = error_text(world.read_as(&url, &settings).await);
            assert_told(
                &error,
                &[
                    "22021",
                    "not UTF-8",
                    "encode(convert_to(plan, 'SQL_ASCII'), 'escape')",
                ],
            );
            // The advice works.
            let readable = sql("encode(convert_to(plan, 'SQL_ASCII'), 'escape')");
            let settings = table("users", &[(Field::Plan, readable)]);
            let facts = world.read_as(&url, &settings).await.unwrap();
            assert_eq!(facts.accounts[0].plan.as_deref(), Some(r"f\374r"));
        })
        .await;
    });
}

#[test]
fn a_nul_in_sql_is_reported_before_the_server_sees_it() {
    in_a_world(async |world| {
        world.run(USERS).await;
        let settings = with(table("users", &[]), None, Some("id <> 'a\0b'"));
        assert_told(
            &error_text(world.read(&settings).await),
            &["a NUL character", "in `where`, line 1, column 9"],
        );
        let settings = query("select '\0' as id");
        assert_told(
            &error_text(world.read(&settings).await),
            &["a NUL character", "in `query`"],
        );
    });
}

#[test]
fn text_in_double_quotes_is_reported_as_such() {
    in_a_world(async |world| {
        world.run(USERS).await;
        let settings = with(table("users", &[]), None, Some("plan = \"pro\""));
        assert_told(
            &error_text(world.read(&settings).await),
            &[
                "column \"pro\" does not exist",
                "single quotes, as in `'pro'`",
            ],
        );
        let settings = with(table("users", &[]), None, Some("planName = 'pro'"));
        assert_told(
            &error_text(world.read(&settings).await),
            &["put names with capital letters in quotes"],
        );
    });
}
