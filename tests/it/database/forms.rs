//! The forms of the configuration: tables, columns, expressions, joins, conditions, queries, and the time.

use prodverdict::{
    contract::{AccountColumns, AccountId, Field, MatchOn, UnixSeconds},
    database::{self, AccountSelection, ReadRequest},
};

use super::world::{
    NOW, ReadAccounts as _, World, column, error_text, in_a_world, lines, one_of, query, request,
    secret, sql, table, with,
};

const USERS: &str = "create table users (id text, stripe_customer_id text, has_paid_access boolean, plan text, \
    status text, deleted_at timestamptz);
    insert into users values ('u1', 'cus_1', true, 'pro', 'active', null), ('u2', null, false, null, 'free', null), \
    ('u3', 'cus_3', null, 'free', null, '2026-01-01')";

#[test]
fn a_table_with_plain_columns_is_read_in_full() {
    in_a_world(async |world| {
        world.run(USERS).await;
        let plans = table("users", &[(Field::Plan, column("plan"))]);
        let facts = world.read(&plans).await.unwrap();
        assert_eq!(
            lines(&facts),
            ["u1|cus_1|t|pro", "u2||f|", "u3|cus_3|f|free"]
        );
        assert_eq!(facts.mapped.into_iter().collect::<Vec<_>>(), [Field::Plan]);
        assert!(
            facts
                .accounts
                .iter()
                .all(|account| account.columns.is_none())
        );

        let request = ReadRequest {
            wants_plan: false,
            ..request()
        };
        let facts = database::read(&secret(&world.url()), &plans, &request, &|_| {})
            .await
            .unwrap();
        assert!(facts.mapped.is_empty() && facts.accounts[0].plan.is_none());
    });
}

#[test]
fn expressions_conditions_and_value_lists_decide_who_has_paid() {
    in_a_world(async |world| {
        world.run(USERS).await;
        let listed = one_of("status", &["active", "tri'aling", "\\"]);
        let settings = table("users", &[(Field::HasPaidAccess, listed)]);
        let settings = with(
            settings,
            None,
            Some("deleted_at is null -- not the gone ones"),
        );
        assert_eq!(
            lines(&world.read(&settings).await.unwrap()),
            ["u1|cus_1|t|", "u2||f|"]
        );

        let computed = sql("plan <> 'free' -- as in the app");
        let settings = table("users", &[(Field::HasPaidAccess, computed)]);
        assert_eq!(
            lines(&world.read(&settings).await.unwrap()),
            ["u1|cus_1|t|", "u2||f|", "u3|cus_3|f|"]
        );
    });
}

#[test]
fn in_lists_match_any_column_type() {
    in_a_world(async |world| {
        world
            .run(
                "create type state as enum ('active', 'gone'); \
                 create table users (id int, stripe_customer_id text, e state, b boolean, c char(10), j jsonb, n int); \
                 insert into users values (1, 'cus_1', 'active', true, 'active', '\"active\"', 1), \
                 (2, 'cus_2', 'gone', false, 'gone', '\"gone\"', 2), (3, 'cus_3', null, null, null, null, null)",
            )
            .await;
        for (name, values) in [
            ("e", ["active", "no_such_label"]),
            ("b", ["true", "yes"]),
            ("c", ["active", "x"]),
            ("j", ["active", "x"]),
            ("n", ["1", "x"]),
        ] {
            let settings = table("users", &[(Field::HasPaidAccess, one_of(name, &values))]);
            let paid: Vec<bool> = world
                .read(&settings)
                .await
                .unwrap()
                .accounts
                .iter()
                .map(|account| account.paid)
                .collect();
            assert_eq!(paid, [true, false, false], "{name}");
        }
    });
}

#[test]
fn names_with_capitals_quotes_and_reserved_words_are_names_only() {
    in_a_world(async |world| {
        world
            .run(
                r#"create schema "My Schema"; create table "My Schema"."User; drop table x" (
                   "select" text, "stripeCustomerId" text, "has""paid" boolean, "größe" int);
                   insert into "My Schema"."User; drop table x" values ('ü''; --', 'cus_1', true, 5)"#,
            )
            .await;
        let settings = table(
            "My Schema.User; drop table x",
            &[
                (Field::Id, column("select")),
                (Field::CustomerId, column("stripeCustomerId")),
                (Field::HasPaidAccess, column("has\"paid")),
                (Field::Seats, column("größe")),
            ],
        );
        let facts = world.read(&settings).await.unwrap();
        assert_eq!(lines(&facts), ["ü'; --|cus_1|t|"]);
        assert_eq!(facts.accounts[0].columns.as_ref().unwrap().seats, Some(5));
        assert_eq!(
            world
                .read_again(&settings, &["ü'; --", "' or true --"])
                .await
                .unwrap(),
            facts
        );
    });
}

