//! Prints the result of a CLI run and writes the requested report files.

use std::path::Path;

use super::{
    could_not_write,
    failure::fail,
    output::{Output, OutputError},
    report_files::{ReportFiles, ReportKind},
};
use crate::{
    cli::{Format, Redact, ReportArgs},
    contract::UnixSeconds,
    report::{self, Mask, Outcome, Provenance, ReportPaths},
};

/// The destinations and formats of a report.
#[derive(Debug)]
pub(super) struct Reporting<'r> {
    arguments: &'r ReportArgs,
    strict: bool,
    config: &'r Path,
    /// Time of evaluation.
    now: UnixSeconds,
    files: ReportFiles,
}

impl<'r> Reporting<'r> {
    /// Checks the arguments. Reports an error and returns the exit status if they cannot be used.
    pub(super) fn prepare(
        arguments: &'r ReportArgs,
        strict: bool,
        (config, now): (&'r Path, UnixSeconds),
        is_rehearsal: bool,
    ) -> Result<Self, u8> {
        let kind = ReportKind {
            is_redacted: arguments.redact == Redact::Ids,
            is_rehearsal,
            is_published: false,
        };
        match ReportFiles::choose(arguments.output.iter().cloned(), kind, "`--output`") {
            Ok(files) => Ok(Self {
                arguments,
                strict,
                config,
                now,
                files,
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

    /// Writes all reports and returns the exit status.
    pub(super) fn finish(&self, mut outcome: Outcome, output: &Output) -> u8 {
        let config = self.config.display().to_string();
        outcome.provenance = Some(Provenance::new(self.now, &config));
        if self.arguments.redact == Redact::Ids {
            outcome = report::redact_ids(&outcome);
        }
        let outcome = &outcome;
        output.say(&report::warnings(
            &outcome.warnings,
            output.colour_on_stderr,
        ));
        output.say(&report::summary_line(outcome));
        let printed = match self.arguments.format.format {
            None if !self.files.is_empty() => Ok(()),
            format => {
                // Mask first: escaping by a format could hide a secret from the mask.
                let masked = output.masked(outcome);
                output.stream(|out| match format.unwrap_or_default() {
                    Format::Text => report::write_text(&masked, output.colour, out),
                    Format::Json => report::write_json(&masked, out),
                })
            }
        };
        let mut failures = self.write_files(outcome, output);
        failures.extend(printed.err());
        status(outcome, self.strict, output, &failures)
    }

    fn write_files(&self, outcome: &Outcome, output: &Output) -> Vec<OutputError> {
        let config = self.config.display().to_string();
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
    let verdict_status = outcome.verdict.exit_status(outcome.warnings_fail(strict));
    statuses.fold(verdict_status, u8::max)
}
