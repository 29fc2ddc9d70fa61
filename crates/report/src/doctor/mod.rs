//! The result of `prodverdict doctor`, with a text format for people and a JSON format for programs.

mod json;
#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests;
mod text;

use problem::{Remark, Warning};

use super::count::{counted, length};

pub use json::{json, schema};
pub use text::text;

/// The results of all checks of the setup, in the order in which they were made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoctorReport {
    pub steps: Vec<DoctorStep>,
}

/// A check of one step of the setup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoctorStep {
    pub id: &'static str,
    /// Name of the contract that it checks, if it checks one.
    pub contract: Option<String>,
    pub result: StepResult,
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepResult {
    pub status: StepStatus,
    /// The result in one line, with the suggested action.
    pub remark: Remark,
    /// Further facts and problems.
    pub details: Vec<Remark>,
}

/// The outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepStatus {
    Pass,
    /// Works, but should be improved.
    Warn,
    Fail,
    /// Not checked; the check that has to pass first, if there is one.
    Skip(Option<&'static str>),
}

impl StepStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Skip(_) => "skip",
        }
    }
}

impl StepResult {
    pub fn pass(message: impl Into<String>) -> Self {
        Self::new(StepStatus::Pass, Warning::new(message))
    }

    pub fn warn(warning: Warning) -> Self {
        Self::new(StepStatus::Warn, warning)
    }

    pub fn fail(problem: impl Into<Remark>) -> Self {
        Self::new(StepStatus::Fail, problem)
    }

    /// Creates the result of a skipped check, with the reason.
    pub fn skip(reason: impl Into<String>) -> Self {
        Self::new(StepStatus::Skip(None), Warning::new(reason))
    }

    /// Creates the result of a skipped check, because this other check has to pass first.
    pub fn needs(id: &'static str) -> Self {
        Self::new(
            StepStatus::Skip(Some(id)),
            Warning::new(format!("needs `{id}`")),
        )
    }

    /// Creates the result of a check with these warnings; without any it passes.
    pub fn warned(message: impl Into<String>, warnings: impl IntoIterator<Item = Warning>) -> Self {
        let passed = Self::pass(message).with(warnings);
        Self {
            status: if passed.details.is_empty() {
                StepStatus::Pass
            } else {
                StepStatus::Warn
            },
            ..passed
        }
    }

    #[must_use]
    pub fn with<D: Into<Remark>>(mut self, details: impl IntoIterator<Item = D>) -> Self {
        self.details.extend(details.into_iter().map(Into::into));
        self
    }

    fn new(status: StepStatus, remark: impl Into<Remark>) -> Self {
        Self {
            status,
            remark: remark.into(),
            details: Vec::new(),
        }
    }
}

impl DoctorReport {
    /// Returns the worst status of all checks that were made.
    pub fn status(&self) -> StepStatus {
        let mut worst = StepStatus::Pass;
        for step in &self.steps {
            worst = match (worst, step.result.status) {
                (_, StepStatus::Fail) => return StepStatus::Fail,
                (StepStatus::Pass, StepStatus::Warn) => StepStatus::Warn,
                (worst, _) => worst,
            };
        }
        worst
    }

    /// Returns 2 if a check failed, and otherwise 0.
    pub fn exit_status(&self) -> u8 {
        match self.status() {
            StepStatus::Fail => 2,
            StepStatus::Pass | StepStatus::Warn | StepStatus::Skip(_) => 0,
        }
    }

    /// Counts the results, and names the failed check to fix first.
    pub fn summary(&self) -> String {
        let number = |status: &str| {
            let of_status = |step: &&DoctorStep| step.result.status.as_str() == status;
            self.steps.iter().filter(of_status).count()
        };
        let mut counts = vec![format!(
            "{} passed",
            counted(length(number("pass")), "check")
        )];
        for (count, word) in [
            (number("warn"), "warned"),
            (number("fail"), "failed"),
            (number("skip"), "skipped"),
        ] {
            if count > 0 {
                counts.push(format!("{count} {word}"));
            }
        }
        let mut steps = self.steps.iter();
        let first = steps.find(|step| step.result.status == StepStatus::Fail);
        let begin = first.map_or_else(String::new, |step| {
            format!(
                " Fix `{}` first, then run `prodverdict doctor` again.",
                step.id
            )
        });
        format!("{}.{begin}", counts.join(", "))
    }
}
