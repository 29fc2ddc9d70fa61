//! Finds the items of a query's select list that are plain columns of a table. Everything else, from an expression to a
//! subquery, counts as computed: nothing is guessed.

use std::collections::{BTreeMap, BTreeSet};

use super::{TableName, sql::outer_words, sql_words::SqlWord};
use contract::Field;

/// A column of a table that the query returns unchanged as an output column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainColumn {
    pub table: TableName,
    /// Position of the table in the query. It tells apart two occurrences of one table.
    pub table_number: usize,
    pub column: String,
}

/// Returns the plain columns of the query by field. A query with more than one SELECT at its top has none.
pub fn plain_columns(sql: &str) -> BTreeMap<Field, PlainColumn> {
    let words = outer_words(sql).unwrap_or_default();
    plain_columns_of_words(&words).unwrap_or_default()
}

/// Words that begin a clause after the FROM clause.
const CLAUSES_AFTER_FROM: [&str; 9] = [
    "where", "group", "having", "window", "order", "limit", "offset", "fetch", "for",
];

/// Words that combine several queries.
const COMBINING: [&str; 3] = ["union", "intersect", "except"];

/// Words that can follow a table without being its alias.
const NOT_ALIASES: [&str; 10] = [
    "join",
    "left",
    "right",
    "full",
    "inner",
    "cross",
    "natural",
    "on",
    "using",
    "tablesample",
];

fn plain_columns_of_words(all: &[SqlWord]) -> Option<BTreeMap<Field, PlainColumn>> {
    if all.iter().any(|word| is_any(word, &COMBINING)) || !all.first()?.is("select") {
        return None;
    }
    let from = position_of_from(all)?;
    let list = without_distinct(all.get(1..from)?);
    let rest = all.get(from.checked_add(1)?..)?;
    let end = rest
        .iter()
        .position(|word| is_any(word, &CLAUSES_AFTER_FROM));
    let tables = parse_from(rest.get(..end.unwrap_or(rest.len()))?);
    let mut found = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for item in list.split(|word| word.is_mark(',')) {
        let item = parse_item(item)?;
        let Some(field) = item.name.and_then(Field::parse) else {
            continue;
        };
        if !seen.insert(field) {
            return None;
        }
        let origin = item.column.and_then(|reference| {
            let number = match reference.table {
                Some(alias) => position_of(&tables, alias)?,
                None if tables.len() == 1 => 0,
                None => return None,
            };
            Some(PlainColumn {
                table: tables.get(number)?.table.clone()?,
                table_number: number,
                column: reference.column.to_owned(),
            })
        });
        if let Some(origin) = origin {
            found.insert(field, origin);
        }
    }
    Some(found)
}

/// Returns the position of FROM. `is distinct from` is a comparison.
fn position_of_from(all: &[SqlWord]) -> Option<usize> {
    let pairs = all.iter().zip(all.iter().skip(1));
    let mut found = pairs
        .enumerate()
        .filter(|(_, (before, word))| word.is("from") && !before.is("distinct"))
        .map(|(position, _)| position + 1);
    let from = found.next()?;
    found.next().is_none().then_some(from)
}

fn is_any(word: &SqlWord, keywords: &[&str]) -> bool {
    keywords.iter().any(|keyword| word.is(keyword))
}

/// Skips `distinct` and `distinct on (…)`.
fn without_distinct(list: &[SqlWord]) -> &[SqlWord] {
    match list {
        [distinct, on, SqlWord::Brackets, rest @ ..] if distinct.is("distinct") && on.is("on") => {
            rest
        }
        [distinct, rest @ ..] if distinct.is("distinct") => rest,
        list => list,
    }
}

/// An item of the select list: its name, and its column if it is a plain one.
struct SelectItem<'w> {
    name: Option<&'w str>,
    column: Option<ColumnReference<'w>>,
}

/// A column, with the table or alias written before it.
#[derive(Clone, Copy)]
struct ColumnReference<'w> {
    table: Option<&'w str>,
    column: &'w str,
}

/// Returns `None` for an item that yields an unknown number of columns.
fn parse_item(item: &[SqlWord]) -> Option<SelectItem<'_>> {
    if item.last().is_some_and(|word| word.is_mark('*')) {
        return None;
    }
    let (source, name) = match item {
        [source @ .., r#as, SqlWord::Name(name)] if r#as.is("as") => (source, Some(name)),
        [source @ .., before, SqlWord::Name(name)] if !before.is_mark('.') => {
            let end = source.len().checked_add(1)?;
            (item.get(..end)?, Some(name))
        }
        source => (source, None),
    };
    let column = match source {
        [SqlWord::Name(column)] => Some(ColumnReference {
            table: None,
            column: &column.text,
        }),
        [SqlWord::Name(table), dot, SqlWord::Name(column)] if dot.is_mark('.') => {
            Some(ColumnReference {
                table: Some(&table.text),
                column: &column.text,
            })
        }
        _ => None,
    };
    let column_name = column.map(|reference| reference.column);
    Some(SelectItem {
        name: name.map(|name| name.text.as_str()).or(column_name),
        column,
    })
}

