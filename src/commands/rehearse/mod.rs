//! `prodverdict rehearse`: runs billing lifecycles against a running webhook handler and judges the rows it writes.

mod access_endpoint;
mod account_creation;
mod account_state;
mod action_error;
mod address_file;
mod all_runs;
mod api_calls;
mod app_setup;
mod awaiting;
mod bystanders;
mod changed;
mod database_urls;
mod delivery;
mod fake_provider;
mod fake_serving;
mod fake_start;
mod fault_injection;
mod files;
mod inspection;
mod outcome;
mod paddle;
mod preloads;
mod prepared_run;
mod price_events;
mod progress;
mod random;
mod reach;
mod redirection;
mod repeated_runs;
mod response_times;
mod results;
mod row_watch;
mod run;
mod run_error;
mod run_result;
mod runner_address;
mod running;
mod scenario_run;
mod scenario_world;
mod selection;
mod served_fake;
mod setup;
mod some_of;
mod step;
mod stripe;
mod success_page;
mod systems;
mod test_accounts;
mod test_customer;
mod test_database;
mod waiting;
mod watched_files;
mod watching;
mod write_times;

use std::{cell::OnceCell, collections::BTreeSet, ffi::OsString, path::Path};

use tokio::sync::watch;

use self::{
    all_runs::do_all_runs,
    preloads::write_preloads,
    progress::RunProgress,
    setup::{ReadyRehearsal, set_up},
    test_database::TestDatabase,
};
pub(crate) use self::{
    app_setup::{AppCommand, AppSetup},
    files::ConfigFiles,
    inspection::{HandlerProbe, ScratchUse, examine_scratch},
    outcome::{not_begun, place_of},
    progress::RunCount,
    selection::chosen_ids,
    setup::missing_for,
    stripe::reproduces,
};
use super::{
    baseline_file::accepted,
    configuration,
    failure::fail,
    output::Output,
    reporting::{ReportedRun, Reporting},
    run_parameters::FailOn,
    secrets::mask_of,
    signals::Signals,
};
use crate::{
    cli::{Environment, RehearseArgs},
    config::Config,
    contract::{UnixSeconds, Verdict},
    problem::{ErrorCode, Problem, Warning},
    rehearsal::{Provider, Scenario, built_in},
    report::{self, Comparison, Mask, Outcome, Rehearsed},
};

/// Options from the command line or the action's inputs.
#[derive(Debug, Clone, Default)]
pub(crate) struct RehearsalOptions {
    /// The scenarios to play; empty for all.
    pub(crate) scenarios: Vec<String>,
    pub(crate) jobs: Option<usize>,
    /// Start time of runs; `None` for today 00:00 UTC.
    pub(crate) begins: Option<UnixSeconds>,
    pub(crate) fail_on: FailOn,
    /// True to stop at the first finding that fails.
    pub(crate) fail_fast: bool,
    /// Ids of the scenarios that are played before all others, group by group.
    pub(crate) first: Vec<BTreeSet<String>>,
    /// Receives the number of runs that are done.
    pub(crate) counting: Option<watch::Sender<RunCount>>,
}

pub(super) async fn run(arguments: &RehearseArgs, environment: &Environment) -> u8 {
    let output = Output::of_process(Mask::default());
    if arguments.node_preload.is_some() || arguments.python_path.is_some() {
        return write_preloads(arguments, &output);
    }
    let path = &arguments.config.config;
    if arguments.list {
        // The built-in scenarios can be listed without a configuration.
        let config = configuration::load(path).ok();
        return print_scenarios(config.as_ref(), path, &output);
    }
    if arguments.watch {
        return Box::pin(watching::run(arguments, environment)).await;
    }
    let reporting = reporting(arguments);
    if let Err(status) = reporting {
        return status;
    }
    let played = match configuration::load(path) {
        Ok(config) => {
            let signals = &mut Signals::listen();
            play(arguments, environment, (config, &BTreeSet::new()), signals).await
        }
        Err(unusable) => PlayedRehearsal::not_begun(unusable.problems()),
    };
    played.report(reporting).await
}

/// Prepares the report of one rehearsal. Reports an error and returns the exit status if the arguments cannot be used.
fn reporting(arguments: &RehearseArgs) -> Result<Reporting<'_>, u8> {
    // With `--now`, equal rehearsals give equal reports.
    let now = arguments.now.map_or_else(real_now, UnixSeconds::from);
    let reported = ReportedRun {
        config: &arguments.config.config,
        fixtures: None,
        now,
        strict: arguments.strict,
        is_example: false,
    };
    Reporting::prepare(&arguments.report, reported)
}

