//! Finds the table of accounts, the column that links them to customers, and the column that determines who has access.

use super::{
    access::Access,
    column::{ColumnPath, Values},
    joining::{Billing, joined, owner_of_several},
    measured::{Measured, names_account, normalized, whole_column},
    plan::Plan,
    recognition::ValueKind,
};
use crate::database::ColumnForm;

/// The parts of a contract, as far as they were found.
#[derive(Debug)]
pub(super) struct Mapping<'m, 's> {
    pub(super) account: &'m Measured<'s>,
    pub(super) id: String,
    pub(super) link: ColumnPath,
    pub(super) link_kind: ValueKind,
    /// True if the rows of `billing` hold the link, several of them for one account.
    pub(super) is_link_in_billing: bool,
    pub(super) billing: Option<Billing<'m, 's>>,
    pub(super) access: Access,
    pub(super) plan: Option<Plan>,
    /// True if the plan is in the rows of the accounts, and access in others.
    pub(super) is_plan_of_account: bool,
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
    pub(super) fn deciding(&self) -> &'m Measured<'s> {
        self.billing
            .as_ref()
            .map_or(self.account, |billing| billing.measured)
    }

    /// Returns the name of the table of accounts, also if the rows with their details were taken.
    pub(super) fn owner_name(&self) -> &'s str {
        let owner = self.account.owner();
        let owner = owner.filter(|key| key.column == self.id);
        owner.map_or(self.account.name(), |key| &key.target.name)
    }

    /// Returns the table whose rows hold the link.
    pub(super) fn linking(&self) -> &'m Measured<'s> {
        match &self.billing {
            Some(billing) if self.is_link_in_billing => billing.measured,
            _ => self.account,
        }
    }

    pub(super) fn link_values(&self) -> Option<&'m Values> {
        self.linking().values.get(&self.link)
    }

    /// Returns true if rows without access hold the plan of rows with access.
    pub(super) fn keeps_plan(&self) -> bool {
        let Some(Plan::Stored(path, _)) = &self.plan else {
            return false;
        };
        // A time passes without a write to the row.
        if matches!(self.access, Access::Until(_)) {
            return self.billing.is_none();
        }
        // Of a table of subscriptions, only rows with access are read.
        if self.billing.is_some() {
            return self.is_plan_of_account;
        }
        let paid = self.account.plans_with_access(Some(&self.access), path);
        let rows = self.account.table.rows.iter();
        let mut ended = rows.filter(|row| !self.account.has_access(row, &self.access));
        ended.any(|row| {
            let plan = self.account.value(row, path);
            plan.is_some_and(|plan| paid.contains(&plan))
        })
    }

    /// Returns the number of values in the place of the link that are something else, such as ids of another provider.
    pub(super) fn other_links(&self) -> usize {
        let values = self.link_values();
        values.map_or(0, |values| values.rows - values.count(self.link_kind))
    }
}

/// Returns the best mapping. The error names the part that was not found.
pub(super) fn mapping<'m, 's>(tables: &'m [Measured<'s>]) -> Result<Mapping<'m, 's>, String> {
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
            let own_access = table.access().is_some();
            let is_plain = path.keys.is_empty();
            let has_others = table.table.rows.len() > values.rows;
            let points = usize::from(own_access) * 8
                + usize::from(names_account(table.name())) * 4
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
    if link_kind == ValueKind::Customer
        && let Some((owner, billing)) = owner_of_several(tables, account)
        && let Some(access) = account.access()
    {
        return Ok(completed(
            tables,
            (owner, billing.account_column.clone()),
            (link, link_kind, true),
            (Some(billing), access),
        ));
    }
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
    let found = match (own, elsewhere) {
        (Some(own), Some((billing, access))) if account.is_weak(&own) => (Some(billing), access),
        (Some(own), _) => (None, own),
        (None, Some((billing, access))) => (Some(billing), access),
        (None, None) => return Err(no_access(tables, account, link, &id)),
    };
    Ok(completed(
        tables,
        (account, id),
        (link, link_kind, false),
        found,
    ))
}

/// Finds the table that belongs to the accounts and is most about payment, and says who has access.
fn access_elsewhere<'m, 's>(
    tables: &'m [Measured<'s>],
    account: &Measured<'_>,
    link: &ColumnPath,
    id: &str,
) -> Option<(Billing<'m, 's>, Access)> {
    let candidates = tables.iter().filter_map(|other| {
        let points = other.payment_points();
        let access = other.access().filter(|_| points > 0)?;
        let billing = joined(account, link, id, other)?;
        Some((points, billing, access))
    });
    // The first of equals.
    let best = candidates.reduce(|best, candidate| {
        if candidate.0 > best.0 {
            candidate
        } else {
            best
        }
    });
    best.map(|(_, billing, access)| (billing, access))
}

fn no_access(
    tables: &[Measured<'_>],
    account: &Measured<'_>,
    link: &ColumnPath,
    id: &str,
) -> String {
    let name = account.name();
    let about = tables.iter().filter(|other| {
        let is_own = other.table.table == account.table.table;
        is_own || other.payment_points() > 0 && joined(account, link, id, other).is_some()
    });
    let unknown: Vec<_> = about.filter_map(Measured::unknown_status).collect();
    if unknown.is_empty() {
        format!(
            "neither `{name}` nor a table that refers to it says who has access: no status, no yes/no column with a telling \
             name, no end of a period"
        )
    } else {
        unknown.join("; ")
    }
}

fn completed<'m, 's>(
    tables: &'m [Measured<'s>],
    (account, id): (&'m Measured<'s>, String),
    (link, link_kind, is_link_in_billing): (&ColumnPath, ValueKind, bool),
    (billing, access): (Option<Billing<'m, 's>>, Access),
) -> Mapping<'m, 's> {
    let deciding = billing.as_ref().map_or(account, |billing| billing.measured);
    let plan = deciding.plan(tables);
    let of_account = || account.plan(tables).filter(|_| billing.is_some());
    let is_plan_of_account = plan.is_none() && billing.is_some();
    Mapping {
        account,
        id,
        link: link.clone(),
        link_kind,
        is_link_in_billing,
        access,
        plan: plan.or_else(of_account),
        is_plan_of_account,
        subscription: deciding.path_of(ValueKind::Subscription),
        billing,
    }
}

impl Measured<'_> {
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
