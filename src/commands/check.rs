//! `prodverdict check access`: checks the contracts, prints the report, and returns the verdict as exit status.

use super::{
    baseline_file::accepted,
    configuration,
    output::Output,
    plan,
    recorded::RecordedSides,
    reporting::Reporting,
    run_check::run_check,
    run_parameters::RunParameters,
    secrets::{mask_of, secrets_of},
    unanswered,
};
use crate::{
    cli::{CheckArgs, Environment},
    contract::UnixSeconds,
    notice::Progress,
    report::Mask,
};

pub(super) async fn run(arguments: &CheckArgs, environment: &Environment) -> u8 {
    let path = &arguments.config.config;
    let now = arguments.now.map_or_else(super::now, UnixSeconds::from);
    let reporting =
        match Reporting::prepare(&arguments.report, arguments.strict, (path, now), false) {
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
    let accepted = match accepted(arguments.baseline.as_deref(), now) {
        Ok(accepted) => accepted,
        Err(unusable) => return reporting.finish(unanswered(unusable.problems()), &output),
    };
    let mut run = RunParameters::new(environment, &progress, recorded, now);
    if arguments.plan {
        let planned = plan::run(&config, &run, &output).await;
        return planned.unwrap_or_else(|error| super::could_not_write(&output, &error));
    }
    run.repairs = reporting.wants_repairs();
    let mut outcome = run_check(&config, &run).await;
    outcome.compare(&accepted.comparison());
    reporting.finish(outcome, &output)
}
