//! Refuses a replica that is behind its primary: what webhooks wrote lately would be missing.

use std::time::Duration;

use sqlx::Row as _;

use super::{
    diagnosis,
    error::Error,
    session::{Failed, Session},
};

/// Longest delay of a replica. Less is usual: a long query, such as the reading itself, delays a replica by up to 30
/// seconds (`max_standby_streaming_delay`).
const MAX_DELAY: Duration = Duration::from_mins(1);

/// Seconds since the last transaction that a replica has replayed; no row if the server is a primary, or has replayed
/// everything that it receives. Without a receiver, nothing shows that the primary has written no more.
const DELAY: &str = "select extract(epoch from pg_catalog.clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp())::bigint \
     where pg_catalog.pg_is_in_recovery() \
       and (pg_catalog.pg_last_wal_receive_lsn() > pg_catalog.pg_last_wal_replay_lsn() \
            or not exists (select from pg_catalog.pg_stat_wal_receiver))";

/// Pauses between two looks at a replica that seems to be behind. Where the primary wrote nothing for long, a transaction
/// that has just arrived looks like a long delay until it is replayed.
const PAUSES: [Duration; 2] = [Duration::from_secs(1); 2];

/// Fails if the server is a replica that is too far behind.
pub(super) async fn check_is_current(session: &mut Session<'_>) -> Result<(), Error> {
    for pause in PAUSES {
        if delay(session).await?.is_none() {
            return Ok(());
        }
        tokio::time::sleep(pause).await;
    }
    match delay(session).await? {
        Some(delay) => Err(Error::Replica { delay }),
        None => Ok(()),
    }
}

/// Returns the delay of a replica that is too far behind.
async fn delay(session: &mut Session<'_>) -> Result<Option<Duration>, Error> {
    let seconds = match read_delay(session).await {
        Ok(seconds) => seconds.and_then(|seconds| u64::try_from(seconds).ok()),
        // Some hosted replicas, such as Aurora's, refuse these functions.
        Err(failed) if failed.code().is_some() => None,
        Err(failed) => {
            let limit = session.settings().statement_timeout;
            return Err(diagnosis::without_catalogs(failed, limit));
        }
    };
    let delay = seconds.map(Duration::from_secs);
    Ok(delay.filter(|delay| *delay > MAX_DELAY))
}

async fn read_delay(session: &mut Session<'_>) -> Result<Option<i64>, Failed> {
    let rows = session.ask(sqlx::query(DELAY)).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    Ok(row.try_get(0)?)
}
