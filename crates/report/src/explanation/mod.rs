//! The result of `prodverdict explain`, with a text format for people and a JSON format for programs.

mod json;
mod rewrite;
#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests;
mod text;

use contract::{Explanation, Source, Verdict};
use problem::{Failure, Problem, Warning};

use super::{
    Reported,
    count::{counted, length},
};

pub use json::{json, schema};
pub(super) use rewrite::explained as rewrite;
pub use text::text;

/// Everything known about the requested entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedEntity {
    /// The entity as the user named it.
    pub requested: String,
    /// The worst of the contracts' verdicts.
    pub verdict: Verdict,
    /// Contracts that contain the entity or could not be evaluated.
    pub contracts: Vec<ExplainedContract>,
    /// Reasons why there is no answer from any contract.
    pub problems: Vec<Problem>,
    pub warnings: Vec<Warning>,
}

/// Explanation by one contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedContract {
    pub name: String,
    pub source: Source,
    pub verdict: Verdict,
    pub customers: Vec<Explanation>,
    pub findings: Vec<Reported>,
    /// The reason why there is no verdict. Set if the verdict is `error`.
    pub problem: Option<Problem>,
    /// Ids that the problem mentions.
    pub named: Vec<String>,
    pub provider_requests: u64,
}

impl ExplainedEntity {
    /// Creates an explanation that contains only problems.
    pub fn unanswered(requested: &str, problems: Vec<Problem>) -> Self {
        Self {
            requested: requested.to_owned(),
            verdict: Verdict::Error,
            contracts: Vec::new(),
            problems,
            warnings: Vec::new(),
        }
    }
}

impl ExplainedContract {
    /// Creates a contract's explanation that contains only a problem.
    pub fn unanswered(name: &str, source: Source, failure: Failure) -> Self {
        let Failure { problem, named } = failure;
        Self {
            name: name.to_owned(),
            source,
            verdict: Verdict::Error,
            customers: Vec::new(),
            findings: Vec::new(),
            problem: Some(problem),
            named,
            provider_requests: 0,
        }
    }
}

/// Summarizes what was read.
pub fn summary(explained: &ExplainedEntity) -> String {
    let contracts = &explained.contracts;
    let customers = || contracts.iter().flat_map(|contract| &contract.customers);
    if customers().next().is_none() {
        return "Nothing was explained.".to_owned();
    }
    let accounts = customers().map(|customer| customer.accounts.len()).sum();
    let has_subscriptions =
        |contract: &&ExplainedContract| contract.source != Source::StripeEntitlements;
    let subscriptions = contracts
        .iter()
        .filter(has_subscriptions)
        .flat_map(|contract| &contract.customers)
        .map(|customer| customer.subscriptions.len())
        .sum();
    let requests = match contracts
        .iter()
        .map(|contract| contract.provider_requests)
        .sum()
    {
        // Recorded data takes no requests.
        0 => String::new(),
        requests => format!(" in {}", counted(requests, "request")),
    };
    format!(
        "Read {} and {}{requests}.",
        counted(length(accounts), "account"),
        counted(length(subscriptions), "subscription"),
    )
}
