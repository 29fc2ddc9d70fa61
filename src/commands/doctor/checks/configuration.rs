//! `configuration`: the file is valid and has no placeholder.

use std::future::ready;

use crate::{
    commands::{
        configuration::Unusable,
        doctor::{
            definition::{CheckFuture, DoctorCheck, SetupCheck},
            setup::Setup,
        },
    },
    problem::Warning,
    report::StepResult,
    text::counted,
};

pub(in crate::commands::doctor) const CHECK: SetupCheck = DoctorCheck {
    id: "configuration",
    run: |setup| -> CheckFuture<'_> { Box::pin(ready(check(setup))) },
};

fn check(setup: &Setup<'_>) -> StepResult {
    let path = setup.path.display();
    match setup.config {
        Ok(config) => {
            let contracts = counted(config.contracts.len(), "contract");
            let rehearsal = if config.rehearsal.is_some() {
                " and a rehearsal"
            } else {
                ""
            };
            let message = format!("{path} is valid: {contracts}{rehearsal}");
            StepResult::warned(message, config.warnings.clone())
        }
        Err(Unusable::Unreadable(problem)) => StepResult::fail(problem.clone()),
        Err(unusable) => {
            let problems = unusable.problems();
            let found = counted(problems.len(), "problem");
            StepResult::fail(Warning::new(format!("{path} cannot be used: {found}"))).with(problems)
        }
    }
}
