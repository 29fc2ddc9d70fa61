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

pub(super) struct JobStep<'e> {
    pub(super) environment: &'e Environment,
    pub(super) inputs: Inputs,
    pub(super) workspace: PathBuf,
    pub(super) recorded: RecordedSides,
    /// The report of an earlier step, if this one publishes it.
    pub(super) earlier_report: Option<Result<Outcome, Problem>>,
    pub(super) started_at: UnixSeconds,
}

impl<'e> JobStep<'e> {
    /// Reads inputs and environment. Returns a problem per invalid input; an earlier report overrides the mode.
    pub(super) fn read(
        fixtures: &FixtureArgs,
        environment: &'e Environment,
    ) -> (Self, Vec<Problem>) {
        let workspace = PathBuf::from(environment.get("GITHUB_WORKSPACE").unwrap_or("."));
        let (mut inputs, problems) = Inputs::read(environment);
        let earlier_report = step_report::from_inputs(&mut inputs, &workspace);
        let step = Self {
            recorded: RecordedSides::from_arguments(fixtures, &workspace.join(&inputs.config)),
            environment,
            inputs,
            workspace,
            earlier_report,
            started_at: now(),
        };
        (step, problems)
    }

    pub(super) fn today(&self) -> Date {
        day_of(self.started_at)
    }

    pub(super) fn github_limits(&self) -> Limits {
        Limits {
            budget: self.inputs.report_timeout,
            ..Limits::default()
        }
    }

    pub(super) fn report_options(&self) -> Options {
        let inputs = &self.inputs;
        let path = |name| self.environment.get(name).map(PathBuf::from);
        Options {
            check_run: inputs.destinations.check_run,
            check_name: inputs.check_name().to_owned(),
            report_kind: match inputs.mode {
                Mode::Check => None,
                Mode::Rehearse => Some("rehearsal"),
            },
            comment: inputs.destinations.comment,
            issue: inputs.destinations.issue,
            issue_label: inputs.destinations.issue_label.clone(),
            config: inputs.config_path().to_owned(),
            summary_file: path("GITHUB_STEP_SUMMARY"),
            output_file: path("GITHUB_OUTPUT"),
        }
    }
}
