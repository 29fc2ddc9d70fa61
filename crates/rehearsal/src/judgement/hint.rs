//! Suggests the likely cause of a finding, concluded from the changes of the row. A hint is a guess, and is worded as
//! one.

use super::{StepContext, description, description::events, entitlement_hint};
use crate::{
    action::YesNo,
    observed::{Delivery, HandlerResponse, Observed, RowState},
    provider::Provider,
    runs::Variant,
    scenario::EventOrder,
    sending::Signing,
};
use contract::{ExplainedSubscription, Field, Finding, RowFault, Rule};

/// Returns the hint for an event that was not accepted.
pub(super) fn not_accepted(
    context: StepContext<'_>,
    observed: &Observed,
    delivery: &Delivery,
) -> String {
    let everything = observed.earlier.iter().chain(&observed.deliveries);
    let none_was_accepted = !everything.clone().any(|one| one.answer.is_success());
    if delivery.signed == Signing::WithTwoSecrets && delivery.answer.may_blame_signature() {
        let part = match context.provider() {
            Provider::Stripe | Provider::Entitlements => "v1",
            Provider::Paddle => "h1",
        };
        return format!(
            "look at every `{part}` of the header: while a secret is rolled there are two, and the right one may be the \
             second"
        );
    }
    if none_was_accepted && delivery.answer.may_blame_signature() {
        let of_other_version = match context.provider() {
            Provider::Stripe | Provider::Entitlements => {
                ", or its SDK accepts only events of its own API version: set `rehearsal.api_version`"
            }
            Provider::Paddle => "",
        };
        return format!(
            "every event was refused: the running handler verifies with a different secret from `{}` (does it read a \
             variable that is not set here?), or verifies the body after something parsed it{of_other_version}",
            context.secret_env
        );
    }
    match &delivery.answer {
        HandlerResponse::Nothing(_) => {
            "is the handler running at this address, and does it answer within the time?".to_owned()
        }
        HandlerResponse::Status { code: 404 | 405, .. } => {
            "is `rehearsal.handler` the address of the webhook route, and does it take POST?".to_owned()
        }
        HandlerResponse::Status { code: 300..=399, .. } => {
            "the provider follows no redirects: name the address that answers itself (slash at the end, https, locale)"
                .to_owned()
        }
        HandlerResponse::Status { code: 500.., .. } => match observed.calls.iter().find(|call| call.status == 404) {
            Some(call) => format!(
                "the provider answered 404 to {} {}: handle an object that it no longer knows",
                call.method, call.target
            ),
            None => format!("the handler threw on {}: see its log", delivery.event),
        },
        HandlerResponse::Status { .. } => format!(
            "accept {}; where the endpoint is not registered for it, leave it out of `rehearsal.events`",
            delivery.event
        ),
    }
}

/// Returns the hint for a wrong row after every event was accepted.
pub(super) fn for_row(context: StepContext<'_>, observed: &Observed, worst: &Finding) -> String {
    if worst.rule == Rule::OrphanSubscription && !observed.after.linked {
        let named = context.named_by();
        let event = context.provider().linking_event();
        return format!("write the customer's id into the row that {named} names, on {event}");
    }
    if observed.all_changes.is_empty() {
        return nothing_changed(context, observed);
    }
    if context.run.variant == Variant::AtOnce {
        return "events that come at once overwrite one another: lock the account's row (`for update`) before anything \
                is read, or let the write depend on what was read"
            .to_owned();
    }
    if let Some(late) = out_of_order(context, observed) {
        return late;
    }
    if is_outdated(context, observed) {
        return format!(
            "an old event overwrote the current state: {}",
            fetch_current(context)
        );
    }
    if context.provider() == Provider::Entitlements {
        return entitlement_hint::for_changed_row(context, observed, worst);
    }
    match worst.rule.info().row_fault {
        Some(RowFault::AccessNotGiven) => no_access(context, observed),
        Some(RowFault::AccessNotTaken) => access(context, observed),
        Some(RowFault::WrongPlan) => plan(worst, observed),
        Some(RowFault::WrongPeriodEnd) => period(context, worst, observed),
        Some(RowFault::WrongCancelFlag) => cancel_flag(context, observed),
        None => worst.fix.to_string(),
    }
}

/// Returns the event that the hint of `for_row` mentions, if it is not an event of the step.
pub(super) fn event_of_row(
    context: StepContext<'_>,
    observed: &Observed,
    worst: &Finding,
) -> Option<&'static str> {
    let is_unlinked = worst.rule == Rule::OrphanSubscription && !observed.after.linked;
    is_unlinked.then(|| context.provider().linking_event())
}