/// A rehearsal that ended.
#[derive(Debug)]
struct PlayedRehearsal {
    outcome: Outcome,
    output: Output,
    /// `None` if it cannot be used.
    config: Option<Config>,
}

impl PlayedRehearsal {
    fn not_begun(problems: Vec<Problem>) -> Self {
        Self {
            outcome: not_begun(problems),
            output: Output::of_process(Mask::default()),
            config: None,
        }
    }

    /// Lists the broken scenarios; `None` if none was played.
    fn broken(&self) -> Option<BTreeSet<String>> {
        let rehearsed = self.outcome.rehearsal.as_ref();
        let rehearsed = rehearsed.filter(|one| !one.scenarios.is_empty())?;
        Some(rehearsed.broken().map(str::to_owned).collect())
    }

    /// Reports it, and returns the exit status.
    async fn report(self, reporting: Result<Reporting<'_>, u8>) -> u8 {
        let mut reporting = match reporting {
            Ok(reporting) => reporting,
            Err(status) => return status,
        };
        if let Some(config) = &self.config {
            reporting.find_changes(&self.outcome, config).await;
        }
        reporting.finish(self.outcome, &self.output)
    }
}

/// Rehearses once; these scenarios were broken before, and are played first.
async fn play(
    arguments: &RehearseArgs,
    environment: &Environment,
    (config, broken): (Config, &BTreeSet<String>),
    signals: &mut Signals,
) -> PlayedRehearsal {
    let path = &arguments.config.config;
    let mut options = RehearsalOptions {
        scenarios: arguments.scenario.clone(),
        jobs: arguments.jobs.map(std::num::NonZeroUsize::get),
        begins: arguments.now.map(UnixSeconds::from),
        fail_on: FailOn::AsConfigured,
        fail_fast: arguments.fail_fast,
        first: vec![broken.clone()],
        counting: None,
    };
    if arguments.changed {
        let affected = changed::affected((&config, path), &options).await;
        if let Some(affected) = affected {
            Output::of_process(Mask::default()).say(&affected.line);
            options.first.push(affected.ids);
        }
    }
    let request = RehearsalRequest {
        config: &config,
        path,
        environment,
        command: &arguments.command,
        baseline: arguments.baseline.as_deref(),
        options: &options,
    };
    let (outcome, output) = rehearse_against_baseline(request, signals).await;
    PlayedRehearsal {
        outcome,
        output,
        config: Some(config),
    }
}

/// A rehearsal on the user's machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct RehearsalRequest<'r> {
    pub(super) config: &'r Config,
    /// Path of the configuration.
    pub(super) path: &'r Path,
    pub(super) environment: &'r Environment,
    /// Words that start the application; none for the configured command.
    pub(super) command: &'r [OsString],
    pub(super) baseline: Option<&'r Path>,
    pub(super) options: &'r RehearsalOptions,
}

/// Rehearses, and compares the findings with a baseline. Returns the outcome with the output that masks its secrets.
pub(super) async fn rehearse_against_baseline(
    request: RehearsalRequest<'_>,
    signals: &mut Signals,
) -> (Outcome, Output) {
    let RehearsalRequest {
        config, options, ..
    } = request;
    let files = ConfigFiles::beside(request.path);
    let mut app = match AppSetup::new(config, &files, request.environment, request.command) {
        Ok(app) => app,
        Err(problem) => {
            let output = Output::of_process(mask_of(&super::secrets::rehearsal_secrets(
                config,
                request.environment,
            )));
            return (not_begun(vec![problem]), output);
        }
    };
    let output = Output::of_process(mask_of(app.secrets()));
    // Plays may start on another day; the baseline expires by the real date.
    let accepted = match accepted(request.baseline, real_now()) {
        Ok(accepted) => accepted,
        Err(unusable) => return (not_begun(unusable.problems()), output),
    };
    let mut outcome = rehearse((config, &files), &mut app, options, &output, signals).await;
    let is_complete = outcome
        .rehearsal
        .as_ref()
        .is_none_or(Rehearsed::is_complete);
    outcome.compare(&Comparison {
        is_complete: options.scenarios.is_empty() && is_complete,
        ..accepted.comparison()
    });
    (outcome, output)
}

