//! The only place that assembles SQL and marks it as safe: built-in SQL, quoted names, checked SQL, and bound values.

use sqlx::{AssertSqlSafe, Postgres, postgres::PgArguments, query::Query};

use crate::{
    config::{
        TableName,
        sql::{CheckedSql, Now, SqlPiece},
    },
    contract::UnixSeconds,
};

/// A statement under construction, with its values and the origin of its parts.
#[derive(Debug, Clone, Default)]
pub(super) struct Statement {
    text: String,
    values: Vec<BoundValue>,
    now: Option<usize>,
    configured_parts: Vec<ConfiguredPart>,
}

#[derive(Debug, Clone)]
enum BoundValue {
    Text(String),
    Texts(Vec<String>),
}

/// A part of the statement that comes from the configuration; all numbers count characters.
#[derive(Debug, Clone)]
struct ConfiguredPart {
    start: usize,
    length: usize,
    source: SqlSource,
    source_start: usize,
}

/// Origin of SQL in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SqlSource {
    /// The key in messages, such as `where` or `columns.plan`.
    pub(super) key: String,
    pub(super) text: String,
}

/// A position in SQL of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SqlPosition {
    pub(super) source: SqlSource,
    /// Offset in characters from the start of the text.
    pub(super) at: usize,
}

impl Statement {
    pub(super) fn new(sql: &str) -> Self {
        let mut statement = Self::default();
        statement.push(sql);
        statement
    }

    /// Adds built-in SQL.
    pub(super) fn push(&mut self, sql: &str) -> &mut Self {
        self.text.push_str(sql);
        self
    }

    /// Adds a quoted name.
    pub(super) fn push_name(&mut self, name: &str) -> &mut Self {
        self.text.push_str(&quoted(name));
        self
    }

    /// Adds a list of texts as a bound value.
    pub(super) fn push_texts(&mut self, values: &[String]) -> &mut Self {
        self.values.push(BoundValue::Texts(values.to_vec()));
        let number = self.values.len();
        self.push(&format!("${number}::text[]"))
    }

    /// Adds SQL of the configuration on separate lines: its last line may end in a comment.
    pub(super) fn push_checked(
        &mut self,
        sql: &CheckedSql,
        source: &SqlSource,
        now: UnixSeconds,
    ) -> &mut Self {
        self.push("\n");
        for piece in &sql.pieces {
            match piece {
                SqlPiece::Value(Now) => self.push_now(now),
                SqlPiece::Verbatim { start, text } => {
                    self.configured_parts.push(ConfiguredPart {
                        start: self.text.chars().count(),
                        length: text.chars().count(),
                        source: source.clone(),
                        source_start: *start,
                    });
                    self.text.push_str(text);
                }
            }
        }
        self.push("\n")
    }

    /// Adds the time of evaluation, which is one parameter however often it is used.
    fn push_now(&mut self, now: UnixSeconds) {
        let number = *self.now.get_or_insert_with(|| {
            self.values.push(BoundValue::Text(now.to_string()));
            self.values.len()
        });
        self.push(&format!("(${number}::timestamptz)"));
    }

    /// Returns this statement between parts of built-in SQL.
    pub(super) fn wrapped(&self, before: &str, after: &str) -> Self {
        let shift = before.chars().count();
        let mut wrapped = self.clone();
        wrapped.text.insert_str(0, before);
        wrapped.text.push_str(after);
        for part in &mut wrapped.configured_parts {
            part.start += shift;
        }
        wrapped
    }

