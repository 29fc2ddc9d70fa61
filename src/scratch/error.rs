//! Errors of a scratch database, with hints.

use std::fmt;

use crate::{
    database,
    problem::{Coded, ErrorCode, Explain},
};

/// Any failure of a scratch database.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Refused(#[from] ScratchRefusal),
    #[error(transparent)]
    Open(#[from] database::Error),
    #[error("statement {number} of `account.sql` cannot be used ({code}): {message}")]
    AccountSql {
        /// Position, counted from one.
        number: usize,
        code: String,
        message: String,
    },
    #[error("`account.sql` returned no usable id of the account that it created: {0}")]
    AccountId(String),
    #[error("role {role} may not create triggers in the scratch database: {message}")]
    MayNotFailWrites { role: String, message: String },
    #[error("the server refused to create a database for the rehearsal: {message}")]
    MayNotCreateDatabase { message: String },
    #[error("the created rows cannot be removed ({code}): {message}")]
    Clean { code: String, message: String },
    #[error("table `{table}` still receives new rows while the created ones are removed")]
    KeepsGrowing { table: String },
    #[error("row-level security hides rows of the scratch database: {message}")]
    RowSecurity { message: String },
    #[error("the scratch database returned an error ({code}) while {doing}: {message}")]
    Rejected {
        doing: &'static str,
        code: String,
        message: String,
    },
    #[error("the connection to the scratch database was lost while {doing}")]
    Lost {
        doing: &'static str,
        #[source]
        source: sqlx::Error,
    },
}

/// Reason why a database is refused as a scratch database. Nothing has been written to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScratchRefusal {
    #[error(
        "the environment variable `{env}` is not set, but a rehearsal needs a separate database"
    )]
    NotSet { env: String },
    #[error("the rehearsal and the contract read their database from the same variable, `{env}`")]
    SameVariable { env: String },
    #[error("`{env}` names the database of the contract itself (`{contract_env}`){}", SamenessReason(.how))]
    SameDatabase {
        env: String,
        contract_env: String,
        how: Sameness,
    },
    #[error("`{env}` points to `{host}`, which is neither this machine nor on its network")]
    Remote { env: String, host: String },
    #[error("{table} of the scratch database contains {} that no rehearsal created", RowCount(.rows))]
    HasRows {
        env: String,
        table: String,
        rows: u64,
    },
    #[error("{table} of the scratch database contains more than {limit} rows")]
    TooLarge { table: String, limit: u64 },
    #[error("another rehearsal is using the database of `{env}`")]
    InUse { env: String },
    #[error("the server of `{env}` is a replica or read-only")]
    ReadOnly { env: String },
}

/// The evidence that two URLs lead to the same database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sameness {
    /// The URLs name the same server and database.
    Written,
    /// The server shows that both connections are to the same database.
    Server,
    /// One server is a replica of the other.
    Replica,
}

struct SamenessReason<'a>(&'a Sameness);

impl fmt::Display for SamenessReason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Sameness::Written => "",
            Sameness::Server => ": the URLs differ, but point to the same server",
            Sameness::Replica => ": one of the two servers is a replica of the other",
        })
    }
}

struct RowCount<'a>(&'a u64);

impl fmt::Display for RowCount<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("a row"),
            count => write!(f, "{count} rows"),
        }
    }
}

impl Coded for Error {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Refused(_) => ErrorCode::ScratchRefused,
            Self::Open(error) => error.code(),
            Self::AccountSql { .. }
            | Self::AccountId(_)
            | Self::MayNotFailWrites { .. }
            | Self::MayNotCreateDatabase { .. }
            | Self::Clean { .. }
            | Self::KeepsGrowing { .. }
            | Self::RowSecurity { .. }
            | Self::Rejected { .. }
            | Self::Lost { .. } => ErrorCode::ScratchFailed,
        }
    }
}

