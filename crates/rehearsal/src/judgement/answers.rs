//! Judges the handler's responses: wrongly accepted events, refused ones, and swallowed failures.

use super::{StepContext, Wrong, description, hint};
use crate::{
    observed::{Delivery, InjectedFault, Observed},
    provider::Provider,
    scenario::Answered,
    sending::Signing,
};
use contract::HandlerRule;

/// Returns true if a delivery hit the injected failure and got an error response, so that its retry is still to come.
pub(super) fn has_failed(observed: &Observed) -> bool {
    let hit = observed.fault.as_ref().and_then(|fault| fault.hit);
    let hit = hit.and_then(|index| observed.deliveries.get(index));
    hit.is_some_and(|delivery| !delivery.answer.is_success())
}

/// Lists what is wrong with the responses of a step.
pub(super) fn judge(context: StepContext<'_>, observed: &Observed) -> Vec<Wrong> {
    if let Some(fault) = &observed.fault
        && let Some(hit) = fault.hit.and_then(|index| observed.deliveries.get(index))
    {
        return failed(observed, fault, hit).into_iter().collect();
    }
    match context.step.then.answer {
        Answered::Accepted => refused(context, observed).into_iter().collect(),
        Answered::Refused => accepted(context, observed),
        Answered::Any => Vec::new(),
    }
}

/// Requires an error response after an injected failure, unless the row is correct nevertheless.
fn failed(observed: &Observed, fault: &InjectedFault, hit: &Delivery) -> Option<Wrong> {
    let operation = &fault.what;
    let event = &hit.event;
    if hit.answer.is_success() {
        if observed.findings.is_empty() && observed.after.exists {
            return None;
        }
        let answer = description::answer(&hit.answer);
        let (mut message, more) = if fault.is_late {
            let message = format!(
                "{operation} failed after the handler had answered {answer} to {event}, and the row was still wrong when \
                 the time `settle` was over."
            );
            let more = ". If your queue repeats failed jobs, set `settle` above its first retry";
            (message, more)
        } else {
            let message = format!(
                "{operation} failed while {event} was handled, and the handler answered {answer}."
            );
            (message, "")
        };
        message.push_str("\nThe provider considers the event delivered and never sends it again.");
        let fix = format!(
            "let the error through, and answer once everything is written: after a 5xx response the provider delivers \
             the event again{more}"
        );
        return Some(Wrong::new(HandlerRule::SwallowedError, message, fix).about(event));
    }
    if fault.half_written.is_empty() {
        return None;
    }
    let message = format!(
        "{operation} failed while {event} was handled, and the delivery left part of its work behind: {}.",
        description::changes(&fault.half_written)
    );
    let fix = "apply all changes of one event in one transaction";
    Some(Wrong::new(HandlerRule::HalfWritten, message, fix).about(event))
}

/// Reports the first event that was not accepted, not even on a retry.
fn refused(context: StepContext<'_>, observed: &Observed) -> Option<Wrong> {
    let was_accepted = |id: &str| {
        let mut deliveries = observed.deliveries.iter();
        deliveries.any(|delivery| delivery.id == id && delivery.answer.is_success())
    };
    let mut deliveries = observed.deliveries.iter();
    let first = deliveries.find(|delivery| !was_accepted(&delivery.id))?;
    let message = format!(
        "The handler answered {} to {}.",
        description::answer(&first.answer),
        first.event
    );
    let fix = hint::not_accepted(context, observed, first);
    Some(Wrong::new(HandlerRule::HandlerAnswer, message, fix).about(&first.event))
}

/// Reports the first event that should have been refused, but was accepted or got a response other than 4xx.
fn accepted(context: StepContext<'_>, observed: &Observed) -> Vec<Wrong> {
    let wrong_answer = |delivery: &Delivery| match &delivery.answer {
        answer if answer.is_refusal() => None,
        answer if answer.is_success() => Some(forged(context.provider(), observed, delivery)),
        answer => Some(Wrong::new(
            HandlerRule::HandlerAnswer,
            format!(
                "The handler answered {} to an event {}; 4xx was expected.",
                description::answer(answer),
                description::signing(delivery.signed)
            ),
            "reject it with 400: a 5xx is retried for days and looks like an outage",
        )),
    };
    let mut wrong: Vec<_> = observed
        .deliveries
        .iter()
        .filter_map(wrong_answer)
        .collect();
    wrong.truncate(1);
    wrong
}

fn forged(provider: Provider, observed: &Observed, delivery: &Delivery) -> Wrong {
    let mut message = format!(
        "The handler answered {} to {} {}.",
        description::answer(&delivery.answer),
        delivery.event,
        description::signing(delivery.signed)
    );
    message.push_str(if observed.all_changes.is_empty() {
        "\nAnyone who knows the address can send it anything."
    } else {
        "\nIt applied the event: the row changed. Anyone who knows the address can give themselves access."
    });
    let (verify, tolerance) = match provider {
        Provider::Stripe | Provider::Entitlements => ("constructEvent", "5 minutes"),
        Provider::Paddle => ("unmarshal", "5 seconds"),
    };
    let fix = match delivery.signed {
        Signing::TenMinutesAgo => format!(
            "verify with the SDK's `{verify}`, which refuses signatures older than {tolerance}; do not raise its tolerance"
        ),
        Signing::ThenTamperedWith => {
            "verify the signature over the raw bytes of the body, before anything parses it"
                .to_owned()
        }
        Signing::NotAtAll
        | Signing::WithAnotherSecret
        | Signing::AsDocumented
        | Signing::WithTwoSecrets => {
            format!("verify the signature with the SDK's `{verify}` and answer 400 when it throws")
        }
    };
    Wrong::new(HandlerRule::ForgedAccepted, message, fix).about(&delivery.event)
}
