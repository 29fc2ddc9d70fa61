//! Derives the actions that changed a subscription between two of its events.

use super::{
    Unplayable, item_change,
    lifecycle_reader::{LifecycleChange, LifecycleReader},
    looking_ahead::within_event_window,
    stripped_event::SubscriptionEvent,
    subscription_state::SubscriptionState,
};
use crate::action::{EndOfTrial, GivenUp, Label, ProviderAction, YesNo};
use contract::Status;

/// Returns a plausible state before an event that does not contain the previous one.
pub(super) fn state_before(
    kind: SubscriptionEvent,
    now: &SubscriptionState,
    at: i64,
) -> SubscriptionState {
    let at_trial_end = now
        .trial_end
        .is_some_and(|end| within_event_window(end, at));
    let mut before = now.clone();
    match (kind, &now.status) {
        (SubscriptionEvent::Deleted, _) if now.was_given_up => before.status = Status::PastDue,
        (SubscriptionEvent::Deleted, _) | (_, Status::Paused) => {
            before.status = if at_trial_end {
                Status::Trialing
            } else {
                Status::Active
            };
        }
        _ => {}
    }
    before
}

/// Adds the actions that caused one event, which may be several.
pub(super) fn add_actions(
    reader: &mut LifecycleReader<'_>,
    change: LifecycleChange<'_>,
) -> Result<(), Unplayable> {
    let Some(known) = reader.subscriptions.get(change.id) else {
        return Ok(());
    };
    let (label, was) = (known.label.clone(), known.state.clone());
    if was.is_over() {
        return Ok(());
    }
    let actions_before = reader.actions.len();
    match change.kind {
        SubscriptionEvent::TrialWillEnd => {
            reader.push(
                change.at,
                ProviderAction::TrialWillEnd {
                    subscription: label,
                },
            );
            return Ok(());
        }
        SubscriptionEvent::Deleted => {
            end(reader, change, &was, label);
            return store_state(reader, change, change.now.clone(), actions_before);
        }
        SubscriptionEvent::Created | SubscriptionEvent::Changed => {}
    }
    let mut state = change.now.clone();
    let is_renewed = change_status(reader, change, (&was, &mut state), &label)?;
    item_change::read(reader, change, (&was, &label), is_renewed)?;
    if state.pause != was.pause {
        let subscription = label.clone();
        reader.push(
            change.at,
            match state.pause {
                Some(behavior) => ProviderAction::PauseCollection {
                    subscription,
                    behavior,
                },
                None => ProviderAction::ClearPause { subscription },
            },
        );
    }
    if state.cancel != was.cancel && !state.is_over() {
        let subscription = label;
        reader.push(
            change.at,
            match state.cancel {
                Some(encoding) => ProviderAction::ScheduleCancel {
                    subscription,
                    encoding,
                },
                None => ProviderAction::Keep { subscription },
            },
        );
    }
    store_state(reader, change, state, actions_before)
}

/// Stores the state, and expects it after the last action.
fn store_state(
    reader: &mut LifecycleReader<'_>,
    change: LifecycleChange<'_>,
    state: SubscriptionState,
    actions_before: usize,
) -> Result<(), Unplayable> {
    if let Some(known) = reader.subscriptions.get_mut(change.id) {
        known.state = state;
    }
    if reader.actions.len() > actions_before {
        reader.expect_state(change.id)?;
    }
    Ok(())
}

fn resumed(subscription: Label) -> ProviderAction {
    ProviderAction::Resume {
        subscription,
        paid: YesNo::Yes,
    }
}

