//! Simulates failing writes: triggers on every table count the writes to an account's rows, and reject one.

use sqlx::{AssertSqlSafe, PgConnection, Row as _};

use super::{
    SCHEMA, Scratch,
    delivery_records::is_delivery_record,
    error::Error,
    session,
    tables::{Table, Tables},
};

const ARMING: &str = "making a write fail";
const DISARMING: &str = "letting writes succeed again";

/// Name of the trigger on every table.
const TRIGGER: &str = "prodverdict_rehearsal";

/// SQLSTATE `insufficient_privilege`.
const NOT_ALLOWED: &str = "42501";

/// Returns the trigger function. It runs after a write, so that only rows really written count. The counter is a
/// sequence because a rollback does not reset it. `security definer`, because the application's role has no rights on
/// our schema. The rehearsal's own writes do not count. Values match as in [`super::owner_columns`]; the first argument
/// lists the columns that refer to an account. The second lists the columns of the key if rows of the table can be
/// records of deliveries, which do not count either.
fn function() -> String {
    let is_record = is_delivery_record("written", "keys", "tokens");
    format!(
        r"returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp set standard_conforming_strings = on as $function$
declare
  held text[] := '{{}}';
  written jsonb;
  keys text[];
  armed record;
begin
  if current_setting('application_name') = 'prodverdict' then
    return null;
  end if;
  if tg_op <> 'INSERT' then
    written := to_jsonb(old);
    held := held || array(select c.value from jsonb_each_text(written) as c where
      tg_argv[0] = 'null' or length(c.value) >= 8 and c.value ~ '[^0-9]' or tg_argv[0]::jsonb ? c.key);
  end if;
  if tg_op <> 'DELETE' then
    written := to_jsonb(new);
    held := held || array(select c.value from jsonb_each_text(written) as c where
      tg_argv[0] = 'null' or length(c.value) >= 8 and c.value ~ '[^0-9]' or tg_argv[0]::jsonb ? c.key);
  end if;
  keys := array(select c.value from jsonb_each_text(written) as c where tg_argv[1]::jsonb ? c.key);
  for armed in select number, nth from prodverdict_rehearsal.failure
    where tokens && held and not (tg_argv[1] <> 'null' and {is_record}) loop
    if nextval(('prodverdict_rehearsal.writes_' || armed.number)::regclass) = armed.nth then
      raise exception 'no space left on device (prodverdict makes this write fail on purpose)' using errcode = 'disk_full';
    end if;
  end loop;
  return null;
end
$function$"
    )
}

/// State of the triggers, and number of failures requested so far.
#[derive(Debug, Default)]
pub(super) struct Triggers {
    are_there: bool,
    failures: u32,
}

/// A failure that stays armed until it is ended or the database is cleaned.
#[derive(Debug)]
#[must_use = "the failure stays until it is ended"]
pub struct FailedWrite<'a> {
    scratch: &'a Scratch,
    number: u32,
    nth: u32,
}

/// Writes counted for a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writes {
    /// Number of attempted writes, including those that were rolled back.
    pub tried: u64,
    /// True if the write that had to fail was among them.
    pub failed: bool,
}

impl Scratch {
    /// Makes the nth write (from one) to rows that hold one of the tokens fail, in any table. Failures for different
    /// tokens are independent.
    pub async fn fail_write(&self, tokens: &[String], nth: u32) -> Result<FailedWrite<'_>, Error> {
        let mut connection = self
            .pool
            .acquire()
            .await
            .map_err(|error| Error::new(error, ARMING))?;
        let mut triggers = self.triggers.lock().await;
        if !triggers.are_there {
            install(&mut connection, &self.tables).await?;
            triggers.are_there = true;
        }
        triggers.failures += 1;
        let number = triggers.failures;
        drop(triggers);
        let sql = format!("create sequence {SCHEMA}.writes_{number}");
        session::run(&mut connection, sql, ARMING).await?;
        let sql = format!("insert into {SCHEMA}.failure (number, tokens, nth) values ($1, $2, $3)");
        sqlx::query(AssertSqlSafe(sql))
            .bind(i64::from(number))
            .bind(tokens)
            .bind(i64::from(nth))
            .persistent(false)
            .execute(&mut *connection)
            .await
            .map_err(|error| Error::new(error, ARMING))?;
        Ok(FailedWrite {
            scratch: self,
            number,
            nth,
        })
    }
}

