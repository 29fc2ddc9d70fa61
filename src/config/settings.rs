//! Valid contracts, ready for the readers and the evaluator.

use std::{collections::BTreeMap, num::NonZeroU32, time::Duration};

use crate::contract::{Contract, Field, MatchOn};

/// One `contracts:` entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessContract {
    /// As written, or made from the entry's position: unique in the file.
    pub name: String,
    pub contract: Contract,
    /// The environment variable that holds the provider's key.
    pub key_env: String,
    pub database: DatabaseSettings,
    /// How long to wait before reading again what would be accused; none: read once.
    pub confirm_after: Option<Duration>,
    /// Ask the provider's events what went wrong behind a finding.
    pub evidence: bool,
    /// The most requests that may be sent to the provider.
    pub max_requests: Option<NonZeroU32>,
    /// How many a second may be sent to one endpoint; none: what the provider documents.
    pub requests_per_second: Option<NonZeroU32>,
}

/// How accounts are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseSettings {
    /// The environment variable that holds the connection URL.
    pub url_env: String,
    pub accounts: AccountsQuery,
    pub match_on: MatchOn,
    pub statement_timeout: Duration,
    /// Time zone of the session.
    pub timezone: String,
}

/// Where the accounts come from.
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
    /// One SELECT whose output columns carry the canonical names.
    Query { sql: String },
}

/// A table name in its parts, case as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableName {
    pub schema: Option<String>,
    pub name: String,
}

/// What a canonical column is computed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// A column, by name; quoted, never spliced.
    Column(String),
    /// True where the column, as text, is one of the values.
    In { column: String, values: Vec<String> },
    /// SQL, verbatim.
    Sql(String),
}