    /// Returns the query, unnamed: behind a transaction pooler, a named statement outlives its client.
    pub(super) fn query(&self) -> Query<'_, Postgres, PgArguments> {
        let mut query = sqlx::query(AssertSqlSafe(self.text.clone())).persistent(false);
        for value in &self.values {
            query = match value {
                BoundValue::Text(text) => query.bind(text),
                BoundValue::Texts(texts) => query.bind(texts),
            };
        }
        query
    }

    /// Returns the origin of the character at `position`, counted from one as in the server's errors.
    pub(super) fn origin(&self, position: usize) -> Option<SqlPosition> {
        let at = position.checked_sub(1)?;
        let part = self
            .configured_parts
            .iter()
            .find(|part| at >= part.start && at <= part.start + part.length)?;
        Some(SqlPosition {
            source: part.source.clone(),
            at: part.source_start + (at - part.start),
        })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

/// Quotes any name for SQL.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quotes a table's name for SQL.
pub(crate) fn quoted_table(table: &TableName) -> String {
    match &table.schema {
        Some(schema) => format!("{}.{}", quoted(schema), quoted(&table.name)),
        None => quoted(&table.name),
    }
}

impl SqlPosition {
    /// Returns line and column, counted from one.
    pub(super) fn line_and_column(&self) -> (usize, usize) {
        let before: Vec<char> = self.source.text.chars().take(self.at).collect();
        let line = before.iter().filter(|c| **c == '\n').count() + 1;
        let column = before.iter().rev().take_while(|c| **c != '\n').count() + 1;
        (line, column)
    }

    /// Returns true if the text at this position begins with a double quote.
    pub(super) fn is_quoted_name(&self) -> bool {
        self.source.text.chars().nth(self.at) == Some('"')
    }

    /// Returns the unquoted name at this position, if any.
    pub(super) fn name(&self) -> Option<String> {
        let mut rest = self.source.text.chars().skip(self.at).peekable();
        let mut name = String::new();
        let mut is_quoted = false;
        while let Some(c) = rest.next() {
            match c {
                '"' if is_quoted && rest.peek() == Some(&'"') => {
                    rest.next();
                    name.push('"');
                }
                '"' => is_quoted = !is_quoted,
                _ if is_quoted || c.is_alphanumeric() || matches!(c, '_' | '$' | '.') => {
                    name.push(c);
                }
                _ => break,
            }
        }
        (!name.is_empty()).then_some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::sql::check_fragment;

    fn source(text: &str) -> SqlSource {
        SqlSource {
            key: "where".to_owned(),
            text: text.to_owned(),
        }
    }

    fn statement(text: &str) -> Statement {
        let mut statement = Statement::new("select 1 from ü where (");
        statement.push_checked(
            &check_fragment(text).unwrap(),
            &source(text),
            UnixSeconds(0),
        );
        statement.push(")");
        statement
    }

    #[test]
    fn names_are_quoted_whatever_is_in_them() {
        let mut statement = Statement::new("select ");
        statement.push_name("a\"; drop table users; --");
        assert_eq!(statement.text(), "select \"a\"\"; drop table users; --\"");
    }

    #[test]
    fn now_is_one_parameter_and_lists_come_after_it() {
        let mut statement = statement("a > {{now}} and b < {{now}} -- {{now}}");
        statement.push(" and c = any(").push_texts(&[]).push(")");
        assert_eq!(
            statement.text(),
            "select 1 from ü where (\na > ($1::timestamptz) and b < ($1::timestamptz) -- {{now}}\n) \
             and c = any($2::text[])"
        );
        assert_eq!(statement.values.len(), 2);
    }

    #[test]
    fn a_position_is_traced_to_the_configured_text() {
        let text = "größe > {{now}} and\n  \"wr\"\"ong\" = 1";
        let wrapped = statement(text).wrapped("select * from (", ") as accounts");
        let position = wrapped
            .text()
            .chars()
            .collect::<String>()
            .split("\"wr")
            .next()
            .unwrap()
            .chars()
            .count()
            + 1;
        let origin = wrapped.origin(position).unwrap();
        assert_eq!(origin.line_and_column(), (2, 3));
        assert_eq!(origin.name().as_deref(), Some("wr\"ong"));
        assert_eq!(wrapped.origin(3), None);
    }
}
