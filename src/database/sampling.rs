//! Reads the tables of a database with a bounded number of rows, to find out what they contain.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use secrecy::SecretString;
use sqlx::{Row as _, postgres::PgRow};

use super::{
    catalog, diagnosis,
    error::Error,
    session::{Failed, RowSecurity, Session},
    statement::{Statement, quoted, quoted_table},
};
use crate::config::{DatabaseSettings, TableName};

/// Number of tables whose rows are read.
const MAX_TABLES: usize = 300;

/// Time after which no further table is read.
const MAX_TIME: Duration = Duration::from_mins(1);

/// Numbers of rows: those looked at in a table, and of these, those read that have the most values, and the fewest. Payers are
/// often few, and their rows have more values than others.
const LOOKED_AT: &str = "5000";
const MOST_FILLED: &str = "200";
const LEAST_FILLED: &str = "100";

/// Number of arguments that a function of Postgres takes.
const MAX_ARGUMENTS: usize = 100;

/// Number of columns of the database that are looked at.
const MAX_COLUMNS: i64 = 20_000;

/// Tables and columns that a role can see, with some rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DatabaseSample {
    /// Name of the role that read them.
    pub role: String,
    pub tables: Vec<SampledTable>,
    /// True if there are more tables or columns, or if reading them took too long.
    pub is_truncated: bool,
}

impl DatabaseSample {
    /// Returns the error for tables about accounts or payment, all of whose rows policies hide from the role.
    pub fn hidden_rows(&self) -> Option<Error> {
        let hidden = self.tables.iter().filter(|table| {
            table.has_row_security
                && table.rows.is_empty()
                && looks_like_billing(table)
                && table.columns.iter().any(|column| column.is_readable)
        });
        let role = quoted(&self.role);
        let hidden: Vec<_> = hidden
            .map(|table| (quoted_table(&table.table), role.clone()))
            .collect();
        (!hidden.is_empty()).then(|| diagnosis::row_security(&self.role, hidden))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampledTable {
    pub table: TableName,
    pub columns: Vec<SampledColumn>,
    /// The only column of the primary key.
    pub key: Option<String>,
    pub references: Vec<ForeignKey>,
    /// Values in the order of the columns, as text.
    pub rows: Vec<Vec<Option<String>>>,
    /// True if policies apply to the role.
    pub has_row_security: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampledColumn {
    pub name: String,
    pub form: ColumnForm,
    /// False if the role may not read it; the sample then has no values of it.
    pub is_readable: bool,
}

/// Form of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnForm {
    Text,
    Boolean,
    Number,
    Time,
    Json,
    Array,
    /// Bytes, vectors and others that are not read.
    Other,
}

/// A column that refers to a column of another table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    pub column: String,
    pub target: TableName,
    pub target_column: String,
}

/// A row of a query for plans: price or product, and word.
pub type StoredPlanRow = (Option<String>, Option<String>);

/// A read-only connection for samples.
#[derive(Debug)]
pub struct DatabaseSampler<'a>(Session<'a>);

impl<'a> DatabaseSampler<'a> {
    pub async fn open(
        url: &SecretString,
        settings: &'a DatabaseSettings,
        in_container_action: bool,
    ) -> Result<Self, Error> {
        let session = Session::open(url, settings, in_container_action).await?;
        Ok(Self(session))
    }

    /// Reads the tables. One that cannot be read has no rows.
    pub async fn sample(&mut self) -> Result<DatabaseSample, Error> {
        let sample = self.try_sample().await;
        sample.map_err(|failed| self.explained(failed))
    }

    /// Runs a preset's query for plans, which yields `key` and `word`.
    pub async fn plans(&mut self, sql: &str) -> Result<Vec<StoredPlanRow>, Error> {
        let plans = self.try_plans(sql).await;
        plans.map_err(|failed| self.explained(failed))
    }

    pub async fn close(self) {
        self.0.close().await;
    }

    fn explained(&self, failed: Failed) -> Error {
        diagnosis::without_catalogs(failed, self.0.settings().statement_timeout)
    }

    async fn try_plans(&mut self, sql: &str) -> Result<Vec<StoredPlanRow>, Failed> {
        self.0.begin(RowSecurity::Applied).await?;
        let mut statement = Statement::new("select key::text, word::text from (\n");
        statement
            .push(sql)
            .push("\n) as plans order by 1, 2 limit 1000");
        let rows = self.0.rows(&statement).await;
        self.0.end().await?;
        let pair = |row: &PgRow| Ok((row.try_get(0)?, row.try_get(1)?));
        rows?.iter().map(pair).collect()
    }

