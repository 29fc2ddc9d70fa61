//! Safety checks: every reason why a database must not be used as a scratch database.

use std::time::Duration;

use sqlx::{AssertSqlSafe, PgConnection};
use tokio::time::sleep;
use url::Host;

use super::{
    EMAIL_DOMAIN, SCHEMA, ScratchOptions,
    account::{TypedStatement, written_tables},
    error::{Error, Sameness, ScratchRefusal},
};
use crate::{
    config::{AccountsQuery, host::is_local_or_private},
    database::{self, Target, quoted_table},
};

/// Advisory lock of a rehearsal: `prodverd` in ASCII, in the two halves that `pg_locks` shows.
const LOCK: i64 = (LOCK_HIGH << 32) | LOCK_LOW;
const LOCK_HIGH: i64 = 0x7072_6f64;
const LOCK_LOW: i64 = 0x7665_7264;

/// Attempts to take the lock: a server needs a moment to notice that a client was killed.
const ATTEMPTS: u32 = 10;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(300);

/// Maximum number of rows that are counted of those that no rehearsal made.
const MAX_COUNTED: u32 = 1000;

const COMPARING: &str = "comparing it with the contract's database";

/// Checks the URL alone.
pub(super) fn check_url(opening: &ScratchOptions<'_>) -> Result<Target, Error> {
    let env = opening.rehearsal.url_env.clone();
    let contract_env = opening.contract.database.url_env.clone();
    let Some(url) = opening.url else {
        return Err(ScratchRefusal::NotSet { env }.into());
    };
    if env == contract_env {
        return Err(ScratchRefusal::SameVariable { env }.into());
    }
    let target = match Target::parse(url) {
        Ok(target) => target,
        Err(source) => return Err(database::Error::Url { env, source }.into()),
    };
    let other = opening.contract_url.map(Target::parse);
    if let Some(Ok(other)) = other
        && other.database == target.database
        && address(&other) == address(&target)
    {
        return Err(ScratchRefusal::SameDatabase {
            env,
            contract_env,
            how: Sameness::Written,
        }
        .into());
    }
    if !opening.rehearsal.allow_remote && !is_local_or_private_target(&target) {
        return Err(ScratchRefusal::Remote {
            env,
            host: target.host,
        }
        .into());
    }
    Ok(target)
}

/// Returns host and port. All names of this machine are equal.
fn address(target: &Target) -> (String, u16) {
    let host = if target.is_loopback() {
        "localhost".to_owned()
    } else {
        target.host.trim_end_matches('.').to_lowercase()
    };
    (host, target.port)
}

fn is_local_or_private_target(target: &Target) -> bool {
    let host = if target.host.contains(':') {
        format!("[{}]", target.host)
    } else {
        target.host.clone()
    };
    target.uses_socket || Host::parse(&host).is_ok_and(|host| is_local_or_private(&host))
}

/// Locks out other rehearsals for as long as the connection lasts.
pub(super) async fn check_alone(connection: &mut PgConnection, env: &str) -> Result<(), Error> {
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            sleep(BETWEEN_ATTEMPTS).await;
        }
        let taken: bool = sqlx::query_scalar("select pg_try_advisory_lock($1)")
            .bind(LOCK)
            .persistent(false)
            .fetch_one(&mut *connection)
            .await
            .map_err(|error| Error::new(error, "locking out other rehearsals"))?;
        if taken {
            return Ok(());
        }
    }
    Err(ScratchRefusal::InUse {
        env: env.to_owned(),
    }
    .into())
}

/// Checks that the server accepts writes and that the database is not the contract's own. Must be called while the lock
/// of `check_alone` is held.
pub(super) async fn check_server(
    connection: &mut PgConnection,
    opening: &ScratchOptions<'_>,
) -> Result<(), Error> {
    let env = opening.rehearsal.url_env.clone();
    let (pid, read_only): (i32, bool) = sqlx::query_as(
        "select pg_backend_pid(), pg_is_in_recovery() or current_setting('transaction_read_only')::bool",
    )
    .persistent(false)
    .fetch_one(&mut *connection)
    .await
    .map_err(|error| Error::new(error, COMPARING))?;
    let scratch_identity = identity(connection).await;
    let contract_env = &opening.contract.database.url_env;
    let other = match opening.contract_url {
        // An unreachable contract database leaves nothing to compare with.
        Some(url) => database::open(url, contract_env, opening.in_container_action)
            .await
            .ok(),
        None => None,
    };
    if let Some(mut other) = other {
        let how = if sees_lock(&mut other, pid).await? {
            Some(Sameness::Server)
        } else {
            let contract_identity = identity(&mut other).await;
            let replicated = matches!((&scratch_identity, &contract_identity), (Some(scratch), Some(contract))
                if scratch.system == contract.system && scratch.database == contract.database
                    && scratch.is_replica != contract.is_replica);
            replicated.then_some(Sameness::Replica)
        };
        if let Some(how) = how {
            return Err(ScratchRefusal::SameDatabase {
                env,
                contract_env: contract_env.clone(),
                how,
            }
            .into());
        }
    }
    if read_only {
        return Err(ScratchRefusal::ReadOnly { env }.into());
    }
    Ok(())
}

