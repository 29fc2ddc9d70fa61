//! Finds the column that determines who has access: a flag, a status, or the end of a period.

use super::{
    column::ColumnPath,
    measured::{MeasuredTable, Row, names, names_one, normalized, whole_column},
    recognition::{ValueKind, grants, kind_of},
};
use crate::database::ColumnForm;

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

/// Minimum number of rows without a customer. Fewer do not show if a column depends on the customer.
const MIN_ROWS_WITHOUT_CUSTOMER: usize = 3;

/// Parts of names of yes/no columns about access.
const FLAGS: [&str; 6] = ["access", "paid", "premium", "subscri", "entitle", "ispro"];

/// Parts of names of yes/no columns that have a word of [`FLAGS`] but are about messages, or about no access.
const OTHER_FLAGS: [&str; 13] = [
    "mail",
    "news",
    "notif",
    "market",
    "digest",
    "sms",
    "unpaid",
    "unsubscri",
    "revoked",
    "prepaid",
    "accessib",
    "beta",
    "apiaccess",
];

/// Parts of names of times at which access ends.
const ENDS: [&str; 6] = [
    "periodend",
    "paiduntil",
    "expires",
    "validuntil",
    "endsat",
    "accessuntil",
];

/// Parts of names of times that have a word of [`ENDS`] but are about something else.
const OTHER_ENDS: [&str; 8] = [
    "trial", "token", "session", "invit", "reset", "password", "key", "verif",
];

/// Parts of names that are about paying.
const PAYMENT: [&str; 9] = [
    "subscri",
    "billing",
    "stripe",
    "paddle",
    "plan",
    "payment",
    "membership",
    "entitle",
    "licen",
];

impl MeasuredTable<'_> {
    /// Returns the column of this table that determines who has access.
    pub(super) fn access(&self) -> Option<Access> {
        let flag = self.column(ColumnForm::Boolean, &FLAGS, &OTHER_FLAGS);
        let until = || self.column(ColumnForm::Time, &ENDS, &OTHER_ENDS);
        flag.map(Access::Flag)
            .or_else(|| self.status())
            .or_else(|| self.active().map(Access::Flag))
            .or_else(|| until().map(Access::Until))
    }

    /// Returns a column of this form with one of the words in its name and none of the others.
    fn column(&self, form: ColumnForm, words: &[&str], others: &[&str]) -> Option<ColumnPath> {
        let mut columns = self.table.columns.iter();
        let found = columns.find(|column| {
            column.is_readable
                && column.form == form
                && names_one(&column.name, words)
                && !names_one(&column.name, others)
        });
        found.map(|column| whole_column(&column.name))
    }

    fn status(&self) -> Option<Access> {
        let known = self.values.iter().filter(|(path, values)| {
            values.are_mostly(ValueKind::Status) && !values.has_more && !path.is_list
        });
        let (path, values) = known.max_by_key(|(path, values)| {
            let is_about_payment = names(path, &PAYMENT);
            (
                is_about_payment,
                names(path, &["status", "state"]),
                values.rows,
            )
        })?;
        let (granting, others): (Vec<_>, Vec<_>) =
            values.words.keys().cloned().partition(|word| grants(word));
        let unknown = others.into_iter().filter(|word| kind_of(word).is_none());
        Some(Access::Status {
            path: path.clone(),
            granting,
            unknown: unknown.collect(),
        })
    }

    /// Returns the column `active` of a table that is about payment; elsewhere, it is about something else.
    fn active(&self) -> Option<ColumnPath> {
        let is_active = |name: &str| ["active", "isactive"].contains(&&*normalized(name));
        let mut columns = self.table.columns.iter();
        let found = columns.find(|column| {
            column.is_readable && column.form == ColumnForm::Boolean && is_active(&column.name)
        })?;
        (self.payment_points() > 0).then(|| whole_column(&found.name))
    }

    /// Rates how much a table is about subscriptions: by the ids that it holds, and by its name.
    pub(super) fn payment_points(&self) -> usize {
        let holds_price = self.holds(ValueKind::Price) || self.holds(ValueKind::Product);
        usize::from(self.holds(ValueKind::Subscription)) * 8
            + usize::from(holds_price) * 4
            + usize::from(names_one(self.name(), &PAYMENT)) * 4
            + usize::from(self.holds(ValueKind::Customer)) * 2
    }

    /// Returns true if the column may well be about something other than payment, such as a `status` that says whether
    /// somebody may sign in.
    pub(super) fn is_weak(&self, access: &Access) -> bool {
        match access {
            Access::Flag(_) => false,
            Access::Status { path, .. } => {
                let is_named = path.keys.iter().chain([&path.column]);
                !is_named.into_iter().any(|name| names_one(name, &PAYMENT))
                    && !self.holds(ValueKind::Subscription)
            }
            Access::Until(_) => true,
        }
    }

    /// Returns true if access depends on a customer: of the rows without one, at most half have access.
    pub(super) fn depends_on(&self, link: &ColumnPath, access: &Access) -> bool {
        let without = self
            .table
            .rows
            .iter()
            .filter(|row| self.value(row, link).is_none());
        let (all, with_access) = without.fold((0, 0), |(all, with_access), row| {
            (
                all + 1,
                with_access + usize::from(self.has_access(row, access)),
            )
        });
        all < MIN_ROWS_WITHOUT_CUSTOMER || with_access * 2 <= all
    }

    /// Returns true if the row gives access. A time counts even if it is past.
    pub(super) fn has_access(&self, row: &Row, access: &Access) -> bool {
        match access {
            Access::Flag(path) => {
                let value = self.value(row, path);
                value.is_some_and(|value| ["true", "t"].contains(&&*value))
            }
            Access::Status { path, granting, .. } => {
                let value = self.value(row, path);
                value.is_some_and(|word| granting.contains(&word))
            }
            Access::Until(path) => self.value(row, path).is_some(),
        }
    }

    /// Describes a column that may be the status, in words or numbers that nobody knows.
    pub(super) fn unknown_status(&self) -> Option<String> {
        const MANY: usize = 12;
        let mut candidates = self.values.iter().filter(|(path, values)| {
            names(path, &["status", "state", "tier", "plan"])
                && !values.has_more
                && (1..=MANY).contains(&values.words.len())
                && !values.are_mostly(ValueKind::Price)
        });
        let (path, values) = candidates.next()?;
        let words: Vec<_> = values
            .words
            .keys()
            .map(|word| format!("`{word}`"))
            .collect();
        Some(format!(
            "`{}.{}` has {}, of which it is not known whether they give access",
            self.name(),
            path.shown(),
            words.join(", ")
        ))
    }
}
