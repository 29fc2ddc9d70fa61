//! A connection and its read-only transaction, with all limits set.

use std::{future::Future, time::Duration};

use futures::TryStreamExt as _;
use secrecy::SecretString;
use sqlx::{
    Connection as _, PgConnection, Postgres,
    postgres::{PgArguments, PgRow},
    query::Query,
};
use tokio::time::{Instant, timeout};

use super::{
    error::Error,
    opening::{OpenConnection, open_for_reading},
    statement::{SqlPosition, Statement},
};
use crate::{config::DatabaseSettings, problem::Warning};

/// Time limit for a lock, such as that of a migration. Waiting longer is not worth it, because there will be another
/// run.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// Time after which the server ends the transaction of a client that vanished.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);

/// Extra time for a server to report its own timeout, before it counts as gone.
const TIMEOUT: Duration = Duration::from_secs(15);

/// The server's treatment of a statement that a row-level security policy affects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowSecurity {
    /// The statement fails: `row_security = off`.
    Refused,
    /// The policy applies silently.
    Applied,
}

/// A failed statement, and the place in the configuration that the server points to.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error: sqlx::Error,
    pub(super) origin: Option<SqlPosition>,
    pub(super) after: Duration,
}

/// A connection with its transaction.
#[derive(Debug)]
pub(super) struct Session<'a> {
    connection: PgConnection,
    settings: &'a DatabaseSettings,
    search_path: Option<String>,
    /// Possible improvement of the connection.
    warning: Option<Warning>,
}

impl<'a> Session<'a> {
    /// Connects to the database of `settings`.
    pub(super) async fn open(
        url: &SecretString,
        settings: &'a DatabaseSettings,
        in_container_action: bool,
    ) -> Result<Self, Error> {
        let OpenConnection {
            connection,
            search_path,
            warning,
        } = open_for_reading(url, &settings.url_env, in_container_action).await?;
        Ok(Self {
            connection,
            settings,
            search_path,
            warning,
        })
    }

    pub(super) fn take_warning(&mut self) -> Option<Warning> {
        self.warning.take()
    }

    pub(super) fn settings(&self) -> &'a DatabaseSettings {
        self.settings
    }

    /// Begins the transaction. All settings are local to it: a transaction pooler gives the connection to others
    /// afterwards. The first query takes the snapshot; from then on Postgres does not let the transaction become
    /// writable.
    pub(super) async fn begin(&mut self, row_security: RowSecurity) -> Result<(), Failed> {
        let begin = sqlx::raw_sql("begin transaction isolation level repeatable read read only");
        within(TIMEOUT, begin.execute(&mut self.connection)).await?;
        let limits = sqlx::query(
            "select set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true), \
             set_config('idle_in_transaction_session_timeout', $3, true), \
             set_config('default_transaction_read_only', 'on', true), \
             set_config('standard_conforming_strings', 'on', true), \
             set_config('row_security', $4, true), set_config('TimeZone', $5, true), \
             set_config('search_path', coalesce($6, current_setting('search_path')), true)",
        )
        .bind(milliseconds(self.settings.statement_timeout))
        .bind(milliseconds(LOCK_TIMEOUT))
        .bind(milliseconds(IDLE_TIMEOUT))
        .bind(match row_security {
            RowSecurity::Refused => "off",
            RowSecurity::Applied => "on",
        })
        .bind(&self.settings.timezone)
        .bind(self.search_path.clone());
        self.ask(limits).await?;
        Ok(())
    }

    /// Ends the transaction in any state; there is nothing to commit.
    pub(super) async fn end(&mut self) -> Result<(), Failed> {
        let end = sqlx::raw_sql("rollback");
        within(TIMEOUT, end.execute(&mut self.connection)).await?;
        Ok(())
    }

    /// Closes the connection; errors are ignored.
    pub(super) async fn close(self) {
        timeout(TIMEOUT, self.connection.close()).await.ok();
    }

    /// Runs a built-in query and returns its rows.
    pub(super) async fn ask(
        &mut self,
        question: Query<'_, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, Failed> {
        // Unnamed: behind a transaction pooler, a named statement outlives its client.
        let question = question.persistent(false);
        within(self.limit(), question.fetch_all(&mut self.connection)).await
    }

    /// Runs a statement that contains SQL of the configuration, and returns its rows.
    pub(super) async fn rows(&mut self, statement: &Statement) -> Result<Vec<PgRow>, Failed> {
        self.ask(statement.query())
            .await
            .map_err(|failed| failed.located(statement))
    }

    /// Makes the server parse a statement and lock the tables that it names, without running it.
    pub(super) async fn prepare(&mut self, statement: &Statement) -> Result<(), Failed> {
        self.rows(&statement.wrapped("prepare prodverdict_named as ", ""))
            .await?;
        self.ask(sqlx::query("deallocate prodverdict_named"))
            .await?;
        Ok(())
    }

    /// Passes the rows of a statement to `take` one by one, as they arrive. An error of `take` ends the reading.
    pub(super) async fn each<E>(
        &mut self,
        statement: &Statement,
        mut take: impl FnMut(&PgRow) -> Result<(), E>,
    ) -> Result<Result<(), E>, Failed> {
        let limit = self.limit();
        let start = Instant::now();
        let mut rows = statement
            .query()
            .persistent(false)
            .fetch(&mut self.connection);
        loop {
            let next = within(limit, rows.try_next()).await.map_err(|failed| {
                Failed {
                    after: start.elapsed(),
                    ..failed
                }
                .located(statement)
            })?;
            let Some(row) = next else {
                return Ok(Ok(()));
            };
            if let Err(error) = take(&row) {
                return Ok(Err(error));
            }
        }
    }

    fn limit(&self) -> Duration {
        self.settings.statement_timeout.saturating_add(TIMEOUT)
    }
}

impl Failed {
    /// Returns the server's error code (SQLSTATE); `None` if the server did not report one.
    pub(super) fn code(&self) -> Option<String> {
        self.error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .map(std::borrow::Cow::into_owned)
    }

    fn located(mut self, statement: &Statement) -> Self {
        use sqlx::postgres::{PgDatabaseError, PgErrorPosition};
        let position = self
            .error
            .as_database_error()
            .and_then(|error| error.try_downcast_ref::<PgDatabaseError>())
            .and_then(PgDatabaseError::position);
        if let Some(PgErrorPosition::Original(position)) = position {
            self.origin = statement.origin(position);
        }
        self
    }
}

/// Runs one exchange with the server. The server enforces its own limits; this one is for a server that stopped
/// responding.
async fn within<T>(
    limit: Duration,
    exchange: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, Failed> {
    let start = Instant::now();
    let result = match timeout(limit, exchange).await {
        Ok(result) => result,
        Err(elapsed) => Err(sqlx::Error::Io(elapsed.into())),
    };
    result.map_err(|error| Failed {
        error,
        origin: None,
        after: start.elapsed(),
    })
}

/// Formats a timeout for Postgres, whose maximum is about 24 days.
fn milliseconds(duration: Duration) -> String {
    i32::try_from(duration.as_millis())
        .unwrap_or(i32::MAX)
        .to_string()
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Self {
            error,
            origin: None,
            after: Duration::ZERO,
        }
    }
}
