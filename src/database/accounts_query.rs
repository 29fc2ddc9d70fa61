//! Builds the statement that reads the accounts from the configured table or query, with canonical column names.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    config::{
        Expression, TableName,
        sql::{CheckedSql, SqlError, SqlErrorKind, check_fragment, check_statement},
    },
    contract::{Field, MatchOn, UnixSeconds},
};

use super::{
    catalog::ColumnType,
    chosen::AccountSelection,
    error::{Error, SqlPlace},
    statement::{SqlPosition, SqlSource, Statement, quoted_table},
};

/// A SELECT, and the names of the output columns to read, by field.
#[derive(Debug)]
pub(super) struct AccountsStatement {
    inner: Statement,
    columns: BTreeMap<Field, String>,
    /// True if there is an output column [`EMAIL`].
    has_email: bool,
}

/// Output column with the e-mail address of the account.
const EMAIL: &str = "email";

/// Conversion that a column's type needs before its value can be read as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Conversion {
    Plain,
    Json,
    Array,
    Time,
}

/// The table of the configuration, with the columns that exist in the database.
pub(super) struct TableForm<'a> {
    pub(super) table: &'a TableName,
    pub(super) columns: &'a BTreeMap<Field, Expression>,
    /// Source of the e-mail address; `None` if it is not needed.
    pub(super) email: Option<&'a Expression>,
    pub(super) join: Option<&'a str>,
    pub(super) filter: Option<&'a str>,
    /// The columns that the table has.
    pub(super) existing: &'a [String],
    pub(super) now: UnixSeconds,
}

impl TableForm<'_> {
    /// Builds the SELECT of the wanted fields.
    pub(super) fn statement(&self, wanted: &BTreeSet<Field>) -> Result<AccountsStatement, Error> {
        let mut statement = Statement::new("select ");
        let mut columns = BTreeMap::new();
        for (field, expression) in self.columns {
            if !wanted.contains(field) {
                continue;
            }
            if !columns.is_empty() {
                statement.push(", ");
            }
            self.push_expression(&mut statement, field.as_str(), expression)?;
            statement.push(" as ").push_name(field.as_str());
            columns.insert(*field, field.as_str().to_owned());
        }
        if let Some(email) = self.email {
            statement.push(", ");
            self.push_expression(&mut statement, EMAIL, email)?;
            statement.push(" as ").push_name(EMAIL);
        }
        statement.push(" from ").push(&quoted_table(self.table));
        if let Some(join) = self.join {
            push_sql(&mut statement, "join", join, self.now)?;
        }
        if let Some(filter) = self.filter {
            statement.push(" where (");
            push_sql(&mut statement, "where", filter, self.now)?;
            statement.push(")");
        }
        Ok(AccountsStatement {
            inner: statement,
            columns,
            has_email: self.email.is_some(),
        })
    }

    fn push_expression(
        &self,
        statement: &mut Statement,
        key: &'static str,
        expression: &Expression,
    ) -> Result<(), Error> {
        match expression {
            // The words of `in:` are compared when the rows are read.
            Expression::Column(column) | Expression::In { column, .. } => {
                self.push_column(statement, key, column)?;
            }
            Expression::Sql(sql) => {
                statement.push("(");
                push_sql(statement, &format!("columns.{key}"), sql, self.now)?;
                statement.push(")");
            }
        }
        Ok(())
    }

    /// Adds a column. The table's own column takes precedence; otherwise, with a join, it is a column of another table,
    /// with or without the name of that table.
    fn push_column(
        &self,
        statement: &mut Statement,
        key: &'static str,
        column: &str,
    ) -> Result<(), Error> {
        if self.existing.iter().any(|name| name == column) {
            statement
                .push_name(&self.table.name)
                .push(".")
                .push_name(column);
        } else if self.join.is_none() {
            return Err(Error::NoColumn {
                key,
                column: column.to_owned(),
                table: self.table.to_string(),
                nearest: nearest(column, self.existing.iter().map(String::as_str)),
                existing: self.existing.to_vec(),
            });
        } else if let Some((table, column)) = column.split_once('.') {
            statement.push_name(table).push(".").push_name(column);
        } else {
            statement.push_name(column);
        }
        Ok(())
    }
}

/// Builds the SELECT of the query form, whose output columns are not known yet.
pub(super) fn query_form(sql: &str, now: UnixSeconds) -> Result<AccountsStatement, Error> {
    let source = SqlSource {
        key: "query".to_owned(),
        text: sql.to_owned(),
    };
    let checked = check_statement(sql).map_err(|unusable| sql_error(unusable, source.clone()))?;
    let mut inner = Statement::default();
    inner.push_checked(&checked, &source, now);
    Ok(AccountsStatement {
        inner,
        columns: BTreeMap::new(),
        has_email: false,
    })
}

/// SQL around a query that yields one row of nulls instead of the query's rows, so that the query is planned but never
/// run.
const NO_ROWS: &str = "(select 1) as one left join (";
const NO_ROWS_END: &str = ") as accounts on false";

impl AccountsStatement {
    /// Builds the query for the names of the output columns, one per row.
    pub(super) fn column_names(&self) -> Statement {
        self.inner.wrapped(
            &format!(
                "select json_object_keys(row_to_json(columns)) \
                 from (select accounts.* from {NO_ROWS}"
            ),
            &format!("{NO_ROWS_END}) as columns"),
        )
    }

    /// Sets the columns to read from those that the query yields.
    pub(super) fn with_columns(
        mut self,
        columns: BTreeMap<Field, String>,
        names: &[String],
    ) -> Self {
        self.columns = columns;
        self.has_email = names.iter().any(|name| name == EMAIL);
        self
    }

