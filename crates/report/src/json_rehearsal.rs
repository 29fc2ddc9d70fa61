//! Rehearsals in the JSON report.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PlayedResult, PlayedScenario, Rehearsed};

/// Scenarios of a rehearsal. Its findings are in the report, with the entity `scenario:<id>/<step>`.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Rehearsal")]
pub(super) struct ReportRehearsal<'a> {
    /// Scenarios in their listed order; empty if the rehearsal did not start.
    scenarios: Vec<ReportScenario<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Scenario")]
struct ReportScenario<'a> {
    id: &'a str,
    /// Title, in one line.
    title: &'a str,
    /// Expected end state of a correct application.
    ends: &'a str,
    result: ReportResult,
    /// Reasons why all or part of it was not played.
    left_out: &'a [String],
    /// Number of runs, each with a separate account.
    plays: u64,
    steps: u64,
    /// Deliveries, including redeliveries.
    events: u64,
}

/// held: every step passed. broken: a step failed. `left_out`: it could not be played. `not_reached`: it was not played
/// to the end because of another scenario's result. `could_not_tell`: the handler made a request that the fake does not
/// support, or the scenario is invalid.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ScenarioResult")]
pub(super) enum ReportResult {
    Held,
    Broken,
    LeftOut,
    NotReached,
    CouldNotTell,
}

impl From<PlayedResult> for ReportResult {
    fn from(result: PlayedResult) -> Self {
        match result {
            PlayedResult::Held => Self::Held,
            PlayedResult::Broken => Self::Broken,
            PlayedResult::LeftOut => Self::LeftOut,
            PlayedResult::NotReached => Self::NotReached,
            PlayedResult::CouldNotTell => Self::CouldNotTell,
        }
    }
}

impl ReportResult {
    pub(super) fn played_result(&self) -> PlayedResult {
        match self {
            Self::Held => PlayedResult::Held,
            Self::Broken => PlayedResult::Broken,
            Self::LeftOut => PlayedResult::LeftOut,
            Self::NotReached => PlayedResult::NotReached,
            Self::CouldNotTell => PlayedResult::CouldNotTell,
        }
    }
}

impl<'a> From<&'a Rehearsed> for ReportRehearsal<'a> {
    fn from(rehearsed: &'a Rehearsed) -> Self {
        let scenario = |scenario: &'a PlayedScenario| ReportScenario {
            id: &scenario.id,
            title: &scenario.title,
            ends: &scenario.ends,
            result: ReportResult::from(scenario.result),
            left_out: &scenario.left_out,
            plays: scenario.plays,
            steps: scenario.steps,
            events: scenario.events,
        };
        Self {
            scenarios: rehearsed.scenarios.iter().map(scenario).collect(),
        }
    }
}
