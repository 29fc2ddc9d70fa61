//! Reads the report of an earlier step and validates it against the trusted configuration. That step ran the code of a
//! pull request, so the report may contain anything.

use std::path::Path;

use jiff::civil::Date;

use super::{
    committed::CommittedBaseline,
    configuration::inside,
    inputs::{Inputs, Mode},
};
use crate::{
    baseline::FindingStatus,
    commands::{
        input_file::InputFile,
        rehearse::{ConfigFiles, RehearsalOptions, chosen_ids, place_of},
    },
    config::{Config, Rehearsal},
    contract::Verdict,
    problem::{ErrorCode, Message, Problem},
    report::{ContractOutcome, Outcome, Rehearsed, read_json},
};

/// Trusted inputs that a report is validated against.
pub(super) struct TrustedInputs<'a> {
    pub(super) config: &'a Config,
    pub(super) config_path: &'a str,
    pub(super) files: &'a ConfigFiles,
    pub(super) wanted: &'a RehearsalOptions,
    pub(super) committed: Option<&'a CommittedBaseline>,
    pub(super) today: Date,
}

/// Reads the report that the inputs name, if any, and sets the mode to match it.
pub(super) fn from_inputs(
    inputs: &mut Inputs,
    workspace: &Path,
) -> Option<Result<Outcome, Problem>> {
    let report = read(workspace, inputs.report.as_deref()?);
    if let Ok(outcome) = &report {
        inputs.mode = match outcome.rehearsal {
            Some(_) => Mode::Rehearse,
            None => Mode::Check,
        };
    }
    Some(report)
}

fn read(workspace: &Path, path: &str) -> Result<Outcome, Problem> {
    let file = inside(workspace, path, InputFile::Report)?;
    let text = InputFile::Report.read(&file, path)?;
    read_json(&text).map_err(|error| {
        let problem = Problem::from(&error);
        Problem {
            text: format!("the report `{path}` cannot be published: {}", problem.text),
            ..problem
        }
    })
}

/// Validates the report, and turns it into the outcome of this step. Failing severities, accepted findings and places
/// come from the configuration instead of the report. Refuses a report that lacks a scenario that the configuration
/// requires.
pub(super) fn validate(
    mut outcome: Outcome,
    trusted: &TrustedInputs<'_>,
) -> Result<Outcome, Problem> {
    if outcome.verdict != Verdict::Error {
        check_contracts(&outcome, trusted)?;
        if let (Some(rehearsed), Some(settings)) = (&outcome.rehearsal, &trusted.config.rehearsal) {
            check_scenarios(rehearsed, settings, trusted)?;
        }
        check_accepted(&outcome, trusted)?;
    }
    for contract in &mut outcome.contracts {
        apply_settings(contract, trusted);
    }
    // The comparison is made again in this step.
    outcome.since = None;
    for problem in &mut outcome.problems {
        place(problem, trusted);
    }
    for warning in &mut outcome.warnings {
        place(warning, trusted);
    }
    Ok(outcome)
}

fn check_contracts(outcome: &Outcome, trusted: &TrustedInputs<'_>) -> Result<(), Problem> {
    let config = trusted.config;
    let expected: Vec<&str> = match (&outcome.rehearsal, &config.rehearsal) {
        (None, _) => config
            .contracts
            .iter()
            .map(|contract| contract.name.as_str())
            .collect(),
        (Some(_), Some(settings)) => {
            let contract = config.contracts.get(settings.contract_index);
            contract
                .map(|contract| contract.name.as_str())
                .into_iter()
                .collect()
        }
        (Some(_), None) => {
            return Err(Problem::new(
                ErrorCode::ReportUnusable,
                "the report is of a rehearsal, and the configuration has no `rehearsal:`",
            )
            .hint("name the configuration that was rehearsed in the input `config`"));
        }
    };
    let found: Vec<&str> = outcome
        .contracts
        .iter()
        .map(|contract| contract.name.as_str())
        .collect();
    if found == expected {
        return Ok(());
    }
    Err(Problem::new(
        ErrorCode::ReportUnusable,
        format!(
            "the report is about {}, and the configuration asks for {}",
            listed(&found),
            listed(&expected)
        ),
    )
    .hint("name the configuration that the report was made with in the input `config`"))
}

fn check_scenarios(
    rehearsed: &Rehearsed,
    settings: &Rehearsal,
    trusted: &TrustedInputs<'_>,
) -> Result<(), Problem> {
    let mut missing = chosen_ids(settings, trusted.wanted, trusted.files)?;
    missing.retain(|id| {
        !rehearsed
            .scenarios
            .iter()
            .any(|scenario| scenario.id == *id)
    });
    if missing.is_empty() {
        return Ok(());
    }
    let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
    Err(Problem::new(
        ErrorCode::ReportUnusable,
        format!("the report lacks the scenarios {}", listed(&missing)),
    )
    .hint(
        "rehearse them in the step that writes it, or name those that it plays in the \
         input `scenario` too",
    ))
}

/// Refuses accepted findings that are not in the baseline of this step.
fn check_accepted(outcome: &Outcome, trusted: &TrustedInputs<'_>) -> Result<(), Problem> {
    let found = outcome
        .contracts
        .iter()
        .flat_map(|contract| &contract.findings);
    let mut accepted =
        found.filter(|reported| matches!(reported.status, Some(FindingStatus::Accepted { .. })));
    let is_unknown = |fingerprint: &str| {
        let committed = trusted.committed;
        !committed.is_some_and(|committed| committed.accepts(fingerprint, trusted.today))
    };
    match accepted.find(|reported| is_unknown(&reported.finding.fingerprint)) {
        None => Ok(()),
        Some(unknown) => Err(Problem::new(
            ErrorCode::ReportUnusable,
            format!(
                "the report accepts the finding {} ({}), which is in no baseline of this step",
                unknown.finding.fingerprint, unknown.finding.rule
            ),
        )
        .hint("name the baseline that the report was made with in the input `baseline` too")),
    }
}

/// Applies the configuration's settings to a contract.
fn apply_settings(contract: &mut ContractOutcome, trusted: &TrustedInputs<'_>) {
    let mut contracts = trusted.config.contracts.iter();
    let index = contracts.position(|configured| configured.name == contract.name);
    if let Some(index) = index
        && let Some(written) = trusted.config.contracts.get(index)
    {
        contract.source = written.contract.source;
        contract.account_link.clone_from(&written.account_link);
        contract.fail_on = trusted.wanted.fail_on.for_contract(written);
        for found in &mut contract.findings {
            found.place = place_of(trusted.config, index, &found.finding);
        }
    }
    for advice in &mut contract.advice {
        place(advice, trusted);
    }
    if let Some(problem) = &mut contract.problem {
        place(problem, trusted);
    }
}

/// Keeps the place only if it is in the configuration. Otherwise the report's author could choose any line to annotate.
fn place<C>(message: &mut Message<C>, trusted: &TrustedInputs<'_>) {
    let place = message.place.take();
    message.place = place.filter(|place| place.path == trusted.config_path);
}

fn listed(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => "nothing".to_owned(),
        names => names.join(", "),
    }
}
