//! Finds the plan: in a column, or in a table of plans that a column refers to.

use super::{
    column::ColumnPath,
    measured::{MeasuredTable, names, whole_column},
    recognition::ValueKind,
};
use crate::{
    config::TableName,
    database::ColumnForm,
    presets::{PlanStorage, StoredPlan},
};

/// The plan of an account.
#[derive(Debug, Clone)]
pub(super) enum Plan {
    /// Stored in a column.
    Stored(ColumnPath, PlanStorage),
    /// Stored in a table of plans, which holds each plan's prices.
    Listed(PlanList),
}

/// A table of plans, and the column that refers to it.
#[derive(Debug, Clone)]
pub(super) struct PlanList {
    pub(super) column: String,
    pub(super) table: TableName,
    pub(super) key: String,
    /// Column of the table with the word for a plan.
    pub(super) word: String,
    /// Columns of the table with prices or products.
    pub(super) prices: Vec<String>,
    pub(super) stored: Vec<StoredPlan>,
}

impl Plan {
    /// Returns the kind of value that the contract reads.
    pub(super) fn storage(&self) -> PlanStorage {
        match self {
            Self::Stored(_, storage) => *storage,
            Self::Listed(_) => PlanStorage::Word,
        }
    }
}

impl MeasuredTable<'_> {
    /// Returns the plan of the rows; `tables` may have a list of plans.
    pub(super) fn plan(&self, tables: &[MeasuredTable<'_>]) -> Option<Plan> {
        let stored = self.stored_plan();
        match &stored {
            Some((_, PlanStorage::Price | PlanStorage::Product)) | None => {}
            Some((path, storage)) => return Some(Plan::Stored(path.clone(), *storage)),
        }
        let listed = || self.listed_plan(tables).map(Plan::Listed);
        stored
            .map(|(path, storage)| Plan::Stored(path, storage))
            .or_else(listed)
    }

    /// Returns the path with plans, and the kind of its values.
    fn stored_plan(&self) -> Option<(ColumnPath, PlanStorage)> {
        let candidates = self.values.iter().filter_map(|(path, values)| {
            let storage = if values.are_mostly(ValueKind::Price) {
                PlanStorage::Price
            } else if values.are_mostly(ValueKind::Product) {
                PlanStorage::Product
            } else {
                let is_reference = self
                    .table
                    .references
                    .iter()
                    .any(|key| key.column == path.column);
                let is_word = !values.has_more
                    && !is_reference
                    && !values.are_mostly(ValueKind::Status)
                    && values.words.len() <= 20
                    && names(path, &["plan", "tier", "package", "product", "edition"])
                    && self.is_text(&path.column);
                is_word.then_some(PlanStorage::Word)?
            };
            (!path.is_list).then_some((path, storage))
        });
        let best = candidates.min_by_key(|(path, storage)| {
            (
                *storage != PlanStorage::Word,
                *storage != PlanStorage::Price,
                path.keys.len(),
            )
        });
        best.map(|(path, storage)| (path.clone(), storage))
    }

    /// Returns the table of plans that a column refers to.
    fn listed_plan(&self, tables: &[MeasuredTable<'_>]) -> Option<PlanList> {
        self.table.references.iter().find_map(|key| {
            let list = tables
                .iter()
                .find(|table| table.table.table == key.target)?;
            let prices = list.price_columns();
            let word = list.word(&key.target_column);
            (!prices.is_empty()).then(|| PlanList {
                column: key.column.clone(),
                table: list.table.table.clone(),
                key: key.target_column.clone(),
                stored: list.pairs(&prices, &word),
                word,
                prices,
            })
        })
    }

    /// Returns the columns with prices, or else those with products.
    fn price_columns(&self) -> Vec<String> {
        let of_kind = |kind: ValueKind| -> Vec<String> {
            let paths = self.values.iter();
            let paths =
                paths.filter(|(path, values)| path.keys.is_empty() && values.are_mostly(kind));
            paths.map(|(path, _)| path.column.clone()).collect()
        };
        let prices = of_kind(ValueKind::Price);
        if prices.is_empty() {
            of_kind(ValueKind::Product)
        } else {
            prices
        }
    }

    /// Returns the column with the word for a plan: one with a telling name, or the key.
    fn word(&self, key: &str) -> String {
        const WORDS: [&str; 6] = ["slug", "code", "key", "name", "handle", "title"];
        let column = |word: &&str| {
            let mut columns = self.table.columns.iter();
            let found = columns.find(|column| {
                column.is_readable
                    && column.form == ColumnForm::Text
                    && column.name.to_lowercase() == **word
                    && self.is_unique(&column.name)
            });
            found.map(|column| column.name.clone())
        };
        let found = WORDS.iter().find_map(column);
        found.unwrap_or_else(|| key.to_owned())
    }

    fn pairs(&self, prices: &[String], word: &str) -> Vec<StoredPlan> {
        let rows = self.table.rows.iter().flat_map(|row| {
            let value = |column: &str| self.value(row, &whole_column(column));
            let pairs = prices.iter().map(move |price| (value(price), value(word)));
            pairs.filter_map(|(key, word)| {
                Some(StoredPlan {
                    key: Some(key?),
                    word: Some(word?),
                })
            })
        });
        rows.collect()
    }
}
