//! Removes the rows that this run made, and those that a killed run left behind.

use std::collections::BTreeSet;

use sqlx::{AssertSqlSafe, PgConnection};

use super::{
    SCHEMA, Scratch,
    error::{Error, code_and_message},
    failing,
    foreign_keys::foreign_keys,
    session,
    tables::{RowKey, RowKeys, Tables},
};

const NOTING: &str = "recording the created rows";
const CLEANING: &str = "removing the created rows";

/// SQLSTATEs for a missing table and a missing schema.
const NO_TABLE: [&str; 2] = ["42P01", "3F000"];

/// Maximum number of rounds of deletion. The application's triggers and unfinished work may write rows meanwhile.
const ROUNDS: u32 = 5;

impl Scratch {
    /// Records ids that the rows of this run hold (accounts, customers, events), so that the next run can find them if
    /// this one is killed.
    pub async fn note(&self, tokens: &[String]) -> Result<(), Error> {
        if !self.keeps_notes {
            return Ok(());
        }
        let mut connection = self
            .pool
            .acquire()
            .await
            .map_err(|error| Error::new(error, NOTING))?;
        match insert_notes(&mut connection, tokens).await {
            Err(Error::Rejected { code, .. }) if NO_TABLE.contains(&code.as_str()) => {}
            result => return result,
        }
        // A clean-up dropped the table in between.
        let _alone = self.triggers.lock().await;
        start_notes(&mut connection).await?;
        insert_notes(&mut connection, tokens).await
    }

    /// Removes all rows made so far, and prepares for further runs.
    pub async fn reset(&self) -> Result<(), Error> {
        self.clean().await?;
        if self.keeps_notes {
            let mut connection = self
                .pool
                .acquire()
                .await
                .map_err(|error| Error::new(error, CLEANING))?;
            start_notes(&mut connection).await?;
        }
        Ok(())
    }

    /// Removes every row that was not there at the start, and our triggers and schema. It can be called again, even
    /// after an error. A table without a primary key keeps its new rows if it had rows before.
    pub async fn clean(&self) -> Result<(), Error> {
        let mut connection = self
            .pool
            .acquire()
            .await
            .map_err(|error| Error::new(error, CLEANING))?;
        // This comes first, because from now on no write of the application may fail any more. The cleaning itself is
        // not affected by the triggers.
        let disarmed = {
            let mut triggers = self.triggers.lock().await;
            *triggers = failing::Triggers::default();
            failing::remove(&mut connection, &self.tables).await
        };
        self.remove_new_rows(&mut connection).await?;
        disarmed?;
        drop_schema(&mut connection).await
    }

    async fn remove_new_rows(&self, connection: &mut PgConnection) -> Result<(), Error> {
        for _ in 0..ROUNDS {
            let created = self.created_rows(connection).await?;
            if created.is_empty() {
                return Ok(());
            }
            delete(connection, &self.tables, &created).await?;
        }
        match self.created_rows(connection).await?.into_keys().next() {
            None => Ok(()),
            Some(table) => Err(Error::KeepsGrowing {
                table: table.to_string().replace('`', ""),
            }),
        }
    }

    /// Lists the rows that were not there at the start.
    async fn created_rows(&self, connection: &mut PgConnection) -> Result<RowKeys, Error> {
        let mut created = RowKeys::new();
        for (table, keys) in self.tables.keys(connection).await? {
            let Some(Some(before)) = self.before.get(&table) else {
                continue;
            };
            let new: BTreeSet<RowKey> = keys
                .into_iter()
                .filter(|key| !before.contains(key))
                .collect();
            if !new.is_empty() {
                created.insert(table, new);
            }
        }
        Ok(created)
    }
}

/// Creates the table for notes. Returns false if the role may not create a schema; notes are optional.
pub(super) async fn start_notes(connection: &mut PgConnection) -> Result<bool, Error> {
    let sql = format!(
        "create schema if not exists {SCHEMA}; revoke all on schema {SCHEMA} from public; \
         create table if not exists {SCHEMA}.token (token text primary key)"
    );
    match session::run(connection, sql, NOTING).await {
        Ok(()) => Ok(true),
        Err(Error::Rejected { code, .. }) if code == "42501" => Ok(false),
        Err(error) => Err(error),
    }
}

async fn insert_notes(connection: &mut PgConnection, tokens: &[String]) -> Result<(), Error> {
    let sql =
        format!("insert into {SCHEMA}.token select unnest($1::text[]) on conflict do nothing");
    sqlx::query(AssertSqlSafe(sql))
        .bind(tokens)
        .persistent(false)
        .execute(connection)
        .await
        .map_err(|error| Error::new(error, NOTING))?;
    Ok(())
}

/// Removes the rows that hold a note of a killed run or one of our e-mail addresses, and the rows that refer to them.
pub(super) async fn remove_leftovers(
    connection: &mut PgConnection,
    tables: &Tables,
    notes: &[String],
    ending: &str,
) -> Result<(), Error> {
    let mut left = RowKeys::new();
    for row in tables.rows_with(connection, notes, ending).await? {
        left.entry(row.table).or_default().insert(row.key);
    }
    let foreign_keys = foreign_keys(connection, tables).await?;
    loop {
        let mut grew = false;
        for foreign_key in &foreign_keys {
            let keys = foreign_key
                .referring_rows(connection, tables, &left)
                .await?;
            let known = left.entry(foreign_key.from.clone()).or_default();
            for key in keys {
                grew |= known.insert(key);
            }
        }
        if !grew {
            break;
        }
    }
    delete(connection, tables, &left).await
}

/// Drops the rehearsal's schema, which holds everything that it created except triggers and rows of the application's
/// tables.
pub(super) async fn drop_schema(connection: &mut PgConnection) -> Result<(), Error> {
    let exists: bool = sqlx::query_scalar("select to_regnamespace($1) is not null")
        .bind(SCHEMA)
        .persistent(false)
        .fetch_one(&mut *connection)
        .await
        .map_err(|error| Error::new(error, CLEANING))?;
    if exists {
        session::run(
            connection,
            format!("drop schema {SCHEMA} cascade"),
            CLEANING,
        )
        .await?;
    }
    Ok(())
}

/// Deletes the rows in one statement, so that the order of foreign keys does not matter.
async fn delete(
    connection: &mut PgConnection,
    tables: &Tables,
    rows: &RowKeys,
) -> Result<(), Error> {
    const TRANSIENT: [&str; 3] = ["40P01", "40001", "55P03"];
    const ATTEMPTS: u32 = 3;
    let Some((sql, values)) = tables.deletion(rows) else {
        return Ok(());
    };
    let mut attempt = 1;
    loop {
        let mut query = sqlx::query(AssertSqlSafe(sql.clone())).persistent(false);
        for keys in &values {
            query = query.bind(keys);
        }
        let Err(error) = query.execute(&mut *connection).await else {
            return Ok(());
        };
        let Some(server) = error.as_database_error() else {
            return Err(Error::new(error, CLEANING));
        };
        let (code, message) = code_and_message(server);
        if attempt == ATTEMPTS || !TRANSIENT.contains(&code.as_str()) {
            return Err(Error::Clean { code, message });
        }
        attempt += 1;
    }
}
