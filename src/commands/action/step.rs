//! The step of the job: its inputs, its environment and its checkout.

use std::path::PathBuf;

use jiff::civil::Date;

use super::{
    inputs::{Inputs, Mode},
    step_report,
};
use crate::{
    baseline::day_of,
    cli::{Environment, FixtureArgs},
    commands::{now, recorded::RecordedSides},
    contract::UnixSeconds,
    github::{Limits, Options},
    problem::Problem,
    report::Outcome,
};

pub(super) struct Step<'e> {
    pub(super) environment: &'e Environment,
    pub(super) inputs: Inputs,
    pub(super) workspace: PathBuf,
    pub(super) recorded: RecordedSides,
    /// The report of an earlier step, if this one publishes it.
    pub(super) earlier_report: Option<Result<Outcome, Problem>>,
    pub(super) began: UnixSeconds,
}

impl<'e> Step<'e> {
    /// Reads the step. Invalid inputs are problems.
    pub(super) fn read(
        fixtures: &FixtureArgs,
        environment: &'e Environment,
    ) -> (Self, Vec<Problem>) {
        let workspace = PathBuf::from(environment.get("GITHUB_WORKSPACE").unwrap_or("."));
        let (mut inputs, problems) = Inputs::read(environment);
        let earlier_report = step_report::of_inputs(&mut inputs, &workspace);
        let step = Self {
            recorded: RecordedSides::from_arguments(fixtures, &workspace.join(&inputs.config)),
            environment,
            inputs,
            workspace,
            earlier_report,
            began: now(),
        };
        (step, problems)
    }

    pub(super) fn today(&self) -> Date {
        day_of(self.began)
    }

    /// Returns the limits of the requests to GitHub.
    pub(super) fn limits(&self) -> Limits {
        Limits {
            budget: self.inputs.report_timeout,
            ..Limits::default()
        }
    }

    /// Returns the options of the report on GitHub.
    pub(super) fn options(&self) -> Options {
        let inputs = &self.inputs;
        let path = |name| self.environment.get(name).map(PathBuf::from);
        Options {
            check_run: inputs.places.check_run,
            check_name: inputs.check_name().to_owned(),
            report_kind: match inputs.mode {
                Mode::Check => "",
                Mode::Rehearse => "rehearsal",
            },
            comment: inputs.places.comment,
            issue: inputs.places.issue,
            issue_label: inputs.places.issue_label.clone(),
            config: inputs.config_path().to_owned(),
            summary_file: path("GITHUB_STEP_SUMMARY"),
            output_file: path("GITHUB_OUTPUT"),
        }
    }
}
