//! The events that a scenario sends, and the columns that it changes after the purchase.

use contract::Field;

use super::{
    action::ProviderAction,
    scenario::{Play, Scenario},
};

/// Columns that a purchase sets.
const BOUGHT: &[Field] = &[
    Field::CustomerId,
    Field::SubscriptionId,
    Field::HasPaidAccess,
    Field::Plan,
    Field::Seats,
    Field::Status,
    Field::PeriodEnd,
];

/// Columns that the end of a subscription changes.
const ENDED: &[Field] = &[
    Field::HasPaidAccess,
    Field::Plan,
    Field::Seats,
    Field::Status,
    Field::CancelAtPeriodEnd,
];

/// Columns that a failed payment, or its recovery, changes.
const PAYMENT: &[Field] = &[Field::HasPaidAccess, Field::Status, Field::PastDueSince];

impl Scenario {
    /// Lists the types of the events that it sends, with repetitions.
    pub fn events(&self) -> impl Iterator<Item = &str> {
        let steps = self.plays.iter().flat_map(|play| &play.steps);
        let sent = steps.flat_map(|step| &step.send);
        sent.map(|sending| sending.event.as_str())
    }

    /// Returns true if it sends events of this type.
    pub fn sends(&self, event: &str) -> bool {
        self.events().any(|sent| sent == event)
    }

    /// Returns true if it changes the column after the purchase. The purchase sets most columns in every scenario.
    pub fn changes(&self, field: Field) -> bool {
        let mut actions = self.plays.iter().flat_map(later_actions);
        actions.any(|action| action.changes().contains(&field))
    }
}

/// Lists the actions after the first purchase.
fn later_actions(play: &Play) -> impl Iterator<Item = &ProviderAction> {
    let steps = play.steps.iter().enumerate();
    let later = steps.filter(|(index, _)| !play.is_first_purchase(*index));
    later.flat_map(|(_, step)| &step.provider)
}

impl ProviderAction {
    /// Lists the columns that may change with it.
    fn changes(&self) -> &'static [Field] {
        match self {
            Self::Checkout(_) | Self::Subscribe(_) | Self::Pay { .. } | Self::Import { .. } => {
                BOUGHT
            }
            Self::CancelNow { .. }
            | Self::EndAtPeriodEnd { .. }
            | Self::EndTrial { .. }
            | Self::GiveUp { .. }
            | Self::ExpireIncomplete { .. }
            | Self::DeleteCustomer {}
            | Self::Forget { .. } => ENDED,
            Self::PaymentFailed { .. }
            | Self::Recover { .. }
            | Self::AsyncPayment { .. }
            | Self::InvoiceOverdue { .. } => PAYMENT,
            Self::Renew { .. } => &[Field::PeriodEnd],
            Self::ScheduleCancel { .. } | Self::Keep { .. } => &[Field::CancelAtPeriodEnd],
            Self::ChangePrice { .. } | Self::EnterPhase { .. } => &[Field::Plan],
            Self::ChangeQuantity { .. } => &[Field::Seats],
            Self::AddItem { .. } | Self::RemoveItem { .. } => &[Field::Plan, Field::Seats],
            Self::PauseCollection { .. }
            | Self::ClearPause { .. }
            | Self::Pause { .. }
            | Self::Resume { .. } => &[Field::HasPaidAccess, Field::Status],
            // They change no row, or must not.
            Self::Wait { .. }
            | Self::TrialWillEnd { .. }
            | Self::ScheduleChange { .. }
            | Self::SchedulePause { .. }
            | Self::ChargeOnce { .. }
            | Self::ChangeCard { .. }
            | Self::Decline {}
            | Self::ChangeEmail { .. }
            | Self::GuestPayment {}
            | Self::Stranger {}
            | Self::NotOurs(_)
            | Self::Abandon { .. }
            | Self::PayOnce {}
            | Self::OneOffInvoice { .. }
            | Self::Refund { .. }
            | Self::AttachFeatures { .. }
            | Self::Invent {} => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Provider, built_in};

    fn ids(is_about: impl Fn(&Scenario) -> bool) -> Vec<String> {
        let all = built_in(Provider::Stripe).expect("scenarios").into_iter();
        all.filter(is_about).map(|one| one.id).collect()
    }

    #[test]
    fn columns_select_the_scenarios_that_change_them_later() {
        let changing = |field| ids(|one| one.changes(field));
        assert_eq!(
            changing(Field::PeriodEnd),
            [
                "redelivery",
                "renewal",
                "dunning",
                "resubscribe",
                "bystanders",
                "unknown-price",
                "customer-gone",
                "dashboard-made",
                "api-shapes"
            ]
        );
        let of_seats = changing(Field::Seats);
        assert!(of_seats.contains(&"quantity".to_owned()), "{of_seats:?}");
        assert!(!of_seats.contains(&"renewal".to_owned()), "{of_seats:?}");
        assert_eq!(changing(Field::UpdatedAt), [""; 0]);
    }

    #[test]
    fn events_select_the_scenarios_that_send_them() {
        let sending = |event| ids(|one: &Scenario| one.sends(event));
        assert_eq!(
            sending("invoice.payment_failed"),
            ["dunning", "not-paid-yet", "one-off", "not-ours"]
        );
        assert_eq!(sending("customer.subscription"), [""; 0]);
    }
}
