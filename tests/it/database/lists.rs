//! Columns of lists, objects, composites and bytes, where a single value or a list of customers is expected.

use prodverdict::{
    config::Expression,
    contract::{Account, CustomerId, Field},
    database::{AccountSelection, DatabaseFacts},
};

use super::world::{
    ReadAccounts as _, World, column, error_text, in_a_world, one_of, query, sql, table,
};

/// Formats the accounts as `id: first+other+other`.
fn customers(facts: &DatabaseFacts) -> Vec<String> {
    let line = |account: &Account| {
        let others = account
            .columns
            .iter()
            .flat_map(|column| &column.other_customers);
        let all: Vec<&str> = account
            .customer
            .iter()
            .chain(others)
            .map(CustomerId::as_str)
            .collect();
        format!("{}: {}", account.id, all.join("+"))
    };
    facts.accounts.iter().map(line).collect()
}

const MEMBERS: &str = "create domain ids as text[]; create type label as enum ('cus_1', 'cus_2'); \
    create table members (id int primary key, customers text[], has_paid_access boolean, \
    deep ids, labels label[], document jsonb, plain json); \
    insert into members values \
    (1, '{cus_1b,cus_1}', true, '{cus_1b,cus_1}', '{cus_2,cus_1}', '[\"cus_1b\", \"cus_1\"]', '[\"cus_1b\",\"cus_1\"]'), \
    (2, '{cus_2}', true, '{cus_2}', '{cus_2}', '\"cus_2\"', '\"cus_2\"'), \
    (3, '{}', false, '{}', '{}', '[]', '[]'), \
    (4, null, false, null, null, 'null', null), \
    (5, '{NULL,\"\",\"  \",cus_5,cus_5}', false, '{NULL,cus_5}', '{NULL}', '[null, \"\", \"cus_5\", \"cus_5\"]', '[\"cus_5\"]')";

fn members(customers: &str) -> config::DatabaseSettings {
    table("members", &[(Field::CustomerId, column(customers))])
}

#[test]
fn a_list_links_one_account_to_several_customers() {
    in_a_world(async |world| {
        world.run(MEMBERS).await;
        for name in ["customers", "deep", "document", "plain"] {
            let facts = world.read(&members(name)).await.expect(name);
            assert_eq!(
                customers(&facts),
                ["1: cus_1b+cus_1", "2: cus_2", "3: ", "4: ", "5: cus_5"],
                "{name}"
            );
            assert!(
                facts.accounts[1].columns.is_none(),
                "no columns without values"
            );
        }
        let facts = world.read(&members("labels")).await.unwrap();
        assert_eq!(customers(&facts)[0], "1: cus_2+cus_1");
    });
}

#[test]
fn a_list_in_a_query_or_an_expression_is_read_the_same_way() {
    in_a_world(async |world| {
        world.run(MEMBERS).await;
        let settings = query(
            "select id, customers as customer_id, has_paid_access, null as plan from members where id = 1",
        );
        let facts = world.read(&settings).await.unwrap();
        assert_eq!(customers(&facts), ["1: cus_1b+cus_1"]);
        let computed = sql("array_remove(customers, 'cus_1b') || '{cus_9}'");
        let settings = table("members", &[(Field::CustomerId, computed)]);
        let facts = world.read(&settings).await.unwrap();
        assert_eq!(customers(&facts)[0], "1: cus_1+cus_9");
    });
}

#[test]
fn an_account_is_chosen_by_any_customer_of_its_list() {
    in_a_world(async |world| {
        world.run(MEMBERS).await;
        for name in ["customers", "deep", "labels", "document", "plain"] {
            let chosen = AccountSelection {
                links: vec!["cus_1".to_owned()],
                ..AccountSelection::default()
            };
            let facts = world
                .read_chosen(&members(name), &chosen)
                .await
                .expect(name);
            assert_eq!(facts.accounts.len(), 1, "{name}");
            assert_eq!(facts.accounts[0].id.as_str(), "1", "{name}");
        }
    });
}

#[track_caller]
fn assert_told(error: &str, parts: &[&str]) {
    for part in parts {
        assert!(error.contains(part), "no `{part}` in: {error}");
    }
}

#[test]
fn a_list_of_anything_but_texts_is_an_error() {
    in_a_world(async |world| {
        world
            .run("create table members (id int, nested jsonb, numbers int[], deep text[], has_paid_access boolean); \
                  insert into members values (7, '[[\"cus_1\"]]', '{1}', '{{cus_1},{cus_2}}', true)")
            .await;
        for name in ["nested", "numbers", "deep"] {
            let error = error_text(world.read(&members(name)).await);
            assert_told(
                &error,
                &[
                    "`customer_id` of the row with id `7`",
                    "an element that is not text",
                ],
            );
        }
    });
}

