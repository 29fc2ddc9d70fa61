//! Problems, warnings, places and changed lines as an agent gets them.

use schemars::JsonSchema;
use serde::Serialize;

use super::fitting::{ROOMY, Room};
use crate::Change;
use problem::{Place, Problem, Warning};

/// Reason for no verdict.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub struct AgentProblem {
    /// Code of the error; `docs/troubleshooting.md` describes each.
    code: &'static str,
    message: String,
    /// Advice; empty if the message says everything.
    fix: String,
    place: Option<AgentPlace>,
}

/// Warning, or advice about a contract.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Warning")]
pub struct AgentWarning {
    message: String,
    /// Advice; empty if the message says everything.
    fix: String,
    place: Option<AgentPlace>,
}

/// A line of a file.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Place")]
pub struct AgentPlace {
    file: String,
    /// Line number, starting at 1.
    line: u32,
}

/// A changed line.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ChangedLine")]
pub struct AgentChange {
    file: String,
    /// Line number in the new version of the file, starting at 1.
    line: u32,
    /// Such as ``removes the only line that mentions `has_paid_access` ``.
    does: String,
}

impl AgentProblem {
    pub(super) fn new(problem: &Problem, room: Room) -> Self {
        Self {
            code: problem.code.as_str(),
            message: room.text(&problem.text),
            fix: room.text(&problem.hint),
            place: AgentPlace::new(problem.place.as_ref(), room),
        }
    }
}

impl AgentWarning {
    pub(super) fn new(warning: &Warning, room: Room) -> Self {
        Self {
            message: room.text(&warning.text),
            fix: room.text(&warning.hint),
            place: AgentPlace::new(warning.place.as_ref(), room),
        }
    }
}

impl AgentPlace {
    pub(super) fn new(place: Option<&Place>, room: Room) -> Option<Self> {
        place.map(|place| Self {
            file: room.name(&place.path),
            line: place.line,
        })
    }
}

impl AgentChange {
    pub(super) fn new(change: &Change, room: Room) -> Self {
        Self {
            file: room.name(&change.path),
            line: change.line,
            does: room.line(&change.does),
        }
    }
}

impl From<&Problem> for AgentProblem {
    fn from(problem: &Problem) -> Self {
        Self::new(problem, ROOMY)
    }
}

impl From<&Warning> for AgentWarning {
    fn from(warning: &Warning) -> Self {
        Self::new(warning, ROOMY)
    }
}

impl From<&Place> for AgentPlace {
    fn from(place: &Place) -> Self {
        Self {
            file: ROOMY.name(&place.path),
            line: place.line,
        }
    }
}

impl From<&Change> for AgentChange {
    fn from(change: &Change) -> Self {
        Self::new(change, ROOMY)
    }
}