    async fn try_sample(&mut self) -> Result<DatabaseSample, Failed> {
        self.0.begin(RowSecurity::Applied).await?;
        let role = catalog::role(&mut self.0).await?.name;
        let begun = Instant::now();
        let (mut tables, is_truncated) = self.tables().await?;
        let mut is_truncated = is_truncated || tables.len() > MAX_TABLES;
        // The sort is stable, and tables before views.
        tables.sort_by_key(|(table, _)| !looks_like_billing(table));
        tables.truncate(MAX_TABLES);
        for (table, statement) in &mut tables {
            if begun.elapsed() > MAX_TIME {
                is_truncated = true;
                break;
            }
            if !table.columns.iter().any(|column| column.is_readable) {
                continue;
            }
            match self.0.rows(statement).await {
                Ok(rows) => {
                    let values = rows.iter().map(|row| row.try_get(0));
                    table.rows = values.collect::<Result<_, _>>()?;
                }
                // A lock, a limit or a policy that fails: the other tables may be enough.
                Err(failed) if failed.code().is_some() => {
                    is_truncated = true;
                    self.0.end().await?;
                    self.0.begin(RowSecurity::Applied).await?;
                }
                Err(failed) => return Err(failed),
            }
        }
        self.0.end().await?;
        Ok(DatabaseSample {
            role,
            tables: tables.into_iter().map(|(table, _)| table).collect(),
            is_truncated,
        })
    }

    /// Lists the tables, each with the statement that reads some of its rows.
    async fn tables(&mut self) -> Result<(Vec<(SampledTable, Statement)>, bool), Failed> {
        let question = sqlx::query(
            "select nspname::text, relname::text, pg_table_is_visible(c.oid), attname::text, typcategory::text, typname::text, \
             row_security_active(c.oid), \
             case when relkind = 'r' and reltuples > 100000 then (500000 / reltuples)::numeric(9, 6)::text end, \
             exists (select from pg_index where indrelid = c.oid and indisprimary and indnkeyatts = 1 and indkey[0] = attnum), \
             has_column_privilege(c.oid, attnum, 'select') \
             from pg_class c join pg_namespace n on n.oid = relnamespace join pg_attribute a on attrelid = c.oid \
             join pg_type t on t.oid = atttypid where relkind in ('r', 'p', 'v', 'm') and not relispartition \
             and nspname not in ('pg_catalog', 'information_schema') and nspname not like 'pg\\_%' \
             and attnum > 0 and not attisdropped and has_schema_privilege(n.oid, 'usage') \
             order by relkind = 'v', 3 desc, 1, 2, attnum limit $1",
        )
        .bind(MAX_COLUMNS);
        let rows = self.0.ask(question).await?;
        let is_truncated = i64::try_from(rows.len()).unwrap_or(i64::MAX) >= MAX_COLUMNS;
        let mut references = self.references().await?;
        let mut found: Vec<(SampledTable, Option<String>)> = Vec::new();
        for row in &rows {
            let is_visible: bool = row.try_get(2)?;
            let schema: String = row.try_get(0)?;
            let name: String = row.try_get(1)?;
            let full = (schema.clone(), name.clone());
            let table = TableName {
                schema: (!is_visible).then_some(schema),
                name,
            };
            if found.last().is_none_or(|(last, _)| last.table != table) {
                let sampled = SampledTable {
                    table,
                    columns: Vec::new(),
                    key: None,
                    references: references.remove(&full).unwrap_or_default(),
                    rows: Vec::new(),
                    has_row_security: row.try_get(6)?,
                };
                found.push((sampled, row.try_get(7)?));
            }
            let Some((last, _)) = found.last_mut() else {
                continue;
            };
            let column: String = row.try_get(3)?;
            if row.try_get(8)? {
                last.key = Some(column.clone());
            }
            last.columns.push(SampledColumn {
                name: column,
                form: form(row.try_get(4)?, row.try_get(5)?),
                is_readable: row.try_get(9)?,
            });
        }
        let with_statement = found.into_iter().map(|(table, percent)| {
            let statement = reading(&table, percent.as_deref());
            (table, statement)
        });
        Ok((with_statement.collect(), is_truncated))
    }

    /// Lists the foreign keys of one column, by schema and name of the table.
    async fn references(&mut self) -> Result<BTreeMap<(String, String), Vec<ForeignKey>>, Failed> {
        let question = sqlx::query(
            "select n.nspname::text, c.relname::text, a.attname::text, tn.nspname::text, t.relname::text, \
             pg_table_is_visible(t.oid), ta.attname::text from pg_constraint k \
             join pg_class c on c.oid = conrelid join pg_namespace n on n.oid = c.relnamespace \
             join pg_class t on t.oid = confrelid join pg_namespace tn on tn.oid = t.relnamespace \
             join pg_attribute a on a.attrelid = c.oid and a.attnum = conkey[1] \
             join pg_attribute ta on ta.attrelid = t.oid and ta.attnum = confkey[1] \
             where contype = 'f' and cardinality(conkey) = 1 order by 1, 2, 3, 4, 5 limit 10000",
        );
        let rows = self.0.ask(question).await?;
        let mut found = BTreeMap::<_, Vec<_>>::new();
        for row in &rows {
            let target_schema: String = row.try_get(3)?;
            let is_visible: bool = row.try_get(5)?;
            let keys_of_table = found.entry((row.try_get(0)?, row.try_get(1)?));
            keys_of_table.or_default().push(ForeignKey {
                column: row.try_get(2)?,
                target: TableName {
                    schema: (!is_visible).then_some(target_schema),
                    name: row.try_get(4)?,
                },
                target_column: row.try_get(6)?,
            });
        }
        Ok(found)
    }
}

