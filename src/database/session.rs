//! One connection and its one read-only transaction, with every limit set.

use std::{future::Future, time::Duration};

use futures::TryStreamExt as _;
use sqlx::{
    Connection as _, PgConnection, Postgres,
    postgres::{PgArguments, PgRow},
    query::Query,
};
use tokio::time::{Instant, timeout};

use super::{
    opening::Opened,
    statement::{Origin, Statement},
};
use crate::config::DatabaseSettings;

/// A lock that somebody's migration holds is not worth waiting for: the next run comes.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// The server ends the transaction of a client that vanished.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);

/// How much longer than its own limit a server may take to say so before it counts as gone.
const PATIENCE: Duration = Duration::from_secs(15);

/// What the server does with a statement that a row-level security policy would touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowSecurity {
    /// Refuses it: `row_security = off`.
    Refused,
    /// Applies the policy and says nothing.
    Applied,
}

/// A statement that failed, and where in the configuration the server points to.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error: sqlx::Error,
    pub(super) origin: Option<Origin>,
    pub(super) after: Duration,
}

/// A connection with its transaction.
#[derive(Debug)]
pub(super) struct Session<'a> {
    connection: PgConnection,
    settings: &'a DatabaseSettings,
    search_path: Option<String>,
}

impl<'a> Session<'a> {
    pub(super) fn new(opened: Opened, settings: &'a DatabaseSettings) -> Self {
        Self {
            connection: opened.connection,
            search_path: opened.search_path,
            settings,
        }
    }

    pub(super) fn settings(&self) -> &'a DatabaseSettings {
        self.settings
    }

    /// Begins the transaction. Settings are made inside of it: a transaction pooler hands the connection to others
    /// afterwards. The first query also takes the snapshot, and from then on Postgres lets nobody turn the transaction
    /// into one that writes.
    pub(super) async fn begin(&mut self, row_security: RowSecurity) -> Result<(), Failed> {
        let begin = sqlx::raw_sql("begin transaction isolation level repeatable read read only");
        within(PATIENCE, begin.execute(&mut self.connection)).await?;
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

    /// Ends the transaction, whatever state it is in; it has nothing to keep.
    pub(super) async fn end(&mut self) -> Result<(), Failed> {
        let end = sqlx::raw_sql("rollback");
        within(PATIENCE, end.execute(&mut self.connection)).await?;
        Ok(())
    }

    /// Says goodbye; a server that does not listen any more is no loss.
    pub(super) async fn close(self) {
        timeout(PATIENCE, self.connection.close()).await.ok();
    }

    /// The rows of a question of our own.
    pub(super) async fn ask(
        &mut self,
        question: Query<'_, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, Failed> {
        // Without a name on the server: behind a transaction pooler a named statement outlives its client.
        let question = question.persistent(false);
        within(self.limit(), question.fetch_all(&mut self.connection)).await
    }

    /// The rows of a statement that holds SQL of the configuration.
    pub(super) async fn rows(&mut self, statement: &Statement) -> Result<Vec<PgRow>, Failed> {
        self.ask(statement.query())
            .await
            .map_err(|failed| failed.located(statement))
    }

    /// Makes the server read a statement and lock what it names, without running it.
    pub(super) async fn prepare(&mut self, statement: &Statement) -> Result<(), Failed> {
        self.rows(&statement.wrapped("prepare prodverdict_named as ", ""))
            .await?;
        self.ask(sqlx::query("deallocate prodverdict_named"))
            .await?;
        Ok(())
    }

    /// Hands over the rows of a statement one by one, as they come; `take` ends it early with an error of its own.
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
        self.settings.statement_timeout.saturating_add(PATIENCE)
    }
}

impl Failed {
    /// The server's code for what happened (SQLSTATE); none when it did not get to say one.
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

/// Runs one exchange with the server, which has its own limits: this one is for a server that says nothing any more.
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

/// As Postgres takes it, whose longest is some 24 days.
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
