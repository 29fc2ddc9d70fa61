//! `prodverdict check access`: checks the contracts, prints the report, and returns the verdict as exit status.

use std::path::Path;

use super::{
    baseline_file::accepted,
    configuration,
    output::Output,
    plan,
    recorded::RecordedSides,
    reporting::{ReportedRun, Reporting},
    run_check::run_check,
    run_parameters::RunParameters,
    secrets::{mask_of, secrets_of},
    unanswered,
};
use crate::{
    cli::{CheckArgs, Environment},
    config::Config,
    contract::UnixSeconds,
    notice::Progress,
    report::{Mask, Outcome},
};

pub(super) async fn run(arguments: &CheckArgs, environment: &Environment) -> u8 {
    let path = &arguments.config.config;
    let now = arguments.now.map_or_else(super::now, UnixSeconds::from);
    let reported = ReportedRun {
        config: path,
        fixtures: Some(&arguments.fixtures),
        now,
        strict: arguments.strict,
        is_example: false,
    };
    let mut reporting = match Reporting::prepare(&arguments.report, reported) {
        Ok(reporting) => reporting,
        Err(status) => return status,
    };
    let config = match configuration::load(path) {
        Ok(config) => config,
        Err(unusable) => {
            let output = Output::of_process(Mask::default());
            return reporting.finish(unanswered(unusable.problems()), &output);
        }
    };
    let output = Output::of_process(mask_of(&secrets_of(&config, environment)));
    let progress = Progress::new(output.on_terminal);
    let recorded = RecordedSides::from_arguments(&arguments.fixtures, path);
    let mut run = RunParameters::new(environment, &progress, recorded, now);
    if arguments.plan {
        let planned = plan::run(&config, &run, &output).await;
        return planned.unwrap_or_else(|error| super::could_not_write(&output, &error));
    }
    run.repairs = reporting.wants_repairs();
    let outcome = check_against_baseline(&config, &run, arguments.baseline.as_deref()).await;
    reporting.find_changes(&outcome, &config).await;
    reporting.finish(outcome, &output)
}

/// Checks all contracts, and compares the findings with a baseline.
pub(super) async fn check_against_baseline(
    config: &Config,
    run: &RunParameters<'_>,
    baseline: Option<&Path>,
) -> Outcome {
    let accepted = match accepted(baseline, run.now) {
        Ok(accepted) => accepted,
        Err(unusable) => return unanswered(unusable.problems()),
    };
    let mut outcome = run_check(config, run).await;
    outcome.compare(&accepted.comparison());
    outcome
}