/// Returns the advice to read the provider's current state.
fn fetch_current(context: StepContext<'_>) -> &'static str {
    match context.provider() {
        Provider::Stripe | Provider::Paddle => {
            "fetch the subscription from the API and write its state, not the event's"
        }
        Provider::Entitlements => {
            "list the customer's active entitlements from the API and write those, not the event's"
        }
    }
}

fn nothing_changed(context: StepContext<'_>, observed: &Observed) -> String {
    let Some(last) = observed.deliveries.last() else {
        return "nothing was sent at this step: the change was due at an earlier one".to_owned();
    };
    let answers: Vec<_> = observed
        .deliveries
        .iter()
        .map(|delivery| {
            format!(
                "{} to {}",
                description::answer(&delivery.answer),
                delivery.event
            )
        })
        .collect();
    let mut hint = format!(
        "answered {} but the row did not change: ",
        answers.join(", ")
    );
    let failed_before = observed
        .earlier
        .iter()
        .any(|earlier| !earlier.answer.is_success());
    let same_type = observed.earlier.iter().find(|earlier| {
        earlier.event == last.event && earlier.id != last.id && earlier.answer.is_success()
    });
    if failed_before
        && observed
            .deliveries
            .iter()
            .any(|delivery| delivery.is_repeat)
    {
        hint.push_str(
            "is the event's id remembered before the write that failed, so that the repeat is skipped? Remember it in \
             the same transaction",
        );
    } else if context.provider() == Provider::Entitlements {
        hint.push_str(&entitlement_hint::for_unchanged_row(observed));
    } else if let Some(same) = same_type {
        hint.push_str(&format!(
            "is the branch gone, or is it taken for a duplicate of {} (the same type, another event)?",
            same.id
        ));
    } else {
        hint.push_str("is the branch gone, or does its condition find no row?");
    }
    hint
}

/// Returns true if the handler applied an event that is older than the provider's state.
pub(super) fn believes_old_event(context: StepContext<'_>, observed: &Observed) -> bool {
    !observed.all_changes.is_empty()
        && (out_of_order(context, observed).is_some() || is_outdated(context, observed))
}

/// Returns the hint for events out of order. The events in their usual order caused no finding; otherwise that one
/// would be reported instead.
fn out_of_order(context: StepContext<'_>, observed: &Observed) -> Option<String> {
    let Variant::Order(order) = &context.run.variant else {
        return None;
    };
    let (last, earlier) = observed.deliveries.split_last()?;
    if context.step.order != EventOrder::Every || order.is_sorted() {
        return None;
    }
    let earlier: Vec<_> = earlier.iter().map(|one| one.event.as_str()).collect();
    Some(format!(
        "{} came after {}, and the row holds an earlier state: {}",
        last.event,
        earlier.join(", "),
        fetch_current(context)
    ))
}

/// Returns true if all delivered events are older than the provider's current state.
fn is_outdated(context: StepContext<'_>, observed: &Observed) -> bool {
    let step = context.step;
    !observed.deliveries.is_empty()
        && step.provider.is_empty()
        && step.rest != Some(YesNo::Yes)
        && (!step.again.is_empty() || step.send.iter().all(|sending| sending.of.is_some()))
}

fn subscriptions(observed: &Observed) -> &[ExplainedSubscription] {
    observed
        .explained
        .as_ref()
        .map_or(&[], |explained| &explained.subscriptions)
}

/// Returns the hint for a paying customer whose row denies access.
fn no_access(context: StepContext<'_>, observed: &Observed) -> String {
    let paid = context.column(Field::HasPaidAccess);
    let deciding = subscriptions(observed).iter().find(|one| one.decides);
    if observed.before.paid {
        let taken = format!("{} took `{paid}` away", events(observed));
        return match deciding {
            Some(one) if subscriptions(observed).len() > 1 => format!(
                "{taken} although {} grants it: check all of the customer's subscriptions, not only the one in the \
                 event",
                one.id
            ),
            Some(one) if one.cancel_scheduled == Some(true) => format!(
                "{taken} although {} is only scheduled to end: keep the access until {}",
                one.id,
                context.provider().ending_event()
            ),
            Some(one) => format!("{taken} although {} is {}", one.id, one.status),
            None => taken,
        };
    }
    match deciding {
        Some(one) if one.status == "trialing" => {
            format!("set `{paid}` for trialing too: treat it like active")
        }
        _ => format!(
            "{} changed {} but not `{paid}`: set it for active and trialing",
            events(observed),
            columns(observed)
        ),
    }
}

/// Returns the hint for a row that grants access without a payment.
fn access(context: StepContext<'_>, observed: &Observed) -> String {
    let paid = context.column(Field::HasPaidAccess);
    let status = subscriptions(observed)
        .first()
        .map(|one| one.status.as_str());
    if !observed.before.paid {
        return match status {
            Some(status) => format!(
                "{} set `{paid}` although the subscription is {status}: grant access on active and trialing only",
                events(observed)
            ),
            None => format!(
                "{} set `{paid}` although nothing is paid for yet",
                events(observed)
            ),
        };
    }
    format!(
        "{} changed {} but left `{paid}` as it was: take it away in the same update",
        events(observed),
        columns(observed)
    )
}

fn plan(worst: &Finding, observed: &Observed) -> String {
    let Some(found) = worst.subject.plan_found.as_deref() else {
        return format!(
            "{} stored no plan: write it where the access is written",
            events(observed)
        );
    };
    let mut deciding = subscriptions(observed).iter().filter(|one| one.decides);
    let several = deciding.find(|one| one.prices.len() > 1);
    match (&worst.subject.price, &worst.subject.plan_expected) {
        (Some(price), Some(_)) if let Some(several) = several => format!(
            "{} stored plan {found}, and {} has {} items: read the plan from the one with `{price}`, whatever its position",
            events(observed),
            several.id,
            several.prices.len()
        ),
        (Some(price), Some(expected)) => format!(
            "{} stored plan {found}: does the application map `{price}` to {expected}, or was a plan renamed in one \
             place only?",
            events(observed)
        ),
        (_, Some(expected)) => format!(
            "{} stored plan {found} where {expected} is paid for: was a plan renamed in one place only?",
            events(observed)
        ),
        _ => worst.fix.to_string(),
    }
}

/// Returns the hint for a stored period end that differs from the subscription's.
fn period(context: StepContext<'_>, worst: &Finding, observed: &Observed) -> String {
    let id = context.column(Field::SubscriptionId);
    if let Some((_, now)) = move_of(observed, id).filter(|(before, _)| is_value(Some(before))) {
        return format!(
            "{} made `{id}` {now}: an event about another subscription must not change this one's row",
            events(observed)
        );
    }
    let end = context.column(Field::PeriodEnd);
    let stored = observed.after.columns.iter().find(|(name, _)| name == end);
    if stored.is_some_and(|(_, value)| value == "null") {
        return match context.provider() {
            Provider::Stripe | Provider::Entitlements => format!(
                "`{end}` is null: read the period's end from `items.data[].current_period_end`, since basil it is no \
                 longer on the subscription, where reading it gives undefined and no error"
            ),
            Provider::Paddle => format!(
                "`{end}` is null: store `current_billing_period.ends_at` on every event about the subscription"
            ),
        };
    }
    if move_of(observed, end).is_none() {
        let place = match context.provider() {
            Provider::Stripe | Provider::Entitlements => {
                "since basil the period's end is at `items.data[].current_period_end`"
            }
            Provider::Paddle => "the period's end is at `current_billing_period.ends_at`",
        };
        let (events, columns) = (events(observed), columns(observed));
        return format!("{events} changed {columns} but not `{end}`: {place}");
    }
    worst.fix.to_string()
}

/// Returns the hint for a stored cancel flag that differs from the subscription's.
fn cancel_flag(context: StepContext<'_>, observed: &Observed) -> String {
    let flag = context.column(Field::CancelAtPeriodEnd);
    let mut changes = observed.changes.iter();
    let apart = changes.find(|change| {
        let name = change.column.replace('_', "").to_lowercase();
        name.ends_with("cancelat") && change.column != flag && is_value(change.after.as_deref())
    });
    let Some(change) = apart else {
        let scheduled = match context.provider() {
            Provider::Stripe | Provider::Entitlements => {
                "cancel_at_period_end || cancel_at != null"
            }
            Provider::Paddle => "scheduled_change?.action === \"cancel\"",
        };
        return format!("store `{scheduled}`, on every update and in both directions");
    };
    format!(
        "the row keeps `{0}` apart, so the contract has to read both: `cancel_at_period_end: \"({1} or {2} is not \
         null)\"`",
        change.column,
        identifier(flag),
        identifier(&change.column)
    )
}

/// Quotes a column for SQL if it needs quotes.
fn identifier(name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if name.bytes().all(is_plain) {
        name.to_owned()
    } else {
        format!("\\\"{name}\\\"")
    }
}

fn is_value(side: Option<&str>) -> bool {
    side.is_some_and(|value| value != "null")
}

/// Returns the values of a column in the contract before and after the step, if they differ.
fn move_of<'o>(observed: &'o Observed, column: &str) -> Option<(&'o str, &'o str)> {
    let values_of = |row: &'o RowState| {
        let mut columns = row.columns.iter();
        let found = columns.find(|(name, _)| name == column);
        found.map_or("null", |(_, value)| value.as_str())
    };
    let (before, after) = (values_of(&observed.before), values_of(&observed.after));
    (before != after).then_some((before, after))
}

/// Lists the changed columns, each once.
fn columns(observed: &Observed) -> String {
    let mut names: Vec<&str> = Vec::new();
    for change in observed
        .changes
        .iter()
        .filter(|change| !change.column.is_empty())
    {
        if !names.contains(&change.column.as_str()) {
            names.push(&change.column);
        }
    }
    if names.is_empty() {
        return "the row".to_owned();
    }
    names.join(", ")
}
