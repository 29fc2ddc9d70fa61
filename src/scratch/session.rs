//! Connections to the scratch database: a few of them, each with every limit set.

use std::time::Duration;

use futures::FutureExt as _;
use sqlx::{Executor as _, PgConnection, PgPool, postgres::PgPoolOptions};

use super::error::Error;
use crate::database::{self, Target};

/// Scenarios run side by side; what they do here takes milliseconds.
const CONNECTIONS: u32 = 4;

const PATIENCE: Duration = Duration::from_secs(30);

/// A lock that the application holds for longer is a finding of its own. Row-level security must not hide rows, so it
/// refuses to. Another time zone would make other texts of the same moments.
const SETTINGS: &str = "set timezone to 'UTC'; set row_security to off; set standard_conforming_strings to on; \
     set statement_timeout to '60s'; set lock_timeout to '10s'; set idle_in_transaction_session_timeout to '60s'";

/// Made when they are first needed.
pub(super) fn pool(target: &Target) -> Result<PgPool, database::UrlError> {
    let options = target.options_with_search_path()?;
    Ok(PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .after_connect(|connection, _| set(connection).boxed())
        .connect_lazy_with(options))
}

pub(super) async fn set(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    connection.execute(SETTINGS).await?;
    Ok(())
}

/// Runs statements of ours, one after the other.
pub(super) async fn run(
    connection: &mut PgConnection,
    sql: String,
    doing: &'static str,
) -> Result<(), Error> {
    connection
        .execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql)))
        .await
        .map_err(|error| Error::of(error, doing))?;
    Ok(())
}
