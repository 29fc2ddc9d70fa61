//! `prodverdict status`: shows the state of the setup without reading the provider or the database.

mod nightly;
mod workflows;

use std::path::Path;

use super::{
    configuration::{self, Unusable},
    output::Output,
    rehearse::{ConfigFiles, RehearsalOptions, chosen_ids},
    secrets::mask_of_environment,
};
use crate::{
    cli::{Environment, Format, StatusArgs},
    config::{Config, Rehearsal},
    report::{self, ConfigurationState, RehearsalState, StatusReport, VariableState},
};

pub(super) async fn run(arguments: &StatusArgs, environment: &Environment) -> u8 {
    let path = &arguments.config.config;
    let config = configuration::load(path);
    let mask = mask_of_environment(config.as_ref().ok(), environment);
    let output = Output::of_process(mask.clone());
    let workflows = workflows::find(Path::new("."));
    let status = StatusReport {
        configuration: state(path, &config),
        variables: config.as_ref().map_or_else(
            |_unusable| Vec::new(),
            |config| variables(config, environment),
        ),
        nightly: nightly::last(&workflows, environment, mask).await,
        workflows,
        rehearsal: config
            .as_ref()
            .ok()
            .and_then(|config| config.rehearsal.as_ref())
            .map(|settings| rehearsal(settings, path)),
    };
    let written = output.data(&match arguments.format.format.unwrap_or_default() {
        Format::Text => report::status_text(&status, output.color),
        Format::Json => report::status_json(&status),
    });
    match written {
        Ok(()) => status.exit_status(),
        Err(error) => super::could_not_write(&output, &error),
    }
}

fn state(path: &Path, config: &Result<Config, Unusable>) -> ConfigurationState {
    let contracts = config.as_ref().map(|config| &config.contracts);
    let names = contracts.map_or(Vec::new(), |contracts| {
        contracts
            .iter()
            .map(|contract| contract.name.clone())
            .collect()
    });
    let problems = config.as_ref().err().map(Unusable::problems);
    ConfigurationState {
        path: path.display().to_string(),
        contracts: names,
        problem: problems.and_then(|problems| problems.into_iter().next()),
    }
}

fn variables(config: &Config, environment: &Environment) -> Vec<VariableState> {
    let mut variables: Vec<VariableState> = Vec::new();
    let mut add = |name: &str, is_of_rehearsal: bool| {
        if variables.iter().all(|variable| variable.name != name) {
            variables.push(VariableState {
                name: name.to_owned(),
                is_set: environment.get(name).is_some(),
                is_of_rehearsal,
            });
        }
    };
    for contract in &config.contracts {
        for name in contract.variables() {
            add(name, false);
        }
    }
    if let Some(settings) = &config.rehearsal {
        for name in settings.variables() {
            add(name, true);
        }
    }
    variables
}

fn rehearsal(settings: &Rehearsal, path: &Path) -> RehearsalState {
    let files = ConfigFiles::beside(path);
    let chosen = chosen_ids(settings, &RehearsalOptions::default(), &files);
    RehearsalState {
        handler: settings.handler.clone(),
        scenarios: chosen.map(|ids| u64::try_from(ids.len()).unwrap_or(u64::MAX)),
        command: settings.app.command.clone(),
    }
}
