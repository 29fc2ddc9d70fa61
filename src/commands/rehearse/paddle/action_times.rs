//! The time that passes before each action.

use fake_paddle::World;

use crate::{
    commands::rehearse::{action_error::ActionError, test_customer::TestCustomer},
    rehearsal::{Label, ProviderAction},
};

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// Returns the time of the action.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "all other actions follow one another within minutes"
)]
pub(super) fn time_of(
    world: &World,
    customer: &TestCustomer,
    action: &ProviderAction,
) -> Result<i64, ActionError> {
    let now = customer.context.clock;
    let later = match action {
        ProviderAction::Wait { days } => i64::from(*days).saturating_mul(DAY),
        ProviderAction::PaymentFailed { .. } => HOUR,
        ProviderAction::Recover { .. } => DAY,
        ProviderAction::GiveUp { .. } | ProviderAction::InvoiceOverdue { .. } => 14 * DAY,
        ProviderAction::Renew { subscription, .. }
        | ProviderAction::EndAtPeriodEnd { subscription }
        | ProviderAction::EndTrial { subscription, .. } => {
            let end = period_end(world, customer, subscription)?;
            return Ok(end.unwrap_or(now).max(now));
        }
        _ => MINUTE,
    };
    Ok(now.saturating_add(later))
}

fn period_end(
    world: &World,
    customer: &TestCustomer,
    label: &Label,
) -> Result<Option<i64>, ActionError> {
    let subscription = world.find_subscription(customer.subscription(label)?);
    let period = subscription.and_then(|one| one.current_billing_period);
    Ok(period.map(|period| period.ends_at.as_second()))
}
