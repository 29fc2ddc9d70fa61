//! Finds the table of accounts, the column that links them to customers, and the column that determines who has access.

use super::{
    access::Access,
    column::{ColumnPath, Values},
    joining::{Billing, joined, owner_of_several},
    measured::{MeasuredTable, names_account, normalized, whole_column},
    plan::Plan,
    recognition::ValueKind,
};
use crate::database::ColumnForm;

/// The parts of a contract, as far as they were found.
#[derive(Debug)]
pub(super) struct Mapping<'m, 's> {
    /// The table of accounts, or of details such as profiles with one row for each account.
    pub(super) account: &'m MeasuredTable<'s>,
    /// Column of `account` with the account's id.
    pub(super) id: String,
    /// Column with the id of the customer or of the subscription.
    pub(super) link: ColumnPath,
    pub(super) link_kind: ValueKind,
    /// True if the rows of `billing` hold the link, several of them for one account.
    pub(super) is_link_in_billing: bool,
    /// The table that determines who has access, unless `account` does.
    pub(super) billing: Option<Billing<'m, 's>>,
    pub(super) access: Access,
    pub(super) plan: Option<Plan>,
    /// True if the plan is in the rows of `account`, but access in those of `billing`.
    pub(super) is_plan_of_account: bool,
    /// Column with the name of a plan that does not follow what is paid for, and is therefore not read.
    pub(super) unrelated_plan: Option<String>,
    /// Column with the id of a subscription.
    pub(super) subscription: Option<ColumnPath>,
}

/// A column that marks rows as deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DeletedMark {
    Time(String),
    Flag(String),
}

impl<'m, 's> Mapping<'m, 's> {
    /// Returns the table that determines who has access.
    pub(super) fn access_table(&self) -> &'m MeasuredTable<'s> {
        self.billing
            .as_ref()
            .map_or(self.account, |billing| billing.measured)
    }

    /// Adds the plan and the subscription, if the tables hold them.
    fn with_plan_and_subscription(mut self, tables: &[MeasuredTable<'_>], now: &str) -> Self {
        let access_table = self.access_table();
        self.subscription = access_table.path_of(ValueKind::Subscription);
        self.plan = access_table.plan(tables);
        if self.plan.is_none() && self.billing.is_some() {
            self.is_plan_of_account = true;
            self.plan = self.account.plan(tables);
        }
        self.unrelated_plan = self.unrelated_plan(now);
        if self.unrelated_plan.is_some() {
            self.plan = None;
        }
        self
    }

    /// Returns the name of the table of accounts. If `account` has their details, that is the table to which it refers.
    pub(super) fn accounts_table_name(&self) -> &'s str {
        let owner = self.account.owner();
        let owner = owner.filter(|key| key.column == self.id);
        owner.map_or(self.account.name(), |key| &key.target.name)
    }

    /// Returns the table whose rows hold the link.
    pub(super) fn link_table(&self) -> &'m MeasuredTable<'s> {
        match &self.billing {
            Some(billing) if self.is_link_in_billing => billing.measured,
            _ => self.account,
        }
    }

    pub(super) fn link_values(&self) -> Option<&'m Values> {
        self.link_table().values.get(&self.link)
    }

    /// Returns true if the rows show that accounts keep their plan after access ends.
    pub(super) fn keeps_plan(&self, now: &str) -> bool {
        self.plan_use(now).is_some_and(|used| used.is_kept())
    }

    /// Returns the number of values in the link's column that are something else, such as ids of another provider.
    pub(super) fn other_links(&self) -> usize {
        let values = self.link_values();
        values.map_or(0, |values| values.rows - values.count(self.link_kind))
    }
}

/// Returns the best mapping. The error names the part that was not found.
pub(super) fn best_mapping<'m, 's>(
    tables: &'m [MeasuredTable<'s>],
    now: &str,
) -> Result<Mapping<'m, 's>, String> {
    let links = [ValueKind::Customer, ValueKind::Subscription];
    let mut error = None;
    for kind in links {
        let mut candidates: Vec<_> = tables
            .iter()
            .flat_map(|table| {
                let paths = table.values.iter();
                let paths = paths.filter(move |(_, values)| values.are_mostly(kind));
                paths.map(move |(path, values)| (table, path, values))
            })
            .collect();
        candidates.sort_by_key(|(table, path, values)| {
            std::cmp::Reverse((link_points(table, path, values), values.count(kind)))
        });
        for (table, path, _) in candidates {
            match mapping_by_link(tables, table, (path, kind), now) {
                Ok(mapping) => return Ok(mapping),
                Err(reason) => error = error.or(Some(reason)),
            }
        }
    }
    Err(error.unwrap_or_else(|| {
        "no column holds ids of customers (`cus_…`, `ctm_…`) or subscriptions (`sub_…`) in the rows that were read".to_owned()
    }))
}

/// Rates how likely it is that this column links the accounts to customers.
fn link_points(table: &MeasuredTable<'_>, path: &ColumnPath, values: &Values) -> usize {
    let has_access = table.access().is_some();
    let is_whole_column = path.keys.is_empty();
    let has_rows_without_link = table.table.rows.len() > values.rows;
    usize::from(has_access) * 8
        + usize::from(names_account(table.name())) * 4
        + usize::from(is_whole_column) * 2
        + usize::from(has_rows_without_link)
}

