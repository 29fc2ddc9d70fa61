//! `api`: the provider's API can be reached and accepts the key.

use crate::{
    commands::doctor::{
        contract_facts::{ContractFacts, KeyState},
        definition::{CheckFuture, ContractCheck, DoctorCheck},
    },
    problem::Problem,
    report::StepResult,
};

pub(in crate::commands::doctor) const CHECK: ContractCheck = DoctorCheck {
    id: "api",
    run: |facts| -> CheckFuture<'_> { Box::pin(check(facts)) },
};

async fn check(facts: &mut ContractFacts<'_>) -> StepResult {
    let Some(reader) = &facts.reader else {
        return StepResult::needs(super::key::CHECK.id);
    };
    let provider = facts.contract.contract.source.provider();
    match reader.ping().await {
        Ok(()) => {
            facts.key = KeyState::Accepted;
            StepResult::pass(format!("{provider} answers and accepts the key"))
        }
        Err(error) => StepResult::fail(Problem::from(error)),
    }
}
