//! The time that passes before each action.

use fake_stripe::World;

use crate::{
    commands::rehearse::{action_error::ActionError, test_customer::TestCustomer},
    rehearsal::{Label, ProviderAction},
};

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// Returns the time of the action.
pub(super) fn time_of(
    world: &World,
    customer: &TestCustomer,
    action: &ProviderAction,
) -> Result<i64, ActionError> {
    let now = customer.context.clock;
    let later = match action {
        ProviderAction::Wait { days } => i64::from(*days).saturating_mul(DAY),
        ProviderAction::ExpireIncomplete { .. } => 23 * HOUR,
        ProviderAction::PaymentFailed { .. } => HOUR,
        ProviderAction::Recover { .. } => DAY,
        ProviderAction::AsyncPayment { .. } => 3 * DAY,
        ProviderAction::GiveUp { .. } => 14 * DAY,
        ProviderAction::Renew { subscription, .. }
        | ProviderAction::EndAtPeriodEnd { subscription }
        | ProviderAction::EnterPhase { subscription } => {
            let end = period_end(world, customer, subscription)?;
            return Ok(end.unwrap_or(now).max(now));
        }
        ProviderAction::TrialWillEnd { subscription } => {
            let end = trial_end(world, customer, subscription)?;
            return Ok(end.map_or(now, |end| end.saturating_sub(3 * DAY)).max(now));
        }
        ProviderAction::EndTrial { subscription, .. } => {
            return Ok(trial_end(world, customer, subscription)?
                .unwrap_or(now)
                .max(now));
        }
        ProviderAction::Checkout(_)
        | ProviderAction::Subscribe(_)
        | ProviderAction::Pay { .. }
        | ProviderAction::ScheduleCancel { .. }
        | ProviderAction::Keep { .. }
        | ProviderAction::CancelNow { .. }
        | ProviderAction::ChangePrice { .. }
        | ProviderAction::ScheduleChange { .. }
        | ProviderAction::ChangeQuantity { .. }
        | ProviderAction::AddItem { .. }
        | ProviderAction::AttachFeatures { .. }
        | ProviderAction::RemoveItem { .. }
        | ProviderAction::PauseCollection { .. }
        | ProviderAction::ClearPause { .. }
        | ProviderAction::Pause { .. }
        | ProviderAction::Resume { .. }
        | ProviderAction::SchedulePause { .. }
        | ProviderAction::ChargeOnce { .. }
        | ProviderAction::ChangeCard { .. }
        | ProviderAction::Import { .. }
        | ProviderAction::Decline {}
        | ProviderAction::InvoiceOverdue { .. }
        | ProviderAction::ChangeEmail { .. }
        | ProviderAction::DeleteCustomer {}
        | ProviderAction::Forget { .. }
        | ProviderAction::GuestPayment {}
        | ProviderAction::Stranger {}
        | ProviderAction::NotOurs(_)
        | ProviderAction::Abandon { .. }
        | ProviderAction::PayOnce {}
        | ProviderAction::OneOffInvoice { .. }
        | ProviderAction::Refund { .. }
        | ProviderAction::Invent {} => MINUTE,
    };
    Ok(now.saturating_add(later))
}

fn period_end(
    world: &World,
    customer: &TestCustomer,
    label: &Label,
) -> Result<Option<i64>, ActionError> {
    let subscription = world.find_subscription(customer.subscription(label)?);
    let items = subscription.into_iter().flat_map(|one| &one.items);
    Ok(items
        .filter_map(|item| item.period)
        .map(|period| period.end)
        .max())
}

fn trial_end(
    world: &World,
    customer: &TestCustomer,
    label: &Label,
) -> Result<Option<i64>, ActionError> {
    let subscription = world.find_subscription(customer.subscription(label)?);
    Ok(subscription.and_then(|one| one.details.trial_end))
}
