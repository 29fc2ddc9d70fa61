//! The foreign keys between the application's tables, and the rows that refer to other rows.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, PgConnection, Row as _};

use super::{
    error::Error,
    tables::{RowKey, RowKeys, Table, Tables},
};
use crate::database::quoted;

const READING_KEYS: &str = "reading foreign keys";
const REMOVING_ROWS: &str = "removing the created rows";

/// A foreign key from one table to another.
pub(super) struct ForeignKey {
    pub(super) from: Table,
    pub(super) to: Table,
    /// Pairs of referring and referenced columns.
    pub(super) columns: Vec<(String, String)>,
}

/// Lists the foreign keys between these tables.
pub(super) async fn foreign_keys(
    connection: &mut PgConnection,
    tables: &Tables,
) -> Result<Vec<ForeignKey>, Error> {
    let reading = |error| Error::new(error, READING_KEYS);
    let rows = sqlx::query(
        "select conrelid::int8, confrelid::int8, \
         array(select attname::text from unnest(conkey) with ordinality as k (number, position) \
           join pg_attribute on attrelid = conrelid and attnum = number order by position), \
         array(select attname::text from unnest(confkey) with ordinality as k (number, position) \
           join pg_attribute on attrelid = confrelid and attnum = number order by position) \
         from pg_constraint where contype = 'f' order by oid",
    )
    .persistent(false)
    .fetch_all(connection)
    .await
    .map_err(reading)?;
    let by_oid: BTreeMap<i64, &Table> = tables
        .0
        .iter()
        .map(|(table, shape)| (shape.oid, table))
        .collect();
    let mut found = Vec::new();
    for row in rows {
        let (from, to): (i64, i64) = (
            row.try_get(0).map_err(reading)?,
            row.try_get(1).map_err(reading)?,
        );
        let (referring, referenced): (Vec<String>, Vec<String>) = (
            row.try_get(2).map_err(reading)?,
            row.try_get(3).map_err(reading)?,
        );
        if let (Some(from), Some(to)) = (by_oid.get(&from), by_oid.get(&to)) {
            found.push(ForeignKey {
                from: (*from).clone(),
                to: (*to).clone(),
                columns: referring.into_iter().zip(referenced).collect(),
            });
        }
    }
    Ok(found)
}

impl ForeignKey {
    /// Finds the rows that refer to one of `rows`.
    pub(super) async fn referring_rows(
        &self,
        connection: &mut PgConnection,
        tables: &Tables,
        rows: &RowKeys,
    ) -> Result<Vec<RowKey>, Error> {
        let (Some(keys), Some(from), Some(to)) = (
            rows.get(&self.to).filter(|keys| !keys.is_empty()),
            tables.0.get(&self.from),
            tables.0.get(&self.to),
        ) else {
            return Ok(Vec::new());
        };
        let pairs: Vec<_> = self
            .columns
            .iter()
            .map(|(referring, referenced)| {
                format!("r.{} = t.{}", quoted(referring), quoted(referenced))
            })
            .collect();
        let sql = format!(
            "select {} from {} as r where exists (select from {} as t where {} and {} = any($1))",
            from.key_of("r"),
            self.from.sql(),
            self.to.sql(),
            pairs.join(" and "),
            to.key_of("t"),
        );
        let keys: Vec<&RowKey> = keys.iter().collect();
        sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(keys)
            .persistent(false)
            .fetch_all(connection)
            .await
            .map_err(|error| Error::new(error, REMOVING_ROWS))
    }
}
