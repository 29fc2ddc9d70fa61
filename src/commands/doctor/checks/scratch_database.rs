//! `scratch-database`: the rehearsal may write to its database, which is not that of the contract and has no accounts.

use crate::{
    commands::{
        doctor::{
            definition::{CheckFuture, DoctorCheck, RehearsalCheck},
            rehearsal_facts::RehearsalFacts,
        },
        rehearse::{ScratchUse, examine_scratch},
    },
    report::StepResult,
};

pub(in crate::commands::doctor) const CHECK: RehearsalCheck = DoctorCheck {
    id: "scratch-database",
    run: |facts| -> CheckFuture<'_> { Box::pin(check(facts)) },
};

async fn check(facts: &mut RehearsalFacts<'_>) -> StepResult {
    let environment = facts.setup.run.environment;
    let variable = &facts.settings.url_env;
    if environment.get(variable).is_none() {
        return StepResult::needs(super::variables::CHECK.id);
    }
    match examine_scratch(facts.config, environment).await {
        Ok(ScratchUse::Existing) => StepResult::pass(format!(
            "the database of `{variable}` is separate and has no accounts, so a rehearsal may write to it"
        )),
        Ok(ScratchUse::Created) => StepResult::pass(format!(
            "a rehearsal may create a database on the server of `{variable}`"
        )),
        Err(failure) => StepResult::fail(failure.problem),
    }
}
