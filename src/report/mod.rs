//! Pure rendering: one outcome in, text, JSON, Markdown or HTML out.

mod accepted;
mod amount;
mod annotation;
mod baseline_file;
mod compare;
mod count;
mod csv;
mod explanation;
mod file;
mod find;
mod harmless_json;
mod html;
mod json;
mod json_change;
mod json_rehearsal;
mod json_standing;
mod junit;
mod mask;
mod meaning;
#[cfg(test)]
mod oracle;
mod redact;
mod rehearsed;
mod repair;
mod rewrite;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod sample_compared;
#[cfg(test)]
mod sample_hostile;
#[cfg(test)]
mod sample_rehearsal;
mod sarif;
mod shown;
mod text;

pub mod markdown;
pub mod neutral;
pub mod workflow_command;

use crate::{
    baseline::{Since, Standing},
    contract::{Finding, Severity, Source, Summary, Verdict},
    problem::{Place, Problem},
};

pub use accepted::newly_accepted;
pub use amount::amounts;
pub use annotation::{Annotation, Level, annotations, of_warnings as annotations_of_warnings};
pub use baseline_file::{ToAccept, baseline_entries};
pub use compare::{Comparison, Standings};
pub use explanation::{
    ExplainedContract, ExplainedEntity, json as explanation_json, schema as explanation_schema,
    summary as explanation_summary, text as explanation_text,
};
pub use file::{FORMATS, FileFormat, Surroundings};
pub use html::html;
pub use json::{json, schema, write_json};
pub use mask::{Mask, MaskedWriter, parts as parts_of_secret};
pub use redact::redact_ids;
pub use rehearsed::{PlayedResult, PlayedScenario, Rehearsed};
pub use repair::{Cell, CellChange, CellKind, CellValue, Repair, RowRepair};
pub use text::{problems, summary_line, text, warnings, write_text};

/// Everything a run came to; what every renderer and publisher shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The worst of the contracts' verdicts, or `error` when not even they were known.
    pub verdict: Verdict,
    pub contracts: Vec<ContractOutcome>,
    /// What kept the run from any contract at all, such as a configuration that does not parse.
    pub problems: Vec<Problem>,
    /// Things to better that change no verdict: an unrestricted key, a role that can write.
    pub warnings: Vec<Problem>,
    /// What was played, where this is a rehearsal and no check.
    pub rehearsal: Option<Rehearsed>,
    /// What the findings were compared with, where they were.
    pub since: Option<Since>,
}

/// What one contract of the configuration came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractOutcome {
    pub name: String,
    pub source: Source,
    pub verdict: Verdict,
    /// The lowest severity that fails it; none where no finding does.
    pub fail_on: Option<Severity>,
    /// Things to look at in the contract itself; they change no verdict.
    pub advice: Vec<Problem>,
    pub findings: Vec<Reported>,
    pub summary: Summary,
    /// Why there is no verdict; set when it is `error`.
    pub problem: Option<Problem>,
    /// The accounts, customers and subscriptions that the texts of `problem` name.
    pub named: Vec<String>,
}

/// A finding with the place in the configuration that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    pub finding: Finding,
    pub place: Option<Place>,
    /// None where nothing was compared.
    pub standing: Option<Standing>,
    /// Lines that the pull request changes and that matter to it, the likeliest first.
    pub changes: Vec<Change>,
    /// None where nobody asked for it.
    pub repair: Option<Repair>,
}

/// A line that a pull request changes, and what that has to do with a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// As GitHub spells it: relative to the repository.
    pub path: String,
    /// In the new version of the file, counted from one.
    pub line: u32,
    /// What the pull request does there, such as ``removes the only line that mentions `has_paid_access` ``.
    pub does: String,
}

impl Reported {
    /// A finding that was compared with nothing yet.
    pub fn new(finding: Finding, place: Option<Place>) -> Self {
        Self {
            finding,
            place,
            standing: None,
            changes: Vec::new(),
            repair: None,
        }
    }
}

/// The findings that nobody has accepted, the worst first: what an issue or a message is about.
pub fn unaccepted(outcome: &Outcome) -> Vec<(&ContractOutcome, &Reported)> {
    let mut findings = outcome.findings();
    findings.retain(|(_, found)| !matches!(found.standing, Some(Standing::Accepted { .. })));
    findings
}

impl Outcome {
    /// The numbers of all contracts together.
    pub fn totals(&self) -> Summary {
        let mut totals = Summary::default();
        for contract in &self.contracts {
            totals.add(&contract.summary);
        }
        totals
    }

    /// The findings of all contracts, the worst first; equal ones in the order of the contracts.
    pub fn findings(&self) -> Vec<(&ContractOutcome, &Reported)> {
        let mut findings: Vec<_> = self
            .contracts
            .iter()
            .flat_map(|contract| contract.findings.iter().map(move |found| (contract, found)))
            .collect();
        findings.sort_by(|(_, one), (_, other)| one.finding.order().cmp(&other.finding.order()));
        findings
    }

    /// What to look at in the contracts themselves, each with the name of its contract where there are several.
    fn advice(&self) -> impl Iterator<Item = (&Problem, Option<&str>)> {
        let contracts = self.contracts.iter();
        contracts.flat_map(|contract| {
            let name = self.name_of(contract);
            contract.advice.iter().map(move |advice| (advice, name))
        })
    }

    /// The contract's name where one has to be named: when there are several.
    fn name_of<'a>(&self, contract: &'a ContractOutcome) -> Option<&'a str> {
        (self.contracts.len() > 1).then_some(contract.name.as_str())
    }
}
