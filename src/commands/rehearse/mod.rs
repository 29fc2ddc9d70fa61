//! `prodverdict rehearse`: plays billing lifecycles against a running webhook handler and judges the rows it writes.

mod access_endpoint;
mod account_state;
mod actions;
mod address_file;
mod api_calls;
mod app_setup;
mod around;
mod awaiting;
mod bystanders;
mod catalog;
mod delivery;
mod enacting;
mod fault_injection;
mod files;
mod outcome;
mod patience;
mod prepared_run;
mod progress;
mod provider;
mod reach;
mod redirection;
mod results;
mod row_watch;
mod run;
mod running;
mod scenario_run;
mod selection;
mod setup;
mod silence;
mod step;
mod test_accounts;
mod visiting;

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::OnceLock,
};

use compact_str::CompactString;
use fake_stripe::{ApiVersion, FakeStripe, redirect, webhook::Endpoint};
use secrecy::SecretString;
use tokio::sync::Mutex;

use self::{
    address_file::WrittenAddress, patience::HandlerPatience, run::rehearse, running::Running,
    setup::ready, silence::Silence,
};
pub(crate) use self::{
    app_setup::{AppCommand, Setup},
    enacting::comes_to,
    files::ConfigFiles,
    outcome::{not_begun, place_of},
    selection::chosen_ids,
    setup::missing_for,
};
use super::{
    baseline_file::accepted, configuration, output::Output, reporting::Reporting,
    run_parameters::FailOn, secrets::mask_of, signals::Signals,
};
use crate::{
    cli::{Environment, RehearseArgs},
    config::{AccessContract, Config, Rehearsal},
    contract::{Field, Severity, UnixSeconds, Verdict},
    database::AccountsReader,
    problem::Problem,
    rehearsal::{Scenario, TestPrices, built_in},
    report::{self, Comparison, Mask, Outcome, Rehearsed},
    scratch::Scratch,
};

/// Context shared by all plays.
#[derive(Debug)]
pub(crate) struct Rehearsing<'r> {
    settings: &'r Rehearsal,
    contract: &'r AccessContract,
    mapped: BTreeSet<Field>,
    prices: TestPrices,
    fake: FakeStripe,
    /// Events about the products and prices created for the rehearsal.
    catalog: Vec<CompactString>,
    scratch: Scratch,
    endpoint: Endpoint,
    /// URL of the scratch database.
    url: SecretString,
    /// Idle connections for reading the accounts.
    readers: Mutex<Vec<AccountsReader<'r>>>,
    /// Client for the access endpoint.
    client: reqwest::Client,
    /// Client for the success page.
    visitor: reqwest::Client,
    in_container_action: bool,
    /// Address of the runner, from inside a container action.
    gateway: Option<Ipv4Addr>,
    /// Start time of every play, for the provider and the contract.
    begins: i64,
    /// Event version, unless a play selects another one.
    version: ApiVersion,
    jobs: usize,
    patience: HandlerPatience,
    silence: Silence,
    /// True if the first purchase granted access. Empty until it is made.
    first_sale: OnceLock<bool>,
    /// True to stop at the first finding that fails.
    fail_fast: bool,
    /// Lowest severity that fails.
    fail_on: Option<Severity>,
    /// Parts that were left out, with reasons.
    warnings: Vec<Problem>,
    /// The application, if the rehearsal started it.
    application: Option<Running>,
    /// The written address, which is removed with this value.
    _address: Option<WrittenAddress>,
}

/// Options from the command line or the action's inputs.
#[derive(Debug, Clone, Default)]
pub(crate) struct RehearsalOptions {
    /// The scenarios to play; empty for all.
    pub(crate) scenarios: Vec<String>,
    pub(crate) jobs: Option<usize>,
    /// Start time of plays; `None` for today 00:00 UTC.
    pub(crate) begins: Option<UnixSeconds>,
    pub(crate) fail_on: FailOn,
    /// True to stop at the first finding that fails.
    pub(crate) fail_fast: bool,
}