async fn error(world: &World, mapping: &[(Field, Expression)]) -> String {
    error_text(world.read(&table("spaces", mapping)).await)
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table of columns, read once")]
fn values_that_are_not_single_are_reported_with_the_sql_to_write() {
    in_a_world(async |world| {
        world
            .run("create type address as (city text); \
                  create table spaces (id text, stripe_customer_id text, has_paid_access boolean, features text[], \
                  \"planData\" jsonb, place address, raw bytea, list jsonb); \
                  insert into spaces values ('w1', 'cus_1', true, '{pro}', '{\"plan\": \"pro\"}', row('x'), '\\x01', '[\"pro\"]')")
            .await;
        let mapped = |field, name| [(field, column(name))];
        for (field, name, found, advice) in [
            (
                Field::Plan,
                "features",
                "a list (text[])",
                "`plan: {sql: \"(features)[1]\"}`",
            ),
            (
                Field::Plan,
                "planData",
                "an object (jsonb)",
                "`\"planData\"->>'plan'` under `plan:`",
            ),
            (Field::Plan, "raw", "bytes (bytea)", "encode(raw, 'escape')"),
            (
                Field::Plan,
                "place",
                "a composite value (address)",
                "(place).plan",
            ),
            (Field::Plan, "list", "a list (jsonb)", "list->>0"),
            (
                Field::HasPaidAccess,
                "features",
                "a list (text[])",
                "{sql: \"'pro' = any(features)\"}",
            ),
            (
                Field::HasPaidAccess,
                "list",
                "a list (jsonb)",
                "list::jsonb ? 'pro'",
            ),
            (
                Field::Exempt,
                "place",
                "a composite value (address)",
                "(place).plan",
            ),
            (
                Field::CustomerId,
                "raw",
                "bytes (bytea)",
                "encode(raw, 'escape')",
            ),
            (
                Field::CustomerId,
                "planData",
                "an object (jsonb)",
                "\"planData\"->>'id'",
            ),
            (
                Field::CustomerId,
                "place",
                "a composite value (address)",
                "(place).plan",
            ),
            (
                Field::Status,
                "features",
                "a list (text[])",
                "(features)[1]",
            ),
            (
                Field::SubscriptionId,
                "features",
                "a list (text[])",
                "(features)[1]",
            ),
            (Field::Seats, "features", "a list (text[])", "(features)[1]"),
            (
                Field::PeriodEnd,
                "features",
                "a list (text[])",
                "(features)[1]",
            ),
        ] {
            let error = error(&world, &mapped(field, name)).await;
            let place = format!("`{}` of the row with id `w1`", field.as_str());
            assert_told(&error, &[&place, found, advice]);
        }
        let error = error(&world, &mapped(Field::Id, "features")).await;
        assert_told(
            &error,
            &["`id` of row 1", "a list (text[])", "(features)[1]"],
        );
        let listed = one_of("features", &["pro"]);
        let error = error_text(
            world
                .read(&table("spaces", &[(Field::HasPaidAccess, listed)]))
                .await,
        );
        assert_told(
            &error,
            &[
                "`has_paid_access` of the row with id `w1`",
                "a list (text[])",
                "'pro' = any(features)",
            ],
        );
    });
}

#[test]
fn the_words_of_a_column_mapped_with_in_are_known() {
    in_a_world(async |world| {
        world
            .run("create type state as enum ('ACTIVE', 'TRIALING'); \
                  create table spaces (id text, stripe_customer_id text, has_paid_access boolean, status state, raw jsonb); \
                  insert into spaces values ('w1', 'cus_1', true, 'ACTIVE', '\"pro\"'), \
                  ('w2', 'cus_2', true, 'TRIALING', 'true'), ('w3', null, false, null, null), ('w4', null, false, 'ACTIVE', '\"pro\"')")
            .await;
        let settings = table(
            "spaces",
            &[
                (Field::HasPaidAccess, one_of("status", &["active"])),
                (Field::Exempt, one_of("raw", &["pro"])),
            ],
        );
        let facts = world.read(&settings).await.unwrap();
        let words = |field| {
            let stored = &facts.stored_words[&field];
            assert!(!stored.has_more);
            stored
                .words
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        assert_eq!(words(Field::HasPaidAccess), ["ACTIVE", "TRIALING"]);
        assert_eq!(words(Field::Exempt), ["pro", "true"]);
        assert!(facts.accounts.iter().all(|account| !account.paid));
        let exempt: Vec<bool> = facts
            .accounts
            .iter()
            .map(|account| account.exempt)
            .collect();
        assert_eq!(exempt, [true, false, false, true]);
        // Plain columns keep no words.
        assert!(
            world
                .read(&table("spaces", &[]))
                .await
                .unwrap()
                .stored_words
                .is_empty()
        );
    });
}
