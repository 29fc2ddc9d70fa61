//! Reaches the result of a job: by a check, by a rehearsal, or from the report of an earlier step.

use std::num::NonZeroUsize;

use super::{
    destinations::Destinations,
    inputs::Mode,
    step::JobStep,
    step_report::{self, TrustedInputs},
    trusted::TrustedFiles,
};
use crate::{
    application::CommandLine,
    commands::{
        now,
        rehearse::{
            AppCommand, AppSetup, ConfigFiles, RehearsalOptions, missing_for, not_begun, rehearse,
        },
        run_check::{all_missing_credentials, run_check},
        run_parameters::RunParameters,
        signals::Signals,
        unanswered,
    },
    config::Config,
    github::{Context, Trust},
    notice::Progress,
    problem::{ErrorCode, Problem, Warning},
    report::Outcome,
};

/// Advice if the container lacks a program that the application needs.
const IF_PROGRAM_IS_MISSING: &str = "the container of the action holds no runtime and no packages: run `npx prodverdict rehearse \
     --output rehearsal.json -- COMMAND` in a step on the runner, and publish its report here with `mode: publish` and \
     `report: rehearsal.json`";

/// The result of a job, before it is compared with earlier results and published.
pub(super) enum JobResult {
    Outcome(Box<Outcome>),
    /// Credentials are missing, and the inputs allow skipping the job then.
    Skipped {
        missing: Vec<String>,
        warnings: Vec<Warning>,
    },
}

impl JobResult {
    fn skipped(missing: &[&str]) -> Self {
        Self::Skipped {
            missing: missing.iter().map(|name| (*name).to_owned()).collect(),
            warnings: Vec::new(),
        }
    }

    /// Adds warnings, which do not affect the result.
    pub(super) fn warn(&mut self, more: Vec<Warning>) {
        match self {
            Self::Outcome(outcome) => outcome.warnings.extend(more),
            Self::Skipped { warnings, .. } => warnings.extend(more),
        }
    }
}

/// Everything that the result of a job depends on.
pub(super) struct JobInput<'a> {
    pub(super) step: &'a JobStep<'a>,
    pub(super) trusted: &'a TrustedFiles,
    pub(super) context: &'a Context,
    pub(super) destinations: &'a Destinations,
}

impl JobInput<'_> {
    /// Checks or rehearses, or takes over an earlier report, and publishes nothing. `problems` are those of the inputs.
    pub(super) async fn reach_result(
        &self,
        problems: &[Problem],
        signals: &mut Signals,
    ) -> JobResult {
        let mut all = self.trusted.problems();
        if self.trusted.config.is_ok() {
            all.splice(0..0, problems.iter().cloned());
        }
        if let Some(Err(unreadable)) = &self.step.earlier_report {
            all.push(unreadable.clone());
        }
        let mode = self.step.inputs.mode;
        if let (Ok(config), []) = (&self.trusted.config, all.as_slice()) {
            if let Some(Ok(outcome)) = &self.step.earlier_report {
                return JobResult::Outcome(Box::new(self.validate(outcome.clone(), config)));
            }
            match mode {
                Mode::Check => {
                    let progress = Progress::new(false);
                    let recorded = self.step.recorded.clone();
                    let run = RunParameters::new(self.step.environment, &progress, recorded, now());
                    return self.check(config, run).await;
                }
                Mode::Rehearse => return Box::pin(self.rehearse(config, signals)).await,
            }
        }
        JobResult::Outcome(Box::new(match mode {
            Mode::Check => unanswered(all),
            Mode::Rehearse => not_begun(all),
        }))
    }

    async fn check(&self, config: &Config, mut run: RunParameters<'_>) -> JobResult {
        let missing = all_missing_credentials(config, &run);
        if self.step.inputs.verdict.skip_without_credentials && !missing.is_empty() {
            return JobResult::skipped(&missing);
        }
        run.fail_on = self.step.inputs.verdict.fail_on;
        run.repairs = self.destinations.files.want_repairs();
        JobResult::Outcome(Box::new(run_check(config, &run).await))
    }

    /// Validates the report of an earlier step, and returns it as the outcome of this one.
    fn validate(&self, outcome: Outcome, config: &Config) -> Outcome {
        let trusted = TrustedInputs {
            config,
            config_path: self.step.inputs.config_path(),
            files: &self.files_of_rehearsal(),
            wanted: &self.rehearsal_options(),
            committed: self.trusted.baseline.as_ref().ok(),
            today: self.step.today(),
        };
        let mode = self.step.inputs.mode;
        step_report::validate(outcome, &trusted).unwrap_or_else(|problem| match mode {
            Mode::Check => unanswered(vec![problem]),
            Mode::Rehearse => not_begun(vec![problem]),
        })
    }

    /// Returns access to the files that the configuration names, as far as they may be read.
    fn files_of_rehearsal(&self) -> ConfigFiles {
        let path = self.step.workspace.join(&self.step.inputs.config);
        let files = ConfigFiles::beside(&path).inside(&self.step.workspace);
        if self.context.trust == Trust::Ordinary {
            files
        } else {
            files.untrusted()
        }
    }

    fn rehearsal_options(&self) -> RehearsalOptions {
        RehearsalOptions {
            scenarios: self.step.inputs.rehearsal.scenarios.clone(),
            jobs: self.step.inputs.rehearsal.jobs.map(NonZeroUsize::get),
            begins: None,
            fail_on: self.step.inputs.verdict.fail_on,
            fail_fast: false,
            first: Vec::new(),
            counting: None,
        }
    }

    /// Returns the command that starts the application in this container. `None` if it already runs.
    fn command(&self) -> Result<Option<AppCommand>, Problem> {
        let Some(text) = &self.step.inputs.rehearsal.app_command else {
            return Ok(None);
        };
        if self.context.trust != Trust::Ordinary {
            return Err(Problem::new(
                ErrorCode::ActionRestriction,
                format!(
                    "on `{}` the action starts no application: secrets would meet the code of \
                 strangers",
                    self.context.event_name
                ),
            )
            .hint("rehearse on `pull_request`, which has no secrets to lose"));
        }
        Ok(Some(AppCommand {
            line: CommandLine::Shell(text.clone()),
            folder: self.step.workspace.clone(),
            if_program_is_missing: Some(IF_PROGRAM_IS_MISSING),
        }))
    }

    async fn rehearse(&self, config: &Config, signals: &mut Signals) -> JobResult {
        let files = self.files_of_rehearsal();
        let setup = self.command().and_then(|command| {
            AppSetup::for_action(config, &files, self.step.environment, command)
        });
        let mut setup = match setup {
            Ok(setup) => setup,
            Err(problem) => return JobResult::Outcome(Box::new(not_begun(vec![problem]))),
        };
        let settings = config.rehearsal.as_ref();
        let missing = settings.map(|settings| missing_for(settings, &setup.environment));
        let missing = missing.unwrap_or_default();
        if self.step.inputs.verdict.skip_without_credentials && !missing.is_empty() {
            return JobResult::skipped(&missing);
        }
        let wanted = self.rehearsal_options();
        let outcome = rehearse(
            (config, &files),
            &mut setup,
            &wanted,
            &self.destinations.output,
            signals,
        );
        JobResult::Outcome(Box::new(outcome.await))
    }
}