pub(super) async fn run(arguments: &RehearseArgs, environment: &Environment) -> u8 {
    let output = Output::of_process(Mask::default());
    if arguments.node_preload.is_some() || arguments.python_path.is_some() {
        return write_preloads(arguments, &output);
    }
    let path = &arguments.config.config;
    let now = real_now();
    let reporting = match Reporting::prepare(&arguments.report, arguments.strict, (path, now), true)
    {
        Ok(reporting) => reporting,
        Err(status) => return status,
    };
    let config = match configuration::load(path) {
        Ok(config) => Some(config),
        // The built-in scenarios can be listed without a configuration.
        Err(_) if arguments.list => None,
        Err(unusable) => {
            return reporting.finish(not_begun(unusable.problems()), &output);
        }
    };
    if arguments.list {
        return list(config.as_ref(), path, &output);
    }
    let Some(config) = config else {
        return super::COULD_NOT_TELL;
    };
    let files = ConfigFiles::beside(path);
    let mut setup = match Setup::new(&config, &files, environment, &arguments.command) {
        Ok(setup) => setup,
        Err(problem) => return reporting.finish(not_begun(vec![problem]), &output),
    };
    let output = Output::of_process(mask_of(setup.secrets()));
    // Plays may start on another day; the baseline expires by the real date.
    let accepted = match accepted(arguments.baseline.as_deref(), now) {
        Ok(accepted) => accepted,
        Err(unusable) => return reporting.finish(not_begun(unusable.problems()), &output),
    };
    let wanted = RehearsalOptions {
        scenarios: arguments.scenario.clone(),
        jobs: arguments.jobs.map(std::num::NonZeroUsize::get),
        begins: arguments.now.map(UnixSeconds::from),
        fail_on: FailOn::AsConfigured,
        fail_fast: arguments.fail_fast,
    };
    let mut outcome = played(
        (&config, &files),
        &mut setup,
        &wanted,
        &output,
        &mut Signals::listen(),
    )
    .await;
    let is_whole = outcome.rehearsal.as_ref().is_none_or(Rehearsed::is_whole);
    outcome.compare(&Comparison {
        is_whole: wanted.scenarios.is_empty() && is_whole,
        ..accepted.comparison()
    });
    reporting.finish(outcome, &output)
}

/// Runs the whole rehearsal. Creates and drops a database for it, if configured.
pub(crate) async fn played(
    (config, files): (&Config, &ConfigFiles),
    setup: &mut Setup,
    wanted: &RehearsalOptions,
    output: &Output,
    signals: &mut Signals,
) -> Outcome {
    let prepared = tokio::select! {
        prepared = Box::pin(setup.prepare_database(config)) => prepared,
        () = signals.cancelled() => Err(interrupted().into()),
    };
    let mut outcome = match prepared {
        Ok(()) => played_on((config, files), setup, wanted, output, signals).await,
        Err(failure) => outcome::failed(config, failure),
    };
    outcome.warnings.extend(setup.remove_database().await);
    outcome
}

/// Runs the rehearsal on a prepared database. An interrupt stops it early, with the same cleanup.
async fn played_on(
    (config, files): (&Config, &ConfigFiles),
    setup: &Setup,
    wanted: &RehearsalOptions,
    output: &Output,
    signals: &mut Signals,
) -> Outcome {
    // Nothing is written to the database before it is open.
    let opened = tokio::select! {
        opened = Box::pin(ready(config, files, setup, wanted, output)) => opened,
        () = signals.cancelled() => Err(interrupted().into()),
    };
    let (mut rehearsing, scenarios) = match opened {
        Ok(opened) => opened,
        Err(failure) => return outcome::failed(config, failure),
    };
    let ending = if scenarios.len() == 1 { "" } else { "s" };
    output.say(&format!(
        "The fake Stripe listens at {}; playing {} scenario{ending} against {}",
        rehearsing.fake.base_url(),
        scenarios.len(),
        rehearsing.settings.handler,
    ));
    let progress = run::progress(&rehearsing, &scenarios);
    let result = tokio::select! {
        result = Box::pin(rehearse(&rehearsing, &progress)) => result,
        () = signals.cancelled() => Err(interrupted().into()),
    };
    let unreached = reach::warning(&rehearsing);
    // Stop the application first, so that everything it writes is cleaned up.
    let ended = match rehearsing.application.take() {
        Some(running) => running.end().await,
        None => Vec::new(),
    };
    let cleaned = rehearsing.scratch.clean().await;
    let mut outcome = outcome::outcome(&rehearsing, config, &progress, result.err());
    outcome
        .warnings
        .extend(unreached.filter(|_| outcome.verdict != Verdict::Pass));
    outcome.warnings.extend(ended);
    if let Err(error) = cleaned {
        outcome.warnings.push(Problem::from(&error));
    }
    outcome
}

