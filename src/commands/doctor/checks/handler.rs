//! `handler`: the webhook handler answers, and accepts an event that is signed with the secret of the rehearsal.

use crate::{
    commands::{
        doctor::{
            definition::{CheckFuture, DoctorCheck, RehearsalCheck},
            rehearsal_facts::RehearsalFacts,
        },
        rehearse::HandlerProbe,
    },
    problem::Warning,
    rehearsal::{HandlerResponse, Signing},
    report::StepResult,
};

pub(in crate::commands::doctor) const CHECK: RehearsalCheck = DoctorCheck {
    id: "handler",
    run: |facts| -> CheckFuture<'_> { Box::pin(check(facts)) },
};

async fn check(facts: &mut RehearsalFacts<'_>) -> StepResult {
    let settings = facts.settings;
    let environment = facts.setup.run.environment;
    if environment.get(&settings.secret_env).is_none() && settings.app.command.is_none() {
        return StepResult::needs(super::variables::CHECK.id);
    }
    let started = HandlerProbe::start(
        (facts.config, &facts.files),
        environment,
        facts.setup.output,
    );
    let probe = match started {
        Ok(probe) => probe,
        Err(problem) => return StepResult::fail(problem),
    };
    let url = &settings.handler;
    let at_handler = |message: String, hint: String| {
        let place = settings.places.handler.clone();
        Warning::new(message).hint(hint).at(place)
    };
    let event = probe.event();
    match probe.send(Signing::AsDocumented).await {
        answer if answer.is_success() => {
            let message = format!("{url} accepts a signed `{event}`");
            facts.handler = Some(probe);
            StepResult::pass(message)
        }
        HandlerResponse::Nothing(_) if settings.app.command.is_some() => StepResult::skip(
            "the application is not running; `prodverdict rehearse` starts it (`rehearsal.app`)",
        ),
        HandlerResponse::Nothing(reason) => StepResult::fail(at_handler(
            format!("{url} does not answer: {reason}"),
            "start the application, or let the rehearsal start it (`prodverdict rehearse -- npm start`)".to_owned(),
        )),
        HandlerResponse::Status { code, .. } => {
            let hint = match code {
                400 | 401 | 403 => format!(
                    "give the application the same signing secret as this command (`{}`), and let it verify the body as it \
                     was sent, before it is parsed",
                    settings.secret_env
                ),
                404 | 405 => "correct the path in `rehearsal.handler`: the handler takes POST requests there".to_owned(),
                300..=399 => "name the final URL in `rehearsal.handler`: the provider follows no redirect".to_owned(),
                _ => "see the application's log: a handler should answer 200 to events that it does not need".to_owned(),
            };
            StepResult::fail(at_handler(
                format!("{url} answers {code} to a signed `{event}`"),
                hint,
            ))
        }
    }
}
