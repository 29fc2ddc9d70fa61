//! The application's tables, the keys of their rows, and the rows that hold given values.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use sqlx::{AssertSqlSafe, PgConnection, Postgres, Row as _, postgres::PgArguments, query::Query};

use super::{
    SCHEMA,
    delivery_records::is_delivery_record,
    error::{Error, ScratchRefusal},
    owner_columns::{OwnerColumns, array, list_argument},
};
use crate::database::quoted;

/// Maximum number of rows of a table: every step reads all of them.
pub(super) const MAX_ROWS: u64 = 20_000;

const LISTING: &str = "listing the application's tables";
const READING: &str = "reading the application's rows";

/// A table by schema and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Table {
    pub(super) schema: String,
    pub(super) name: String,
}

/// Identity of a row in its table: the values of its primary key as a JSON array.
pub(super) type RowKey = String;

type PgQuery<'q> = Query<'q, Postgres, PgArguments>;

pub(super) type RowKeys = BTreeMap<Table, BTreeSet<RowKey>>;

/// Metadata of a table.
#[derive(Debug, Clone)]
pub(super) struct TableShape {
    pub(super) oid: i64,
    is_partitioned: bool,
    /// Columns of the primary key; empty if the table has none.
    key: Vec<String>,
    /// Columns in which even a short account id counts.
    pub(super) owner_columns: OwnerColumns,
    /// True if rows can be records of deliveries.
    pub(super) may_record: bool,
}

/// All tables of the application that the role may read. Partitions belong to their table.
#[derive(Debug, Clone, Default)]
pub(super) struct Tables(pub(super) BTreeMap<Table, TableShape>);

/// A row with its columns.
#[derive(Debug, Clone)]
pub(super) struct KeyedRow {
    pub(super) table: Table,
    pub(super) key: RowKey,
    pub(super) columns: BTreeMap<String, serde_json::Value>,
}

impl Tables {
    /// Lists the tables, except those of extensions, which hold nobody's data.
    pub(super) async fn read(connection: &mut PgConnection) -> Result<Self, Error> {
        let rows = sqlx::query(
            "select nspname::text, relname::text, c.oid::int8, relkind = 'p', array(select attname::text \
               from pg_index i cross join unnest(i.indkey::int2[]) with ordinality as k (number, position) \
               join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number \
               where i.indrelid = c.oid and indisprimary order by position) \
             from pg_class c join pg_namespace n on n.oid = relnamespace \
             where relkind in ('r', 'p') and not relispartition and relpersistence <> 't' \
             and nspname not in ('pg_catalog', 'information_schema', $1) and nspname not like 'pg\\_%' \
             and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') \
             and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')",
        )
        .bind(SCHEMA)
        .persistent(false)
        .fetch_all(connection)
        .await
        .map_err(|error| Error::new(error, LISTING))?;
        let mut tables = BTreeMap::new();
        for row in rows {
            let read = || -> Result<_, sqlx::Error> {
                let table = Table {
                    schema: row.try_get(0)?,
                    name: row.try_get(1)?,
                };
                let shape = TableShape {
                    oid: row.try_get(2)?,
                    is_partitioned: row.try_get(3)?,
                    key: row.try_get(4)?,
                    owner_columns: OwnerColumns::Any,
                    may_record: false,
                };
                Ok((table, shape))
            };
            let (table, shape) = read().map_err(|error| Error::new(error, LISTING))?;
            tables.insert(table, shape);
        }
        Ok(Self(tables))
    }

    /// Lists the keys of all rows. Refuses tables that are too large to read repeatedly.
    pub(super) async fn keys(
        &self,
        connection: &mut PgConnection,
    ) -> Result<BTreeMap<Table, Vec<RowKey>>, Error> {
        let mut found: BTreeMap<Table, Vec<RowKey>> = self
            .0
            .keys()
            .map(|table| (table.clone(), Vec::new()))
            .collect();
        let limit = MAX_ROWS + 1;
        let parts = self.union(|shape, number, source| {
            format!(
                "(select {number} as number, {} as key from {source} as r limit {limit})",
                shape.key()
            )
        });
        let Some(sql) = parts else {
            return Ok(found);
        };
        let rows = sqlx::query(AssertSqlSafe(sql))
            .persistent(false)
            .fetch_all(connection)
            .await
            .map_err(|error| Error::new(error, READING))?;
        for row in rows {
            let read = || Ok((row.try_get(0)?, row.try_get(1)?));
            let (number, key): (i32, RowKey) =
                read().map_err(|error| Error::new(error, READING))?;
            if let Some(keys) = self.numbered(number).and_then(|table| found.get_mut(table)) {
                keys.push(key);
            }
        }
        let size = |keys: &Vec<RowKey>| u64::try_from(keys.len()).unwrap_or(u64::MAX);
        if let Some((table, _)) = found.iter().find(|(_, keys)| size(keys) > MAX_ROWS) {
            return Err(ScratchRefusal::TooLarge {
                table: table.to_string(),
                limit: MAX_ROWS,
            }
            .into());
        }
        Ok(found)
    }

    /// Reads the rows that hold one of the tokens, in one round trip, except records of deliveries.
    pub(super) async fn rows_of(
        &self,
        connection: &mut PgConnection,
        tokens: &[String],
    ) -> Result<Vec<KeyedRow>, Error> {
        let sql = self.rows_where(|shape| {
            let holds_token = shape.holds_token();
            if !shape.may_record {
                return holds_token;
            }
            let is_record = is_delivery_record("to_jsonb(r)", &shape.key_values(), "$1");
            format!("case when {holds_token} then not {is_record} else false end")
        });
        self.read_rows(connection, sql, |sql| sql.bind(tokens))
            .await
    }

