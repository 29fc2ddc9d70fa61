//! Reads the tables and columns that SQL migrations create, in the order of their paths.

use super::{
    DeclaredTable,
    lexer::{Language, Token, TokenKind, tokens},
    repository::{Repository, Sighting},
};

pub(super) fn tables(repository: &Repository) -> Vec<DeclaredTable> {
    let mut tables = Vec::new();
    for file in repository.ending(".sql") {
        let tokens = tokens(&file.text, Language::Sql);
        for statement in tokens.split(|token| token.is_mark(";")) {
            apply(statement, &file.path, &mut tables);
        }
    }
    tables
}

fn apply(statement: &[Token], path: &str, tables: &mut Vec<DeclaredTable>) {
    match statement {
        [verb, rest @ ..] if verb.is_word("create") => {
            if let Some(table) = created(rest, path) {
                tables.retain(|known| known.name != table.name || known.schema != table.schema);
                tables.push(table);
            }
        }
        [verb, table, rest @ ..] if verb.is_word("drop") && table.is_word("table") => {
            if let Some((schema, name, _)) = qualified(rest) {
                tables.retain(|known| known.name != name || known.schema != schema);
            }
        }
        [verb, table, rest @ ..] if verb.is_word("alter") && table.is_word("table") => {
            if let Some((schema, name, changes)) = qualified(rest) {
                let known = tables
                    .iter_mut()
                    .find(|known| known.name == name && known.schema == schema);
                if let Some(known) = known {
                    alter(known, changes);
                }
            }
        }
        _ => {}
    }
}

fn created(rest: &[Token], path: &str) -> Option<DeclaredTable> {
    let at = rest
        .iter()
        .take(3)
        .position(|token| token.is_word("table"))?;
    let (schema, name, body) = qualified(rest.get(at + 1..)?)?;
    let [open, body @ ..] = body else { return None };
    if !open.is_mark("(") {
        return None;
    }
    Some(DeclaredTable {
        schema,
        name,
        columns: parts(body).into_iter().filter_map(column).collect(),
        seen: Sighting {
            path: path.to_owned(),
            line: open.line,
        },
    })
}

fn alter(table: &mut DeclaredTable, changes: &[Token]) {
    for change in parts(changes) {
        let words: Vec<&Token> = change
            .iter()
            .filter(|token| {
                !["column", "if", "not", "exists"]
                    .iter()
                    .any(|word| token.is_word(word))
            })
            .collect();
        match words.as_slice() {
            [verb, name, ..] if verb.is_word("add") && !is_constraint(name) => {
                table.columns.push(name_of(name));
            }
            [verb, name, ..] if verb.is_word("drop") => {
                let name = name_of(name);
                table.columns.retain(|column| *column != name);
            }
            [verb, to, name] if verb.is_word("rename") && to.is_word("to") => {
                table.name = name_of(name);
            }
            [verb, from, to, name] if verb.is_word("rename") && to.is_word("to") => {
                let from = name_of(from);
                for column in table.columns.iter_mut().filter(|column| **column == from) {
                    *column = name_of(name);
                }
            }
            _ => {}
        }
    }
}

/// Splits at the commas outside of parentheses, up to the closing parenthesis.
fn parts(tokens: &[Token]) -> Vec<&[Token]> {
    let mut found = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, token) in tokens.iter().enumerate() {
        let closes = token.is_mark(")") && depth == 0;
        if closes || token.is_mark(",") && depth == 0 {
            found.extend(tokens.get(start..at));
            start = at + 1;
        }
        if closes {
            return found;
        }
        if token.is_mark("(") {
            depth += 1;
        } else if token.is_mark(")") {
            depth = depth.saturating_sub(1);
        }
    }
    found.extend(tokens.get(start..));
    found
}

fn column(part: &[Token]) -> Option<String> {
    let first = part.first()?;
    (!is_constraint(first)).then(|| name_of(first))
}

fn is_constraint(token: &Token) -> bool {
    const WORDS: [&str; 8] = [
        "constraint",
        "primary",
        "unique",
        "check",
        "foreign",
        "exclude",
        "like",
        "index",
    ];
    WORDS.iter().any(|word| token.is_word(word))
}

/// Returns schema and name of the table, and the tokens after it. The schema `public` is the usual one, and left out.
fn qualified(tokens: &[Token]) -> Option<(Option<String>, String, &[Token])> {
    let skipped = tokens.iter().take_while(|token| {
        ["if", "not", "exists", "only"]
            .iter()
            .any(|word| token.is_word(word))
    });
    let rest = tokens.get(skipped.count()..)?;
    match rest {
        [schema, dot, name, rest @ ..] if dot.is_mark(".") => {
            let schema = name_of(schema);
            Some(((schema != "public").then_some(schema), name_of(name), rest))
        }
        [name, rest @ ..] if matches!(name.kind, TokenKind::Word | TokenKind::Name) => {
            Some((None, name_of(name), rest))
        }
        _ => None,
    }
}

/// Returns the name as Postgres stores it: in lower case unless it is quoted.
fn name_of(token: &Token) -> String {
    match token.kind {
        TokenKind::Word => token.text.to_lowercase(),
        TokenKind::Text | TokenKind::Name | TokenKind::Mark => token.text.clone(),
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::{super::repository::repository, *};

    #[test]
    fn migrations_are_applied_in_order() {
        let files = [
            (
                "migrations/1.sql",
                "create table if not exists public.Users (\n id int primary key, \"stripeId\" text default f(1, 2),\n primary key (id), old text);",
            ),
            (
                "migrations/2.sql",
                "alter table users add column plan text, drop column old; alter table users rename column plan to tier; create table gone (x int); drop table gone;",
            ),
        ];
        let found = tables(&repository(&files));
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].name, "users");
        assert_eq!(found[0].columns, ["id", "stripeId", "tier"]);
        assert_eq!(found[0].seen.to_string(), "migrations/1.sql:1");
    }

    #[test]
    fn other_statements_and_broken_ones_are_skipped() {
        for text in [
            "create",
            "create table",
            "create table a",
            "create table a (",
            "alter table b add",
            ";;",
            "create table a as select 1",
        ] {
            assert!(
                tables(&repository(&[("a.sql", text)]))
                    .iter()
                    .all(|table| table.columns.is_empty())
            );
        }
    }
}
