//! Rehearsals in the JSON report.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PlayedResult, PlayedScenario, Rehearsed};

/// What a rehearsal played. Its findings are those of the report, each with the entity `scenario:<id>/<step>`.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Rehearsal")]
pub(super) struct ReportRehearsal<'a> {
    /// In the order in which they are listed; empty when it did not begin.
    scenarios: Vec<ReportScenario<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Scenario")]
struct ReportScenario<'a> {
    id: &'a str,
    /// What it plays, in one line.
    title: &'a str,
    /// What a correct application ends with.
    ends: &'a str,
    result: ReportResult,
    /// Why parts of it, or all of it, were not played.
    left_out: &'a [String],
    /// How often it was played, each time with an account of its own.
    plays: u64,
    steps: u64,
    /// Deliveries, repeats included.
    events: u64,
}

/// held: every step went as it has to. broken: a step did not. `left_out`: nothing of it could be played. `not_reached`: it
/// was not played to its end, because of what another one showed. `could_not_tell`: the handler asked for something that the
/// fake does not play, or the scenario makes no sense.
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

impl ReportResult {
    fn of(result: PlayedResult) -> Self {
        match result {
            PlayedResult::Held => Self::Held,
            PlayedResult::Broken => Self::Broken,
            PlayedResult::LeftOut => Self::LeftOut,
            PlayedResult::NotReached => Self::NotReached,
            PlayedResult::CouldNotTell => Self::CouldNotTell,
        }
    }

    pub(super) fn result(&self) -> PlayedResult {
        match self {
            Self::Held => PlayedResult::Held,
            Self::Broken => PlayedResult::Broken,
            Self::LeftOut => PlayedResult::LeftOut,
            Self::NotReached => PlayedResult::NotReached,
            Self::CouldNotTell => PlayedResult::CouldNotTell,
        }
    }
}

impl<'a> ReportRehearsal<'a> {
    pub(super) fn of(rehearsed: &'a Rehearsed) -> Self {
        let scenario = |one: &'a PlayedScenario| ReportScenario {
            id: &one.id,
            title: &one.title,
            ends: &one.ends,
            result: ReportResult::of(one.result),
            left_out: &one.left_out,
            plays: one.plays,
            steps: one.steps,
            events: one.events,
        };
        Self {
            scenarios: rehearsed.scenarios.iter().map(scenario).collect(),
        }
    }
}
