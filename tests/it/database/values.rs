//! The interpretation of values of every type, and the rejected ones.

use prodverdict::{
    contract::{AccountColumns, Field, UnixSeconds},
    database::{DatabaseFacts, Error},
};

use super::world::{
    ReadAccounts as _, World, column, error_text, in_a_world, lines, query, sql, table,
};

async fn paid(world: &World, value: &str) -> Result<bool, Error> {
    let facts = world
        .read(&table(
            "(users)".trim_matches(['(', ')']),
            &[(Field::HasPaidAccess, sql(value))],
        ))
        .await?;
    Ok(facts.accounts[0].paid)
}

const ONE_USER: &str = "create table users (id text, stripe_customer_id text); \
    insert into users values ('usr_1', 'cus_1'); create type answer as enum ('yes', 'NO', 'canceled'); \
    create domain flag as text; create domain deep as flag; create domain document as jsonb";

#[test]
fn boolean_words_of_every_type_are_read() {
    in_a_world(async |world| {
        world.run(ONE_USER).await;
        for yes in [
            "true",
            "'t'",
            "'YES'",
            "'y'::char(5)",
            "'On'::varchar",
            "1",
            "1::smallint",
            "1.0",
            "1.00::numeric(5,2)",
            "1::float8",
            "'yes'::answer",
            "'1'::bit(1)",
            "'true'::jsonb",
            "'\"yes\"'::jsonb",
            "'1'::json",
            "'1.0'::jsonb",
            "'t'::\"char\"",
            "'yes'::flag",
            "'on'::deep",
            "'true'::document",
        ] {
            assert!(paid(&world, yes).await.unwrap(), "{yes}");
        }
        for no in [
            "false",
            "null",
            "null::text",
            "'f'",
            "'No'",
            "'n'::char(9)",
            "'OFF'",
            "0",
            "0.0",
            "'NO'::answer",
            "'null'::jsonb",
            "'\"no\"'::json",
            "null::answer",
            "null::timestamptz",
        ] {
            assert!(!paid(&world, no).await.unwrap(), "{no}");
        }
    });
}

#[test]
fn anything_else_names_the_column_the_row_and_the_kind() {
    in_a_world(async |world| {
        world.run(ONE_USER).await;
        for (value, found) in [
            ("'canceled'", "`canceled` (text)"),
            ("'canceled'::answer", "`canceled` (answer)"),
            ("7", "`7` (integer)"),
            ("now()", "a value of type timestamp with time zone"),
            ("''", "an empty value (text)"),
            ("'alice@example.com'", "a value of type text"),
            ("'2'::deep", "`2` (deep)"),
            ("repeat('x', 1000000)", "a value of type text"),
        ] {
            let error = error_text(paid(&world, value).await.map(|_| no_facts()));
            assert!(
                error.contains("`has_paid_access` of the row with id `usr_1`"),
                "{value}: {error}"
            );
            assert!(error.contains(found), "{value}: {error}");
            assert!(
                error.contains("in: […]") && error.contains("sql: …"),
                "{value}: {error}"
            );
            assert!(
                !error.contains("alice") && error.len() < 1000,
                "{value}: {error}"
            );
        }
    });
}

fn no_facts() -> DatabaseFacts {
    DatabaseFacts {
        relations: std::collections::BTreeSet::new(),
        types: std::collections::BTreeMap::new(),
        accounts: Vec::new(),
        mapped: std::collections::BTreeSet::new(),
        stored_words: std::collections::BTreeMap::new(),
        warnings: Vec::new(),
    }
}

#[test]
fn ids_of_every_type_are_read_as_text() {
    in_a_world(async |world| {
        for (id, customer, line) in [
            ("7", "'cus_1'", "7|cus_1|t|"),
            (
                "9223372036854775807",
                "'cus_1'::char(9)",
                "9223372036854775807|cus_1|t|",
            ),
            (
                "'00000000-0000-0000-0000-00000000000a'::uuid",
                "' cus_1 '",
                "00000000-0000-0000-0000-00000000000a| cus_1 |t|",
            ),
            ("'\"usr_1\"'::jsonb", "'\"cus_1\"'::jsonb", "usr_1|cus_1|t|"),
            ("'u'::varchar(3)", "'  '", "u||t|"),
            ("'u'", "'null'::jsonb", "u||t|"),
        ] {
            let settings = query(&format!(
                "select {id} as id, {customer} as customer_id, true as has_paid_access, null as plan"
            ));
            assert_eq!(lines(&world.read(&settings).await.unwrap()), [line]);
        }
    });
}