    /// Reads the rows that hold one of the tokens, and those with a column that ends in `ending`.
    pub(super) async fn rows_with(
        &self,
        connection: &mut PgConnection,
        tokens: &[String],
        ending: &str,
    ) -> Result<Vec<KeyedRow>, Error> {
        let sql = self.rows_where(|shape| {
            format!(
                "({} or exists (select from jsonb_each_text(to_jsonb(r)) as c where right(c.value, length($2)) = $2))",
                shape.holds_token()
            )
        });
        self.read_rows(connection, sql, |sql| sql.bind(tokens).bind(ending))
            .await
    }

    /// Builds the statement for all rows `r` that satisfy the condition of their table.
    fn rows_where(&self, condition: impl Fn(&TableShape) -> String) -> Option<String> {
        self.union(|shape, number, source| {
            format!(
                "(select {number} as number, {} as key, to_jsonb(r)::text as row from {source} as r where {})",
                shape.key(),
                condition(shape)
            )
        })
    }

    async fn read_rows<'q>(
        &self,
        connection: &mut PgConnection,
        sql: Option<String>,
        bind: impl FnOnce(PgQuery<'q>) -> PgQuery<'q>,
    ) -> Result<Vec<KeyedRow>, Error> {
        let Some(sql) = sql else {
            return Ok(Vec::new());
        };
        let rows = bind(sqlx::query(AssertSqlSafe(sql)))
            .persistent(false)
            .fetch_all(connection)
            .await
            .map_err(|error| Error::new(error, READING))?;
        let mut found = Vec::new();
        for row in rows {
            let read = || Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
            let (number, key, text): (i32, RowKey, String) =
                read().map_err(|error| Error::new(error, READING))?;
            // A number that is out of range leaves the row as one text.
            let columns = serde_json::from_str(&text)
                .unwrap_or_else(|_| BTreeMap::from([("*".to_owned(), text.into())]));
            if let Some(table) = self.numbered(number) {
                found.push(KeyedRow {
                    table: table.clone(),
                    key,
                    columns,
                });
            }
        }
        Ok(found)
    }

    /// Builds one statement that deletes the rows. Foreign keys are checked only when all of them are gone.
    pub(super) fn deletion(
        &self,
        rows: &BTreeMap<Table, BTreeSet<RowKey>>,
    ) -> Option<(String, Vec<Vec<RowKey>>)> {
        let mut parts = Vec::new();
        let mut values = Vec::new();
        for (table, keys) in rows.iter().filter(|(_, keys)| !keys.is_empty()) {
            let shape = self.0.get(table)?;
            values.push(keys.iter().cloned().collect());
            parts.push(format!(
                "d{0} as (delete from {1} as r where {2} = any(${0}))",
                values.len(),
                shape.source(table),
                shape.key()
            ));
        }
        (!parts.is_empty()).then(|| (format!("with {} select 1", parts.join(", ")), values))
    }

    fn union(&self, part: impl Fn(&TableShape, usize, &str) -> String) -> Option<String> {
        let parts: Vec<String> = self
            .0
            .iter()
            .enumerate()
            .map(|(number, (table, shape))| part(shape, number, &shape.source(table)))
            .collect();
        (!parts.is_empty()).then(|| parts.join(" union all "))
    }

    fn numbered(&self, number: i32) -> Option<&Table> {
        self.0.keys().nth(usize::try_from(number).ok()?)
    }
}

impl TableShape {
    /// Returns true if there is a primary key, by which a row is recognized after a change.
    pub(super) fn has_key(&self) -> bool {
        !self.key.is_empty()
    }

    pub(super) fn key_columns(&self) -> &[String] {
        &self.key
    }

    /// Returns the SQL expression for the key of a row `r`.
    fn key(&self) -> String {
        self.key_of("r")
    }

    /// Returns the SQL expression for the key of a row: the whole row if there is no primary key.
    pub(super) fn key_of(&self, row: &str) -> String {
        if self.key.is_empty() {
            return format!("to_jsonb({row})::text");
        }
        let columns: Vec<_> = self
            .key
            .iter()
            .map(|column| format!("{row}.{}", quoted(column)))
            .collect();
        format!("jsonb_build_array({})::text", columns.join(", "))
    }

    /// Returns the SQL condition under which a row `r` holds one of the tokens `$1`. A provider's id or an e-mail
    /// address counts in any column, a number or a short word only in one that refers to an account.
    fn holds_token(&self) -> String {
        format!(
            "exists (select from jsonb_each_text(to_jsonb(r)) as c where c.value = any($1) and {})",
            self.owner_columns.condition()
        )
    }

    /// Returns the SQL expression for the values of the primary key of a row `r` as an array of texts.
    fn key_values(&self) -> String {
        format!(
            "array(select k.value from jsonb_each_text(to_jsonb(r)) as k where k.key = any({}))",
            array(&self.key)
        )
    }

    /// Returns the columns of the primary key as a trigger's argument, a JSON list; `null` if no row records a delivery.
    pub(super) fn record_key_argument(&self) -> String {
        if self.may_record {
            list_argument(&self.key)
        } else {
            "'null'".to_owned()
        }
    }

    /// Returns the table for a FROM clause, without the rows of inheriting tables, which are listed separately.
    fn source(&self, table: &Table) -> String {
        let only = if self.is_partitioned { "" } else { "only " };
        format!("{only}{}", table.sql())
    }
}

impl Table {
    /// Returns the qualified name, quoted for SQL.
    pub(super) fn sql(&self) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(&self.name))
    }
}

impl fmt::Display for Table {
    /// Writes the display name, without the schema `public`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.schema.as_str() {
            "public" => write!(f, "`{}`", self.name),
            schema => write!(f, "`{schema}.{}`", self.name),
        }
    }
}
