//! Advice for SQL that needs a block text (`|`), because YAML reads it as something else.

use super::lines::LineIndex;

/// Advice for SQL that a mapping in braces cuts.
pub(super) const SQL_AS_BLOCK: &str =
    "write SQL with commas or double quotes under `sql: |`, on separate lines";

/// Keys whose values are SQL.
const SQL_KEYS: [&str; 4] = ["sql", "where", "join", "query"];

/// Returns the advice for a line that is not YAML.
pub(super) fn advice(lines: &LineIndex<'_>, offset: usize) -> String {
    let line = lines.text().get(lines.range(lines.number(offset)));
    let key = SQL_KEYS
        .into_iter()
        .find(|key| line.is_some_and(|line| holds_key(line, key)));
    match key {
        Some("sql") => SQL_AS_BLOCK.to_owned(),
        Some(key) => {
            format!("write SQL with double quotes or a colon under `{key}: |`, on separate lines")
        }
        None => "check the indentation and the quotes of this line and the one above".to_owned(),
    }
}

/// Returns true if the line contains the key.
fn holds_key(line: &str, key: &str) -> bool {
    line.match_indices(key).any(|(start, found)| {
        let before = line.get(..start).unwrap_or_default();
        let after = line.get(start + found.len()..).unwrap_or_default();
        !before.ends_with(|last: char| last.is_alphanumeric() || last == '_')
            && after.trim_start().starts_with(':')
    })
}
