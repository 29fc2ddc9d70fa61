//! Finds the table of accounts, the column that links them to customers, and the table that determines who has access.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    column::{ColumnPath, Values, values_of},
    recognition::{ValueKind, grants},
};
use crate::{
    database::{ColumnForm, DatabaseSample, SampledTable},
    presets::PlanStorage,
};

/// A table with the counts of its values.
#[derive(Debug)]
pub(super) struct Measured<'s> {
    pub(super) table: &'s SampledTable,
    pub(super) values: BTreeMap<ColumnPath, Values>,
}

/// The source of access.
#[derive(Debug, Clone)]
pub(super) enum Access {
    Flag(ColumnPath),
    /// A column with a status: the stored words that give access, and the unknown ones.
    Status {
        path: ColumnPath,
        granting: Vec<String>,
        unknown: Vec<String>,
    },
    /// A column with the time until which there is access.
    Until(ColumnPath),
}

/// A table with access, joined to that of the accounts by these two columns.
#[derive(Debug)]
pub(super) struct Billing<'m, 's> {
    pub(super) measured: &'m Measured<'s>,
    pub(super) column: String,
    pub(super) account_column: String,
}

/// The parts of a contract, as far as they were found.
#[derive(Debug)]
pub(super) struct Mapping<'m, 's> {
    pub(super) account: &'m Measured<'s>,
    pub(super) id: String,
    pub(super) link: ColumnPath,
    pub(super) link_kind: ValueKind,
    pub(super) billing: Option<Billing<'m, 's>>,
    pub(super) access: Access,
    pub(super) plan: Option<(ColumnPath, PlanStorage)>,
    pub(super) subscription: Option<ColumnPath>,
}

impl<'m, 's> Mapping<'m, 's> {
    /// Returns the table that determines who has access.
    pub(super) fn deciding(&self) -> &'m Measured<'s> {
        self.billing
            .as_ref()
            .map_or(self.account, |billing| billing.measured)
    }
}

pub(super) fn measured(sample: &DatabaseSample) -> Vec<Measured<'_>> {
    let tables = sample.tables.iter().map(|table| Measured {
        table,
        values: values_of(table),
    });
    tables.collect()
}

/// Returns the best mapping. The error names the part that was not found.
pub(super) fn mapping<'m, 's>(tables: &'m [Measured<'s>]) -> Result<Mapping<'m, 's>, String> {
    let links = [ValueKind::Customer, ValueKind::Subscription];
    let mut error = None;
    for kind in links {
        let mut candidates: Vec<_> = tables
            .iter()
            .flat_map(|table| {
                let paths = table
                    .values
                    .iter()
                    .filter(move |(_, values)| values.are(kind));
                paths.map(move |(path, values)| (table, path, values))
            })
            .collect();
        candidates.sort_by_key(|(table, path, values)| {
            let own_access = table.access().is_some();
            let is_plain = path.keys.is_empty();
            let has_others = table.table.rows.len() > values.rows;
            let points = usize::from(own_access) * 8
                + usize::from(names_account(&table.table.table.name)) * 4
                + usize::from(is_plain) * 2
                + usize::from(has_others);
            std::cmp::Reverse((points, values.count(kind)))
        });
        for (table, path, _) in candidates {
            match with_access(tables, table, path, kind) {
                Ok(mapping) => return Ok(mapping),
                Err(reason) => error = error.or(Some(reason)),
            }
        }
    }
    Err(error.unwrap_or_else(|| {
        "no column holds ids of customers (`cus_…`, `ctm_…`) or subscriptions (`sub_…`) in the rows that were read".to_owned()
    }))
}