/// Adds the action that changed the status or began a new period. Returns true if it was a renewal.
fn change_status(
    reader: &mut LifecycleReader<'_>,
    change: LifecycleChange<'_>,
    (was, now): (&SubscriptionState, &mut SubscriptionState),
    label: &Label,
) -> Result<bool, Unplayable> {
    let LifecycleChange { index, at, id, .. } = change;
    let subscription = label.clone();
    let at_trial_end = was
        .trial_end
        .is_some_and(|end| within_event_window(end, at));
    let periods = was.period_start.zip(now.period_start);
    let has_moved = periods.is_some_and(|(was, now)| now > was);
    let action = match (&was.status, &now.status) {
        (before @ (Status::Active | Status::PastDue | Status::Unpaid), after)
            if before == after && has_moved =>
        {
            let before = reader.parts.all_parts(was)?;
            let after = reader.parts.all_parts(now)?;
            if item_change::begins_period(&before, &after) {
                return Ok(false);
            }
            renew(reader, change, label);
            return Ok(true);
        }
        (before, after) if before == after => return Ok(false),
        (Status::Incomplete, Status::Active | Status::Trialing) => {
            let is_reported = reader.actions.iter().rev().any(|action| {
                matches!(&action.action, ProviderAction::AsyncPayment { subscription, .. } if subscription == label)
            });
            if is_reported || reader.async_payment_comes(index, at, id) {
                return Ok(false);
            }
            ProviderAction::Pay { subscription }
        }
        (Status::Incomplete, Status::IncompleteExpired) => {
            ProviderAction::ExpireIncomplete { subscription }
        }
        (Status::Trialing, Status::PastDue) => {
            reader.store_failed_payment(id, at);
            let then = EndOfTrial::PaymentFails;
            ProviderAction::EndTrial { subscription, then }
        }
        (Status::Trialing, Status::Active) if reader.fails_soon(index, at, id) => {
            reader.store_failed_payment(id, at);
            now.status = Status::PastDue;
            let then = EndOfTrial::PaymentFails;
            ProviderAction::EndTrial { subscription, then }
        }
        (Status::Trialing, Status::Active) => {
            let then = EndOfTrial::Convert;
            ProviderAction::EndTrial { subscription, then }
        }
        (Status::Trialing, Status::Paused) if at_trial_end => {
            let then = EndOfTrial::Pause;
            ProviderAction::EndTrial { subscription, then }
        }
        (Status::Active, Status::PastDue) => {
            if has_moved {
                let (subscription, paid) = (subscription.clone(), YesNo::No);
                reader.push(at, ProviderAction::Renew { subscription, paid });
            }
            reader.store_failed_payment(id, at);
            ProviderAction::PaymentFailed { subscription }
        }
        (Status::PastDue | Status::Unpaid, Status::Active) => {
            ProviderAction::Recover { subscription }
        }
        (Status::PastDue, Status::Unpaid) => {
            reader.store_failed_payment(id, at);
            let then = GivenUp::Unpaid;
            ProviderAction::GiveUp { subscription, then }
        }
        (Status::Active | Status::Trialing | Status::PastDue | Status::Unpaid, Status::Paused) => {
            ProviderAction::Pause { subscription }
        }
        (Status::Paused, Status::Active) => resumed(subscription),
        (_, Status::Canceled) => {
            end(reader, change, was, subscription);
            return Ok(false);
        }
        (_, Status::Other(_)) => return Err(Unplayable::UnknownStatus),
        _ => return Err(Unplayable::StatusChange),
    };
    reader.push(at, action);
    Ok(false)
}

fn renew(reader: &mut LifecycleReader<'_>, change: LifecycleChange<'_>, label: &Label) {
    let next = reader.next_bill(change.index, change.id);
    let is_collected = change.now.status == Status::Active && change.now.pause.is_none();
    let paid = if next == Some(true) || !is_collected {
        YesNo::Yes
    } else {
        YesNo::No
    };
    let subscription = label.clone();
    reader.push(change.at, ProviderAction::Renew { subscription, paid });
    if !is_collected {
        reader.drop_event("invoice.paid");
    }
}

fn end(
    reader: &mut LifecycleReader<'_>,
    change: LifecycleChange<'_>,
    was: &SubscriptionState,
    subscription: Label,
) {
    let at = change.at;
    if reader.is_customer_deleted(at) {
        return;
    }
    let is_reached =
        |end: Option<i64>| end.is_some_and(|end| at >= end || within_event_window(end, at));
    let action = if was.status == Status::PastDue && change.now.was_given_up {
        let then = GivenUp::Cancel;
        ProviderAction::GiveUp { subscription, then }
    } else if was.cancel.is_some() && is_reached(was.ends_at) {
        ProviderAction::EndAtPeriodEnd { subscription }
    } else if was.status == Status::Trialing && is_reached(was.trial_end) {
        let then = EndOfTrial::Cancel;
        ProviderAction::EndTrial { subscription, then }
    } else {
        ProviderAction::CancelNow { subscription }
    };
    reader.push(at, action);
}
