//! The one pure function: contract, facts and a time in; findings in their fixed order out.

use super::{Contract, Facts, Finding, Mode, Summary, UnixSeconds, case::Case, guards, rules};

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
        "{linked} accounts are linked, and not one of their customers (`{example}` is one) appears in any subscription"
    )]
    NoCustomerKnown { linked: u64, example: String },
    #[error("the contract says `mode: {}` and `{object}` is not of that mode", .expected.as_str())]
    WrongMode { expected: Mode, object: String },
    #[error("subscription `{subscription}` has no {missing}, which {needed_by} needs")]
    Missing {
        subscription: String,
        missing: &'static str,
        needed_by: &'static str,
    },
}

impl Unanswerable {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::NoAccounts => {
                "check that `url_env` names the right database and that `users_table`, `join` and `where` find its \
                 rows; a role under row-level security sees none. `allow_empty: true` accepts an empty table"
            }
            Self::AccountOnTwoRows { .. } => {
                "a join multiplies rows: make it return one row for each account, for example with `distinct on` or a \
                 lateral subquery in `query:`"
            }
            Self::NoCustomerKnown { .. } => {
                "this looks like the key of another provider account, the other of live and test mode, or the wrong \
                 column mapped as the customer id"
            }
            Self::WrongMode { .. } => "use a key of that mode, or change `mode:`",
            Self::Missing { .. } => {
                "give the subscription as the provider's API returns it, or take the rule or the grace out of the \
                 contract"
            }
        }
        .to_owned()
    }
}

/// Judges `facts` by `contract` as of `now`. Equal inputs give equal results, in whatever order the facts come.
pub fn evaluate(
    contract: &Contract,
    facts: &Facts,
    now: UnixSeconds,
) -> Result<Evaluation, Unanswerable> {
    let case = Case::new(contract, facts, now);
    let mut summary = case.summary();
    guards::check(&case, &summary)?;
    rules::judge(&case)?;
    let findings = case.into_findings();
    summary.count_findings(&findings);
    Ok(Evaluation { findings, summary })
}