fn with_access<'m, 's>(
    tables: &'m [Measured<'s>],
    account: &'m Measured<'s>,
    link: &ColumnPath,
    link_kind: ValueKind,
) -> Result<Mapping<'m, 's>, String> {
    let name = &account.table.table.name;
    let id = account
        .id()
        .ok_or_else(|| format!("the table `{name}` has no primary key and no column `id`"))?;
    let holds_provider_objects = account
        .values
        .get(&whole_column(&id))
        .is_some_and(|values| {
            values.are(ValueKind::Customer) || values.are(ValueKind::Subscription)
        });
    if holds_provider_objects {
        return Err(format!(
            "the rows of `{name}` are the provider's objects, and no table of accounts refers to them"
        ));
    }
    let (billing, access) = if let Some(access) = account.access() {
        (None, access)
    } else {
        let joined = tables.iter().find_map(|other| {
            let access = other.access()?;
            let billing = joined(account, link, &id, other)?;
            Some((Some(billing), access))
        });
        joined.ok_or_else(|| {
            format!(
                "neither `{name}` nor a table that refers to it says who has access: no status, no yes/no column with a \
                 telling name, no end of a period"
            )
        })?
    };
    let deciding = billing.as_ref().map_or(account, |billing| billing.measured);
    Ok(Mapping {
        account,
        id,
        link: link.clone(),
        link_kind,
        access,
        plan: deciding.plan(),
        subscription: deciding.path_of(ValueKind::Subscription),
        billing,
    })
}

/// Finds the columns by which `other` belongs to the accounts.
fn joined<'m, 's>(
    account: &Measured<'_>,
    link: &ColumnPath,
    id: &str,
    other: &'m Measured<'s>,
) -> Option<Billing<'m, 's>> {
    let (accounts, others) = (account.table, other.table);
    if accounts.table == others.table {
        return None;
    }
    let direct = others
        .references
        .iter()
        .find(|key| key.target == accounts.table);
    let shared = others.references.iter().find_map(|key| {
        let same = accounts.references.iter().find(|of_account| {
            of_account.target == key.target && of_account.target_column == key.target_column
        })?;
        Some((key.column.clone(), same.column.clone()))
    });
    let of_values = |path: &ColumnPath, column: &str| {
        let (Some(one), Some(two)) = (
            other.values.get(path),
            account.values.get(&whole_column(column)),
        ) else {
            return false;
        };
        let common = one
            .words
            .keys()
            .filter(|word| two.words.contains_key(*word))
            .count();
        common > 0 && common * 2 >= one.words.len().min(two.words.len())
    };
    let by_link = other.path_of(ValueKind::Customer).filter(|path| {
        path.keys.is_empty() && link.keys.is_empty() && of_values(path, &link.column)
    });
    let conventional_name = format!(
        "{}_id",
        accounts.table.name.to_lowercase().trim_end_matches('s')
    );
    let by_name = others.columns.iter().find(|column| {
        column.name.to_lowercase().replace('_', "") == conventional_name.replace('_', "")
            && of_values(&whole_column(&column.name), id)
    });
    let (column, account_column) = direct
        .map(|key| (key.column.clone(), key.target_column.clone()))
        .or(shared)
        .or_else(|| by_link.map(|path| (path.column, link.column.clone())))
        .or_else(|| by_name.map(|column| (column.name.clone(), id.to_owned())))?;
    Some(Billing {
        measured: other,
        column,
        account_column,
    })
}

