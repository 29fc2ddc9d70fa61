//! `prodverdict baseline`: prints the baseline entries that accept the findings of a JSON report.

use std::{
    collections::BTreeSet,
    io::{self, Read as _},
    path::Path,
};

use serde::Deserialize;

use super::{could_not_write, failure::fail, output::Output};
use crate::{
    baseline::day_of,
    cli::BaselineArgs,
    config::{self, Diagnostic},
    problem::{ErrorCode, Problem, Warning},
    report::{self, Mask, ToAccept, baseline_entries},
};

/// The required part of a report.
#[derive(Debug, Deserialize)]
struct CheckReport {
    schema_version: u32,
    verdict: String,
    findings: Vec<BaselineFinding>,
}

#[derive(Debug, Deserialize)]
struct BaselineFinding {
    rule: String,
    entity: String,
    fingerprint: String,
    #[serde(default)]
    standing: Option<String>,
}

pub(super) fn run(arguments: &BaselineArgs) -> u8 {
    let output = Output::of_process(Mask::default());
    match render_entries(arguments) {
        Ok((entries, warning)) => {
            output.say(&report::warnings(
                warning.as_slice(),
                output.color_on_stderr,
            ));
            match output.data(&entries) {
                Ok(()) => 0,
                Err(error) => could_not_write(&output, &error),
            }
        }
        Err(problems) => fail(&output, &problems),
    }
}

/// Returns the entries, each finding once, without those already accepted.
fn render_entries(arguments: &BaselineArgs) -> Result<(String, Option<Warning>), Vec<Problem>> {
    let report = read(&arguments.report).map_err(|problem| vec![problem])?;
    let mut seen = BTreeSet::new();
    let findings: Vec<_> = report
        .findings
        .into_iter()
        .filter(|found| found.standing.as_deref() != Some("accepted"))
        .filter(|found| seen.insert(found.fingerprint.clone()))
        .map(|found| ToAccept {
            fingerprint: found.fingerprint,
            rule: found.rule,
            entity: found.entity,
        })
        .collect();
    let until = arguments.expires.to_string();
    let written = |findings: &[ToAccept]| baseline_entries(findings, &arguments.reason, &until);
    // The entries are checked by the reader of baselines: first the reason and the date alone, then everything.
    let nobody = ToAccept {
        fingerprint: "0".repeat(16),
        rule: String::new(),
        entity: String::new(),
    };
    check(&written(&[nobody]))?;
    let entries = written(&findings);
    check(&entries)?;
    let warning = (report.verdict == "error").then(|| {
        Warning::new("the report has no verdict: what it could not judge is not among the entries")
    });
    Ok((entries, warning))
}

/// Removes the places of problems, because nobody sees the lines of the checked text.
fn check(entries: &str) -> Result<(), Vec<Problem>> {
    let today = day_of(super::now());
    let checked = config::acceptances(entries, "", today);
    let problem = |diagnostic: Diagnostic| Problem {
        place: None,
        ..Problem::from(diagnostic)
    };
    match checked {
        Ok(_entries) => Ok(()),
        Err(diagnostics) => Err(diagnostics.into_iter().map(problem).collect()),
    }
}

fn read(path: &Path) -> Result<CheckReport, Problem> {
    let shown = path.display();
    let problem = |message: String| {
        Problem::new(ErrorCode::ReportUnusable, message).hint(
            "name a report printed by `--format json`, or the file in the action's output \
             `report_path`",
        )
    };
    let text = if path == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map(|_bytes| text)
    } else {
        std::fs::read_to_string(path)
    };
    let text =
        text.map_err(|error| problem(format!("the report `{shown}` cannot be read: {error}")))?;
    let report: CheckReport = serde_json::from_str(&text)
        .map_err(|error| problem(format!("`{shown}` is not a JSON report: {error}")))?;
    if report.schema_version == 1 {
        Ok(report)
    } else {
        Err(problem(format!(
            "the report `{shown}` has version {}, but this program reads version 1",
            report.schema_version
        )))
    }
}
