//! Judges the rows of the account, against the contract and against the state before the step, and the rows of
//! unrelated accounts.

use super::{StepContext, Wrong, description, hint};
use crate::{observed::Observed, scenario::Access};
use contract::{Finding, HandlerRule, Rule};

/// Reports the most severe of the rules that the account breaks, and lists the others in the same finding.
pub(super) fn check_contract(context: StepContext<'_>, observed: &Observed) -> Option<Wrong> {
    let mut findings = observed.findings.iter();
    let worst = findings.next()?;
    let mut message = message_of(context, observed, worst);
    for other in findings {
        message.push('\n');
        message.push_str(&format!(
            "also {}: {}",
            other.rule,
            first_line(&other.message)
        ));
    }
    let mut wrong = Wrong::new(worst.rule, message, hint::for_row(context, observed, worst));
    wrong.event = hint::event_of_row(context, observed, worst).map(str::to_owned);
    // An orphan is less severe in a check, where the customer may have no account. Here the account exists.
    wrong.severity = if worst.rule == Rule::OrphanSubscription {
        Rule::RevenueLeak.info().severity
    } else {
        worst.severity
    };
    wrong
        .subject
        .subscription
        .clone_from(&worst.subject.subscription);
    wrong.subject.status.clone_from(&worst.subject.status);
    wrong.subject.price.clone_from(&worst.subject.price);
    wrong
        .subject
        .plan_found
        .clone_from(&worst.subject.plan_found);
    wrong
        .subject
        .plan_expected
        .clone_from(&worst.subject.plan_expected);
    wrong.amount = worst.amount.clone();
    wrong.items_without_amount = worst.items_without_amount;
    Some(wrong)
}

fn message_of(context: StepContext<'_>, observed: &Observed, worst: &Finding) -> String {
    if worst.rule == Rule::OrphanSubscription && !observed.after.linked {
        return format!(
            "The customer {} pays, and no account is linked to it: the row has no customer id.",
            context.customer
        );
    }
    worst.message.to_string()
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// Compares access with the expectation of a user-defined scenario, whatever the contract decides.
pub(super) fn check_access(context: StepContext<'_>, observed: &Observed) -> Option<Wrong> {
    let expected = match context.step.then.access {
        Access::Yes => true,
        Access::No => false,
        Access::Either => return None,
    };
    if !context.run.scenario.is_own || observed.after.paid == expected {
        return None;
    }
    let (rule, message) = if expected {
        (
            Rule::RevenueLeak,
            "The scenario expects access, but the row does not grant it.",
        )
    } else {
        (
            Rule::WrongfulAccess,
            "The scenario expects no access, but the row grants it.",
        )
    };
    let fix = "the contract agrees with the row: correct `then.access` of this step, or `statuses`, `grace` or `pause` \
               in the contract";
    Some(Wrong::new(rule, message.to_owned(), fix))
}

/// Reports changes after a step that must write nothing.
pub(super) fn check_untouched(observed: &Observed) -> Option<Wrong> {
    if observed.all_changes.is_empty() {
        return None;
    }
    let message = format!(
        "No write was required, but the row changed: {}.",
        description::changes(&observed.all_changes)
    );
    let fix = format!(
        "leave the row alone on {}: return early for what the application does not handle",
        description::events(observed)
    );
    Some(Wrong::new(HandlerRule::UnneededWrite, message, fix))
}

/// Reports changes after a repeated event, except timestamps.
pub(super) fn check_repeat(observed: &Observed) -> Option<Wrong> {
    if observed.changes.is_empty() {
        return None;
    }
    let message = format!(
        "A repeated event changed the row again: {}.",
        description::changes(&observed.changes)
    );
    let fix = "remember the ids of events in the transaction that applies them, or write values instead of adding to them";
    Some(Wrong::new(HandlerRule::RepeatChanged, message, fix))
}

/// Reports lost access or a changed plan after a step that must keep both.
pub(super) fn check_kept(observed: &Observed) -> Option<Wrong> {
    let (before, after) = (&observed.before, &observed.after);
    let plan = |plan: &Option<String>| plan.clone().unwrap_or_else(|| "null".to_owned());
    let lost = before.paid && !after.paid;
    if !lost && before.plan == after.plan {
        return None;
    }
    let mut losses = Vec::new();
    if lost {
        losses.push("access was taken away".to_owned());
    }
    if before.plan != after.plan {
        losses.push(format!(
            "the plan went from {} to {}",
            plan(&before.plan),
            plan(&after.plan)
        ));
    }
    let message = format!(
        "The customer still pays, at a price that the application does not know, and {}.",
        losses.join(" and ")
    );
    let fix =
        "keep plan and access for an unknown price, report it, and apply the rest of the event";
    let mut wrong = Wrong::new(HandlerRule::PlanDropped, message, fix);
    wrong.subject.plan_found = after.plan.as_deref().map(Into::into);
    wrong.subject.plan_expected = before.plan.as_deref().map(Into::into);
    Some(wrong)
}

/// Reports a wrong response of the application's access endpoint.
pub(super) fn check_gate(observed: &Observed) -> Option<Wrong> {
    let gate = observed.gate.as_ref()?;
    let response = match &gate.reported {
        Ok(access) if *access == gate.expected => return None,
        Ok(access) => format!("answers {access}"),
        Err(why) => format!("cannot be understood: {why}"),
    };
    let message = format!(
        "The row is right, but {} {response} where {} is expected.",
        gate.url, gate.expected
    );
    let fix = "let the application decide by the columns that the contract maps, or map those that it uses";
    Some(Wrong::new(HandlerRule::GateDiffers, message, fix))
}

/// Reports that the row of the account is gone.
pub(super) fn account_gone(context: StepContext<'_>) -> Wrong {
    let message = format!("The row of the account `{}` is gone.", context.account);
    let fix =
        "keep the account when its customer or subscription goes: take the access away instead";
    Wrong::new(HandlerRule::AccountGone, message, fix)
}

/// Reports changed rows of unrelated accounts.
pub(super) fn check_bystanders(observed: &Observed) -> Option<Wrong> {
    let first = observed.bystanders.first()?;
    let mut message = format!(
        "An unrelated row changed, that of {} ({}): {}.",
        first.who,
        first.account,
        description::changes(&first.changes)
    );
    if let [_, others @ ..] = observed.bystanders.as_slice()
        && !others.is_empty()
    {
        let others: Vec<_> = others.iter().map(|other| other.who.as_str()).collect();
        message.push_str(&format!(
            "\nSo did that of {}.",
            others.join(", and that of ")
        ));
    }
    let fix = format!(
        "check the condition of the update on {}: an empty or missing id must match no row",
        description::events(observed)
    );
    let mut wrong = Wrong::new(HandlerRule::BystanderChanged, message, fix);
    wrong.subject.named = observed
        .bystanders
        .iter()
        .map(|bystander| bystander.account.clone())
        .collect();
    Some(wrong)
}
