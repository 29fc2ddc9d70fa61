//! `prodverdict check access`: judge now, print the report, say it in the exit status.

use super::{
    accepted::accepted,
    configuration,
    judge::{FailOn, Run, judge},
    masking::{mask_of, secrets_of},
    output::Output,
    plan,
    progress::Progress,
    recorded::Recorded,
    reporting::Reporting,
    unanswered,
};
use crate::{
    billing::Patience,
    cli::{CheckArgs, Environment},
    contract::UnixSeconds,
    http,
    problem::Problem,
    report::Mask,
};

pub(super) async fn run(arguments: &CheckArgs, environment: &Environment) -> u8 {
    let path = &arguments.config.config;
    let reporting = match Reporting::prepare(&arguments.report, arguments.strict, path, false) {
        Ok(reporting) => reporting,
        Err(status) => return status,
    };
    let config = match configuration::load(path) {
        Ok(config) => config,
        Err(unusable) => {
            let output = Output::of_process(Mask::default());
            return reporting.finish(&unanswered(unusable.problems()), &output);
        }
    };
    let output = Output::of_process(mask_of(&secrets_of(&config, environment)));
    let progress = Progress::new(output.on_terminal);
    let now = arguments.now.map_or_else(super::now, UnixSeconds::from);
    let recorded = Recorded::of(&arguments.fixtures, path);
    let accepted = match accepted(arguments.baseline.as_deref(), now) {
        Ok(accepted) => accepted,
        Err(unusable) => return reporting.finish(&unanswered(unusable.problems()), &output),
    };
    let mut outcome = match new_run(environment, &progress, recorded, now) {
        Ok(run) if arguments.plan => {
            let planned = plan::run(&config, &run, &output).await;
            return planned.unwrap_or_else(|error| super::could_not_write(&output, &error));
        }
        Ok(mut run) => {
            run.repairs = reporting.wants_repairs();
            judge(&config, &run).await
        }
        Err(problem) => unanswered(vec![problem]),
    };
    outcome.compare(&accepted.comparison());
    reporting.finish(&outcome, &output)
}

/// A run with the process's HTTP client.
pub(super) fn new_run<'r>(
    environment: &'r Environment,
    progress: &'r Progress,
    recorded: Recorded,
    now: UnixSeconds,
) -> Result<Run<'r>, Problem> {
    let client = http::client().map_err(|error| Problem {
        message: format!("the HTTP client cannot be set up: {error}"),
        hint: "check the proxy variables and the certificates of this machine".to_owned(),
        place: None,
    })?;
    Ok(Run {
        environment,
        client,
        patience: Patience::default(),
        progress,
        recorded,
        now,
        fail_on: FailOn::AsConfigured,
        repairs: false,
    })
}
