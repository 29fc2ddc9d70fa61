//! Counts the kinds of values in each column, also inside JSON and arrays.

use std::collections::BTreeMap;

use serde_json::Value;

use super::recognition::{ValueKind, kind_of};
use crate::database::{ColumnForm, SampledTable};

/// Number of distinct values that are kept of a column.
const MAX_WORDS: usize = 40;

/// Limits inside one JSON value.
const MAX_DEPTH: usize = 6;
const MAX_VALUES: usize = 200;

/// A column, or a path inside a JSON column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ColumnPath {
    pub(super) column: String,
    /// Keys inside the JSON value.
    pub(super) keys: Vec<String>,
    /// True if the value is a list.
    pub(super) is_list: bool,
}

impl ColumnPath {
    /// Returns column and path for people.
    pub(super) fn shown(&self) -> String {
        let keys = self.keys.iter().map(|key| format!(".{key}"));
        format!("{}{}", self.column, keys.collect::<String>())
    }
}

/// The values at one path.
#[derive(Debug, Clone, Default)]
pub(super) struct Values {
    /// Number of rows with a value.
    pub(super) rows: usize,
    kinds: BTreeMap<ValueKind, usize>,
    /// The first distinct values, each with its number of rows.
    pub(super) words: BTreeMap<String, usize>,
    /// True if there are more distinct values.
    pub(super) has_more: bool,
}

impl Values {
    pub(super) fn count(&self, kind: ValueKind) -> usize {
        self.kinds.get(&kind).copied().unwrap_or_default()
    }

    /// Returns true if most of the values are of this kind.
    pub(super) fn are_mostly(&self, kind: ValueKind) -> bool {
        let count = self.count(kind);
        count > 0 && count * 2 > self.rows
    }

    /// Counts a value, unless it is blank.
    fn add(&mut self, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        if let Some(kind) = kind_of(text) {
            *self.kinds.entry(kind).or_default() += 1;
        }
        if self.words.len() < MAX_WORDS || self.words.contains_key(text) {
            *self.words.entry(text.to_owned()).or_default() += 1;
        } else {
            self.has_more = true;
        }
        self.rows += 1;
    }
}

/// Counts the values of every path of a table.
pub(super) fn values_of(table: &SampledTable) -> BTreeMap<ColumnPath, Values> {
    let mut found = BTreeMap::<ColumnPath, Values>::new();
    for row in &table.rows {
        for (column, text) in table.columns.iter().zip(row) {
            let Some(text) = text else { continue };
            let path = |keys: &[String], is_list: bool| ColumnPath {
                column: column.name.clone(),
                keys: keys.to_vec(),
                is_list,
            };
            match column.form {
                ColumnForm::Json => {
                    if let Ok(value) = serde_json::from_str(text) {
                        let mut left = MAX_VALUES;
                        let mut add = |keys: &[String], is_list: bool, text: &str| {
                            found.entry(path(keys, is_list)).or_default().add(text);
                        };
                        inside(&value, &mut Vec::new(), &mut left, &mut add);
                    }
                }
                ColumnForm::Array => {
                    let inner = text.trim_start_matches('{').trim_end_matches('}');
                    if let Some(first) = inner.split(',').next().filter(|first| !first.is_empty()) {
                        let first = first.trim_matches('"');
                        found.entry(path(&[], true)).or_default().add(first);
                    }
                }
                ColumnForm::Text | ColumnForm::Boolean | ColumnForm::Number | ColumnForm::Time => {
                    found.entry(path(&[], false)).or_default().add(text);
                }
                ColumnForm::Other => {}
            }
        }
    }
    found
}

/// Passes on the texts inside a JSON value; of a list of texts only the first. Lists of objects are skipped, because it
/// is unknown which of the objects counts.
fn inside(
    value: &Value,
    path: &mut Vec<String>,
    left: &mut usize,
    add: &mut dyn FnMut(&[String], bool, &str),
) {
    if path.len() > MAX_DEPTH || *left == 0 {
        return;
    }
    *left -= 1;
    match value {
        Value::String(text) => add(path, false, text),
        Value::Bool(flag) => add(path, false, if *flag { "true" } else { "false" }),
        Value::Array(list) => {
            if let Some(Value::String(first)) = list.first() {
                add(path, true, first);
            }
        }
        Value::Object(object) => {
            for (key, value) in object {
                path.push(key.clone());
                inside(value, path, left, add);
                path.pop();
            }
        }
        Value::Null | Value::Number(_) => {}
    }
}

#[cfg(test)]
pub(super) fn table(
    name: &str,
    columns: &[(&str, ColumnForm)],
    rows: &[&[Option<&str>]],
) -> SampledTable {
    use crate::{config::TableName, database::SampledColumn};
    let column = |(name, form): &(&str, ColumnForm)| SampledColumn {
        name: (*name).to_owned(),
        form: *form,
        is_readable: true,
    };
    SampledTable {
        table: TableName {
            schema: None,
            name: name.to_owned(),
        },
        columns: columns.iter().map(column).collect(),
        key: columns.first().map(|(name, _)| (*name).to_owned()),
        references: Vec::new(),
        rows: rows
            .iter()
            .map(|row| row.iter().map(|value| value.map(str::to_owned)).collect())
            .collect(),
        has_row_security: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_inside_json_and_arrays_are_counted() {
        let sampled = table(
            "t",
            &[("j", ColumnForm::Json), ("a", ColumnForm::Array)],
            &[
                &[
                    Some(r#"{"stripe": {"customer": "cus_1", "list": ["sub_1"]}}"#),
                    Some("{cus_1,cus_2}"),
                ],
                &[Some("not JSON"), None],
            ],
        );
        let values = values_of(&sampled);
        let at = |column: &str, path: &[&str], is_list| {
            let path = ColumnPath {
                column: column.to_owned(),
                keys: path.iter().map(|&key| key.to_owned()).collect(),
                is_list,
            };
            values.get(&path).cloned().unwrap_or_default()
        };
        assert!(at("j", &["stripe", "customer"], false).are_mostly(ValueKind::Customer));
        assert!(at("j", &["stripe", "list"], true).are_mostly(ValueKind::Subscription));
        assert!(at("a", &[], true).are_mostly(ValueKind::Customer));
    }
}
