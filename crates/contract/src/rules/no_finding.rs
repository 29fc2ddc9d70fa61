//! Reasons why a rule has no finding about somebody.

use crate::case::Case;

/// Reason why a rule has no finding.
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
