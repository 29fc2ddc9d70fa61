//! The result of `prodverdict status`, with a text format for people and a JSON format for programs.

mod json;
#[cfg(test)]
mod tests;
mod text;

use problem::{Problem, Warning};

pub use json::{json, schema};
pub use text::text;

/// The state of the setup, as far as files, variables and GitHub show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReport {
    pub configuration: ConfigurationState,
    pub variables: Vec<VariableState>,
    /// The workflows that use this program.
    pub workflows: Vec<WorkflowState>,
    pub nightly: NightlyState,
    pub rehearsal: Option<RehearsalState>,
}

/// The configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigurationState {
    pub path: String,
    /// Names of its contracts.
    pub contracts: Vec<String>,
    /// The first reason why it cannot be used.
    pub problem: Option<Problem>,
}

/// An environment variable that the configuration names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableState {
    pub name: String,
    pub is_set: bool,
    /// True if only a rehearsal needs it.
    pub is_of_rehearsal: bool,
}

/// A workflow that uses this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowState {
    pub path: String,
    /// Events that start it, in the order of the file.
    pub events: Vec<String>,
    /// True if it names the action by placeholders, so that GitHub refuses to run it.
    pub has_placeholder: bool,
}

/// The last scheduled run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NightlyState {
    /// There is no answer, for this reason.
    Unknown(Warning),
    /// The workflow has never run on a schedule.
    Never,
    Run(NightlyRun),
}

/// A scheduled run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NightlyRun {
    /// GitHub's conclusion, such as `success`; `None` while it runs.
    pub conclusion: Option<String>,
    /// Start of the run (RFC 3339), if GitHub says it.
    pub started: Option<String>,
    pub url: Option<String>,
}

/// The configured rehearsal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RehearsalState {
    pub handler: String,
    /// Number of the chosen scenarios, or the reason why they cannot be chosen.
    pub scenarios: Result<u64, Problem>,
    /// Command that starts the application, if the rehearsal does.
    pub command: Option<String>,
}

impl StatusReport {
    /// Returns 2 without a usable configuration, or else 0.
    pub fn exit_status(&self) -> u8 {
        if self.configuration.problem.is_some() {
            2
        } else {
            0
        }
    }
}