impl Explain for Error {
    fn hint(&self) -> String {
        match self {
            Self::Refused(refusal) => refusal.hint(),
            Self::Open(error) => error.hint(),
            Self::AccountSql { code, .. } if code == "42501" => {
                "give the role of the scratch database the right to write the application's tables".to_owned()
            }
            Self::AccountSql { code, .. } if matches!(code.as_str(), "42P01" | "3F000") => {
                "run the application's migrations on the scratch database first".to_owned()
            }
            Self::AccountSql { .. } => {
                "try the statement in psql; `{account_id}`, `{email}` and `{customer_id}` are bound as parameters of the \
                 type that the statement asks for"
                    .to_owned()
            }
            Self::AccountId(_) => {
                "end the statement with `returning id`, of type text, uuid or a whole number, or cast it: `returning id::text`"
                    .to_owned()
            }
            Self::MayNotFailWrites { .. } => {
                "let the rehearsal's role own the application's tables and create schemas, or leave the scenario out: \
                 `scenarios: {skip: [failing-write]}`"
                    .to_owned()
            }
            Self::MayNotCreateDatabase { .. } => {
                "give the role `createdb`, or leave `database.migrate` out and name a database with the application's tables"
                    .to_owned()
            }
            Self::Clean { .. } => {
                "give the role the right to delete from the application's tables; rows of a rehearsal contain e-mail \
                 addresses or customers that it invented"
                    .to_owned()
            }
            Self::KeepsGrowing { .. } => {
                "stop what writes to it, or give the rehearsal a separate database".to_owned()
            }
            Self::RowSecurity { .. } => {
                "connect as the owner of the tables, or as a role with `bypassrls`".to_owned()
            }
            Self::Rejected { .. } => "try the same with psql and the same role".to_owned(),
            Self::Lost { .. } => {
                "run the rehearsal again; if it happens every time, the server's log says why".to_owned()
            }
        }
    }
}

impl ScratchRefusal {
    fn hint(&self) -> String {
        match self {
            Self::NotSet { env } => format!(
                "set it to the URL of an empty database with the application's tables, such as a `services: postgres:` of \
                 the workflow: `{env}=postgres://postgres:postgres@localhost:5432/rehearsal`"
            ),
            Self::SameVariable { .. } => {
                "name another variable in `database: {url_env: …}` of `rehearsal`, with the URL of a separate database"
                    .to_owned()
            }
            Self::SameDatabase { env, .. } => format!(
                "a rehearsal writes and deletes rows: point `{env}` to an empty database that was created for it"
            ),
            Self::Remote { env, .. } => format!(
                "point `{env}` to a database that the workflow starts, or write `allow_remote: true` under `rehearsal` \
                 if that one was created for rehearsals"
            ),
            Self::HasRows { env, .. } => format!(
                "point `{env}` to a database with empty tables, or write `allow_rows: true` under `rehearsal` if these \
                 rows are expected"
            ),
            Self::TooLarge { .. } => {
                "every step reads every row: rehearse with a database that contains little more than the tables".to_owned()
            }
            Self::InUse { .. } => {
                "wait for it to end, or give each its own database; a killed run releases it within seconds".to_owned()
            }
            Self::ReadOnly { env } => format!("point `{env}` to a writable database"),
        }
    }
}

impl Error {
    /// Converts an error of the server or the connection; `doing` names the operation.
    pub(super) fn new(error: sqlx::Error, doing: &'static str) -> Self {
        let Some(server) = error.as_database_error() else {
            return Self::Lost {
                doing,
                source: error,
            };
        };
        let (code, message) = code_and_message(server);
        if hides_rows(&code, &message) {
            return Self::RowSecurity { message };
        }
        Self::Rejected {
            doing,
            code,
            message,
        }
    }
}

/// Returns true if the server refused because a policy would hide rows.
pub(super) fn hides_rows(code: &str, message: &str) -> bool {
    code == "42501" && message.contains("row-level security")
}

/// Returns the server's code and message, shortened because it can quote values.
pub(super) fn code_and_message(server: &dyn sqlx::error::DatabaseError) -> (String, String) {
    const MAX_MESSAGE: usize = 200;
    (
        server.code().unwrap_or_default().into_owned(),
        server.message().chars().take(MAX_MESSAGE).collect(),
    )
}
