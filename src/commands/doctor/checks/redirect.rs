//! `redirect`: the application sends its requests to the fake provider.

use std::future::ready;

use crate::{
    commands::doctor::{
        definition::{CheckFuture, DoctorCheck, RehearsalCheck},
        rehearsal_facts::RehearsalFacts,
    },
    report::StepResult,
    text::counted,
};

pub(in crate::commands::doctor) const CHECK: RehearsalCheck = DoctorCheck {
    id: "redirect",
    run: |facts| -> CheckFuture<'_> { Box::pin(ready(check(facts))) },
};

fn check(facts: &mut RehearsalFacts<'_>) -> StepResult {
    let Some(probe) = &facts.handler else {
        return StepResult::needs(super::handler::CHECK.id);
    };
    match probe.requests() {
        0 => StepResult::skip(format!(
            "no request reached the fake provider at {}: the events above need none; a rehearsal's first purchase shows it",
            probe.address()
        )),
        requests => StepResult::pass(format!(
            "{} of the application reached the fake provider",
            counted(requests, "request")
        )),
    }
}