/// A table of the query, or a subquery or function, which has none.
struct QueryTable {
    alias: Option<String>,
    table: Option<TableName>,
}

fn position_of(tables: &[QueryTable], alias: &str) -> Option<usize> {
    let has_alias = |table: &QueryTable| table.alias.as_deref() == Some(alias);
    let first = tables.iter().position(has_alias)?;
    let rest = tables.get(first.checked_add(1)?..)?;
    (!rest.iter().any(has_alias)).then_some(first)
}

/// Reads the tables of a FROM clause.
fn parse_from(clause: &[SqlWord]) -> Vec<QueryTable> {
    let starts = |word: &SqlWord| word.is_mark(',') || word.is("join");
    clause.split(starts).map(parse_table).collect()
}

fn parse_table(words: &[SqlWord]) -> QueryTable {
    let is_prefix = |word: &SqlWord| is_any(word, &["lateral", "only"]);
    let words = match words {
        [first, rest @ ..] if is_prefix(first) => rest,
        words => words,
    };
    let (table, rest) = match words {
        [SqlWord::Name(schema), dot, SqlWord::Name(name), rest @ ..] if dot.is_mark('.') => {
            (Some((Some(schema), name)), rest)
        }
        [SqlWord::Name(name), rest @ ..] => (Some((None, name)), rest),
        [_, rest @ ..] => (None, rest),
        [] => (None, words),
    };
    // A function or a name of more than two parts is not a table.
    let is_table = !matches!(rest.first(), Some(SqlWord::Brackets))
        && !rest.first().is_some_and(|word| word.is_mark('.'));
    let alias = match rest {
        [r#as, SqlWord::Name(alias), ..] if r#as.is("as") => Some(alias),
        [word @ SqlWord::Name(alias), ..] if !is_any(word, &NOT_ALIASES) => Some(alias),
        [SqlWord::Brackets, r#as, SqlWord::Name(alias), ..] if r#as.is("as") => Some(alias),
        [SqlWord::Brackets, SqlWord::Name(alias), ..] => Some(alias),
        _ => table.map(|(_, name)| name),
    };
    QueryTable {
        alias: alias.map(|alias| alias.text.clone()),
        table: table.filter(|_| is_table).map(|(schema, name)| TableName {
            schema: schema.map(|schema| schema.text.clone()),
            name: name.text.clone(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(sql: &str) -> Vec<String> {
        let columns = plain_columns(sql);
        let shown = columns.iter().map(|(field, plain)| {
            let PlainColumn {
                table,
                table_number,
                column,
            } = plain;
            format!("{} = {table}#{table_number}.{column}", field.as_str())
        });
        shown.collect()
    }

    #[test]
    fn plain_columns_are_found_with_their_tables() {
        assert_eq!(
            found(
                "select u.id, u.stripe_id as customer_id, b.state = 'on' as has_paid_access, b.\"Plan\" plan \
                 from app.users u left join billing as b on b.user_id = u.id where u.gone is null"
            ),
            [
                "id = app.users#0.id",
                "customer_id = app.users#0.stripe_id",
                "plan = billing#1.Plan"
            ]
        );
        assert_eq!(
            found(
                "SELECT ID, \"User\".\"Cus\" AS customer_id, paid has_paid_access FROM \"User\";"
            ),
            [
                "id = User#0.id",
                "customer_id = User#0.Cus",
                "has_paid_access = User#0.paid"
            ]
        );
    }

    #[test]
    fn an_alias_of_a_subquery_or_function_has_no_table() {
        assert_eq!(
            found(
                "select distinct on (u.id) u.id, s.plan, f.status, (select 1) as seats, u.x::text as subscription_id \
                 from users u left join lateral (select plan from subs where a = b) s on true, f(1) f \
                 order by u.id -- the newest"
            ),
            ["id = users#0.id"]
        );
    }

    #[test]
    fn ambiguous_columns_count_as_computed() {
        for unclear in [
            "select *, plan from users",
            "select u.* from users u",
            "select id from users union select id from teams",
            "with users as (select 1 as id) select id from users",
            "select id, plan from users, teams",
            "select u.id from users u join teams u on true",
            "select a.id, b.id from a join b on true",
            "select x.id from users u",
            "select id from users from teams",
            "select a.b.c.id from a.b.c",
            "select 1 as id",
            "select distinct lower(a) plan from users",
            "table users",
            "",
            "select",
            "select id from",
            "select , from ,",
        ] {
            assert_eq!(found(unclear), [""; 0], "{unclear}");
        }
    }

    #[test]
    fn a_comparison_with_from_is_no_list_of_tables() {
        assert_eq!(
            found("select id, plan is not distinct from other as has_paid_access, plan from users"),
            ["id = users#0.id", "plan = users#0.plan"]
        );
    }

    #[test]
    fn the_kind_of_a_join_is_no_alias() {
        assert_eq!(
            found("select users.id, b.plan from users left join billing b on true"),
            ["id = users#0.id", "plan = billing#1.plan"]
        );
    }

    #[test]
    fn one_table_named_twice_is_two() {
        assert_eq!(
            found("select u.id, m.plan from users u join users m on m.id = u.manager"),
            ["id = users#0.id", "plan = users#1.plan"]
        );
    }
}
