//! Errors while reading the accounts, with hints.

use std::{fmt, time::Duration};

use crate::{
    contract::Field,
    problem::{Coded, ErrorCode, Explain},
};

use super::{
    account_rows::RowError, connect::ConnectError, statement::SqlPosition, url_error::UrlError,
    value_advice,
};

/// Reason why the accounts cannot be read completely.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("`{env}` cannot be used as a database URL")]
    Url {
        env: String,
        #[source]
        source: UrlError,
    },
    #[error("no connection to the database at `{server}`")]
    Connect {
        env: String,
        server: String,
        #[source]
        source: ConnectError,
    },
    #[error(
        "no connection to the database at `{server}`: inside a container action that is the container itself, not the runner"
    )]
    LoopbackInContainer {
        env: String,
        port: u16,
        server: String,
        #[source]
        source: ConnectError,
    },
    #[error("Postgres does not know the time zone `{0}`")]
    Timezone(String),
    #[error("the configuration maps no `{}`", .0.as_str())]
    Unmapped(Field),
    #[error("there is no table `{table}`{}", AtSqlPlace(.place.as_deref()))]
    NoTable {
        table: String,
        /// Suggested name, quoted if SQL requires it at that place.
        nearest: Option<String>,
        place: Option<Box<SqlPlace>>,
    },
    #[error("table `{table}` has no column `{column}`, which `{key}` is mapped to")]
    NoColumn {
        key: &'static str,
        column: String,
        table: String,
        nearest: Option<String>,
        /// The columns that the table has.
        existing: Vec<String>,
    },
    #[error("`query` yields no column `{}`, only {}", .field.as_str(), NameList(.found))]
    NoOutputColumn { field: Field, found: Vec<String> },
    #[error("`query` yields both `{first}` and `{second}`, which are the same column")]
    TwoOutputColumns { first: String, second: String },
    #[error("`query` yields a column `{name}`, which is not read; `{}` would be", .field.as_str())]
    MisspeltOutputColumn { name: String, field: Field },
    #[error("{reason}, {place}")]
    Sql {
        reason: String,
        place: Box<SqlPlace>,
    },
    #[error("row-level security hides rows of {} from role {role}", NameList(.tables))]
    RowSecurity {
        role: String,
        tables: Vec<String>,
        /// One `create policy` statement per table and role that reads it.
        policies: Vec<String>,
    },
    #[error("role {role} may not read: {message}")]
    Permission {
        role: String,
        message: String,
        grants: Vec<String>,
    },
    #[error("the statement would write, and the transaction is read-only: {message}{}", AtSqlPlace(.place.as_deref()))]
    Writes {
        message: String,
        place: Option<Box<SqlPlace>>,
    },
    #[error("the database did not finish within `statement_timeout`, {} s", .0.as_secs())]
    StatementTimeout(Duration),
    #[error("a table stayed locked for too long: {message}")]
    LockTimeout { message: String },
    #[error("the database is a replica that has not caught up with its primary: its last transaction is {} old", humantime::format_duration(*.delay))]
    Replica { delay: Duration },
    #[error("the statement was canceled on the server")]
    Canceled,
    #[error("the connection to the database was lost while reading")]
    Lost,
    #[error("the database refused the statement ({code}): {message}{}", AtSqlPlace(.place.as_deref()))]
    Rejected {
        code: String,
        message: String,
        place: Option<Box<SqlPlace>>,
        /// The server's own hint, or else advice for the error code.
        hint: String,
    },
    #[error(transparent)]
    Row(#[from] RowError),
    #[error("the server sent an invalid response")]
    Protocol(#[source] sqlx::Error),
}

/// A position in SQL from the configuration, with the text of its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlPlace {
    /// The key, such as `where` or `columns.plan`.
    pub key: String,
    /// Line within the key's text, counted from one.
    pub line: usize,
    pub column: usize,
    pub excerpt: String,
}

/// Maximum length of a line in a message.
const MAX_EXCERPT: usize = 120;

impl SqlPlace {
    pub(super) fn new(origin: &SqlPosition) -> Self {
        let (line, column) = origin.line_and_column();
        let text = origin.source.text.lines().nth(line.saturating_sub(1));
        Self {
            key: origin.source.key.clone(),
            line,
            column,
            excerpt: text
                .unwrap_or_default()
                .trim()
                .chars()
                .take(MAX_EXCERPT)
                .collect(),
        }
    }
}

impl fmt::Display for SqlPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            key,
            line,
            column,
            excerpt,
        } = self;
        write!(f, "in `{key}`, line {line}, column {column}: `{excerpt}`")
    }
}

struct AtSqlPlace<'a>(Option<&'a SqlPlace>);

impl fmt::Display for AtSqlPlace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |place| write!(f, ", {place}"))
    }
}

struct NameList<'a>(&'a [String]);

/// Maximum number of names in a message.
const MAX_LISTED: usize = 20;

impl fmt::Display for NameList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, name) in self.0.iter().take(MAX_LISTED).enumerate() {
            let separator = if position == 0 { "" } else { ", " };
            write!(f, "{separator}`{name}`")?;
        }
        if self.0.len() > MAX_LISTED {
            write!(f, " and {} more", self.0.len() - MAX_LISTED)?;
        }
        Ok(())
    }
}

