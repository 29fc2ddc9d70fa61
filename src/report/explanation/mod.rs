//! What `prodverdict explain` came to, and its two forms: text for people, JSON for programs.

mod json;
#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests;
mod text;

use crate::{
    contract::{Explanation, Source, Verdict},
    problem::Problem,
};

use super::{
    Reported,
    count::{counted, length},
};

pub use json::{json, schema};
pub use text::text;

/// Everything that is known about what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedEntity {
    /// As it was asked for.
    pub asked: String,
    /// The worst of the contracts' verdicts.
    pub verdict: Verdict,
    /// Those that know it, and those that could not be asked.
    pub contracts: Vec<ExplainedContract>,
    /// Why no contract says anything.
    pub problems: Vec<Problem>,
    pub warnings: Vec<Problem>,
}

/// What one contract says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedContract {
    pub name: String,
    pub source: Source,
    pub verdict: Verdict,
    pub customers: Vec<Explanation>,
    pub findings: Vec<Reported>,
    /// Why there is no verdict; set when it is `error`.
    pub problem: Option<Problem>,
    pub provider_requests: u64,
}

impl ExplainedEntity {
    /// Nothing is known, for these reasons.
    pub fn unanswered(asked: &str, problems: Vec<Problem>) -> Self {
        Self {
            asked: asked.to_owned(),
            verdict: Verdict::Error,
            contracts: Vec::new(),
            problems,
            warnings: Vec::new(),
        }
    }
}

impl ExplainedContract {
    /// Both sides could not be asked.
    pub fn unanswered(name: &str, source: Source, problem: Problem) -> Self {
        Self {
            name: name.to_owned(),
            source,
            verdict: Verdict::Error,
            customers: Vec::new(),
            findings: Vec::new(),
            problem: Some(problem),
            provider_requests: 0,
        }
    }
}

/// What was read, in numbers.
pub fn summary(explained: &ExplainedEntity) -> String {
    let contracts = &explained.contracts;
    let customers = || contracts.iter().flat_map(|contract| &contract.customers);
    if customers().next().is_none() {
        return "Nothing was explained.".to_owned();
    }
    let accounts = customers().map(|one| one.accounts.len()).sum();
    let has_subscriptions =
        |contract: &&ExplainedContract| contract.source != Source::StripeEntitlements;
    let subscriptions = contracts
        .iter()
        .filter(has_subscriptions)
        .flat_map(|contract| &contract.customers)
        .map(|one| one.subscriptions.len())
        .sum();
    let requests = match contracts.iter().map(|one| one.provider_requests).sum() {
        // What was recorded takes no request.
        0 => String::new(),
        requests => format!(" in {}", counted(requests, "request")),
    };
    format!(
        "Read {} and {}{requests}.",
        counted(length(accounts), "account"),
        counted(length(subscriptions), "subscription"),
    )
}
