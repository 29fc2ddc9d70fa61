//! Causes of findings, as far as a step shows them. Findings with the same cause are merged into one across scenarios.

use std::mem;

use super::{StepContext, Wrong, hint};
use crate::{
    observed::{HandlerResponse, Observed},
    runs::Variant,
};
use contract::{Finding, HandlerRule, Merging, Rule};

/// Prefixes of the types of events that carry the whole change, those that carry most first.
const WHOLE_EVENTS: [&str; 3] = ["entitlements.", "customer.subscription.", "subscription."];

/// Limit on the steps that a merged finding lists.
const MAX_NAMED: usize = 20;

/// A finding with its causes. It has several if it also represents a finding of an earlier step. Without a cause it is
/// never merged.
#[derive(Debug, Clone)]
pub struct JudgedFinding {
    pub finding: Finding,
    pub causes: Vec<FindingCause>,
}

/// The properties that findings with the same cause share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FindingCause {
    /// The handler applies an event that is older than the provider's state.
    OldEvent,
    /// A rule that one habit of the handler breaks everywhere.
    Habit(HandlerRule),
    /// The same status code for the same event type.
    Answer {
        event: String,
        code: Option<u16>,
        /// Status of a subscription that grants nothing; otherwise the scenario, because events of a granting
        /// subscription fail for many reasons.
        about: String,
    },
    /// The same event types and subscription status leave the row wrong in the same way.
    Row {
        rule: Rule,
        events: Vec<String>,
        status: Option<String>,
        changed: Vec<String>,
    },
}

/// Returns the cause of a fault.
pub(super) fn cause(
    context: StepContext<'_>,
    observed: &Observed,
    wrong: &Wrong,
) -> Option<FindingCause> {
    if let Rule::Handler(rule) = wrong.rule {
        return match rule.merging() {
            Merging::Never => None,
            Merging::Everywhere => Some(FindingCause::Habit(rule)),
            Merging::ByAnswer => answered(context, observed),
        };
    }
    if context.run.variant == Variant::AtOnce {
        return None;
    }
    if hint::believes_old_event(context, observed) {
        return Some(FindingCause::OldEvent);
    }
    Some(FindingCause::Row {
        rule: wrong.rule,
        events: events(observed),
        status: status(observed),
        changed: changed(observed),
    })
}

fn answered(context: StepContext<'_>, observed: &Observed) -> Option<FindingCause> {
    let mut deliveries = observed.deliveries.iter();
    let refused = deliveries.find(|delivery| !delivery.answer.is_success())?;
    let code = match &refused.answer {
        HandlerResponse::Status { code, .. } => Some(*code),
        HandlerResponse::Nothing(_) => None,
    };
    let status =
        status(observed).filter(|status| !matches!(status.as_str(), "active" | "trialing"));
    Some(FindingCause::Answer {
        event: refused.event.clone(),
        code,
        about: status.unwrap_or_else(|| format!("scenario {}", context.run.scenario.id)),
    })
}

/// Lists the delivered event types. If there are events about entitlements or else about subscriptions, only those are
/// listed, because they carry the whole change.
fn events(observed: &Observed) -> Vec<String> {
    let deliveries = observed.deliveries.iter();
    let mut events: Vec<String> = deliveries.map(|delivery| delivery.event.clone()).collect();
    events.sort();
    events.dedup();
    let mut prefixes = WHOLE_EVENTS.iter();
    let begins = |prefix: &&&str| events.iter().any(|event| event.starts_with(**prefix));
    if let Some(prefix) = prefixes.find(begins) {
        events.retain(|event| event.starts_with(prefix));
    }
    events
}

/// Returns the status of the deciding subscription, or of the newest one when none decides.
fn status(observed: &Observed) -> Option<String> {
    let all = &observed.explained.as_ref()?.subscriptions;
    let deciding = all.iter().find(|subscription| subscription.decides);
    let newest = deciding.or(all.first())?;
    Some(newest.status.clone())
}

/// Lists the changed columns of the account's rows.
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

/// Merges the findings of each cause into the most severe one, which lists the steps of the others.
pub fn one_per_cause(judged: Vec<JudgedFinding>) -> Vec<Finding> {
    let mut groups: Vec<CauseGroup> = Vec::new();
    for (place, finding) in judged.into_iter().enumerate() {
        let shares = |group: &mut CauseGroup| {
            let mut causes = group.worst.causes.iter();
            causes.any(|cause| finding.causes.contains(cause))
        };
        let mut same: Vec<_> = groups.extract_if(.., shares).collect();
        same.push(CauseGroup {
            place: same.first().map_or(place, |group| group.place),
            worst: finding,
            others: Vec::new(),
        });
        groups.extend(same.into_iter().reduce(CauseGroup::merge));
        groups.sort_by_key(|group| group.place);
    }
    groups
        .into_iter()
        .map(|group| merged_finding(group.worst, group.others))
        .collect()
}

/// Findings with shared causes.
#[derive(Debug)]
struct CauseGroup {
    /// Position of the first finding among those that begin a group.
    place: usize,
    worst: JudgedFinding,
    /// Steps of the other findings.
    others: Vec<String>,
}

impl CauseGroup {
    fn merge(mut self, mut other: Self) -> Self {
        // Severities are ordered from the worst.
        if other.worst.finding.severity < self.worst.finding.severity {
            mem::swap(&mut self.worst, &mut other.worst);
            self.others.insert(0, step(&other.worst));
        } else {
            self.others.push(step(&other.worst));
        }
        self.worst.causes.append(&mut other.worst.causes);
        self.others.append(&mut other.others);
        self
    }
}

/// Returns the step of a finding, such as `cancel-now/deleted`.
fn step(judged: &JudgedFinding) -> String {
    judged.finding.entity.id().to_owned()
}

fn merged_finding(judged: JudgedFinding, mut others: Vec<String>) -> Finding {
    let mut finding = judged.finding;
    if others.is_empty() {
        return finding;
    }
    let more = others.len().saturating_sub(MAX_NAMED);
    others.truncate(MAX_NAMED);
    let mut list = others.join(", ");
    if more > 0 {
        list.push_str(&format!(" and {more} more"));
    }
    finding.message = format!("{}\nSame cause at: {list}.", finding.message).into();
    finding
}
