//! A separate database for each test, and helpers to read it.

use std::{collections::BTreeMap, time::Duration};

use prodverdict::{
    config::{AccountsQuery, DatabaseSettings, Expression, TableName},
    contract::{AccountId, Field, MatchOn, UnixSeconds},
    database::{self, AccountSelection, DatabaseFacts, Error, ReadRequest},
    problem::Problem,
};
use secrecy::SecretString;
use url::Url;

pub(crate) use testing::postgres::{World, in_a_world};

/// The evaluation time of every test that does not change it: 2026-08-01.
pub(crate) const NOW: UnixSeconds = UnixSeconds(1_785_542_400);

/// Reads accounts as the program does.
pub(crate) trait ReadAccounts {
    async fn read(&self, settings: &DatabaseSettings) -> Result<DatabaseFacts, Error>;

    async fn read_as(&self, url: &Url, settings: &DatabaseSettings)
    -> Result<DatabaseFacts, Error>;

    async fn read_again(
        &self,
        settings: &DatabaseSettings,
        ids: &[&str],
    ) -> Result<DatabaseFacts, Error>;

    async fn read_chosen(
        &self,
        settings: &DatabaseSettings,
        chosen: &AccountSelection,
    ) -> Result<DatabaseFacts, Error>;
}

impl ReadAccounts for World {
    async fn read(&self, settings: &DatabaseSettings) -> Result<DatabaseFacts, Error> {
        self.read_as(&self.url(), settings).await
    }

    async fn read_as(
        &self,
        url: &Url,
        settings: &DatabaseSettings,
    ) -> Result<DatabaseFacts, Error> {
        database::read(&secret(url), settings, &request(), &|_| {}).await
    }

    async fn read_again(
        &self,
        settings: &DatabaseSettings,
        ids: &[&str],
    ) -> Result<DatabaseFacts, Error> {
        let ids: Vec<AccountId> = ids.iter().map(|id| AccountId::from(*id)).collect();
        database::read_accounts(&secret(&self.url()), settings, &request(), &ids).await
    }

    async fn read_chosen(
        &self,
        settings: &DatabaseSettings,
        chosen: &AccountSelection,
    ) -> Result<DatabaseFacts, Error> {
        database::read_chosen(&secret(&self.url()), settings, &request(), chosen).await
    }
}

pub(crate) fn secret(url: &Url) -> SecretString {
    SecretString::from(url.as_str())
}

pub(crate) fn request() -> ReadRequest {
    ReadRequest {
        wants_plan: true,
        now: NOW,
        in_container_action: false,
    }
}

fn settings(accounts: AccountsQuery) -> DatabaseSettings {
    DatabaseSettings {
        url_env: "DATABASE_URL".to_owned(),
        accounts,
        email: None,
        match_on: MatchOn::CustomerId,
        statement_timeout: Duration::from_secs(30),
        timezone: "UTC".to_owned(),
    }
}

/// Returns the table form, with the columns of the documented example, replaced or extended by `more`.
pub(crate) fn table(name: &str, more: &[(Field, Expression)]) -> DatabaseSettings {
    let (schema, name) = match name.split_once('.') {
        Some((schema, name)) => (Some(schema.to_owned()), name.to_owned()),
        None => (None, name.to_owned()),
    };
    let mut columns = BTreeMap::from([
        (Field::Id, column("id")),
        (Field::CustomerId, column("stripe_customer_id")),
        (Field::HasPaidAccess, column("has_paid_access")),
    ]);
    columns.extend(more.iter().cloned());
    settings(AccountsQuery::Table {
        table: TableName { schema, name },
        columns,
        join: None,
        filter: None,
    })
}

/// Returns the same settings with a `join` and a `where`.
pub(crate) fn with(
    mut settings: DatabaseSettings,
    new_join: Option<&str>,
    new_filter: Option<&str>,
) -> DatabaseSettings {
    if let AccountsQuery::Table { join, filter, .. } = &mut settings.accounts {
        *join = new_join.map(str::to_owned);
        *filter = new_filter.map(str::to_owned);
    }
    settings
}

pub(crate) fn query(sql: &str) -> DatabaseSettings {
    settings(AccountsQuery::Query {
        sql: sql.to_owned(),
    })
}

pub(crate) fn column(name: &str) -> Expression {
    Expression::Column(name.to_owned())
}

pub(crate) fn sql(text: &str) -> Expression {
    Expression::Sql(text.to_owned())
}

pub(crate) fn one_of(column: &str, values: &[&str]) -> Expression {
    Expression::In {
        column: column.to_owned(),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    }
}

/// Returns the message and the hint of an error, as a person would see them.
#[track_caller]
pub(crate) fn error_text(result: Result<DatabaseFacts, Error>) -> String {
    let problem = Problem::from(&result.expect_err("an error"));
    let text = format!("{}\n{}", problem.text, problem.hint);
    assert!(!text.contains("secret-canary"), "a secret is shown: {text}");
    text
}

/// Formats the accounts as `id|customer|t or f|plan`.
pub(crate) fn lines(facts: &DatabaseFacts) -> Vec<String> {
    facts
        .accounts
        .iter()
        .map(|account| {
            format!(
                "{}|{}|{}|{}",
                account.id,
                account
                    .customer
                    .as_ref()
                    .map_or("", |customer| customer.as_str()),
                if account.paid { "t" } else { "f" },
                account.plan.as_deref().unwrap_or_default()
            )
        })
        .collect()
}
