//! The errors that end a run early.

use crate::{
    commands::failure::Failure,
    problem::{ErrorCode, Problem},
    rehearsal::Step,
};

/// An error that ends a run early.
#[derive(Debug)]
pub(super) enum RunError {
    /// Only this scenario cannot be played; the others go on.
    InvalidScenario(Problem),
    /// The whole rehearsal has to stop.
    Failed(Failure),
}

impl RunError {
    /// Returns the error for a step that the provider cannot perform.
    pub(super) fn invalid_step(step: &Step, reason: &str) -> Self {
        Self::InvalidScenario(
            Problem::new(
                ErrorCode::ScenarioUnplayable,
                format!(
                    "the scenario cannot be played at step `{}`: {reason}",
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
