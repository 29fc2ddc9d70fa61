//! Pure rendering of an outcome as text, JSON, Markdown, HTML and other formats.

mod accepted;
mod agent;
mod amount;
mod annotation;
mod baseline_file;
mod compare;
mod count;
mod csv;
mod doctor;
mod explanation;
mod file;
mod find;
mod groups;
mod harmless_json;
mod html;
mod json;
mod json_change;
mod json_names;
mod json_origin;
mod json_rehearsal;
mod json_status;
mod junit;
mod links;
mod mask;
mod meaning;
#[cfg(test)]
mod oracle;
mod overview;
mod read;
mod redact;
mod rehearsed;
mod repair;
mod rewrite;
#[cfg(test)]
mod sample;
mod sarif;
mod shown;
mod status;
mod text;

pub mod markdown;
pub mod neutral;
pub mod workflow_command;

use baseline::{FindingStatus, Since};
use contract::{Finding, Mode, Severity, Source, Summary, UnixSeconds, Verdict};
use problem::{Place, Problem, Warning};

pub use accepted::newly_accepted;
pub use agent::{
    AgentChange, AgentPlace, AgentProblem, AgentReport, AgentSettings, AgentWarning, DATA_NOTICE,
    MAX_AGENT_BYTES, agent_report, agent_schema, agent_text, write_agent,
};
pub use amount::amounts;
pub use annotation::{
    Annotation, AnnotationLevel, annotations, warning_annotations as annotations_of_warnings,
};
pub use baseline_file::{ToAccept, baseline_entries};
pub use compare::{Comparison, StatusCounts};
pub use doctor::{
    DoctorReport, DoctorStep, StepResult, StepStatus, json as doctor_json, schema as doctor_schema,
    text as doctor_text,
};
pub use explanation::{
    ExplainedContract, ExplainedEntity, json as explanation_json, schema as explanation_schema,
    summary as explanation_summary, text as explanation_text,
};
pub use file::{FORMATS, FileFormat, ReportPaths};
pub use html::html;
pub use json::{json, schema, write_json};
pub use mask::{Mask, MaskedWriter, parts as parts_of_secret};
pub use overview::{Figure, Overview};
pub use read::{MAX_READ_BYTES, ReadError, read_json};
pub use redact::{redact_explanation, redact_ids};
pub use rehearsed::{PlayedResult, PlayedScenario, Rehearsed};
pub use repair::{CellChange, CellKind, CellValue, Repair, RepairCell, RowRepair};
pub use status::{
    ConfigurationState, NightlyRun, NightlyState, RehearsalState, StatusReport, VariableState,
    WorkflowState, json as status_json, schema as status_schema, text as status_text,
};
pub use text::{problems, summary_line, text, warnings, write_text};

/// The complete result of a run, for all renderers and publishers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The worst of the contracts' verdicts, or `error` if there are no contracts.
    pub verdict: Verdict,
    pub contracts: Vec<ContractOutcome>,
    /// Problems that prevented the run from evaluating any contract, such as an invalid configuration.
    pub problems: Vec<Problem>,
    /// Warnings that do not affect the verdict, such as an unrestricted key or a role with write access.
    pub warnings: Vec<Warning>,
    /// The scenarios, if this is a rehearsal.
    pub rehearsal: Option<Rehearsed>,
    /// The result that the findings were compared with, if any.
    pub since: Option<Since>,
    /// Set before the result is reported.
    pub provenance: Option<Provenance>,
    /// True if the changed lines of a pull request were compared with the findings.
    pub are_changes_known: bool,
}

/// Origin of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// Version of the program that checked.
    pub version: String,
    /// Time of evaluation.
    pub checked_at: UnixSeconds,
    /// Path of the configuration as given by the user.
    pub config: String,
}

impl Provenance {
    /// Returns the origin of a result of this program.
    pub fn new(checked_at: UnixSeconds, config: &str) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            checked_at,
            config: config.to_owned(),
        }
    }
}

/// Result of one contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractOutcome {
    pub name: String,
    pub source: Source,
    /// Mode of the provider's objects, as far as known.
    pub mode: Option<Mode>,
    /// Address of an account in the application, with `{id}` for its id. Text of the configuration.
    pub account_link: Option<String>,
    pub verdict: Verdict,
    /// The lowest severity that fails the contract; `None` if no finding fails it.
    pub fail_on: Option<Severity>,
    /// Advice about the contract itself, which does not affect the verdict.
    pub advice: Vec<Warning>,
    pub findings: Vec<Reported>,
    pub summary: Summary,
    /// The reason why there is no verdict. Set if the verdict is `error`.
    pub problem: Option<Problem>,
    /// The accounts, customers and subscriptions that the texts of `problem` mention.
    pub named: Vec<String>,
}

/// A finding with its place in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    pub finding: Finding,
    pub place: Option<Place>,
    /// `None` if there was no comparison.
    pub status: Option<FindingStatus>,
    /// Time of the first result of the default branch that has it. `None` if there was no comparison.
    pub first_seen: Option<UnixSeconds>,
    /// Changed lines of the pull request that matter to the finding, most likely first.
    pub changes: Vec<Change>,
    /// `None` if no repair was requested.
    pub repair: Option<Repair>,
}

/// A changed line of a pull request, and its connection with a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Path relative to the repository, as GitHub writes it.
    pub path: String,
    /// Line number in the new version of the file, from 1.
    pub line: u32,
    /// Description of the change, such as ``removes the only line that mentions `has_paid_access` ``.
    pub does: String,
}

impl Reported {
    /// Creates a finding without a comparison.
    pub fn new(finding: Finding, place: Option<Place>) -> Self {
        Self {
            finding,
            place,
            status: None,
            first_seen: None,
            changes: Vec::new(),
            repair: None,
        }
    }
}

/// Lists the findings that are not accepted, most severe first, for an issue or a message.
pub fn unaccepted(outcome: &Outcome) -> Vec<(&ContractOutcome, &Reported)> {
    let mut findings = outcome.findings();
    findings.retain(|(_, found)| !matches!(found.status, Some(FindingStatus::Accepted { .. })));
    findings
}

impl Outcome {
    /// Adds up the figures of all contracts.
    pub fn totals(&self) -> Summary {
        let mut totals = Summary::default();
        for contract in &self.contracts {
            totals.add(&contract.summary);
        }
        totals
    }

    /// Lists the findings of all contracts, most severe first. Equal ones stay in the order of the contracts.
    pub fn findings(&self) -> Vec<(&ContractOutcome, &Reported)> {
        let mut findings: Vec<_> = self
            .contracts
            .iter()
            .flat_map(|contract| contract.findings.iter().map(move |found| (contract, found)))
            .collect();
        findings.sort_by(|(_, finding), (_, other)| {
            finding.finding.order().cmp(&other.finding.order())
        });
        findings
    }

    /// Lists the advice about the contracts, with the contract's name if there are several.
    fn advice(&self) -> impl Iterator<Item = (&Warning, Option<&str>)> {
        let contracts = self.contracts.iter();
        contracts.flat_map(|contract| {
            let name = self.name_of(contract);
            contract.advice.iter().map(move |advice| (advice, name))
        })
    }

    /// Returns the contract's name if there are several contracts.
    fn name_of<'a>(&self, contract: &'a ContractOutcome) -> Option<&'a str> {
        (self.contracts.len() > 1).then_some(contract.name.as_str())
    }
}
