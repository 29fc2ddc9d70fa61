//! The one pure function: contract, facts and a time in; findings in their fixed order out.

use super::{Contract, Facts, Finding, Mode, Summary, UnixSeconds};

/// What a contract comes to on given facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// In the order of [`Finding::order`].
    pub findings: Vec<Finding>,
    pub summary: Summary,
}

/// Why the facts allow no verdict.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unanswerable {
    #[error("the accounts query returned no row")]
    NoAccounts,
    #[error("account `{id}` is on more than one row")]
    AccountOnTwoRows { id: String },
    #[error(
        "none of the {linked} linked accounts' customers (`{example}`, …) appears in any subscription"
    )]
    NoCustomerKnown { linked: u64, example: String },
    #[error("the contract says `mode: {}`, and `{object}` is of the other mode", .expected.as_str())]
    WrongMode { expected: Mode, object: String },
    #[error("subscription `{subscription}` carries no {missing}, which {needed_by} needs")]
    Missing {
        subscription: String,
        missing: &'static str,
        needed_by: &'static str,
    },
}

impl Unanswerable {
    /// What to do about it.
    pub fn hint(&self) -> String {
        String::new()
    }
}

/// Judges `facts` by `contract` as of `now`.
pub fn evaluate(
    _contract: &Contract,
    _facts: &Facts,
    _now: UnixSeconds,
) -> Result<Evaluation, Unanswerable> {
    Err(Unanswerable::NoAccounts)
}
