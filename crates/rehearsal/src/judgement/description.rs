//! Describes a step: what happened, what was sent, the state on each side, and the handler's requests.

use super::StepContext;
use crate::{
    observed::{ColumnChange, Delivery, HandlerResponse, Observed},
    provider::Provider,
    sending::Signing,
};
use contract::text::capitalized;
use contract::{ExplainedSubscription, PriceUse};

/// Maximum number of entries shown.
const MAX_CALLS: usize = 12;
const MAX_CHANGES: usize = 6;
pub(super) const MAX_EARLIER: usize = 12;

/// Maximum length of a shown value or body, which may be anything.
const MAX_VALUE_LENGTH: usize = 80;

/// Returns the first line of a finding, which describes the step.
pub(super) fn step(context: StepContext<'_>) -> String {
    let mut does = context.step.does.clone();
    let text = context.run.description();
    if !text.is_empty() {
        does = format!("{does} ({text})");
    }
    format!("{}.\n", capitalized(&does))
}

/// Lists the evidence, one fact per entry, each of which begins with a label.
pub(super) fn evidence(context: StepContext<'_>, observed: &Observed) -> Vec<String> {
    let mut lines = Vec::new();
    let skipped = observed.earlier.len().saturating_sub(MAX_EARLIER);
    if skipped > 0 {
        lines.push(format!("sent      {skipped} more before these"));
    }
    lines.extend(observed.earlier.iter().skip(skipped).map(earlier_delivery));
    lines.extend(observed.visited.iter().map(|page| match &page.answer {
        Ok(status) => format!("visited   {}: answered {status}", page.url),
        Err(why) => format!("visited   {}: {}", page.url, shortened(why)),
    }));
    lines.extend(observed.deliveries.iter().map(delivery));
    if let Some(fault) = &observed.fault {
        lines.push(format!(
            "failed    {}{}",
            fault.what.to_lowercase(),
            if fault.hit.is_some() {
                ""
            } else {
                ", which never arrived"
            }
        ));
    }
    if let Some(explained) = &observed.explained {
        let has_entitlements = context.provider() == Provider::Entitlements;
        let bought = explained.subscriptions.iter();
        lines.extend(bought.map(|bought| {
            let id = &bought.id;
            if has_entitlements {
                let features = prices(bought).join(", ");
                return format!("provider  {id} is entitled to {features}");
            }
            let prices = prices(bought).join(" and ");
            format!("provider  {id} is {}, {prices}", bought.status)
        }));
        let state = explained
            .judgement
            .as_ref()
            .ok()
            .and_then(|judgement| judgement.state.as_ref());
        if let Some(state) = state {
            lines.push(format!(
                "provider  the customer is {}: {}",
                state.access.as_str(),
                state.reason
            ));
        }
    }
    if observed.after.exists {
        let columns = observed.after.columns.iter();
        let columns: Vec<_> = columns
            .map(|(name, value)| format!("{name} {}", shortened(value)))
            .collect();
        lines.push(format!("row       {}", columns.join(", ")));
    } else {
        lines.push("row       none".to_owned());
    }
    lines.push(
        match (observed.changes.as_slice(), observed.all_changes.as_slice()) {
            ([], []) => "changed   nothing".to_owned(),
            ([], stamps) => format!("changed   {}", changes(stamps)),
            (more, _) => format!("changed   {}", changes(more)),
        },
    );
    lines.extend(calls(observed));
    let printed = observed.printed.iter();
    lines.extend(printed.map(|line| format!("printed   {line}")));
    lines
}

fn earlier_delivery(earlier: &Delivery) -> String {
    format!("{} (at {})", delivery(earlier), earlier.step)
}

fn delivery(delivery: &Delivery) -> String {
    let mut line = format!("sent      {} {}", delivery.event, delivery.id);
    if delivery.is_repeat {
        line.push_str(" again");
    }
    if delivery.signed != Signing::AsDocumented {
        line.push_str(&format!(" {}", signing(delivery.signed)));
    }
    line.push_str(&format!(": answered {}", answer(&delivery.answer)));
    line
}

