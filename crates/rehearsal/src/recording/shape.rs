//! Turns the actions that equal lifecycles have in common into the steps of a scenario.

use std::collections::BTreeMap;

use super::{
    Unplayable,
    lifecycle_reader::{ExpectedState, TimedAction},
};
use crate::{
    action::{Label, ProviderAction, YesNo},
    scenario::{ExpectedRow, Scenario, Step, Then},
    test_prices::PriceRole,
};
use contract::Status;

const DAY: i64 = 86_400;

/// Maximum number of actions. Longer lifecycles are rare, and shorter ones reveal the same bugs.
const MAX_ACTIONS: usize = 30;

/// Maximum number of equal actions in a row that are kept.
const MAX_REPEATS: usize = 2;

/// Waits of a scenario, in days. Real ones are rounded down, so that similar lifecycles become equal.
pub(super) const WAITS: [u16; 3] = [7, 3, 1];

/// Maximum total wait, which must not reach the end of a period or a trial.
const MAX_TOTAL_WAIT: u16 = 10;

/// A lifecycle that several customers had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifecycleShape {
    /// Number of customers who had it.
    pub customers: u64,
    pub scenario: Scenario,
    /// State of the step's subscription after each step.
    pub expected: Vec<Option<ExpectedState>>,
}

/// The steps of one lifecycle, and the waits between them.
#[derive(Debug, Clone)]
pub(super) struct LifecycleSteps {
    pub(super) steps: Vec<Step>,
    pub(super) expected: Vec<Option<ExpectedState>>,
    /// Days before each step.
    pub(super) waits: Vec<u16>,
}

/// Turns actions into steps.
pub(super) fn lifecycle_steps(actions: Vec<TimedAction>) -> Result<LifecycleSteps, Unplayable> {
    let actions = without_repeats(actions);
    if actions.len() > MAX_ACTIONS {
        return Err(Unplayable::TooLong);
    }
    let waits = waits(&actions);
    let mut unknown: BTreeMap<Label, bool> = BTreeMap::new();
    let (mut steps, mut expected) = (Vec::new(), Vec::new());
    for (index, action) in actions.into_iter().enumerate() {
        let was_unknown = unknown.values().any(|is_unknown| *is_unknown);
        if let Some(after) = &action.after {
            unknown.insert(after.label.clone(), has_unknown_plan(after));
        }
        let is_unknown = unknown.values().any(|is_unknown| *is_unknown);
        if was_unknown && is_unknown && !keeps_access(&action.action) {
            return Err(Unplayable::UnknownPriceLater);
        }
        steps.push(Step {
            id: step_id(index, &action.action),
            does: describe_action(&action.action),
            provider: vec![action.action],
            send: action.events,
            then: Then {
                row: if is_unknown {
                    ExpectedRow::Kept
                } else {
                    ExpectedRow::Follows
                },
                ..Then::default()
            },
            ..Step::default()
        });
        expected.push(action.after);
    }
    Ok(LifecycleSteps {
        steps,
        expected,
        waits,
    })
}

/// Returns true if a subscription that has not ended has an unknown price and no price of a plan.
fn has_unknown_plan(after: &ExpectedState) -> bool {
    let has =
        |wanted: &dyn Fn(PriceRole) -> bool| after.items.iter().any(|(role, _)| wanted(*role));
    let is_over = matches!(after.status, Status::Canceled | Status::IncompleteExpired);
    let is_of_plan = |role| {
        matches!(
            role,
            PriceRole::Main | PriceRole::Other | PriceRole::Third | PriceRole::Yearly
        )
    };
    !is_over && has(&|role| role == PriceRole::Unknown) && !has(&is_of_plan)
}

/// Returns true if the action does not change access, whatever the price is.
fn keeps_access(action: &ProviderAction) -> bool {
    matches!(
        action,
        ProviderAction::Renew {
            paid: YesNo::Yes,
            ..
        } | ProviderAction::ChangePrice { .. }
            | ProviderAction::ChangeQuantity { .. }
            | ProviderAction::ScheduleCancel { .. }
            | ProviderAction::Keep { .. }
            | ProviderAction::ChangeEmail { .. }
    )
}

fn without_repeats(actions: Vec<TimedAction>) -> Vec<TimedAction> {
    let mut kept: Vec<TimedAction> = Vec::with_capacity(actions.len());
    let mut times = 0;
    for action in actions {
        let is_repeat = kept.last().is_some_and(|last| last.action == action.action);
        times = if is_repeat { times + 1 } else { 1 };
        let is_abandoned = matches!(
            &action.action,
            ProviderAction::Checkout(_) | ProviderAction::ChangeEmail { .. }
        );
        let max = if is_abandoned { 1 } else { MAX_REPEATS };
        if times <= max {
            kept.push(action);
        } else if let Some(last) = kept.last_mut() {
            last.after = action.after;
            last.at = action.at;
        }
    }
    kept
}

/// Returns the days to wait before each action: the longest of [`WAITS`] that is not longer than the real wait and fits into
/// what is left of [`MAX_TOTAL_WAIT`] in the period.
fn waits(actions: &[TimedAction]) -> Vec<u16> {
    let mut waits = Vec::with_capacity(actions.len());
    let mut waited: u16 = 0;
    let mut before: Option<i64> = None;
    for action in actions {
        if begins_period(&action.action) {
            waited = 0;
        }
        let days = before.map_or(0, |before| action.at.saturating_sub(before) / DAY);
        let left = MAX_TOTAL_WAIT.saturating_sub(waited);
        let mut days = WAITS
            .into_iter()
            .filter(|wait| i64::from(*wait) <= days && *wait <= left);
        let wait = days.next().filter(|_| !has_fixed_time(&action.action));
        let wait = wait.unwrap_or(0);
        waited = waited.saturating_add(wait);
        waits.push(wait);
        before = Some(action.at);
    }
    waits
}

fn begins_period(action: &ProviderAction) -> bool {
    matches!(
        action,
        ProviderAction::Renew { .. }
            | ProviderAction::EndTrial { .. }
            | ProviderAction::EnterPhase { .. }
            | ProviderAction::Resume { .. }
    )
}

/// Returns true if the fake provider determines the time of the action, so that it needs no wait.
fn has_fixed_time(action: &ProviderAction) -> bool {
    begins_period(action) && !matches!(action, ProviderAction::Resume { .. })
        || matches!(
            action,
            ProviderAction::EndAtPeriodEnd { .. }
                | ProviderAction::TrialWillEnd { .. }
                | ProviderAction::PaymentFailed { .. }
                | ProviderAction::Recover { .. }
                | ProviderAction::GiveUp { .. }
                | ProviderAction::AsyncPayment { .. }
                | ProviderAction::ExpireIncomplete { .. }
                | ProviderAction::Pay { .. }
        )
}

/// Returns an id such as `3-change-price`.
pub(super) fn step_id(index: usize, action: &ProviderAction) -> String {
    format!("{}-{}", index + 1, action.name().replace('_', "-"))
}

/// Describes an action, such as `change price (price: other)`.
pub(super) fn describe_action(action: &ProviderAction) -> String {
    let name = action.name().replace('_', " ");
    let written = serde_json::to_value(action).unwrap_or_default();
    let details = written
        .get(action.name())
        .and_then(serde_json::Value::as_object);
    let details: Vec<String> = details
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}: {}", value.to_string().replace('"', "")))
        .collect();
    if details.is_empty() {
        name
    } else {
        format!("{name} ({})", details.join(", "))
    }
}