/// Runs the whole rehearsal. Creates and drops a database for it, if configured.
pub(crate) async fn rehearse(
    (config, files): (&Config, &ConfigFiles),
    app: &mut AppSetup,
    options: &RehearsalOptions,
    output: &Output,
    signals: &mut Signals,
) -> Outcome {
    let prepared = tokio::select! {
        prepared = Box::pin(app.prepare_database(config)) => prepared,
        () = signals.cancelled() => Err(interrupted().into()),
    };
    let mut outcome = match prepared {
        Ok(()) => rehearse_on_database((config, files), app, options, output, signals).await,
        Err(failure) => outcome::failed(config, failure),
    };
    outcome.warnings.extend(app.remove_database().await);
    outcome
}

/// Runs the rehearsal on a prepared database. An interrupt stops it early, with the same cleanup.
async fn rehearse_on_database(
    (config, files): (&Config, &ConfigFiles),
    app: &AppSetup,
    options: &RehearsalOptions,
    output: &Output,
    signals: &mut Signals,
) -> Outcome {
    let opened = OnceCell::new();
    let ready = tokio::select! {
        ready = Box::pin(set_up((config, files), app, options, output, &opened)) => ready,
        () = signals.cancelled() => Err(interrupted().into()),
    };
    let ReadyRehearsal {
        mut systems,
        scenarios,
        warnings,
        address,
    } = match ready {
        Ok(ready) => ready,
        Err(failure) => {
            let mut outcome = outcome::failed(config, failure);
            if let Some(database) = opened.get() {
                outcome.warnings.extend(cleaned(database).await);
            }
            return outcome;
        }
    };
    // Those without a play are only reported as not played.
    let played = scenarios.iter().filter(|one| !one.plays.is_empty()).count();
    let ending = if played == 1 { "" } else { "s" };
    output.say(&format!(
        "The fake {} listens at {}; playing {played} scenario{ending} against {}",
        Provider::for_source(systems.config.settings.source).name(),
        systems.provider.base_url(),
        systems.config.settings.handler,
    ));
    let progress = RunProgress::new(&systems, &scenarios, options);
    let result = tokio::select! {
        result = Box::pin(do_all_runs(&systems, &progress)) => result,
        () = signals.cancelled() => Err(interrupted().into()),
    };
    let unreached = reach::warning(&systems);
    // Stop the application first, so that everything it writes is cleaned up.
    let ended = match systems.application.take() {
        Some(running) => running.end().await,
        None => Vec::new(),
    };
    let cleaned = cleaned(systems.database).await;
    let mut outcome = outcome::outcome(&systems.config, config, &progress, result.err());
    outcome.warnings.extend(warnings);
    outcome
        .warnings
        .extend(unreached.filter(|_| outcome.verdict != Verdict::Pass));
    outcome.warnings.extend(ended);
    outcome.warnings.extend(cleaned);
    drop(address);
    outcome
}

/// Cleans the database, or returns a warning if that fails.
async fn cleaned(database: &TestDatabase<'_>) -> Option<Warning> {
    let cleaned = database.clean().await;
    cleaned.err().map(|failure| failure.problem.into())
}

fn interrupted() -> Problem {
    Problem::new(
        ErrorCode::Interrupted,
        "interrupted: the report contains only what was judged until then",
    )
}

fn print_scenarios(config: Option<&Config>, path: &Path, output: &Output) -> u8 {
    match scenario_lines(config, path) {
        Ok(lines) => match output.data(&lines) {
            Ok(()) => 0,
            Err(error) => super::could_not_write(output, &error),
        },
        Err(problem) => fail(output, &[problem]),
    }
}

/// Lists the scenarios, one per line; without a configuration, the built-in ones.
pub(super) fn scenario_lines(config: Option<&Config>, path: &Path) -> Result<String, Problem> {
    let scenarios = match config.and_then(|config| config.rehearsal.as_ref()) {
        Some(settings) => selection::scenarios(settings, &ConfigFiles::beside(path)),
        None => built_in(Provider::Stripe).map_err(|error| selection::unreadable(&error)),
    }?;
    let lengths = scenarios.iter().map(|one| one.id.len());
    let width = lengths.max().unwrap_or_default();
    let line = |one: &Scenario| {
        let title = report::neutral::terminal(&one.title);
        let times = one
            .recorded
            .map(|recorded| format!(" × {}", recorded.customers));
        let mut line = format!("{:width$}  {title}{}\n", one.id, times.unwrap_or_default());
        for left_out in &one.not_played {
            let left_out = report::neutral::terminal(left_out);
            line.push_str(&format!("{:width$}    not played: {left_out}\n", ""));
        }
        line
    };
    Ok(scenarios.iter().map(line).collect())
}

/// Returns the real time, which signatures of deliveries contain.
fn real_now() -> UnixSeconds {
    super::now()
}
