//! Reads rows of the accounts' table in the database's own spelling, which a repair has to match.

use std::collections::BTreeMap;

use secrecy::SecretString;
use sqlx::Row as _;

use super::{
    diagnosis,
    error::Error,
    session::{Failed, RowSecurity, Session},
    statement::{Statement, quoted_table},
};
use crate::config::{DatabaseSettings, TableName};

/// Kind of values in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    Boolean,
    Number,
    /// A date or a time with a date.
    Time,
    Json,
    /// Any type that compares with its own text: text, enums, UUIDs.
    Text,
}

/// Rows of one table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredRows {
    /// Existing columns that can be written.
    pub columns: BTreeMap<String, ColumnKind>,
    /// Rows by the text of their id; several if that is not unique.
    pub rows: BTreeMap<String, Vec<BTreeMap<String, Option<String>>>>,
}

/// The rows and columns to read.
#[derive(Debug, Clone, Copy)]
pub struct StoredRequest<'r> {
    pub table: &'r TableName,
    /// The id column.
    pub id: &'r str,
    pub columns: &'r [String],
    pub ids: &'r [String],
}

/// Reads these columns of the rows with these ids. A table that cannot be written, such as a view, has no columns.
pub async fn read_stored(
    url: &SecretString,
    settings: &DatabaseSettings,
    in_container_action: bool,
    request: &StoredRequest<'_>,
) -> Result<StoredRows, Error> {
    let mut session = Session::open(url, settings, in_container_action).await?;
    let read = read(&mut session, request).await;
    session.close().await;
    read.map_err(|failed| diagnosis::without_catalogs(failed, settings.statement_timeout))
}

async fn read(
    session: &mut Session<'_>,
    request: &StoredRequest<'_>,
) -> Result<StoredRows, Failed> {
    session.begin(RowSecurity::Refused).await?;
    let mut stored = StoredRows {
        columns: writable(session, request.table, request.columns).await?,
        ..StoredRows::default()
    };
    if stored.columns.contains_key(request.id) {
        let names: Vec<_> = stored.columns.keys().cloned().collect();
        let rows = session.rows(&reading(request, &names)).await?;
        for row in rows {
            let id: Option<String> = row.try_get(0)?;
            let values: Vec<Option<String>> = row.try_get(1)?;
            let values = names.iter().cloned().zip(values).collect();
            let rows_with_id = stored.rows.entry(id.unwrap_or_default());
            rows_with_id.or_default().push(values);
        }
    }
    session.end().await?;
    Ok(stored)
}

fn reading(request: &StoredRequest<'_>, columns: &[String]) -> Statement {
    let StoredRequest { table, id, ids, .. } = *request;
    let mut statement = Statement::new("select ");
    statement.push_name(id).push("::text, array[");
    for (position, column) in columns.iter().enumerate() {
        if position > 0 {
            statement.push(", ");
        }
        statement.push_name(column).push("::text");
    }
    statement
        .push("]::text[] from ")
        .push(&quoted_table(table))
        .push(" where ")
        .push_name(id)
        .push("::text = any(");
    // Postgres stores no text with a zero byte.
    let storable: Vec<_> = ids
        .iter()
        .filter(|id| !id.contains('\0'))
        .cloned()
        .collect();
    statement.push_texts(&storable).push(")");
    statement
}

/// Finds those of the columns that a table (not a view) has and that can be written, with the kind of their base types.
async fn writable(
    session: &mut Session<'_>,
    table: &TableName,
    columns: &[String],
) -> Result<BTreeMap<String, ColumnKind>, Failed> {
    let question = sqlx::query(
        "select attname::text, typcategory::text, typname::text from pg_attribute \
         join pg_class on pg_class.oid = attrelid join pg_type on pg_type.oid = atttypid \
         where attrelid = to_regclass($1) and relkind in ('r', 'p') and attnum > 0 and not attisdropped \
         and attgenerated = '' and attname::text = any($2) order by attnum",
    )
    .bind(quoted_table(table))
    .bind(columns);
    let rows = session.ask(question).await?;
    rows.iter()
        .map(|row| {
            let (name, category, kind): (String, String, String) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            Ok((name, column_kind(&category, &kind)))
        })
        .collect()
}

fn column_kind(category: &str, kind: &str) -> ColumnKind {
    match (category, kind) {
        ("B", _) => ColumnKind::Boolean,
        ("N", _) => ColumnKind::Number,
        ("D", _) => ColumnKind::Time,
        (_, "json" | "jsonb") => ColumnKind::Json,
        _ => ColumnKind::Text,
    }
}