async fn create_joined_tables(world: &World) {
    world
        .run(
            "create table users (id text, stripe_customer_id text, status text); \
             create table subscriptions (id int, user_id text, state text, seats int, status text); \
             insert into users values ('u1', 'cus_1', 'kept'), ('u2', 'cus_2', 'kept'); \
             insert into subscriptions values (7, 'u1', 'active', 3, 'active')",
        )
        .await;
}

const JOIN: &str = "left join subscriptions s on s.user_id = users.id -- one each";

#[test]
fn with_a_join_plain_columns_prefer_the_table() {
    in_a_world(async |world| {
        create_joined_tables(&world).await;
        let settings = table(
            "users",
            &[
                (Field::HasPaidAccess, one_of("state", &["active"])),
                (Field::Seats, column("s.seats")),
                (Field::Status, column("status")),
                (Field::SubscriptionId, sql("s.id")),
            ],
        );
        let facts = world.read(&with(settings, Some(JOIN), None)).await.unwrap();
        assert_eq!(lines(&facts), ["u1|cus_1|t|", "u2|cus_2|f|"]);
        assert_eq!(
            facts.accounts[0].columns.as_deref(),
            Some(&AccountColumns {
                seats: Some(3),
                status: Some("kept".into()),
                subscription_id: Some("7".to_owned().into()),
                ..AccountColumns::default()
            })
        );
    });
}

#[test]
fn without_a_customer_the_subscription_links_an_account() {
    in_a_world(async |world| {
        create_joined_tables(&world).await;
        let mut settings = query(
            "select user_id as id, id as subscription_id, true as has_paid_access, null as plan from subscriptions",
        );
        settings.match_on = MatchOn::SubscriptionId;
        let facts = world.read(&settings).await.unwrap();
        assert_eq!(lines(&facts), ["u1||t|"]);
        assert!(facts.mapped.contains(&Field::SubscriptionId));
    });
}

#[test]
fn a_query_may_end_in_semicolons_and_comments_and_use_with() {
    in_a_world(async |world| {
        world.run(USERS).await;
        let settings = query(
            "with payers as (select * from users where has_paid_access)\n\
             select id, stripe_customer_id, true as has_paid_access, plan, 'x' as email from payers; -- done",
        );
        assert_eq!(
            lines(&world.read(&settings).await.unwrap()),
            ["u1|cus_1|t|pro"]
        );
        let settings = query("values (1, 2)");
        let text = error_text(world.read(&settings).await);
        assert!(
            text.contains("`query` yields no column `id`, only `column1`, `column2`"),
            "{text}"
        );
    });
}

#[test]
fn a_condition_that_no_row_meets_gives_no_accounts() {
    in_a_world(async |world| {
        world.run(USERS).await;
        let settings = with(table("users", &[]), None, Some("false"));
        assert!(world.read(&settings).await.unwrap().accounts.is_empty());
    });
}

#[test]
fn the_query_is_run_once_for_its_rows_and_never_for_its_names() {
    in_a_world(async |world| {
        world
            .run("create function slow() returns text language plpgsql as $$ begin raise exception 'run'; end $$")
            .await;
        let names_only = query("select slow() as id, 'x' as customer");
        let text = error_text(world.read(&names_only).await);
        assert!(text.contains("yields no column `customer_id`"), "{text}");
    });
}

#[test]
fn now_is_the_time_of_evaluation() {
    in_a_world(async |world| {
        world
            .run(
                "create table users (id text, stripe_customer_id text, ends_at timestamptz); \
                  insert into users values ('u1', 'cus_1', '2026-08-15')",
            )
            .await;
        let access = sql("ends_at > {{now}} and {{ now }} > '2020-01-01'");
        let settings = table("users", &[(Field::HasPaidAccess, access)]);
        let settings = with(settings, None, Some("{{now}} is not null"));
        for (now, paid) in [(NOW, "t"), (NOW.plus(30 * 24 * 60 * 60), "f")] {
            let request = ReadRequest { now, ..request() };
            let facts = database::read(&secret(&world.url()), &settings, &request, &|_| {})
                .await
                .unwrap();
            assert_eq!(lines(&facts), [format!("u1|cus_1|{paid}|")]);
        }
        assert_eq!(
            lines(&world.read_again(&settings, &["u1"]).await.unwrap()),
            ["u1|cus_1|t|"]
        );
    });
}

#[test]
fn zoneless_timestamps_use_the_session_time_zone() {
    in_a_world(async |world| {
        // A server whose time zone differs from the application's.
        world
            .run(&format!(
                "alter database {} set timezone to 'Europe/Berlin'",
                world.name
            ))
            .await;
        world
            .run("create table users (id text, stripe_customer_id text, ends_at timestamp, day date); \
                  insert into users values ('u1', 'cus_1', '2026-08-01 00:30:00', '2026-08-01')")
            .await;
        let mut settings = table(
            "users",
            &[
                (Field::HasPaidAccess, sql("ends_at > {{now}}")),
                (Field::PeriodEnd, column("ends_at")),
                (Field::UpdatedAt, column("day")),
            ],
        );
        for (zone, ends, day, paid) in [
            ("UTC", 1_785_544_200, 1_785_542_400, true),
            ("Europe/Berlin", 1_785_537_000, 1_785_535_200, false),
        ] {
            zone.clone_into(&mut settings.timezone);
            let account = world.read(&settings).await.unwrap().accounts.remove(0);
            let columns = account.columns.unwrap();
            assert_eq!(columns.period_end, Some(UnixSeconds(ends)), "{zone}");
            assert_eq!(columns.updated_at, Some(UnixSeconds(day)), "{zone}");
            assert_eq!(account.paid, paid, "{zone}");
        }
    });
}

