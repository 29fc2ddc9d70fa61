//! The results of a rule without a finding, with their reasons.

use crate::case::Case;

/// The result of a rule that has no finding, with its reason.
#[derive(Debug)]
pub(crate) enum NoFinding {
    Holds(String),
    DoesNotApply(String),
}

impl NoFinding {
    pub(crate) fn nobody(case: &Case<'_>) -> Self {
        let entity = &case.contract.entity;
        Self::DoesNotApply(format!("no {entity} is linked to the customer"))
    }
}
