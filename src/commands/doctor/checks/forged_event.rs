//! `forged-event`: the webhook handler refuses an event that is signed with another secret.

use crate::{
    commands::doctor::{
        definition::{CheckFuture, DoctorCheck, RehearsalCheck},
        rehearsal_facts::RehearsalFacts,
    },
    problem::Warning,
    rehearsal::{HandlerResponse, Signing},
    report::StepResult,
};

pub(in crate::commands::doctor) const CHECK: RehearsalCheck = DoctorCheck {
    id: "forged-event",
    run: |facts| -> CheckFuture<'_> { Box::pin(check(facts)) },
};

async fn check(facts: &mut RehearsalFacts<'_>) -> StepResult {
    let Some(probe) = &facts.handler else {
        return StepResult::needs(super::handler::CHECK.id);
    };
    let event = probe.event();
    match probe.send(Signing::WithAnotherSecret).await {
        answer if answer.is_success() => StepResult::fail(
            Warning::new(format!(
                "the handler accepts a `{event}` that is signed with another secret, so anybody can grant access"
            ))
            .hint("verify the signature with the provider's library before reading the event")
            .at(facts.settings.places.handler.clone()),
        ),
        HandlerResponse::Status { code, .. } if code < 500 => StepResult::pass(format!(
            "the handler answers {code} to an event that is signed with another secret"
        )),
        HandlerResponse::Status { code, .. } => StepResult::warn(
            Warning::new(format!(
                "the handler answers {code} to an event that is signed with another secret"
            ))
            .hint("answer 400: the provider redelivers after a failure, and an attacker sees an error"),
        ),
        HandlerResponse::Nothing(reason) => StepResult::warn(
            Warning::new(format!(
                "the handler does not answer an event that is signed with another secret: {reason}"
            ))
            .hint("answer 400, and keep the process running"),
        ),
    }
}
