//! The JSON format of a status. Its structs are separate from the domain types and frozen as version 1.

use schemars::JsonSchema;
use serde::Serialize;

use super::{NightlyState, RehearsalState, StatusReport};
use crate::{
    harmless_json::indented,
    json::{ReportProblem, ReportWarning, schema_of},
};

/// Bump when a field is removed, renamed, or changes type or meaning. Adding a field does not require it.
const SCHEMA_VERSION: u32 = 1;

/// Renders the status as JSON that is safe to print.
pub fn json(status: &StatusReport) -> String {
    indented(&JsonStatus::new(status))
}

/// Returns the JSON Schema of [`json`].
pub fn schema() -> String {
    schema_of::<JsonStatus<'_>>()
}

/// Output of `prodverdict status --format json`.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "ProdVerdict status")]
struct JsonStatus<'a> {
    /// 1. A later version may add fields to this one.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    schema_version: u32,
    configuration: JsonConfiguration<'a>,
    /// Environment variables that the configuration names, without their values.
    variables: Vec<JsonVariable<'a>>,
    /// Workflows that use ProdVerdict.
    workflows: Vec<JsonWorkflow<'a>>,
    nightly: JsonNightly<'a>,
    /// Null if none is configured.
    rehearsal: Option<JsonRehearsal<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Configuration")]
struct JsonConfiguration<'a> {
    path: &'a str,
    /// Names of the contracts.
    contracts: &'a [String],
    /// Reason why it cannot be used; null if it is valid.
    problem: Option<ReportProblem<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Variable")]
struct JsonVariable<'a> {
    name: &'a str,
    set: bool,
    /// True if only a rehearsal needs it.
    rehearsal: bool,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Workflow")]
struct JsonWorkflow<'a> {
    path: &'a str,
    /// Events that start it.
    events: &'a [String],
    /// True if it names the action by placeholders, so that GitHub refuses to run it.
    placeholder: bool,
}

/// Newest scheduled run.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Nightly")]
struct JsonNightly<'a> {
    state: JsonNightlyState,
    /// GitHub's conclusion, such as `success`; null unless `state` is `completed`.
    conclusion: Option<&'a str>,
    /// Start of the run; null if unknown.
    started: Option<&'a str>,
    url: Option<&'a str>,
    /// Reason why the result is unknown; null if it is known.
    reason: Option<ReportWarning<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "NightlyState")]
enum JsonNightlyState {
    Unknown,
    Never,
    Running,
    Completed,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Rehearsal")]
struct JsonRehearsal<'a> {
    handler: &'a str,
    /// Number of scenarios; null if they cannot be chosen.
    scenarios: Option<u64>,
    /// Command that starts the application; null if the configuration names none.
    command: Option<&'a str>,
    /// Reason why the scenarios cannot be chosen; null if they can.
    problem: Option<ReportProblem<'a>>,
}

impl<'a> JsonStatus<'a> {
    fn new(status: &'a StatusReport) -> Self {
        let configuration = &status.configuration;
        let variables = status.variables.iter().map(|variable| JsonVariable {
            name: &variable.name,
            set: variable.is_set,
            rehearsal: variable.is_of_rehearsal,
        });
        let workflows = status.workflows.iter().map(|workflow| JsonWorkflow {
            path: &workflow.path,
            events: &workflow.events,
            placeholder: workflow.has_placeholder,
        });
        Self {
            schema_version: SCHEMA_VERSION,
            configuration: JsonConfiguration {
                path: &configuration.path,
                contracts: &configuration.contracts,
                problem: configuration.problem.as_ref().map(ReportProblem::from),
            },
            variables: variables.collect(),
            workflows: workflows.collect(),
            nightly: JsonNightly::new(&status.nightly),
            rehearsal: status.rehearsal.as_ref().map(JsonRehearsal::new),
        }
    }
}

impl<'a> JsonNightly<'a> {
    fn new(nightly: &'a NightlyState) -> Self {
        let empty = Self {
            state: JsonNightlyState::Never,
            conclusion: None,
            started: None,
            url: None,
            reason: None,
        };
        match nightly {
            NightlyState::Unknown(reason) => Self {
                state: JsonNightlyState::Unknown,
                reason: Some(ReportWarning::from(reason)),
                ..empty
            },
            NightlyState::Never => empty,
            NightlyState::Run(run) => Self {
                state: match run.conclusion {
                    Some(_) => JsonNightlyState::Completed,
                    None => JsonNightlyState::Running,
                },
                conclusion: run.conclusion.as_deref(),
                started: run.started.as_deref(),
                url: run.url.as_deref(),
                ..empty
            },
        }
    }
}

impl<'a> JsonRehearsal<'a> {
    fn new(rehearsal: &'a RehearsalState) -> Self {
        let scenarios = rehearsal.scenarios.as_ref();
        Self {
            handler: &rehearsal.handler,
            scenarios: scenarios.ok().copied(),
            command: rehearsal.command.as_deref(),
            problem: scenarios.err().map(ReportProblem::from),
        }
    }
}
