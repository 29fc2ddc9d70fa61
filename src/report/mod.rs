//! Pure rendering: one outcome in, text, JSON or Markdown out.

use crate::{
    contract::{Finding, Source, Summary, Verdict},
    problem::{Place, Problem},
};

/// Everything a run came to; what every renderer and publisher shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The worst of the contracts' verdicts, or `error` when not even they were known.
    pub verdict: Verdict,
    pub contracts: Vec<ContractOutcome>,
    /// What kept the run from any contract at all, such as a configuration that does not parse.
    pub problem: Option<Problem>,
    /// Things to better that change no verdict: an unrestricted key, a role that can write.
    pub warnings: Vec<Problem>,
}

/// What one contract of the configuration came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractOutcome {
    pub name: String,
    pub source: Source,
    pub verdict: Verdict,
    pub findings: Vec<Reported>,
    pub summary: Summary,
    /// Why there is no verdict; set when it is `error`.
    pub problem: Option<Problem>,
}

/// A finding with the place in the configuration that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    pub finding: Finding,
    pub place: Option<Place>,
}
