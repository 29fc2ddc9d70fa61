//! Finds the columns by which rows of one table belong to those of another.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    column::ColumnPath,
    measured::{MeasuredTable, names_account, normalized, whole_column},
    recognition::ValueKind,
};

/// A table about payment, whose rows belong to accounts by these two columns.
#[derive(Debug)]
pub(super) struct Billing<'m, 's> {
    pub(super) measured: &'m MeasuredTable<'s>,
    pub(super) column: String,
    pub(super) account_column: String,
    /// Another column that refers to accounts, for which the rows speak as much.
    pub(super) rival: Option<String>,
}

/// A table of accounts to which rows may belong, the column that refers to it, and the column that it refers to.
type Owner<'m, 's> = (&'m MeasuredTable<'s>, String, String);

/// Finds the columns by which `other` belongs to the accounts: a foreign key, one to the same third table, equal customers,
/// or a name such as `user_id`.
pub(super) fn joined<'m, 's>(
    account: &MeasuredTable<'_>,
    link: &ColumnPath,
    id: &str,
    other: &'m MeasuredTable<'s>,
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
    let by_link = other.path_of(ValueKind::Customer).filter(|path| {
        let link_values = (account, link);
        path.keys.is_empty() && link.keys.is_empty() && share_values((other, path), link_values)
    });
    let by_name = || {
        let column = named_after(other, account.name())?;
        let ids = (account, &whole_column(id));
        share_values((other, &whole_column(&column)), ids).then_some(column)
    };
    let (column, account_column) = direct
        .map(|key| (key.column.clone(), key.target_column.clone()))
        .or(shared)
        .or_else(|| by_link.map(|path| (path.column, link.column.clone())))
        .or_else(|| by_name().map(|column| (column, id.to_owned())))?;
    Some(Billing {
        measured: other,
        column,
        account_column,
        rival: None,
    })
}

/// Finds the table of accounts that several rows of `table` belong to, such as all subscriptions of a user.
pub(super) fn owner_of_several<'m, 's>(
    tables: &'m [MeasuredTable<'s>],
    table: &'m MeasuredTable<'s>,
) -> Option<(&'m MeasuredTable<'s>, Billing<'m, 's>)> {
    if table.owner().is_some() || names_account(table.name()) {
        return None;
    }
    let by_key = table.owners().filter_map(|key| {
        let owner = tables
            .iter()
            .find(|other| other.table.table == key.target)?;
        Some((owner, key.column.clone(), key.target_column.clone()))
    });
    let mut owners: Vec<Owner<'m, 's>> = by_key.collect();
    if owners.is_empty() {
        owners.extend(tables.iter().filter_map(|owner| named_owner(table, owner)));
    }
    // The sort is stable.
    owners.sort_by_key(|(_, column, _)| std::cmp::Reverse(table.owner_points(column)));
    let mut owners = owners.into_iter();
    let (owner, column, account_column) = owners.next()?;
    let points = table.owner_points(&column);
    let mut others = owners.map(|(_, other, _)| other);
    let rival = others.find(|other| *other != column && table.owner_points(other) == points);
    let billing = Billing {
        measured: table,
        column,
        account_column,
        rival,
    };
    Some((owner, billing))
}

/// Returns the owner if a column of `table` is named after it and holds its ids.
fn named_owner<'m, 's>(
    table: &MeasuredTable<'_>,
    owner: &'m MeasuredTable<'s>,
) -> Option<Owner<'m, 's>> {
    let column = named_after(table, owner.name())?;
    let id = owner.id()?;
    let ids = (owner, &whole_column(&id));
    let is_link = share_values((table, &whole_column(&column)), ids);
    (is_link && owner.name() != table.name() && !table.is_unique(&column))
        .then_some((owner, column, id))
}

impl MeasuredTable<'_> {
    /// Rates how likely it is that the rows belong to the accounts in this column: by the number of rows with a value, and then
    /// by the customers that belong to only one account.
    fn owner_points(&self, column: &str) -> (usize, usize) {
        let path = whole_column(column);
        let customer = self.path_of(ValueKind::Customer);
        let mut owners_of = BTreeMap::<String, BTreeSet<String>>::new();
        let mut filled = 0;
        for row in &self.table.rows {
            let Some(owner) = self.value(row, &path) else {
                continue;
            };
            filled += 1;
            if let Some(customer) = customer.as_ref().and_then(|path| self.value(row, path)) {
                owners_of.entry(customer).or_default().insert(owner);
            }
        }
        let of_one = owners_of.values().filter(|owners| owners.len() == 1);
        (filled, of_one.count())
    }
}

/// Returns the column that is called after the table or its last word: `user_id` or `userId` for `users` and `app_users`.
fn named_after(other: &MeasuredTable<'_>, table: &str) -> Option<String> {
    let last = table.rsplit('_').next().unwrap_or_default();
    let expected =
        [table, last].map(|name| format!("{}id", normalized(name).trim_end_matches('s')));
    let mut columns = other.table.columns.iter();
    let found = columns.find(|column| expected.contains(&normalized(&column.name)));
    found.map(|column| column.name.clone())
}

/// Returns true if at least half of the values of one column are in the other too.
fn share_values(
    (first, path): (&MeasuredTable<'_>, &ColumnPath),
    (second, other_path): (&MeasuredTable<'_>, &ColumnPath),
) -> bool {
    let (Some(first), Some(second)) = (first.values.get(path), second.values.get(other_path))
    else {
        return false;
    };
    let common = first
        .words
        .keys()
        .filter(|word| second.words.contains_key(*word));
    let common = common.count();
    common > 0 && common * 2 >= first.words.len().min(second.words.len())
}
