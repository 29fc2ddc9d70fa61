//! A table with the counts of its values.

use std::collections::BTreeMap;

use super::{
    column::{ColumnPath, Values, values_of},
    recognition::ValueKind,
};
use crate::database::{ColumnForm, DatabaseSample, ForeignKey, SampledTable};

/// A table with the counts of its values.
#[derive(Debug)]
pub(super) struct MeasuredTable<'s> {
    pub(super) table: &'s SampledTable,
    pub(super) values: BTreeMap<ColumnPath, Values>,
}

/// A row of a sample.
pub(super) type Row = [Option<String>];

pub(super) fn measured(sample: &DatabaseSample) -> Vec<MeasuredTable<'_>> {
    let tables = sample.tables.iter().map(|table| MeasuredTable {
        table,
        values: values_of(table),
    });
    tables.collect()
}

impl<'s> MeasuredTable<'s> {
    pub(super) fn name(&self) -> &'s str {
        &self.table.table.name
    }

    /// Returns the first path with values of this kind, outside of JSON if possible.
    pub(super) fn path_of(&self, kind: ValueKind) -> Option<ColumnPath> {
        let paths = self
            .values
            .iter()
            .filter(|(_, values)| values.are_mostly(kind));
        let best = paths.min_by_key(|(path, _)| (path.keys.len(), path.is_list));
        best.map(|(path, _)| path.clone())
    }

    pub(super) fn holds(&self, kind: ValueKind) -> bool {
        self.values.values().any(|values| values.are_mostly(kind))
    }

    /// Returns true if no two rows have the same value.
    pub(super) fn is_unique(&self, column: &str) -> bool {
        let values = self.values.get(&whole_column(column));
        values.is_some_and(|values| values.words.values().all(|&rows| rows == 1))
    }

    /// Returns the references to tables of accounts. A table of accounts has none: the owner of a team is not the team.
    pub(super) fn owners(&self) -> impl Iterator<Item = &'s ForeignKey> {
        let name = self.name();
        let is_account = names_account(name) && !names_one(name, &["profile"]);
        let references = self.table.references.iter();
        references.filter(move |key| !is_account && names_account(&key.target.name))
    }

    /// Returns the only reference to a table of accounts that identifies a row.
    pub(super) fn owner(&self) -> Option<&'s ForeignKey> {
        let mut owners = self.owners().filter(|key| self.is_unique(&key.column));
        match (owners.next(), owners.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }

    /// Returns the column with the account's id: the only reference to a table of accounts, or the key.
    pub(super) fn id(&self) -> Option<String> {
        let named = || {
            let mut columns = self.table.columns.iter();
            let id = columns.find(|column| column.name.eq_ignore_ascii_case("id"));
            id.map(|column| column.name.clone())
        };
        self.owner()
            .map(|key| key.column.clone())
            .or_else(|| self.table.key.clone())
            .or_else(named)
    }

    pub(super) fn form(&self, column: &str) -> Option<ColumnForm> {
        let mut columns = self.table.columns.iter();
        let found = columns.find(|other| other.name == column);
        found.map(|column| column.form)
    }

    pub(super) fn is_text(&self, column: &str) -> bool {
        let form = self.form(column);
        matches!(form, Some(ColumnForm::Text | ColumnForm::Json))
    }

    /// Returns the value of a row; `None` for a blank one.
    pub(super) fn value(&self, row: &Row, path: &ColumnPath) -> Option<String> {
        let mut columns = self.table.columns.iter();
        let at = columns.position(|column| column.name == path.column)?;
        let text = row.get(at)?.as_deref()?;
        let text = if path.keys.is_empty() {
            text.to_owned()
        } else {
            let mut value: &serde_json::Value = &serde_json::from_str(text).ok()?;
            for key in &path.keys {
                value = value.get(key)?;
            }
            let text = value.as_str().map(str::to_owned);
            text.unwrap_or_else(|| value.to_string())
        };
        (!text.trim().is_empty()).then_some(text)
    }
}

pub(super) fn whole_column(column: &str) -> ColumnPath {
    ColumnPath {
        column: column.to_owned(),
        keys: Vec::new(),
        is_list: false,
    }
}

/// Returns true if the name of the path contains one of the words.
pub(super) fn names(path: &ColumnPath, words: &[&str]) -> bool {
    let last = path.keys.last().unwrap_or(&path.column);
    names_one(last, words)
}

/// Returns true if the name contains one of the words.
pub(super) fn names_one(name: &str, words: &[&str]) -> bool {
    let name = normalized(name);
    words.iter().any(|word| name.contains(word))
}

/// Returns the name in lower case and without underscores.
pub(super) fn normalized(name: &str) -> String {
    name.to_lowercase().replace('_', "")
}

/// Returns true for the usual names of tables of accounts.
pub(super) fn names_account(table: &str) -> bool {
    const WORDS: [&str; 15] = [
        "user",
        "account",
        "team",
        "organization",
        "organisation",
        "org",
        "workspace",
        "company",
        "companie",
        "tenant",
        "member",
        "profile",
        "project",
        "person",
        "people",
    ];
    let name = table.to_lowercase();
    let last = name.rsplit('_').next().unwrap_or_default();
    WORDS.contains(&last.trim_end_matches('s'))
}
