//! `key`: the key has the form of an API key, the mode that the contract expects, and no more rights than necessary.

use std::future::ready;

use crate::{
    billing::{key_advice, key_kind},
    commands::{
        credentials,
        doctor::{
            contract_facts::ContractFacts,
            definition::{CheckFuture, ContractCheck, DoctorCheck},
        },
    },
    problem::Warning,
    report::StepResult,
};

pub(in crate::commands::doctor) const CHECK: ContractCheck = DoctorCheck {
    id: "key",
    run: |facts| -> CheckFuture<'_> { Box::pin(ready(check(facts))) },
};

fn check(facts: &mut ContractFacts<'_>) -> StepResult {
    let run = facts.setup.run;
    let contract = &facts.contract;
    let source = contract.contract.source;
    let Some(key) = run.environment.secret(&contract.key_env) else {
        return StepResult::needs(super::variables::CHECK.id);
    };
    let reader = match credentials::reader(contract, run) {
        Ok(reader) => reader,
        Err(failure) => return StepResult::fail(failure.problem),
    };
    let mode = match (reader.mode(), contract.contract.mode) {
        (Some(mode), Some(_)) => format!("in {} mode, as the contract says", mode.as_str()),
        (Some(mode), None) => format!("in {} mode", mode.as_str()),
        (None, _) => "which does not show its mode".to_owned(),
    };
    let message = format!(
        "`{}` is {} of {}, {mode}",
        contract.key_env,
        key_kind(source, &key),
        source.provider(),
    );
    let excess = key_advice(source, &key).map(|warning| Warning {
        hint: reader.creation_advice(),
        ..warning
    });
    facts.reader = Some(reader);
    StepResult::warned(message, excess)
}
