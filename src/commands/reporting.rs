//! Prints the result of a CLI run and writes the requested report files.

use std::path::Path;

use super::{
    could_not_write,
    failure::fail,
    output::{Output, OutputError},
    report_files::{ReportFiles, ReportKind},
    shell_arguments,
    working_tree_changes::WorkingTreeChanges,
};
use crate::{
    cli::{FixtureArgs, Redact, ReportArgs, ReportFormat},
    config::Config,
    contract::UnixSeconds,
    report::{self, AgentSettings, Mask, Outcome, Provenance, ReportPaths},
};

/// The run to report.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReportedRun<'r> {
    /// Path of the configuration as given by the user.
    pub(super) config: &'r Path,
    /// `None` for a rehearsal, which reads no recorded files.
    pub(super) fixtures: Option<&'r FixtureArgs>,
    /// Time of evaluation.
    pub(super) now: UnixSeconds,
    pub(super) strict: bool,
    /// True if its configuration is nowhere but in this program.
    pub(super) is_example: bool,
}

/// The destinations and formats of a report.
#[derive(Debug)]
pub(super) struct Reporting<'r> {
    arguments: &'r ReportArgs,
    run: ReportedRun<'r>,
    files: ReportFiles,
    changes: Option<WorkingTreeChanges>,
}

impl<'r> Reporting<'r> {
    /// Checks the arguments. Reports an error and returns the exit status if they cannot be used.
    pub(super) fn prepare(arguments: &'r ReportArgs, run: ReportedRun<'r>) -> Result<Self, u8> {
        let kind = ReportKind {
            is_redacted: arguments.redact == Redact::Ids,
            is_rehearsal: run.fixtures.is_none(),
            is_published: false,
        };
        match ReportFiles::choose(arguments.output.iter().cloned(), kind, "`--output`") {
            Ok(files) => Ok(Self {
                arguments,
                run,
                files,
                changes: None,
            }),
            Err(problem) => {
                let output = Output::of_process(Mask::default());
                Err(fail(&output, &[problem]))
            }
        }
    }

    pub(super) fn wants_repairs(&self) -> bool {
        self.files.want_repairs()
    }

    /// Finds the lines of the working tree that matter to the findings, for a format that shows them.
    pub(super) async fn find_changes(&mut self, outcome: &Outcome, config: &Config) {
        if self.arguments.format == Some(ReportFormat::Agent) {
            let changes = WorkingTreeChanges::find(outcome, config, self.run.config).await;
            // Without a repository there is nothing to compare with, which is no reason for a warning.
            self.changes = changes.ok();
        }
    }

    /// Writes all reports and returns the exit status.
    pub(super) fn finish(&self, mut outcome: Outcome, output: &Output) -> u8 {
        let config = self.run.config.display().to_string();
        outcome.provenance = Some(Provenance::new(self.run.now, &config));
        if let Some(changes) = &self.changes {
            changes.place(&mut outcome);
        }
        if self.arguments.redact == Redact::Ids {
            outcome = report::redact_ids(&outcome);
        }
        let outcome = &outcome;
        output.say(&report::warnings(&outcome.warnings, output.color_on_stderr));
        output.say(&report::summary_line(outcome));
        let printed = match self.arguments.format {
            None if !self.files.is_empty() => Ok(()),
            format => {
                // Mask first: escaping by a format could hide a secret from the mask.
                let masked = output.masked(outcome);
                let arguments = shell_arguments::of_run(self.run.config, self.run.fixtures);
                let settings = AgentSettings {
                    strict: self.run.strict,
                    arguments: &arguments,
                    is_example: self.run.is_example,
                };
                output.stream(|out| match format.unwrap_or_default() {
                    ReportFormat::Text => report::write_text(&masked, output.color, out),
                    ReportFormat::Json => report::write_json(&masked, out),
                    ReportFormat::Agent => report::write_agent(&masked, settings, out),
                })
            }
        };
        let mut failures = self.write_files(outcome, output);
        failures.extend(printed.err());
        status(outcome, self.run.strict, output, &failures)
    }

    fn write_files(&self, outcome: &Outcome, output: &Output) -> Vec<OutputError> {
        let config = self.run.config.display().to_string();
        let folder = std::env::current_dir().unwrap_or_default();
        let paths = ReportPaths {
            config: &config,
            folder: &folder.display().to_string(),
        };
        self.files.write(outcome, &paths, output)
    }
}

/// Returns the exit status. A run whose report could not be written has no verdict.
pub(super) fn status(
    outcome: &Outcome,
    strict: bool,
    output: &Output,
    failures: &[OutputError],
) -> u8 {
    let statuses = failures.iter().map(|error| could_not_write(output, error));
    let verdict_status = outcome
        .verdict
        .exit_status(outcome.any_finding_fails(strict));
    statuses.fold(verdict_status, u8::max)
}
