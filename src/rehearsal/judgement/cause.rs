//! What is behind a finding, as far as a step shows it: findings of one cause are told as one, in whichever scenario they
//! are.

use super::{OnRow, Wrong, hint};
use crate::{
    contract::{Finding, HandlerRule, Rule, Severity},
    rehearsal::{
        due::Variation,
        observed::{Answer, Observed},
    },
};

/// Beginning of the types of event that tell of a subscription.
const OF_SUBSCRIPTIONS: &str = "customer.subscription.";

/// Steps that are named beside the one that tells.
const NAMED: usize = 20;

/// A finding, and what is behind it; none where it is told on its own.
#[derive(Debug, Clone)]
pub struct Judged {
    pub finding: Finding,
    pub cause: Option<Cause>,
}

/// What two findings of one cause have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// An event is believed that is older than what the provider says.
    OldEvent,
    /// Wherever it happens, the handler does it.
    Habit(HandlerRule),
    /// One type of event, told of a subscription in one state, is answered alike.
    Answer {
        event: String,
        code: Option<u16>,
        /// Of a subscription that grants nothing; else the scenario, because anything may be wrong with such an event.
        about: String,
    },
    /// The same types of event, about subscriptions in one state, leave the row wrong in the same way.
    Row {
        rule: Rule,
        events: Vec<String>,
        status: Option<String>,
        changed: Vec<String>,
    },
}

/// What is behind something that is wrong.
pub(super) fn cause(on: OnRow<'_>, observed: &Observed, wrong: &Wrong) -> Option<Cause> {
    match wrong.rule {
        Rule::Handler(
            rule @ (HandlerRule::SwallowedError
            | HandlerRule::HalfWritten
            | HandlerRule::ForgedAccepted),
        ) => Some(Cause::Habit(rule)),
        Rule::Handler(HandlerRule::HandlerAnswer) => answered(on, observed),
        Rule::Handler(_) => None,
        _ if on.performance.variation == Variation::AtOnce => None,
        _ if hint::believes_old_event(on, observed) => Some(Cause::OldEvent),
        rule => Some(Cause::Row {
            rule,
            events: events(observed),
            status: status(observed),
            changed: changed(observed),
        }),
    }
}

fn answered(on: OnRow<'_>, observed: &Observed) -> Option<Cause> {
    let mut deliveries = observed.deliveries.iter();
    let refused = deliveries.find(|delivery| !delivery.answer.is_success())?;
    let code = match &refused.answer {
        Answer::Status { code, .. } => Some(*code),
        Answer::Nothing(_) => None,
    };
    let status =
        status(observed).filter(|status| !matches!(status.as_str(), "active" | "trialing"));
    Some(Cause::Answer {
        event: refused.event.clone(),
        code,
        about: status.unwrap_or_else(|| format!("scenario {}", on.performance.scenario.id)),
    })
}

/// The types of event that were delivered; those of subscriptions alone where there are any, which say all of it.
fn events(observed: &Observed) -> Vec<String> {
    let deliveries = observed.deliveries.iter();
    let mut events: Vec<String> = deliveries.map(|one| one.event.clone()).collect();
    events.sort();
    events.dedup();
    if events
        .iter()
        .any(|event| event.starts_with(OF_SUBSCRIPTIONS))
    {
        events.retain(|event| event.starts_with(OF_SUBSCRIPTIONS));
    }
    events
}

/// What the provider says of the subscription that decides, or else of the newest.
fn status(observed: &Observed) -> Option<String> {
    let all = &observed.explained.as_ref()?.subscriptions;
    let deciding = all.iter().find(|one| one.decides);
    let one = deciding.or(all.first())?;
    Some(one.status.to_string())
}

/// The columns of the account's rows that changed.
fn changed(observed: &Observed) -> Vec<String> {
    let mut changed: Vec<_> = observed
        .changes
        .iter()
        .map(|change| format!("{}.{}", change.table, change.column))
        .collect();
    changed.sort();
    changed.dedup();
    changed
}

/// One finding for each cause: the worst tells, or the first of the worst, and names the steps that the others are of.
pub fn one_a_cause(judged: Vec<Judged>) -> Vec<Finding> {
    let mut groups: Vec<(Judged, Vec<String>)> = Vec::new();
    for one in judged {
        let known = groups
            .iter_mut()
            .find(|(known, _)| one.cause.is_some() && known.cause == one.cause);
        let Some((known, others)) = known else {
            groups.push((one, Vec::new()));
            continue;
        };
        // Severities are ordered from the worst.
        let rank = |judged: &Judged| -> Severity { judged.finding.severity };
        if rank(&one) < rank(known) {
            others.insert(0, step(known));
            *known = one;
        } else {
            others.push(step(&one));
        }
    }
    groups.into_iter().map(told).collect()
}

/// `cancel-now/deleted`, as a finding names its step.
fn step(judged: &Judged) -> String {
    judged.finding.entity.id().to_owned()
}

fn told((judged, mut others): (Judged, Vec<String>)) -> Finding {
    let mut finding = judged.finding;
    if others.is_empty() {
        return finding;
    }
    let more = others.len().saturating_sub(NAMED);
    others.truncate(NAMED);
    let mut list = others.join(", ");
    if more > 0 {
        list.push_str(&format!(" and {more} more"));
    }
    finding.message = format!("{}\nFor the same reason: {list}.", finding.message).into();
    finding
}