#[test]
fn a_row_without_an_id_is_an_error() {
    in_a_world(async |world| {
        for id in ["null::int", "''", "' '"] {
            let settings = query(&format!(
                "select 'u1' as id, 'cus_1' as customer_id, true as has_paid_access, null as plan \
                 union all select ({id})::text, 'cus_2', true, null"
            ));
            let error = error_text(world.read(&settings).await);
            assert!(error.contains("row 2 has no `id`"), "{error}");
        }
        let huge = "select repeat('ü', 500000) as id, 'cus_1' as customer_id, 'what?' as has_paid_access, null as plan";
        assert!(error_text(world.read(&query(huge)).await).len() < 1500);
        let huge = huge.replace("what?", "yes");
        let facts = world.read(&query(&huge)).await.unwrap();
        assert_eq!(facts.accounts[0].id.as_str().len(), 1_000_000);
    });
}

#[test]
fn every_optional_column_is_read() {
    in_a_world(async |world| {
        world
            .run("create table users (id text, stripe_customer_id text, has_paid_access boolean, \
                  exempt text, seats numeric, status text, sub text, ends bigint, flag smallint, updated timestamptz); \
                  insert into users values ('u1', 'cus_1', true, 'yes', 5.0, 'active', 'sub_1', 1785542400123, 1, \
                  '2026-08-01 02:00+02'), ('u2', null, false, null, null, null, ' ', null, null, 'infinity')")
            .await;
        let settings = table(
            "users",
            &[
                (Field::Exempt, column("exempt")),
                (Field::Seats, column("seats")),
                (Field::Status, column("status")),
                (Field::SubscriptionId, column("sub")),
                (Field::PeriodEnd, column("ends")),
                (Field::CancelAtPeriodEnd, column("flag")),
                (Field::UpdatedAt, column("updated")),
            ],
        );
        let facts = world.read(&settings).await.unwrap();
        assert_eq!(facts.mapped.len(), 7);
        assert!(facts.accounts[0].exempt && !facts.accounts[1].exempt);
        let moment = Some(UnixSeconds(1_785_542_400));
        assert_eq!(
            facts.accounts[0].columns.as_deref(),
            Some(&AccountColumns {
                seats: Some(5),
                status: Some("active".into()),
                subscription_id: Some("sub_1".into()),
                period_end: moment,
                cancel_at_period_end: true,
                updated_at: moment,
                ..AccountColumns::default()
            })
        );
        assert_eq!(
            facts.accounts[1].columns.as_deref(),
            Some(&AccountColumns {
                updated_at: Some(UnixSeconds(i64::MAX)),
                ..AccountColumns::default()
            })
        );
    });
}

#[test]
fn times_of_every_type_are_the_same_moment() {
    in_a_world(async |world| {
        world.run(ONE_USER).await;
        for value in [
            "timestamptz '2026-08-01 02:00:00.9+02'",
            "timestamp '2026-08-01'",
            "timestamp(0) '2026-08-01'",
            "date '2026-08-01'",
            "1785542400::int8",
            "1785542400.5",
            "1785542400000::float8",
            "'1785542400'",
            "'2026-08-01T00:00:00Z'",
            "'1785542400'::jsonb",
            "'\"2026-08-01T00:00:00.000Z\"'::json",
        ] {
            let settings = table(
                "users",
                &[
                    (Field::HasPaidAccess, sql("true")),
                    (Field::PeriodEnd, sql(value)),
                ],
            );
            let facts = world.read(&settings).await.expect(value);
            let columns = facts.accounts[0].columns.as_ref().unwrap();
            assert_eq!(
                columns.period_end,
                Some(UnixSeconds(1_785_542_400)),
                "{value}"
            );
        }
        for value in ["'soon'", "true", "interval '1 day'", "''", "time '12:00'"] {
            let settings = table(
                "users",
                &[
                    (Field::HasPaidAccess, sql("true")),
                    (Field::PeriodEnd, sql(value)),
                ],
            );
            let error = error_text(world.read(&settings).await);
            assert!(
                error.contains("`period_end` of the row with id `usr_1`"),
                "{value}: {error}"
            );
        }
    });
}

#[test]
fn seats_that_are_not_whole_numbers_are_an_error() {
    in_a_world(async |world| {
        world.run(ONE_USER).await;
        for value in ["5.5", "'many'", "true", "1e30"] {
            let settings = table(
                "users",
                &[
                    (Field::HasPaidAccess, sql("true")),
                    (Field::Seats, sql(value)),
                ],
            );
            let error = error_text(world.read(&settings).await);
            assert!(error.contains("is not a whole number"), "{value}: {error}");
        }
    });
}