/// Returns the mapping in which `table` holds the link.
fn mapping_by_link<'m, 's>(
    tables: &'m [MeasuredTable<'s>],
    table: &'m MeasuredTable<'s>,
    (link, link_kind): (&ColumnPath, ValueKind),
    now: &str,
) -> Result<Mapping<'m, 's>, String> {
    let mapping = match mapping_with_several_rows_per_account(tables, table, link, link_kind) {
        Some(mapping) => mapping,
        None => mapping_with_one_row_per_account(tables, table, link, link_kind)?,
    };
    Ok(mapping.with_plan_and_subscription(tables, now))
}

/// Returns the mapping in which several rows of `table`, each with a customer and its access, belong to one account.
fn mapping_with_several_rows_per_account<'m, 's>(
    tables: &'m [MeasuredTable<'s>],
    table: &'m MeasuredTable<'s>,
    link: &ColumnPath,
    link_kind: ValueKind,
) -> Option<Mapping<'m, 's>> {
    if link_kind != ValueKind::Customer {
        return None;
    }
    let (account, billing) = owner_of_several(tables, table)?;
    Some(Mapping {
        account,
        id: billing.account_column.clone(),
        link: link.clone(),
        link_kind,
        is_link_in_billing: true,
        access: table.access()?,
        billing: Some(billing),
        plan: None,
        is_plan_of_account: false,
        unrelated_plan: None,
        subscription: None,
    })
}

/// Returns the mapping in which each row of `account` is an account.
fn mapping_with_one_row_per_account<'m, 's>(
    tables: &'m [MeasuredTable<'s>],
    account: &'m MeasuredTable<'s>,
    link: &ColumnPath,
    link_kind: ValueKind,
) -> Result<Mapping<'m, 's>, String> {
    let name = account.name();
    let id = account
        .id()
        .ok_or_else(|| format!("the table `{name}` has no primary key and no column `id`"))?;
    let holds_provider_objects = account
        .values
        .get(&whole_column(&id))
        .is_some_and(|values| {
            values.are_mostly(ValueKind::Customer) || values.are_mostly(ValueKind::Subscription)
        });
    if holds_provider_objects {
        return Err(format!(
            "the rows of `{name}` are the provider's objects, and no table of accounts refers to them"
        ));
    }
    let own = account
        .access()
        .filter(|access| account.depends_on(link, access));
    let elsewhere = access_elsewhere(tables, account, link, &id);
    let (billing, access) = match (own, elsewhere) {
        (Some(own), Some((billing, access))) if account.is_weak(&own) => (Some(billing), access),
        (Some(own), _) => (None, own),
        (None, Some((billing, access))) => (Some(billing), access),
        (None, None) => return Err(no_access_found(tables, account, link, &id)),
    };
    Ok(Mapping {
        account,
        id,
        link: link.clone(),
        link_kind,
        is_link_in_billing: false,
        billing,
        access,
        plan: None,
        is_plan_of_account: false,
        unrelated_plan: None,
        subscription: None,
    })
}

/// Finds another table that belongs to the accounts and says who has access: of several, the one most about payment.
fn access_elsewhere<'m, 's>(
    tables: &'m [MeasuredTable<'s>],
    account: &MeasuredTable<'_>,
    link: &ColumnPath,
    id: &str,
) -> Option<(Billing<'m, 's>, Access)> {
    let candidates = tables.iter().filter_map(|other| {
        let points = other.payment_points();
        let access = other.access().filter(|_| points > 0)?;
        let billing = joined(account, link, id, other)?;
        Some((points, billing, access))
    });
    // `max_by_key` would return the last of equals instead of the first.
    let best = candidates.reduce(|best, candidate| {
        if candidate.0 > best.0 {
            candidate
        } else {
            best
        }
    });
    best.map(|(_, billing, access)| (billing, access))
}

/// Returns the error for accounts of which no table says who has access, with statuses whose words are unknown.
fn no_access_found(
    tables: &[MeasuredTable<'_>],
    account: &MeasuredTable<'_>,
    link: &ColumnPath,
    id: &str,
) -> String {
    let name = account.name();
    let related = tables.iter().filter(|other| {
        let is_own = other.table.table == account.table.table;
        is_own || other.payment_points() > 0 && joined(account, link, id, other).is_some()
    });
    let unknown: Vec<_> = related.filter_map(MeasuredTable::unknown_status).collect();
    if unknown.is_empty() {
        format!(
            "neither `{name}` nor a table that refers to it says who has access: no status, no yes/no column with a telling \
             name, no end of a period"
        )
    } else {
        unknown.join("; ")
    }
}

impl MeasuredTable<'_> {
    /// Returns the column that marks rows as deleted.
    pub(super) fn deleted_mark(&self) -> Option<DeletedMark> {
        self.table.columns.iter().find_map(|column| {
            let name = column.name.clone();
            match (&*normalized(&name), column.form) {
                ("deletedat" | "deletedon", ColumnForm::Time) => Some(DeletedMark::Time(name)),
                ("deleted" | "isdeleted", ColumnForm::Boolean) => Some(DeletedMark::Flag(name)),
                _ => None,
            }
        })
    }
}