/// Describes the prices of a subscription, or the features in their place.
fn prices(subscription: &ExplainedSubscription) -> Vec<String> {
    subscription
        .prices
        .iter()
        .map(|price| match &price.meaning {
            PriceUse::Plan { plan, .. } => format!("{} ({plan})", price.price),
            PriceUse::Seats => format!("{} (seats)", price.price),
            PriceUse::Ignored => format!("{} (another product)", price.price),
            PriceUse::Unmapped => format!("{} (not mapped)", price.price),
            PriceUse::NotChecked => price.price.clone(),
        })
        .collect()
}

fn calls(observed: &Observed) -> Vec<String> {
    let calls = &observed.calls;
    if calls.is_empty() {
        return vec!["called    nothing".to_owned()];
    }
    let mut lines: Vec<_> = calls
        .iter()
        .take(MAX_CALLS)
        .map(|call| format!("called    {} {}: {}", call.method, call.target, call.status))
        .collect();
    if let Some(more) = calls.len().checked_sub(MAX_CALLS).filter(|more| *more > 0) {
        lines.push(format!("called    {more} more"));
    }
    lines
}

/// Formats changes as `users.plan pro → free, …`.
pub(super) fn changes(changes: &[ColumnChange]) -> String {
    let value = |value: &Option<String>| match value {
        Some(value) => shortened(value),
        None => "nothing".to_owned(),
    };
    let mut text: Vec<_> = changes
        .iter()
        .take(MAX_CHANGES)
        .map(|change| match (&change.before, &change.after) {
            (None, Some(_)) if change.column.is_empty() => {
                format!("a row of {} was added", change.table)
            }
            (Some(_), None) if change.column.is_empty() => {
                format!("a row of {} was removed", change.table)
            }
            (before, after) => format!(
                "{}.{} {} → {}",
                change.table,
                change.column,
                value(before),
                value(after)
            ),
        })
        .collect();
    if changes.len() > MAX_CHANGES {
        text.push(format!("{} more", changes.len() - MAX_CHANGES));
    }
    text.join(", ")
}

/// Formats a response: its status, and the beginning of the body of an error.
pub(super) fn answer(answer: &HandlerResponse) -> String {
    match answer {
        HandlerResponse::Status { code, body } if body.is_empty() => code.to_string(),
        HandlerResponse::Status { code, body } => format!("{code} ({})", shortened(body)),
        HandlerResponse::Nothing(why) => format!("nothing ({})", shortened(why)),
    }
}

/// Describes the signature of an event, to follow its name.
pub(super) fn signing(signing: Signing) -> &'static str {
    match signing {
        Signing::AsDocumented => "signed as documented",
        Signing::WithTwoSecrets => "signed with two secrets, the right one second",
        Signing::NotAtAll => "without a signature",
        Signing::WithAnotherSecret => "signed with another secret",
        Signing::ThenTamperedWith => "changed after it was signed",
        Signing::TenMinutesAgo => "signed ten minutes ago",
    }
}

/// Lists the types of the delivered events, each once.
pub(super) fn events(observed: &Observed) -> String {
    let mut names: Vec<&str> = Vec::new();
    for delivery in &observed.deliveries {
        if !names.contains(&delivery.event.as_str()) {
            names.push(&delivery.event);
        }
    }
    match names.as_slice() {
        [] => "the handler".to_owned(),
        [first] => (*first).to_owned(),
        [first, .., last] if names.len() > 2 => format!("{first} … {last}"),
        [first, others @ ..] => format!("{first} and {}", others.join(", ")),
    }
}

/// Lists the ids that the texts contain.
pub(super) fn named(observed: &Observed) -> Vec<String> {
    let deliveries = observed.earlier.iter().chain(&observed.deliveries);
    let mut named: Vec<_> = deliveries.map(|delivery| delivery.id.clone()).collect();
    if let Some(explained) = &observed.explained {
        named.extend(
            explained
                .subscriptions
                .iter()
                .map(|subscription| subscription.id.clone()),
        );
    }
    named.sort();
    named.dedup();
    named
}

fn shortened(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MAX_VALUE_LENGTH {
        return line;
    }
    let beginning: String = line.chars().take(MAX_VALUE_LENGTH).collect();
    format!("{beginning}…")
}
