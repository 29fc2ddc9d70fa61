//! Contracts for databases that no preset describes.

use super::{contract, with_database};

#[test]
fn one_table_is_mapped_by_its_values() {
    let (folder, ran) = with_database(
        &[],
        "create table shop_members (member_no int primary key, \"Billing Ref\" text, state text, tier text); \
         insert into shop_members values (1, 'cus_1', 'ACTIVE', 'gold'), (2, 'cus_2', 'CANCELED', 'gold'), (3, null, null, null)",
    );
    ran.with_status(0).says(&[
        "stack: none",
        "`shop_members.Billing Ref` holds a customer id in 2 of 3 rows",
        "not known: what happens while a card fails",
        "access, plan `gold`",
    ]);
    let written = contract(&folder);
    for part in [
        "users_table: shop_members\n",
        "id: member_no\n",
        "customer_id: \"Billing Ref\"\n",
        "has_paid_access: { column: state, in: [ACTIVE] }\n",
        "price_your_gold: \"gold\"\n",
    ] {
        assert!(written.contains(part), "{part}\n{written}");
    }
}

#[test]
fn ids_in_json_and_a_status_in_another_table_are_found() {
    let (folder, ran) = with_database(
        &[],
        "create table people (id uuid primary key default gen_random_uuid(), settings jsonb); \
         create table deals (id int primary key, person uuid references people, status text, price text); \
         insert into people (settings) values ('{\"pay\": {\"customer\": \"cus_1\"}}'), ('{}'); \
         insert into deals select 1, id, 'active', 'price_gold' from people where settings ? 'pay'",
    );
    ran.with_status(0).says(&[
        "`people.settings.pay.customer` holds a customer id in 1 of 2 rows",
        "customer cus_…",
    ]);
    let written = contract(&folder);
    assert!(
        written.contains("#>> array['pay', 'customer']"),
        "{written}"
    );
    assert!(written.contains("price_gold: price_gold\n"), "{written}");
}

#[test]
fn what_cannot_be_found_is_said_and_nothing_is_written() {
    let (folder, ran) = with_database(&[], "create table notes (id int primary key, body text)");
    ran.with_status(2)
        .says(&["no column holds ids of customers"]);
    assert!(!folder.path().join("prodverdict.yml").exists());
}

#[test]
fn hostile_names_and_words_in_the_database_stay_data() {
    let (folder, ran) = with_database(
        &[],
        "create table \"a\"\"; drop table b; --\" (id int primary key, \"c: {\" text, status text, plan text); \
         insert into \"a\"\"; drop table b; --\" values (1, 'cus_1', 'active', E'x\\u001b[31m'), (2, 'cus_2', 'active', 'it''s \"pro\": {')",
    );
    assert!(!ran.all().contains('\u{1b}'), "{:?}", ran.all());
    ran.with_status(0)
        .says(&["1 left out because no contract can hold it"]);
    let written = contract(&folder);
    assert!(written.contains("\"it's \\\"pro\\\": {\""), "{written}");
    assert!(written.contains("customer_id: \"c: {\""), "{written}");
}

#[test]
fn tables_whose_rows_are_hidden_are_named_with_the_sql_that_shows_them() {
    let (folder, ran) = with_database(
        &[],
        "create table members (id int primary key, customer text, status text); \
         create table member_subscriptions (id int primary key, member_id int references members, status text); \
         alter table member_subscriptions enable row level security; \
         insert into members values (1, 'cus_1', 'active'); \
         insert into member_subscriptions values (1, 1, 'canceled')",
    );
    ran.with_status(2).says(&[
        "row-level-security",
        "bypassrls;",
        "create policy prodverdict_read on \"member_subscriptions\" for select to",
    ]);
    assert!(!folder.path().join("prodverdict.yml").exists());
}