impl Measured<'_> {
    /// Returns the first path with values of this kind, outside of JSON if possible.
    fn path_of(&self, kind: ValueKind) -> Option<ColumnPath> {
        let paths = self.values.iter().filter(|(_, values)| values.are(kind));
        let best = paths.min_by_key(|(path, _)| (path.keys.len(), path.is_list));
        best.map(|(path, _)| path.clone())
    }

    /// Returns the column with the account's id: the only reference to a table of accounts, or the key.
    fn id(&self) -> Option<String> {
        let is_unique = |column: &str| {
            let values = self.values.get(&whole_column(column));
            values.is_some_and(|values| values.words.values().all(|&rows| rows == 1))
        };
        let table = self.table;
        let mut owners = table
            .references
            .iter()
            .filter(|key| names_account(&key.target.name) && is_unique(&key.column));
        let owner = match (owners.next(), owners.next()) {
            (Some(only), None) => Some(only.column.clone()),
            _ => None,
        };
        let named = || {
            let id = table
                .columns
                .iter()
                .find(|column| column.name.eq_ignore_ascii_case("id"));
            id.map(|column| column.name.clone())
        };
        owner.or_else(|| table.key.clone()).or_else(named)
    }

    fn access(&self) -> Option<Access> {
        let status = self.values.iter().filter(|(path, values)| {
            values.are(ValueKind::Status) && !values.has_more && !path.is_list
        });
        let status =
            status.max_by_key(|(path, values)| (names(path, &["status", "state"]), values.rows));
        let flag = self.table.columns.iter().find(|column| {
            const WORDS: [&str; 6] = ["access", "paid", "premium", "subscri", "entitle", "ispro"];
            column.is_readable
                && column.form == ColumnForm::Boolean
                && names(&whole_column(&column.name), &WORDS)
        });
        let until = self.table.columns.iter().find(|column| {
            const WORDS: [&str; 6] = [
                "periodend",
                "paiduntil",
                "expires",
                "validuntil",
                "endsat",
                "accessuntil",
            ];
            column.is_readable
                && column.form == ColumnForm::Time
                && names(&whole_column(&column.name), &WORDS)
        });
        match (flag, status, until) {
            (Some(flag), ..) => Some(Access::Flag(whole_column(&flag.name))),
            (None, Some((path, values)), _) => {
                let (granting, others): (Vec<_>, Vec<_>) =
                    values.words.keys().cloned().partition(|word| grants(word));
                let is_unknown = |word: &String| super::recognition::kind_of(word).is_none();
                Some(Access::Status {
                    path: path.clone(),
                    granting,
                    unknown: others.into_iter().filter(is_unknown).collect(),
                })
            }
            (None, None, Some(until)) => Some(Access::Until(whole_column(&until.name))),
            (None, None, None) => None,
        }
    }

    /// Returns the path with plans, and the kind of its values.
    fn plan(&self) -> Option<(ColumnPath, PlanStorage)> {
        let candidates = self.values.iter().filter_map(|(path, values)| {
            let storage = if values.are(ValueKind::Price) {
                PlanStorage::Price
            } else if values.are(ValueKind::Product) {
                PlanStorage::Product
            } else {
                let is_word = !values.has_more
                    && !values.are(ValueKind::Status)
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

    fn is_text(&self, column: &str) -> bool {
        let form = self.table.columns.iter().find(|other| other.name == column);
        form.is_some_and(|column| matches!(column.form, ColumnForm::Text | ColumnForm::Json))
    }

    /// Returns the plans of the rows that have access.
    pub(super) fn stored_plans(&self, access: &Access, plan: &ColumnPath) -> BTreeSet<String> {
        let rows = self.table.rows.iter().filter(|row| {
            let value = |path: &ColumnPath| self.value(row, path);
            match access {
                Access::Flag(path) => value(path).as_deref() == Some("true"),
                Access::Status { path, granting, .. } => {
                    value(path).is_some_and(|word| granting.contains(&word))
                }
                Access::Until(_) => true,
            }
        });
        rows.filter_map(|row| self.value(row, plan)).collect()
    }

    fn value(&self, row: &[Option<String>], path: &ColumnPath) -> Option<String> {
        let at = self
            .table
            .columns
            .iter()
            .position(|column| column.name == path.column)?;
        let text = row.get(at)?.as_deref()?;
        if path.keys.is_empty() {
            return Some(text.to_owned());
        }
        let mut value: &serde_json::Value = &serde_json::from_str(text).ok()?;
        for key in &path.keys {
            value = value.get(key)?;
        }
        let text = value.as_str().map(str::to_owned);
        Some(text.unwrap_or_else(|| value.to_string()))
    }
}

fn whole_column(column: &str) -> ColumnPath {
    ColumnPath {
        column: column.to_owned(),
        keys: Vec::new(),
        is_list: false,
    }
}

/// Returns true if the name of the path contains one of the words.
fn names(path: &ColumnPath, words: &[&str]) -> bool {
    let last = path.keys.last().unwrap_or(&path.column);
    let name = last.to_lowercase().replace('_', "");
    words.iter().any(|word| name.contains(word))
}

/// Returns true for the usual names of tables of accounts.
fn names_account(table: &str) -> bool {
    const WORDS: [&str; 12] = [
        "user",
        "account",
        "team",
        "organization",
        "organisation",
        "workspace",
        "company",
        "companie",
        "tenant",
        "member",
        "profile",
        "project",
    ];
    let name = table.to_lowercase();
    let name = name
        .rsplit('_')
        .next()
        .unwrap_or_default()
        .trim_end_matches('s');
    WORDS.contains(&name)
}
