//! A rehearsal of an application with a table of users, in a separate database.

use prodverdict::{
    config::{AccessContract, Rehearsal, load},
    problem::{Explain as _, Problem},
    scratch::{AccountSeed, EMAIL_DOMAIN, Error, Scratch, ScratchOptions},
};
use secrecy::SecretString;
use sqlx::{PgConnection, Row as _};
use url::Url;

pub(crate) use testing::postgres::{World, in_a_world};

/// The default `account.sql` of the tests.
pub(crate) const INSERT: &str = "insert into users (id, email, stripe_customer_id) values ({account_id}, {email}, {customer_id})";

/// The tables of an application, as its migrations would create them.
pub(crate) const TABLES: &str = "create table users (id text primary key, email text not null unique, \
     stripe_customer_id text, has_paid_access boolean not null default false, updated_at timestamptz not null default now()); \
     create table subscriptions (id text primary key, user_id text not null references users (id), status text not null); \
     create table events (id bigserial primary key, event_id text not null unique, body jsonb)";

/// A configuration with this `account.sql`, and more keys of `rehearsal`.
pub(crate) struct Setup {
    pub(crate) rehearsal: Rehearsal,
    pub(crate) contract: AccessContract,
}

pub(crate) fn setup(account: &str, more: &str) -> Setup {
    setup_reading(
        "users_table: users, columns: { id: id, customer_id: stripe_customer_id, has_paid_access: has_paid_access }",
        account,
        more,
    )
}

pub(crate) fn setup_reading(database: &str, account: &str, more: &str) -> Setup {
    let account: Vec<_> = account
        .split(";;")
        .map(|statement| serde_json::to_string(statement.trim()).expect("text"))
        .collect();
    let account = account.join("\n      - ");
    let text = format!(
        "version: 1\ncontracts:\n  - type: access\n    database: {{ {database} }}\n\
         rehearsal:\n  handler: http://localhost:3000/webhook\n  account:\n    sql:\n      - {account}\n{more}"
    );
    let config = load(&text, "prodverdict.yml").expect(&text);
    Setup {
        rehearsal: config.rehearsal.expect("a rehearsal"),
        contract: config.contracts.into_iter().next().expect("a contract"),
    }
}

impl Setup {
    pub(crate) async fn open(&self, url: &Url) -> Result<Scratch, Error> {
        self.open_beside(Some(url.as_str()), None).await
    }

    pub(crate) async fn open_beside(
        &self,
        url: Option<&str>,
        contract_url: Option<&str>,
    ) -> Result<Scratch, Error> {
        let (url, contract_url) = (
            url.map(SecretString::from),
            contract_url.map(SecretString::from),
        );
        Scratch::open(ScratchOptions {
            url: url.as_ref(),
            rehearsal: &self.rehearsal,
            contract: &self.contract,
            contract_url: contract_url.as_ref(),
            in_container_action: false,
        })
        .await
    }
}

/// Opens the usual rehearsal in the usual tables.
pub(crate) async fn opened(world: &World) -> Scratch {
    world.run(TABLES).await;
    setup(INSERT, "")
        .open(&world.url())
        .await
        .expect("a scratch database")
}

pub(crate) fn seed(name: &str, customer: Option<&str>) -> AccountSeed {
    AccountSeed {
        wanted_id: name.to_owned(),
        email: email(name),
        customer: customer.map(str::to_owned),
    }
}

pub(crate) fn email(name: &str) -> String {
    format!("{name}@{EMAIL_DOMAIN}")
}

pub(crate) fn tokens(tokens: &[&str]) -> Vec<String> {
    tokens.iter().map(|token| (*token).to_owned()).collect()
}

/// Returns the message and the hint of an error, as a person would see them.
pub(crate) fn error_text<T>(result: Result<T, Error>) -> String {
    let Err(error) = result else {
        panic!("an error");
    };
    let problem = Problem::from(&error);
    assert!(!error.hint().is_empty(), "{error}");
    let text = format!("{}\n{}", problem.text, problem.hint);
    assert!(!text.contains("secret-canary"), "a secret is shown: {text}");
    text
}

#[track_caller]
pub(crate) fn assert_error_text<T>(result: Result<T, Error>, parts: &[&str]) {
    let text = error_text(result);
    for part in parts {
        assert!(text.contains(part), "no `{part}` in: {text}");
    }
}

/// Returns the first column of a query, which is text.
pub(crate) async fn lines(world: &World, sql: &str) -> Vec<String> {
    let mut connection: PgConnection = world.connection().await;
    sqlx::query(sqlx::AssertSqlSafe(sql.to_owned()))
        .fetch_all(&mut connection)
        .await
        .expect(sql)
        .iter()
        .map(|row| row.try_get(0).expect("text"))
        .collect()
}
