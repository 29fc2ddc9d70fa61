//! `variables`: the environment variables that the configuration names are set.

use std::future::ready;

use crate::{
    billing::creation_advice,
    commands::{
        credentials::{missing_credentials, not_set, with_verb},
        doctor::{
            definition::{CheckFuture, DoctorCheck, SetupCheck},
            setup::Setup,
        },
        recorded::RecordedSides,
        rehearse::missing_for,
    },
    config::Config,
    database::reader_role,
    problem::Warning,
    report::StepResult,
};

pub(in crate::commands::doctor) const CHECK: SetupCheck = DoctorCheck {
    id: "variables",
    run: |setup| -> CheckFuture<'_> { Box::pin(ready(check(setup))) },
};

fn check(setup: &Setup<'_>) -> StepResult {
    let Ok(config) = setup.config else {
        return StepResult::needs(super::CONFIGURATION);
    };
    let environment = setup.run.environment;
    let (mut names, mut missing) = (Vec::new(), Vec::new());
    for contract in &config.contracts {
        names.extend(contract.variables());
        missing.extend(missing_credentials(
            contract,
            environment,
            &RecordedSides::Nothing,
        ));
    }
    names.sort_unstable();
    names.dedup();
    missing.sort_unstable();
    missing.dedup();
    names.retain(|name| !missing.contains(name));
    let set = with_verb(&names);
    let of_rehearsal = of_rehearsal(setup, config);
    if missing.is_empty() {
        return StepResult::pass(format!("{set} set")).with(of_rehearsal);
    }
    let others = (!names.is_empty()).then(|| Warning::new(format!("{set} set")));
    let details = explained(config, &missing).into_iter().chain(others);
    StepResult::fail(not_set(&missing)).with(details.chain(of_rehearsal))
}

/// Explains what each missing variable holds, and where its value comes from.
fn explained(config: &Config, missing: &[&str]) -> Vec<Warning> {
    let explain = |name: &str| {
        let contract = config
            .contracts
            .iter()
            .find(|contract| contract.key_env == name);
        if let Some(contract) = contract {
            let source = contract.contract.source;
            return Some(
                Warning::new(format!("`{name}` is an API key of {}", source.provider()))
                    .hint(creation_advice(source)),
            );
        }
        let mut contracts = config.contracts.iter().map(|contract| &contract.database);
        let settings = contracts.find(|settings| settings.url_env == name)?;
        Some(
            Warning::new(format!(
                "`{name}` is a URL such as `postgres://prodverdict:…@host:5432/database`"
            ))
            .hint(format!(
                "create a role that can only read: {}",
                reader_role(settings, "…")
            )),
        )
    };
    missing.iter().filter_map(|name| explain(name)).collect()
}

/// Returns a note about variables that only a rehearsal needs. A check works without them.
fn of_rehearsal(setup: &Setup<'_>, config: &Config) -> Option<Warning> {
    let settings = config.rehearsal.as_ref()?;
    let missing = missing_for(settings, setup.run.environment);
    if missing.is_empty() {
        let set = with_verb(&settings.variables());
        return Some(Warning::new(format!("{set} set, for a rehearsal")));
    }
    let them = if missing.len() == 1 { "it" } else { "them" };
    Some(Warning::new(format!(
        "{} not set; only a rehearsal needs {them}",
        with_verb(&missing)
    )))
}
