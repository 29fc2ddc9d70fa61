//! Finds the table of accounts, the column that links them to customers, and the table that says who has access.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    column::{Spot, Values, values_of},
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
    pub(super) values: BTreeMap<Spot, Values>,
}

/// The source of access.
#[derive(Debug, Clone)]
pub(super) enum Access {
    Flag(Spot),
    /// A status with the stored words that give access, and those that nobody knows.
    Status {
        spot: Spot,
        granting: Vec<String>,
        unknown: Vec<String>,
    },
    /// A time until which there is access.
    Until(Spot),
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
    pub(super) link: Spot,
    pub(super) link_kind: ValueKind,
    pub(super) billing: Option<Billing<'m, 's>>,
    pub(super) access: Access,
    pub(super) plan: Option<(Spot, PlanStorage)>,
    pub(super) subscription: Option<Spot>,
}

impl<'m, 's> Mapping<'m, 's> {
    /// Returns the table that says who has access.
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

/// Returns the best mapping. The error says which part was not found.
pub(super) fn mapping<'m, 's>(tables: &'m [Measured<'s>]) -> Result<Mapping<'m, 's>, String> {
    let links = [ValueKind::Customer, ValueKind::Subscription];
    let mut error = None;
    for kind in links {
        let mut candidates: Vec<_> = tables
            .iter()
            .flat_map(|table| {
                let spots = table
                    .values
                    .iter()
                    .filter(move |(_, values)| values.are(kind));
                spots.map(move |(spot, values)| (table, spot, values))
            })
            .collect();
        candidates.sort_by_key(|(table, spot, values)| {
            let own_access = table.access().is_some();
            let is_plain = spot.path.is_empty();
            let has_others = table.table.rows.len() > values.rows;
            let points = usize::from(own_access) * 8
                + usize::from(names_account(&table.table.table.name)) * 4
                + usize::from(is_plain) * 2
                + usize::from(has_others);
            std::cmp::Reverse((points, values.count(kind)))
        });
        for (table, spot, _) in candidates {
            match with_access(tables, table, spot, kind) {
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
    link: &Spot,
    link_kind: ValueKind,
) -> Result<Mapping<'m, 's>, String> {
    let name = &account.table.table.name;
    let id = account
        .id()
        .ok_or_else(|| format!("the table `{name}` has no primary key and no column `id`"))?;
    let of_provider = account.values.get(&plain(&id)).is_some_and(|values| {
        values.are(ValueKind::Customer) || values.are(ValueKind::Subscription)
    });
    if of_provider {
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
        subscription: deciding.spot_of(ValueKind::Subscription),
        billing,
    })
}

/// Finds the columns by which `other` belongs to the accounts.
fn joined<'m, 's>(
    account: &Measured<'_>,
    link: &Spot,
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
    let of_values = |spot: &Spot, column: &str| {
        let (Some(one), Some(two)) = (other.values.get(spot), account.values.get(&plain(column)))
        else {
            return false;
        };
        let common = one
            .words
            .keys()
            .filter(|word| two.words.contains_key(*word))
            .count();
        common > 0 && common * 2 >= one.words.len().min(two.words.len())
    };
    let by_link = other.spot_of(ValueKind::Customer).filter(|spot| {
        spot.path.is_empty() && link.path.is_empty() && of_values(spot, &link.column)
    });
    let named = format!(
        "{}_id",
        accounts.table.name.to_lowercase().trim_end_matches('s')
    );
    let by_name = others.columns.iter().find(|column| {
        column.name.to_lowercase().replace('_', "") == named.replace('_', "")
            && of_values(&plain(&column.name), id)
    });
    let (column, account_column) = direct
        .map(|key| (key.column.clone(), key.target_column.clone()))
        .or(shared)
        .or_else(|| by_link.map(|spot| (spot.column, link.column.clone())))
        .or_else(|| by_name.map(|column| (column.name.clone(), id.to_owned())))?;
    Some(Billing {
        measured: other,
        column,
        account_column,
    })
}

impl Measured<'_> {
    /// Returns the first spot with values of this kind, outside of JSON if possible.
    fn spot_of(&self, kind: ValueKind) -> Option<Spot> {
        let spots = self.values.iter().filter(|(_, values)| values.are(kind));
        let best = spots.min_by_key(|(spot, _)| (spot.path.len(), spot.is_list));
        best.map(|(spot, _)| spot.clone())
    }

    /// Returns the column with the account's id: the only reference to a table of accounts, or the key.
    fn id(&self) -> Option<String> {
        let is_unique = |column: &str| {
            let values = self.values.get(&plain(column));
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
        let status = self.values.iter().filter(|(spot, values)| {
            values.are(ValueKind::Status) && !values.has_more && !spot.is_list
        });
        let status =
            status.max_by_key(|(spot, values)| (names(spot, &["status", "state"]), values.rows));
        let flag = self.table.columns.iter().find(|column| {
            const WORDS: [&str; 6] = ["access", "paid", "premium", "subscri", "entitle", "ispro"];
            column.is_readable
                && column.form == ColumnForm::Boolean
                && names(&plain(&column.name), &WORDS)
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
                && names(&plain(&column.name), &WORDS)
        });
        match (flag, status, until) {
            (Some(flag), ..) => Some(Access::Flag(plain(&flag.name))),
            (None, Some((spot, values)), _) => {
                let (granting, others): (Vec<_>, Vec<_>) =
                    values.words.keys().cloned().partition(|word| grants(word));
                let is_unknown = |word: &String| super::recognition::kind_of(word).is_none();
                Some(Access::Status {
                    spot: spot.clone(),
                    granting,
                    unknown: others.into_iter().filter(is_unknown).collect(),
                })
            }
            (None, None, Some(until)) => Some(Access::Until(plain(&until.name))),
            (None, None, None) => None,
        }
    }

    /// Returns the spot with plans, and the kind of its values.
    fn plan(&self) -> Option<(Spot, PlanStorage)> {
        let candidates = self.values.iter().filter_map(|(spot, values)| {
            let storage = if values.are(ValueKind::Price) {
                PlanStorage::Price
            } else if values.are(ValueKind::Product) {
                PlanStorage::Product
            } else {
                let is_word = !values.has_more
                    && !values.are(ValueKind::Status)
                    && values.words.len() <= 20
                    && names(spot, &["plan", "tier", "package", "product", "edition"])
                    && self.is_text(&spot.column);
                is_word.then_some(PlanStorage::Word)?
            };
            (!spot.is_list).then_some((spot, storage))
        });
        let best = candidates.min_by_key(|(spot, storage)| {
            (
                *storage != PlanStorage::Word,
                *storage != PlanStorage::Price,
                spot.path.len(),
            )
        });
        best.map(|(spot, storage)| (spot.clone(), storage))
    }

    fn is_text(&self, column: &str) -> bool {
        let form = self.table.columns.iter().find(|other| other.name == column);
        form.is_some_and(|column| matches!(column.form, ColumnForm::Text | ColumnForm::Json))
    }

    /// Returns the plans of the rows that have access.
    pub(super) fn stored_plans(&self, access: &Access, plan: &Spot) -> BTreeSet<String> {
        let rows = self.table.rows.iter().filter(|row| {
            let value = |spot: &Spot| self.value(row, spot);
            match access {
                Access::Flag(spot) => value(spot).as_deref() == Some("true"),
                Access::Status { spot, granting, .. } => {
                    value(spot).is_some_and(|word| granting.contains(&word))
                }
                Access::Until(_) => true,
            }
        });
        rows.filter_map(|row| self.value(row, plan)).collect()
    }

    fn value(&self, row: &[Option<String>], spot: &Spot) -> Option<String> {
        let at = self
            .table
            .columns
            .iter()
            .position(|column| column.name == spot.column)?;
        let text = row.get(at)?.as_deref()?;
        if spot.path.is_empty() {
            return Some(text.to_owned());
        }
        let mut value: &serde_json::Value = &serde_json::from_str(text).ok()?;
        for key in &spot.path {
            value = value.get(key)?;
        }
        let text = value.as_str().map(str::to_owned);
        Some(text.unwrap_or_else(|| value.to_string()))
    }
}

fn plain(column: &str) -> Spot {
    Spot {
        column: column.to_owned(),
        path: Vec::new(),
        is_list: false,
    }
}

/// Returns true if the name of the spot contains one of the words.
fn names(spot: &Spot, words: &[&str]) -> bool {
    let last = spot.path.last().unwrap_or(&spot.column);
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