/// Returns true for a table that is likely about accounts or payment, by its name or those of its columns.
fn looks_like_billing(table: &SampledTable) -> bool {
    const WORDS: [&str; 8] = [
        "stripe", "paddle", "customer", "subscri", "billing", "plan", "user", "account",
    ];
    let columns = table.columns.iter().map(|column| &column.name);
    columns.chain([&table.table.name]).any(|name| {
        let name = name.to_lowercase();
        WORDS.iter().any(|word| name.contains(word))
    })
}

/// Reads the beginnings of values, and of a large table only some blocks. JSON values are read whole, because a part of
/// one cannot be parsed.
fn reading(table: &SampledTable, percent: Option<&str>) -> Statement {
    let mut statement = Statement::new("select array[");
    for (position, column) in table.columns.iter().enumerate() {
        if position > 0 {
            statement.push(", ");
        }
        let length = match column.form {
            _ if !column.is_readable => None,
            ColumnForm::Json => Some("20000"),
            ColumnForm::Text
            | ColumnForm::Boolean
            | ColumnForm::Number
            | ColumnForm::Time
            | ColumnForm::Array => Some("500"),
            ColumnForm::Other => None,
        };
        match length {
            Some(length) => {
                let value = statement.push("left(").push_name(&column.name);
                value.push("::text, ").push(length).push(")");
            }
            None => {
                statement.push("null");
            }
        }
    }
    statement.push(
        "]::text[] from (select *, row_number() over (order by prodverdict_filled desc) as prodverdict_most, \
         row_number() over (order by prodverdict_filled) as prodverdict_least from (select ",
    );
    let readable = table.columns.iter().filter(|column| column.is_readable);
    let readable: Vec<_> = readable.map(|column| column.name.as_str()).collect();
    for name in &readable {
        statement.push_name(name).push(", ");
    }
    for (position, names) in readable.chunks(MAX_ARGUMENTS).enumerate() {
        statement.push(if position == 0 {
            "num_nonnulls("
        } else {
            " + num_nonnulls("
        });
        for (position, name) in names.iter().enumerate() {
            if position > 0 {
                statement.push(", ");
            }
            statement.push_name(name);
        }
        statement.push(")");
    }
    statement
        .push(" as prodverdict_filled from ")
        .push(&quoted_table(&table.table));
    if let Some(percent) = percent {
        statement
            .push(" tablesample system (")
            .push(percent)
            .push(")");
    }
    statement
        .push(" limit ")
        .push(LOOKED_AT)
        .push(") as looked_at) as ranked where prodverdict_most <= ")
        .push(MOST_FILLED)
        .push(" or prodverdict_least <= ")
        .push(LEAST_FILLED);
    statement
}

fn form(category: &str, kind: &str) -> ColumnForm {
    match (category, kind) {
        (_, "json" | "jsonb") => ColumnForm::Json,
        (_, "uuid") | ("S" | "E", _) => ColumnForm::Text,
        ("B", _) => ColumnForm::Boolean,
        ("N", _) => ColumnForm::Number,
        ("D", _) => ColumnForm::Time,
        ("A", _) => ColumnForm::Array,
        _ => ColumnForm::Other,
    }
}

/// Returns some accounts, read as a check reads them all.
pub(super) fn some_of(statement: &Statement, max: u32) -> Statement {
    statement.wrapped(
        "select * from (",
        &format!("\n) as some_accounts limit {max}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_sampling_statements_are_quoted() {
        let table = SampledTable {
            table: TableName {
                schema: None,
                name: "a\"; drop table b; --".to_owned(),
            },
            columns: vec![SampledColumn {
                name: "x\" y".to_owned(),
                form: ColumnForm::Text,
                is_readable: true,
            }],
            key: None,
            references: Vec::new(),
            rows: Vec::new(),
            has_row_security: false,
        };
        assert_eq!(
            reading(&table, None).text(),
            "select array[left(\"x\"\" y\"::text, 500)]::text[] from (select *, row_number() over (order by prodverdict_filled desc) \
             as prodverdict_most, row_number() over (order by prodverdict_filled) as prodverdict_least from (select \"x\"\" y\", \
             num_nonnulls(\"x\"\" y\") as prodverdict_filled from \"a\"\"; drop table b; --\" limit 5000) as looked_at) as ranked \
             where prodverdict_most <= 200 or prodverdict_least <= 100"
        );
    }
}
