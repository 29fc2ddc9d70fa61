//! Compares the plans of rows with their access: which plans are sold, which are free, and which stay after access ends.

use std::collections::BTreeSet;

use super::{
    access::Access,
    account::Mapping,
    column::ColumnPath,
    joining::Billing,
    measured::{MeasuredTable, Row, whole_column},
    plan::Plan,
};
use crate::presets::PlanStorage;

/// Longest sample of a table that may be all of it.
const WHOLE_TABLE: usize = 299;

/// What the sample says about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    HasAccess,
    /// Had a customer, and has no access now.
    Ended,
    /// Has neither a customer nor access.
    NeverPaid,
    /// The rows that would say it are not in the sample.
    Unknown,
}

/// The words of a column, by the standing of the accounts that have them.
#[derive(Debug, Default)]
pub(super) struct PlanUse {
    with_access: BTreeSet<String>,
    ended: BTreeSet<String>,
    never_paid: BTreeSet<String>,
}

impl PlanUse {
    /// Counts the words in the rows of accounts.
    fn of_accounts(mapping: &Mapping<'_, '_>, path: &ColumnPath, now: &str) -> Self {
        let mut found = Self::default();
        let account = mapping.account;
        for row in &account.table.rows {
            let Some(word) = account.value(row, path) else {
                continue;
            };
            match mapping.standing(row, now) {
                Standing::HasAccess => found.with_access.insert(word),
                Standing::Ended => found.ended.insert(word),
                Standing::NeverPaid => found.never_paid.insert(word),
                Standing::Unknown => false,
            };
        }
        found
    }

    /// Counts the words in the rows that decide about access, of which every one belongs to a customer.
    fn of_billing(mapping: &Mapping<'_, '_>, path: &ColumnPath, now: &str) -> Self {
        let table = mapping.access_table();
        Self {
            with_access: table.plans_with_access(&mapping.access, path, now),
            ..Self::default()
        }
    }

    /// Returns true if the column does not follow what is paid for: everybody has the same word, or payers have `free`.
    fn is_unrelated(&self) -> bool {
        let is_one = self.with_access.len() == 1;
        let is_free = |word: &String| word.trim().eq_ignore_ascii_case("free");
        is_one && (self.with_access == self.never_paid || self.with_access.iter().all(is_free))
    }

    /// Returns the plans of accounts with access.
    pub(super) fn sold(&self) -> &BTreeSet<String> {
        &self.with_access
    }

    /// Returns the plans of accounts that never paid, without those that are sold and those that no contract can hold.
    pub(super) fn free(&self) -> Vec<String> {
        let free = self.never_paid.difference(&self.with_access);
        let is_plain = |word: &&String| !word.contains("{{") && !word.chars().any(char::is_control);
        free.filter(is_plain).cloned().collect()
    }

    /// Returns true if accounts whose access ended have a plan of those with access.
    pub(super) fn is_kept(&self) -> bool {
        !self.ended.is_disjoint(&self.with_access)
    }
}

impl Mapping<'_, '_> {
    /// Returns the use of the stored plan; `None` if no column holds one.
    pub(super) fn plan_use(&self, now: &str) -> Option<PlanUse> {
        let Some(Plan::Stored(path, _)) = &self.plan else {
            return None;
        };
        let is_of_billing = self.billing.is_some() && !self.is_plan_of_account;
        Some(if is_of_billing {
            PlanUse::of_billing(self, path, now)
        } else {
            PlanUse::of_accounts(self, path, now)
        })
    }

    /// Returns the column of the plan if it does not follow what is paid for.
    pub(super) fn unrelated_plan(&self, now: &str) -> Option<String> {
        let Some(Plan::Stored(path, PlanStorage::Word)) = &self.plan else {
            return None;
        };
        let holder = if self.is_plan_of_account {
            self.account
        } else {
            self.access_table()
        };
        let is_unrelated = self.plan_use(now).is_some_and(|used| used.is_unrelated());
        is_unrelated.then(|| format!("{}.{}", holder.name(), path.shown()))
    }

    fn standing(&self, row: &Row, now: &str) -> Standing {
        let has_link = !self.is_link_in_billing && self.account.value(row, &self.link).is_some();
        match &self.billing {
            None if self.account.has_access_now(row, &self.access, now) => Standing::HasAccess,
            None if has_link => Standing::Ended,
            None => Standing::NeverPaid,
            Some(billing) => self.standing_by(billing, row, has_link, now),
        }
    }

    fn standing_by(
        &self,
        billing: &Billing<'_, '_>,
        row: &Row,
        has_link: bool,
        now: &str,
    ) -> Standing {
        let table = billing.measured;
        let key = self
            .account
            .value(row, &whole_column(&billing.account_column));
        let column = whole_column(&billing.column);
        let mut own = table
            .table
            .rows
            .iter()
            .filter(|other| key.is_some() && table.value(other, &column) == key)
            .peekable();
        let is_known = own.peek().is_some();
        if own.any(|other| table.has_access_now(other, &self.access, now)) {
            return Standing::HasAccess;
        }
        match (is_known, table.table.rows.len() <= WHOLE_TABLE) {
            (true, _) => Standing::Ended,
            (false, true) if has_link => Standing::Ended,
            (false, true) => Standing::NeverPaid,
            (false, false) => Standing::Unknown,
        }
    }
}

impl MeasuredTable<'_> {
    /// Returns true if the row gives access at this time, which is written as Postgres does in UTC.
    pub(super) fn has_access_now(&self, row: &Row, access: &Access, now: &str) -> bool {
        match access {
            Access::Until(path) => {
                let until = self.value(row, path);
                until.is_some_and(|until| until.as_str() > now)
            }
            Access::Flag(_) | Access::Status { .. } => self.has_access(row, access),
        }
    }

    /// Returns the plans of the rows that give access.
    fn plans_with_access(&self, access: &Access, path: &ColumnPath, now: &str) -> BTreeSet<String> {
        let rows = self.table.rows.iter();
        let rows = rows.filter(|row| self.has_access_now(row, access, now));
        rows.filter_map(|row| self.value(row, path)).collect()
    }
}
