//! Valid contracts for the readers and the evaluator.

use std::{collections::BTreeMap, fmt, num::NonZeroU32, time::Duration};

use contract::{Contract, Field, MatchOn};

/// An entry of `contracts:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessContract {
    /// Name from the file, or from the entry's position; unique in the file.
    pub name: String,
    pub contract: Contract,
    /// Environment variable with the provider's key.
    pub key_env: String,
    pub database: DatabaseSettings,
    /// Delay before the data behind possible findings is read again; `None` if it is read only once.
    pub confirm_after: Option<Duration>,
    /// True if the provider's events are searched for the cause of a finding.
    pub evidence: bool,
    /// Maximum number of requests to the provider.
    pub max_requests: Option<NonZeroU32>,
    /// Maximum number of requests per second to one endpoint; `None` for the provider's documented limit.
    pub requests_per_second: Option<NonZeroU32>,
    /// Maximum number of requests per minute; `None` for the provider's documented limit.
    pub requests_per_minute: Option<NonZeroU32>,
    /// Address of an account in the application, with `{id}` for its id.
    pub account_link: Option<String>,
}

impl AccessContract {
    /// Returns the names of the environment variables that a check needs.
    pub fn variables(&self) -> [&str; 2] {
        [&self.key_env, &self.database.url_env]
    }
}

/// Settings for reading the accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseSettings {
    /// Environment variable with the connection URL.
    pub url_env: String,
    pub accounts: AccountsQuery,
    /// Source of an account's e-mail address, if it is mapped; always `None` with a query.
    pub email: Option<Expression>,
    pub match_on: MatchOn,
    pub statement_timeout: Duration,
    /// Time zone of the session.
    pub timezone: String,
}

/// Source of the accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountsQuery {
    Table {
        table: TableName,
        columns: BTreeMap<Field, Expression>,
        /// SQL after the table, verbatim.
        join: Option<String>,
        /// SQL condition, verbatim.
        filter: Option<String>,
    },
    /// One SELECT whose output columns have the canonical names.
    Query { sql: String },
}

/// A table's schema and name, in the upper and lower case of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableName {
    pub schema: Option<String>,
    pub name: String,
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "{schema}.")?;
        }
        f.write_str(&self.name)
    }
}

/// Source of a canonical column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// Name of a column; quoted, never spliced.
    Column(String),
    /// True if the column, as text, is one of the values.
    In { column: String, values: Vec<String> },
    /// SQL, verbatim.
    Sql(String),
}
