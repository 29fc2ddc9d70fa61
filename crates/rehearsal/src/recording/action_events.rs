//! The events of each action, as the built-in scenarios send them.

use crate::{
    action::{
        CheckoutPayment, EndOfTrial, FirstPayment, GivenUp, PaymentOutcome, ProviderAction, YesNo,
    },
    sending::{Sending, Signing, Until},
};

const COMPLETED: &str = "checkout.session.completed";
const EXPIRED: &str = "checkout.session.expired";
const ASYNC_SUCCEEDED: &str = "checkout.session.async_payment_succeeded";
const ASYNC_FAILED: &str = "checkout.session.async_payment_failed";
const CREATED: &str = "customer.subscription.created";
const UPDATED: &str = "customer.subscription.updated";
const DELETED: &str = "customer.subscription.deleted";
const PAUSED: &str = "customer.subscription.paused";
const RESUMED: &str = "customer.subscription.resumed";
const TRIAL_WILL_END: &str = "customer.subscription.trial_will_end";
const PAID: &str = "invoice.paid";
const SUCCEEDED: &str = "invoice.payment_succeeded";
const FAILED: &str = "invoice.payment_failed";
const CUSTOMER_UPDATED: &str = "customer.updated";
const CUSTOMER_DELETED: &str = "customer.deleted";
const INTENT_SUCCEEDED: &str = "payment_intent.succeeded";
const CHARGE_SUCCEEDED: &str = "charge.succeeded";
const REFUNDED: &str = "charge.refunded";

/// Event types that a recorded file may contain.
pub(super) const TYPES: [&str; 18] = [
    COMPLETED,
    EXPIRED,
    ASYNC_SUCCEEDED,
    ASYNC_FAILED,
    CREATED,
    UPDATED,
    DELETED,
    PAUSED,
    RESUMED,
    TRIAL_WILL_END,
    PAID,
    SUCCEEDED,
    FAILED,
    CUSTOMER_UPDATED,
    CUSTOMER_DELETED,
    INTENT_SUCCEEDED,
    CHARGE_SUCCEEDED,
    REFUNDED,
];

/// Lists the events of an action in the order that the provider documents.
pub(super) fn events_of(action: &ProviderAction) -> Vec<Sending> {
    types(action)
        .iter()
        .map(|event| sending(action, event))
        .collect()
}

fn sending(action: &ProviderAction, event: &str) -> Sending {
    // Before basil, a purchase through Checkout also sent an update.
    let is_purchase = matches!(action, ProviderAction::Checkout(_)) && event == UPDATED;
    Sending {
        event: event.to_owned(),
        of: None,
        signed: Signing::AsDocumented,
        until: is_purchase.then_some(Until::Basil),
        is_optional: false,
    }
}

fn types(action: &ProviderAction) -> &'static [&'static str] {
    match action {
        ProviderAction::Checkout(checkout) => match checkout.payment {
            CheckoutPayment::Never => &[EXPIRED],
            CheckoutPayment::Unpaid => &[COMPLETED, CREATED],
            CheckoutPayment::Paid if checkout.trial_days.is_some() => &[COMPLETED, CREATED, PAID],
            CheckoutPayment::Paid => &[COMPLETED, CREATED, UPDATED, PAID],
        },
        ProviderAction::Subscribe(subscribe) => match subscribe.payment {
            FirstPayment::Paid => &[CREATED, PAID],
            FirstPayment::Waits => &[CREATED],
            FirstPayment::Fails => &[CREATED, FAILED],
        },
        ProviderAction::AsyncPayment { outcome, .. } => match outcome {
            PaymentOutcome::Succeeded => &[ASYNC_SUCCEEDED, UPDATED, PAID],
            PaymentOutcome::Failed => &[ASYNC_FAILED, FAILED],
        },
        ProviderAction::TrialWillEnd { .. } => &[TRIAL_WILL_END],
        ProviderAction::EndTrial { then, .. } => match then {
            EndOfTrial::Convert => &[UPDATED, PAID],
            EndOfTrial::PaymentFails => &[UPDATED, FAILED],
            EndOfTrial::Cancel => &[DELETED],
            EndOfTrial::Pause => &[PAUSED, UPDATED],
        },
        ProviderAction::Renew { paid, .. } => match paid {
            YesNo::Yes => &[UPDATED, PAID],
            YesNo::No => &[UPDATED],
        },
        ProviderAction::PaymentFailed { .. } => &[FAILED, UPDATED],
        ProviderAction::GiveUp { then, .. } => match then {
            GivenUp::Cancel => &[FAILED, DELETED],
            GivenUp::Unpaid | GivenUp::Pause => &[FAILED, UPDATED],
        },
        ProviderAction::Pay { .. }
        | ProviderAction::Recover { .. }
        | ProviderAction::EnterPhase { .. } => &[UPDATED, PAID],
        ProviderAction::Pause { .. } => &[PAUSED, UPDATED],
        ProviderAction::Resume { .. } => &[RESUMED, UPDATED, PAID],
        ProviderAction::CancelNow { .. } | ProviderAction::EndAtPeriodEnd { .. } => &[DELETED],
        ProviderAction::ChangeEmail { .. } => &[CUSTOMER_UPDATED],
        ProviderAction::DeleteCustomer {} => &[DELETED, CUSTOMER_DELETED],
        ProviderAction::PayOnce {} => &[INTENT_SUCCEEDED, CHARGE_SUCCEEDED, COMPLETED],
        ProviderAction::OneOffInvoice { paid } => match paid {
            YesNo::Yes => &[PAID, SUCCEEDED],
            YesNo::No => &[FAILED],
        },
        ProviderAction::Refund { .. } => &[REFUNDED],
        ProviderAction::ExpireIncomplete { .. }
        | ProviderAction::ScheduleCancel { .. }
        | ProviderAction::Keep { .. }
        | ProviderAction::ChangePrice { .. }
        | ProviderAction::ScheduleChange { .. }
        | ProviderAction::ChangeQuantity { .. }
        | ProviderAction::AddItem { .. }
        | ProviderAction::RemoveItem { .. }
        | ProviderAction::PauseCollection { .. }
        | ProviderAction::ClearPause { .. } => &[UPDATED],
        // These are never recorded.
        ProviderAction::Wait { .. }
        | ProviderAction::SchedulePause { .. }
        | ProviderAction::ChargeOnce { .. }
        | ProviderAction::ChangeCard { .. }
        | ProviderAction::Import { .. }
        | ProviderAction::Decline {}
        | ProviderAction::InvoiceOverdue { .. }
        | ProviderAction::Forget { .. }
        | ProviderAction::GuestPayment {}
        | ProviderAction::Stranger {}
        | ProviderAction::NotOurs(_)
        | ProviderAction::Abandon { .. }
        | ProviderAction::AttachFeatures { .. }
        | ProviderAction::Invent {} => &[],
    }
}
