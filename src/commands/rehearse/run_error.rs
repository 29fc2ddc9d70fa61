//! The reasons why a run ends early.

use crate::{
    commands::failure::Failure,
    problem::{ErrorCode, Problem},
    rehearsal::Step,
};

/// The reason for an early end.
#[derive(Debug)]
pub(super) enum RunError {
    InvalidScenario(Problem),
    /// The whole rehearsal has to stop.
    Failed(Failure),
}

impl RunError {
    /// Returns the error for a step that the provider cannot perform.
    pub(super) fn invalid_step(step: &Step, message: &str) -> Self {
        Self::InvalidScenario(
            Problem::new(
                ErrorCode::ScenarioUnplayable,
                format!(
                    "the scenario cannot be played at step `{}`: {message}",
                    step.id
                ),
            )
            .hint("check the `provider` and `send` of the step"),
        )
    }
}

impl From<Failure> for RunError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::InvalidScenario(problem) => problem.into(),
            RunError::Failed(failure) => failure,
        }
    }
}
