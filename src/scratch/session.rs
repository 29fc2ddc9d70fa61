//! Connections to the scratch database: a small pool, each with all limits set.

use std::time::Duration;

use futures::FutureExt as _;
use sqlx::{Executor as _, PgConnection, PgPool, postgres::PgPoolOptions};

use super::error::Error;
use crate::database::{self, Target};

/// Maximum number of connections. Parallel scenarios share them; each use takes milliseconds.
const CONNECTIONS: u32 = 4;

const TIMEOUT: Duration = Duration::from_secs(30);

/// A lock that the application holds for longer is a separate finding. With `row_security` off, the server refuses
/// instead of hiding rows. A fixed time zone keeps the texts of equal times equal.
const SETTINGS: &str = "set timezone to 'UTC'; set row_security to off; set standard_conforming_strings to on; \
     set statement_timeout to '60s'; set lock_timeout to '10s'; set idle_in_transaction_session_timeout to '60s'";

/// Creates a pool whose connections are opened on demand.
pub(super) fn pool(target: &Target) -> Result<PgPool, database::UrlError> {
    let options = target.options_with_search_path()?;
    Ok(PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(TIMEOUT)
        .after_connect(|connection, _| set(connection).boxed())
        .connect_lazy_with(options))
}

pub(super) async fn set(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    connection.execute(SETTINGS).await?;
    Ok(())
}

/// Runs built-in statements, one after the other.
pub(super) async fn run(
    connection: &mut PgConnection,
    sql: String,
    doing: &'static str,
) -> Result<(), Error> {
    connection
        .execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql)))
        .await
        .map_err(|error| Error::new(error, doing))?;
    Ok(())
}