impl Coded for Error {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Url { .. } => ErrorCode::DatabaseUrl,
            Self::Connect { source, .. } => source.code(),
            Self::LoopbackInContainer { .. } | Self::Protocol(_) => ErrorCode::DatabaseUnreachable,
            Self::Unmapped(_)
            | Self::NoTable { .. }
            | Self::NoColumn { .. }
            | Self::NoOutputColumn { .. }
            | Self::TwoOutputColumns { .. }
            | Self::MisspeltOutputColumn { .. } => ErrorCode::DatabaseMapping,
            Self::RowSecurity { .. } => ErrorCode::RowLevelSecurity,
            Self::Permission { .. } => ErrorCode::DatabasePermission,
            Self::Timezone(_) | Self::Sql { .. } | Self::Writes { .. } | Self::Rejected { .. } => {
                ErrorCode::DatabaseSql
            }
            Self::StatementTimeout(_) | Self::LockTimeout { .. } => ErrorCode::DatabaseTimeout,
            Self::Replica { .. } => ErrorCode::DatabaseReplica,
            Self::Canceled | Self::Lost => ErrorCode::DatabaseInterrupted,
            Self::Row(error) => error.code(),
        }
    }
}

impl Explain for Error {
    fn named(&self) -> Vec<String> {
        if let Self::Row(error) = self {
            error.named()
        } else {
            Vec::new()
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Url { source, .. } => source.hint(),
            Self::Connect { env, source, .. } => source.hint(env),
            Self::LoopbackInContainer { env, port, .. } => format!(
                "in `{env}`, use the label of the service container as the host (`postgres:5432` for `services: postgres:`), \
                 or, for a database on the runner itself, the runner's address as containers see it (`172.17.0.1:{port}`)"
            ),
            Self::Timezone(_) => {
                "set `timezone` to a name of the IANA database, such as `UTC` or `Europe/Berlin`".to_owned()
            }
            Self::Unmapped(field) => format!("add `{}` to `columns`", field.as_str()),
            Self::NoTable { nearest, .. } => nearest.as_ref().map_or_else(
                || "check that the URL names the right database, and name the schema if it is not `public`".to_owned(),
                |nearest| format!("did you mean `{nearest}`?"),
            ),
            Self::NoColumn { nearest, existing, .. } => {
                let suggestion = match nearest {
                    Some(nearest) => format!("did you mean `{nearest}`?"),
                    None if existing.is_empty() => "it has no columns at all;".to_owned(),
                    None => format!("it has {};", NameList(existing)),
                };
                format!(
                    "{suggestion} write an expression as `{{sql: …}}`; a column of another table needs `join`"
                )
            }
            Self::NoOutputColumn { field, .. } => format!("name a column of it: `… as {}`", field.as_str()),
            Self::TwoOutputColumns { .. } => "leave one of them out".to_owned(),
            Self::MisspeltOutputColumn { name, field } => format!(
                "write `… as {}` to have it checked, or give `{name}` another name or leave it out",
                field.as_str()
            ),
            Self::Sql { .. } => "configured SQL must stay inside the statement that it is a part of".to_owned(),
            Self::RowSecurity { role, policies, .. } => format!(
                "as the database's owner run `alter role {role} bypassrls;`, or for each table `{}`",
                policies.join(" ")
            ),
            Self::Permission { grants, .. } => format!("as the tables' owner run `{}`", grants.join(" ")),
            Self::Writes { .. } => "remove the part that writes: the check only reads".to_owned(),
            Self::StatementTimeout(_) => {
                "add an index on the columns of the join, or narrow `where`, to make it faster; raise \
                 `statement_timeout` to give it more time".to_owned()
            }
            Self::LockTimeout { .. } => "a migration or maintenance holds the table: run the check again afterwards".to_owned(),
            Self::Replica { .. } => {
                "wait until the replica has caught up, or use the URL of the primary".to_owned()
            }
            Self::Canceled | Self::Lost => {
                "run the check again; if it happens every time, the server's log says why".to_owned()
            }
            Self::Rejected { hint, .. } => hint.clone(),
            Self::Row(error) => error.hint(),
            Self::Protocol(_) => "check that the server is Postgres 12 or newer".to_owned(),
        }
    }
}

impl Coded for RowError {
    fn code(&self) -> ErrorCode {
        ErrorCode::InvalidRow
    }
}

impl Explain for RowError {
    fn named(&self) -> Vec<String> {
        match self {
            Self::NoId { .. } | Self::Id { .. } => Vec::new(),
            Self::Value { id, .. } => vec![id.clone()],
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::NoId { .. } => {
                "map `id` to a column that is never null, or leave such rows out with `where`"
                    .to_owned()
            }
            Self::Id { column, source, .. } => {
                value_advice::hint(Field::Id, column.as_deref(), source)
            }
            Self::Value {
                field,
                column,
                source,
                ..
            } => value_advice::hint(*field, column.as_deref(), source),
        }
    }
}