    /// Returns the SELECT without changes.
    pub(super) fn whole(&self) -> &Statement {
        &self.inner
    }

    pub(super) fn fields(&self) -> BTreeSet<Field> {
        self.columns.keys().copied().collect()
    }

    /// Builds the query for the types of the columns: one row, with one list of type OIDs in the order of the fields.
    pub(super) fn column_types(&self) -> Statement {
        let mut statement = Statement::new("select array[");
        for (position, name) in self.columns.values().enumerate() {
            statement
                .push(if position == 0 {
                    "pg_typeof(accounts."
                } else {
                    ", pg_typeof(accounts."
                })
                .push_name(name)
                .push(")::oid::int8");
        }
        statement.push("] from ").push(NO_ROWS);
        self.inner.wrapped(statement.text(), NO_ROWS_END)
    }

    /// Builds the query for the rows: every value as text, in the order of the fields; with `chosen`, only those
    /// accounts.
    pub(super) fn reading(
        &self,
        types: &BTreeMap<Field, ColumnType>,
        chosen: Option<&AccountSelection>,
        match_on: MatchOn,
    ) -> Statement {
        let shape_of = |field: &Field| {
            let kind = types.get(field);
            kind.map_or(Conversion::Plain, |kind| shape(*field, kind))
        };
        let selected: Vec<String> = self
            .columns
            .iter()
            .map(|(field, name)| as_text(name, shape_of(field)))
            .collect();
        let mut statement = self.inner.wrapped(
            &format!("select {} from (", selected.join(", ")),
            ") as accounts",
        );
        if let Some(chosen) = chosen {
            let tests = |field| {
                let name = self.columns.get(&field);
                name.map_or(Vec::new(), |name| tests(name, shape_of(&field)))
            };
            let email = self
                .has_email
                .then(|| format!("accounts.{}", super::statement::quoted(EMAIL)));
            chosen.push_condition(&mut statement, match_on, tests, email);
        }
        statement
    }
}

fn shape(field: Field, kind: &ColumnType) -> Conversion {
    let is_moment = matches!(
        field,
        Field::PeriodEnd | Field::UpdatedAt | Field::PastDueSince
    );
    match kind.base.as_str() {
        "json" | "jsonb" => Conversion::Json,
        "date" if is_moment => Conversion::Time,
        base if is_moment && base.starts_with("timestamp") && !kind.is_array => Conversion::Time,
        _ if kind.is_array => Conversion::Array,
        _ => Conversion::Plain,
    }
}

fn as_text(name: &str, shape: Conversion) -> String {
    let column = format!("accounts.{}", super::statement::quoted(name));
    match shape {
        Conversion::Plain | Conversion::Json => format!("{column}::text"),
        Conversion::Array => format!("to_json({column})::text"),
        // The cast reads a value without time zone in the session's time zone; whole seconds never have an exponent.
        Conversion::Time => format!("floor(extract(epoch from {column}::timestamptz))::text"),
    }
}

/// Returns the alternative comparisons of a column, which holds an id or a list of ids, with a list of ids.
fn tests(name: &str, shape: Conversion) -> Vec<(String, &'static str)> {
    let column = format!("accounts.{}", super::statement::quoted(name));
    match shape {
        Conversion::Array => vec![(format!("{column}::text[] && "), "")],
        Conversion::Json => vec![
            (format!("{column}::jsonb #>> '{{}}' = any("), ")"),
            (format!("{column}::jsonb ?| "), ""),
        ],
        Conversion::Plain | Conversion::Time => {
            vec![(format!("{} = any(", as_text(name, shape)), ")")]
        }
    }
}

fn push_sql(
    statement: &mut Statement,
    key: &str,
    sql: &str,
    now: UnixSeconds,
) -> Result<(), Error> {
    let source = SqlSource {
        key: key.to_owned(),
        text: sql.to_owned(),
    };
    let checked: CheckedSql =
        check_fragment(sql).map_err(|unusable| sql_error(unusable, source.clone()))?;
    statement.push_checked(&checked, &source, now);
    Ok(())
}

fn sql_error(unusable: SqlError, source: SqlSource) -> Error {
    Error::Sql {
        reason: described(unusable.reason).to_owned(),
        place: Box::new(SqlPlace::new(&SqlPosition {
            source,
            at: unusable.at,
        })),
    }
}

fn described(reason: SqlErrorKind) -> &'static str {
    match reason {
        SqlErrorKind::Empty => "there is no SQL",
        SqlErrorKind::Unclosed => "this quote, bracket or comment is not closed",
        SqlErrorKind::Unopened => "this bracket was not opened",
        SqlErrorKind::SecondStatement => "a `;` may only end the one statement of `query`",
        SqlErrorKind::Parameter | SqlErrorKind::UnknownPlaceholder(_) => {
            "a parameter has no value here; only `{{now}}` is given one"
        }
        SqlErrorKind::Nul => "a NUL character, which text in Postgres cannot contain",
        SqlErrorKind::Quoted => "`{{now}}` is bound as a value: write it without quotes",
    }
}

/// Returns the most similar name: the same except for case and underscores, or with few letters changed.
pub(super) fn nearest<'n>(
    wanted: &str,
    names: impl Iterator<Item = &'n str> + Clone,
) -> Option<String> {
    let normalized = |name: &str| {
        name.chars()
            .filter(|c| *c != '_')
            .flat_map(char::to_lowercase)
            .collect::<String>()
    };
    let wanted = normalized(wanted);
    let allowed = if wanted.chars().count() < 6 { 1 } else { 2 };
    names
        .map(|name| {
            let distance = strsim::damerau_levenshtein(&normalized(name), &wanted);
            (distance, name)
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, name)| name.to_owned())
}