#[test]
fn a_second_reading_is_of_the_named_accounts_only() {
    in_a_world(async |world| {
        world
            .run("create table users (id uuid, stripe_customer_id text, has_paid_access boolean); \
                  insert into users select ('00000000-0000-0000-0000-00000000000' || i)::uuid, 'cus_' || i, true \
                  from generate_series(1, 5) i")
            .await;
        let ids = ["00000000-0000-0000-0000-000000000004", "no such id"];
        let again = world.read_again(&table("users", &[]), &ids).await.unwrap();
        assert_eq!(
            lines(&again),
            ["00000000-0000-0000-0000-000000000004|cus_4|t|"]
        );
        let from_query =
            query("select id, stripe_customer_id, has_paid_access, null as plan from users;");
        assert_eq!(
            lines(&world.read_again(&from_query, &ids).await.unwrap()).len(),
            1
        );
        assert!(
            world
                .read_again(&table("users", &[]), &[])
                .await
                .unwrap()
                .accounts
                .is_empty()
        );
    });
}

#[test]
fn accounts_are_chosen_by_id_or_by_link() {
    in_a_world(async |world| {
        world
            .run("create table users (id int, stripe_customer_id text, sub text, has_paid_access boolean); \
                  insert into users select i, 'cus_' || i / 2, 'sub_' || i, true from generate_series(1, 5) i")
            .await;
        let chosen = |accounts: &[&str], links: &[&str]| AccountSelection {
            accounts: accounts.iter().map(|id| AccountId::from(*id)).collect(),
            links: links.iter().map(|link| (*link).to_owned()).collect(),
            ..AccountSelection::default()
        };
        let users = table("users", &[]);
        for (chosen, expected) in [
            (
                chosen(&["1", "x\0"], &["cus_2", "\0"]),
                &["1|cus_0|t|", "4|cus_2|t|", "5|cus_2|t|"][..],
            ),
            (chosen(&[], &["cus_1"]), &["2|cus_1|t|", "3|cus_1|t|"]),
            (chosen(&[], &["sub_1"]), &[]),
            (chosen(&[], &[]), &[]),
        ] {
            let facts = world.read_chosen(&users, &chosen).await.unwrap();
            let mut found = lines(&facts);
            found.sort();
            assert_eq!(found, expected, "{chosen:?}");
        }
        let mut by_subscription =
            query("select id, sub as subscription_id, has_paid_access, null as plan from users");
        by_subscription.match_on = MatchOn::SubscriptionId;
        let facts = world
            .read_chosen(&by_subscription, &chosen(&["2"], &["sub_4"]))
            .await
            .unwrap();
        assert_eq!(facts.accounts.len(), 2);
    });
}

#[test]
fn views_and_partitions_are_read_like_tables() {
    in_a_world(async |world| {
        world
            .run("create schema app; \
                  create table app.parts (id int, stripe_customer_id text, has_paid_access boolean) partition by range (id); \
                  create table app.low partition of app.parts for values from (0) to (10); \
                  create table app.high partition of app.parts for values from (10) to (20); \
                  insert into app.parts values (1, 'cus_1', true), (11, 'cus_11', false); \
                  create view app.seen as select * from app.parts; \
                  create materialized view app.kept as select * from app.parts")
            .await;
        for name in ["app.parts", "app.seen", "app.kept"] {
            let facts = world.read(&table(name, &[])).await.unwrap();
            let mut lines = lines(&facts);
            lines.sort();
            assert_eq!(lines, ["11|cus_11|f|", "1|cus_1|t|"], "{name}");
        }
    });
}

#[test]
fn progress_is_reported_as_rows_come_and_at_the_end() {
    in_a_world(async |world| {
        let settings = query(
            "select i as id, 'cus_' || i as customer_id, true as has_paid_access, 'pro' as plan from generate_series(1, 2500) i",
        );
        let progress = std::sync::Mutex::new(Vec::new());
        let facts = database::read(&secret(&world.url()), &settings, &request(), &|rows| {
            progress.lock().unwrap().push(rows);
        })
        .await
        .unwrap();
        assert_eq!(facts.accounts.len(), 2500);
        assert_eq!(*progress.lock().unwrap(), [1000, 2000, 2500]);
        let plans: Vec<_> = facts
            .accounts
            .iter()
            .map(|account| account.plan.clone().unwrap())
            .collect();
        assert_eq!(plans[0].as_ptr(), plans[2499].as_ptr());
    });
}
