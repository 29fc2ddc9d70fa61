//! A row that breaks a rule, and the values that correct it.

use super::{
    ColumnName, Contract, Field, Status, Subscription, UnixSeconds, case::Case, customers::Holder,
};

/// A value for one column of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Corrected {
    Flag(bool),
    Word(String),
    Number(u64),
    Time(UnixSeconds),
}

/// A column with its correct value, or the reason why that value is not certain.
pub(crate) type Correction = Result<(Field, Corrected), &'static str>;

pub(crate) const GONE: &str = "its subscription is gone";

/// The row of an account that breaks a rule, judged alone.
#[derive(Debug)]
pub(crate) struct WrongRow<'c, 'f> {
    pub(crate) case: &'c Case<'f>,
    pub(crate) holder: Holder<'c>,
    /// The plan of accounts that pay nothing, if it is certain.
    pub(crate) free_plan: Option<&'c str>,
    /// Its granting subscriptions, or else its overdue ones; newest first.
    pub(crate) paying: Vec<&'f Subscription>,
}

impl<'c, 'f> WrongRow<'c, 'f> {
    pub(crate) fn new(case: &'c Case<'f>, holder: Holder<'c>, free_plan: Option<&'c str>) -> Self {
        let mut paying = case.granting(&holder);
        if paying.is_empty() {
            paying = case.overdue(&holder);
        }
        Self {
            case,
            holder,
            free_plan,
            paying,
        }
    }

    /// Returns the subscription that decides.
    pub(crate) fn deciding(&self) -> Option<&'f Subscription> {
        self.case.deciding(&self.holder)
    }

    /// Returns the plan that is paid for, if there is only one.
    pub(crate) fn only_plan(&self) -> Option<String> {
        only_plan(self.case, &self.paying)
    }

    /// Returns the value after which `has_paid_access` equals `paid`: `paid` itself, or a word for the column that it is
    /// read from.
    pub(crate) fn corrected_access(&self, paid: bool) -> Correction {
        let field = Field::HasPaidAccess;
        let (column, values) = match self.case.contract.columns.get(&field) {
            None | Some(ColumnName::Column(_)) => return Ok((field, Corrected::Flag(paid))),
            Some(ColumnName::Computed) => {
                return Err("has_paid_access is computed: change what it is computed from");
            }
            Some(ColumnName::In { column, values }) => (column, values),
        };
        let fits = |word: &String| values.contains(word) == paid;
        let are_statuses = values
            .iter()
            .all(|value| Status::KNOWN.iter().any(|status| status.as_str() == value));
        let status = self
            .deciding()
            .map(|subscription| subscription.status.to_string());
        let status = status.filter(|word| are_statuses && fits(word));
        let plan = if paid {
            only_plan(self.case, &self.case.granting(&self.holder))
        } else {
            self.free_plan.map(str::to_owned)
        };
        let is_plan = is_read_from(self.case.contract, Field::Plan, column);
        let plan = plan.filter(|word| is_plan && fits(word));
        let only = match values.as_slice() {
            [word] if paid => Some(word.clone()),
            _ => None,
        };
        let word = status.or(plan).or(only);
        let word = word.ok_or(if paid {
            "more than one word of the column means access: choose the right one"
        } else {
            "it is unclear which word of the column means no access: write the one that your application writes"
        })?;
        Ok((field, Corrected::Word(word)))
    }
}

/// Returns true if `field` is read from the same column.
pub(crate) fn is_read_from(contract: &Contract, field: Field, column: &str) -> bool {
    let name = contract.columns.get(&field);
    matches!(name, Some(ColumnName::Column(name)) if name == column)
}

/// Returns the plan that is paid for, if there is only one.
fn only_plan(case: &Case<'_>, paying: &[&Subscription]) -> Option<String> {
    let plans = paying.iter();
    let plans = plans.flat_map(|subscription| case.contract.plans_of(&subscription.items));
    let mut plans = case.contract.right_plans(plans).into_iter();
    match (plans.next(), plans.next()) {
        (Some(plan), None) => Some(plan.name().to_owned()),
        _ => None,
    }
}