impl FailedWrite<'_> {
    /// Counts the writes so far.
    pub async fn writes(&self) -> Result<Writes, Error> {
        let mut connection = self
            .scratch
            .pool
            .acquire()
            .await
            .map_err(|error| Error::new(error, ARMING))?;
        self.count(&mut connection).await
    }

    /// Disarms the failure, and counts the writes.
    pub async fn end(self) -> Result<Writes, Error> {
        let disarming = |error| Error::new(error, DISARMING);
        let mut connection = self.scratch.pool.acquire().await.map_err(disarming)?;
        let sql = format!("delete from {SCHEMA}.failure where number = $1");
        sqlx::query(AssertSqlSafe(sql))
            .bind(i64::from(self.number))
            .persistent(false)
            .execute(&mut *connection)
            .await
            .map_err(disarming)?;
        self.count(&mut connection).await
    }

    async fn count(&self, connection: &mut PgConnection) -> Result<Writes, Error> {
        let counting = |error| Error::new(error, "counting writes");
        let sql = format!(
            "select case when is_called then last_value else 0 end from {SCHEMA}.writes_{}",
            self.number
        );
        let row = sqlx::query(AssertSqlSafe(sql))
            .persistent(false)
            .fetch_one(connection)
            .await
            .map_err(counting)?;
        let tried: i64 = row.try_get(0).map_err(counting)?;
        let tried = tried.unsigned_abs();
        Ok(Writes {
            tried,
            failed: tried >= u64::from(self.nth),
        })
    }
}

/// Installs the triggers, with one transaction per table: locking several tables at once could deadlock with the
/// application, which locks them in another order.
async fn install(connection: &mut PgConnection, tables: &Tables) -> Result<(), Error> {
    let refused = async |connection: &mut PgConnection, sql: String| match session::run(
        connection, sql, ARMING,
    )
    .await
    {
        Err(Error::Rejected { code, message, .. }) if code == NOT_ALLOWED => {
            Err(Error::MayNotFailWrites {
                role: role(connection).await,
                message,
            })
        }
        result => result,
    };
    let schema = format!(
        "create schema if not exists {SCHEMA}; \
         create table if not exists {SCHEMA}.failure (number int8 primary key, tokens text[] not null, nth int8 not null); \
         create or replace function {SCHEMA}.fail() {}",
        function()
    );
    refused(connection, schema).await?;
    for (table, shape) in &tables.0 {
        let owner = shape.owner_columns.as_argument();
        let record_key = shape.record_key_argument();
        refused(
            connection,
            format!(
                "drop trigger if exists {TRIGGER} on {0}; \
                 create trigger {TRIGGER} after insert or update or delete on {0} for each row execute function {SCHEMA}.fail({owner}, {record_key})",
                table.sql()
            ),
        )
        .await?;
    }
    Ok(())
}

async fn role(connection: &mut PgConnection) -> String {
    sqlx::query_scalar("select quote_ident(current_user)")
        .persistent(false)
        .fetch_one(connection)
        .await
        .unwrap_or_else(|_| "of the rehearsal".to_owned())
}

/// Removes the triggers, including those of a killed run.
pub(super) async fn remove(connection: &mut PgConnection, tables: &Tables) -> Result<(), Error> {
    let oids: Vec<i64> = sqlx::query_scalar(
        "select tgrelid::int8 from pg_trigger where tgname = $1 and not tgisinternal",
    )
    .bind(TRIGGER)
    .persistent(false)
    .fetch_all(&mut *connection)
    .await
    .map_err(|error| Error::new(error, DISARMING))?;
    let with_trigger = |table: &&Table| {
        tables
            .0
            .get(*table)
            .is_some_and(|shape| oids.contains(&shape.oid))
    };
    for table in tables.0.keys().filter(with_trigger) {
        let sql = format!("drop trigger if exists {TRIGGER} on {}", table.sql());
        session::run(connection, sql, DISARMING).await?;
    }
    Ok(())
}