fn interrupted() -> Problem {
    Problem::new("interrupted: the report contains only what was judged until then")
}

/// Returns the secrets of a rehearsal.
pub(crate) fn secrets(config: &Config, environment: &Environment) -> Vec<SecretString> {
    let mut secrets = super::secrets::secrets_of(config, environment);
    if let Some(rehearsal) = &config.rehearsal {
        let names = [&rehearsal.secret_env, &rehearsal.url_env];
        secrets.extend(
            names
                .into_iter()
                .filter_map(|name| environment.secret(name)),
        );
    }
    secrets
}

/// Lists the scenarios, one per line.
fn list(config: Option<&Config>, path: &Path, output: &Output) -> u8 {
    let scenarios = match config.and_then(|config| config.rehearsal.as_ref()) {
        Some(settings) => selection::scenarios(settings, &ConfigFiles::beside(path)),
        None => built_in().map_err(|error| selection::unreadable(&error)),
    };
    match scenarios {
        Ok(scenarios) => {
            let width = scenarios
                .iter()
                .map(|one| one.id.len())
                .max()
                .unwrap_or_default();
            let line = |one: &Scenario| {
                let title = report::neutral::terminal(&one.title);
                let times = one
                    .recorded
                    .map(|recorded| format!(" × {}", recorded.times));
                format!("{:width$}  {title}{}\n", one.id, times.unwrap_or_default())
            };
            let lines: String = scenarios.iter().map(line).collect();
            match output.data(&lines) {
                Ok(()) => 0,
                Err(error) => super::could_not_write(output, &error),
            }
        }
        Err(problem) => {
            output.say(&report::problems(&[problem], output.colour_on_stderr));
            super::COULD_NOT_TELL
        }
    }
}

fn write_preloads(arguments: &RehearseArgs, output: &Output) -> u8 {
    let node = arguments.node_preload.as_ref().map(|path| {
        redirect::write_node_preload(path).map(|()| {
            let (node, variable) = (redirect::node_options(path), redirect::VARIABLE);
            format!(
                "wrote {}; start the application with\n  NODE_OPTIONS='{node}' {variable}=http://127.0.0.1:12111",
                path.display()
            )
        })
    });
    let python = arguments.python_path.as_ref().map(|folder| {
        redirect::write_python_path(folder).map(|path| {
            format!(
                "wrote {}; start the application with\n  PYTHONPATH='{}' {}=http://127.0.0.1:12111",
                path.display(),
                folder.display(),
                redirect::VARIABLE
            )
        })
    });
    let mut status = 0;
    for written in [node, python].into_iter().flatten() {
        match written {
            Ok(said) => output.say(&said),
            Err(error) => {
                output.say(&report::problems(
                    &[Problem::from(&error)],
                    output.colour_on_stderr,
                ));
                status = super::COULD_NOT_TELL;
            }
        }
    }
    status
}

/// Returns the real time, which signatures of deliveries contain.
fn real_now() -> UnixSeconds {
    super::now()
}

/// Parses the address that the fake listens on.
fn address(listen: &str) -> Option<SocketAddr> {
    listen.parse().ok()
}