/// Checks whether the other connection sees our lock: if so, both are connected to the same database, whatever their
/// URLs.
async fn sees_lock(other: &mut PgConnection, pid: i32) -> Result<bool, Error> {
    sqlx::query_scalar(
        "select exists(select from pg_locks where locktype = 'advisory' and pid = $1 and classid::int8 = $2 \
         and objid::int8 = $3 and database = (select oid from pg_database where datname = current_database()))",
    )
    .bind(pid)
    .bind(LOCK_HIGH)
    .bind(LOCK_LOW)
    .persistent(false)
    .fetch_one(other)
    .await
    .map_err(|error| Error::new(error, COMPARING))
}

struct ServerIdentity {
    system: String,
    database: String,
    is_replica: bool,
}

/// Returns the server's identity; `None` if the role may not read it.
async fn identity(connection: &mut PgConnection) -> Option<ServerIdentity> {
    let (system, database, is_replica) = sqlx::query_as(
        "select system_identifier::text, current_database()::text, pg_is_in_recovery() from pg_control_system()",
    )
    .persistent(false)
    .fetch_one(connection)
    .await
    .ok()?;
    Some(ServerIdentity {
        system,
        database,
        is_replica,
    })
}

/// Reads the notes of killed rehearsals. Short notes are skipped, because they could match rows of others.
pub(super) async fn notes(connection: &mut PgConnection) -> Result<Vec<String>, Error> {
    let reading = |error| Error::new(error, "reading the records of a rehearsal that was killed");
    let exists: bool = sqlx::query_scalar("select to_regclass($1) is not null")
        .bind(format!("{SCHEMA}.token"))
        .persistent(false)
        .fetch_one(&mut *connection)
        .await
        .map_err(reading)?;
    if !exists {
        return Ok(Vec::new());
    }
    let sql = format!("select token from {SCHEMA}.token where length(token) >= 8 order by token");
    sqlx::query_scalar(AssertSqlSafe(sql))
        .persistent(false)
        .fetch_all(connection)
        .await
        .map_err(reading)
}

/// Checks that the account tables hold no rows except those of rehearsals.
pub(super) async fn check_rows(
    connection: &mut PgConnection,
    opening: &ScratchOptions<'_>,
    account: &[TypedStatement],
    notes: &[String],
) -> Result<(), Error> {
    if opening.rehearsal.allow_rows {
        return Ok(());
    }
    let reading = |error| Error::new(error, "looking for existing accounts");
    let tables = match &opening.contract.database.accounts {
        AccountsQuery::Table { table, .. } => vec![quoted_table(table)],
        AccountsQuery::Query { .. } => written_tables(connection, account).await?,
    };
    for table in tables {
        let found: Option<String> = sqlx::query_scalar("select to_regclass($1)::text")
            .bind(&table)
            .persistent(false)
            .fetch_one(&mut *connection)
            .await
            .map_err(reading)?;
        // Reading the accounts reports the missing table later, and suggests a name.
        let Some(name) = found else {
            continue;
        };
        let sql = format!(
            "select count(*) from (select from {name} as r where not exists (select from jsonb_each_text(to_jsonb(r)) as c \
             where c.value = any($1) or right(c.value, length($2)) = $2) limit {MAX_COUNTED}) as others"
        );
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(notes)
            .bind(format!("@{EMAIL_DOMAIN}"))
            .persistent(false)
            .fetch_one(&mut *connection)
            .await
            .map_err(reading)?;
        if rows > 0 {
            return Err(ScratchRefusal::HasRows {
                env: opening.rehearsal.url_env.clone(),
                table: format!("table `{}`", name.replace('"', "")),
                rows: rows.unsigned_abs(),
            }
            .into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    fn target(url: &str) -> Target {
        Target::parse(&SecretString::from(url)).expect(url)
    }

    #[test]
    fn hosts_of_the_machine_and_its_network_are_near() {
        for near in [
            "postgres://u:p@localhost/db",
            "postgres://u:p@127.0.0.1:5433/db",
            "postgres://u:p@[::1]/db",
            "postgres://u:p@[fd00::5]/db",
            "postgres://u:p@postgres:5432/db",
            "postgres://u:p@10.0.0.5/db",
            "postgres://u:p@x/db?host=/var/run/postgresql",
        ] {
            assert!(is_local_or_private_target(&target(near)), "{near}");
        }
        for far in [
            "postgres://u:p@db.example.com/db",
            "postgres://u:p@8.8.8.8/db",
            "postgres://u:p@localhost/db?host=db.example.com",
            "postgres://u:p@postgres/db?host=8.8.8.8",
            "postgres://u:p@[2001:db8::1]/db",
            "postgres://u:p@x/db?host=localhost,db.example.com",
        ] {
            assert!(!is_local_or_private_target(&target(far)), "{far}");
        }
    }

    #[test]
    fn one_address_is_one_however_it_is_written() {
        for (left, right) in [
            (
                "postgres://a:x@localhost/db",
                "postgres://b:y@127.0.0.1:5432/other",
            ),
            (
                "postgres://a:x@DB.example.com./db",
                "postgresql://b@db.example.com:5432/db?sslmode=require",
            ),
            ("postgres://a:x@[::1]/db", "postgres://a:x@localhost/db"),
        ] {
            assert_eq!(address(&target(left)), address(&target(right)));
        }
        assert_ne!(
            address(&target("postgres://a@localhost:5433/db")),
            address(&target("postgres://a@localhost/db"))
        );
    }
}
