//! The events of each act, as the built-in scenarios send them.

use crate::rehearsal::{
    act::{Act, CheckoutPayment, EndOfTrial, FirstPayment, GivenUp, Outcome, YesNo},
    scenario::{Sending, Signing, Until},
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

/// Lists the events of an act in the order that the provider documents.
pub(super) fn tells(act: &Act) -> Vec<Sending> {
    types(act).iter().map(|event| sending(act, event)).collect()
}

fn sending(act: &Act, event: &str) -> Sending {
    // Before basil, a purchase through Checkout also sent an update.
    let is_purchase = matches!(act, Act::Checkout(_)) && event == UPDATED;
    Sending {
        event: event.to_owned(),
        of: None,
        signed: Signing::AsDocumented,
        until: is_purchase.then_some(Until::Basil),
    }
}

fn types(act: &Act) -> &'static [&'static str] {
    match act {
        Act::Checkout(checkout) => match checkout.payment {
            CheckoutPayment::Never => &[EXPIRED],
            CheckoutPayment::Unpaid => &[COMPLETED, CREATED],
            CheckoutPayment::Paid if checkout.trial_days.is_some() => &[COMPLETED, CREATED, PAID],
            CheckoutPayment::Paid => &[COMPLETED, CREATED, UPDATED, PAID],
        },
        Act::Subscribe(subscribe) => match subscribe.payment {
            FirstPayment::Paid => &[CREATED, PAID],
            FirstPayment::Waits => &[CREATED],
            FirstPayment::Fails => &[CREATED, FAILED],
        },
        Act::AsyncPayment { outcome, .. } => match outcome {
            Outcome::Succeeded => &[ASYNC_SUCCEEDED, UPDATED, PAID],
            Outcome::Failed => &[ASYNC_FAILED, FAILED],
        },
        Act::TrialWillEnd { .. } => &[TRIAL_WILL_END],
        Act::EndTrial { then, .. } => match then {
            EndOfTrial::Convert => &[UPDATED, PAID],
            EndOfTrial::PaymentFails => &[UPDATED, FAILED],
            EndOfTrial::Cancel => &[DELETED],
            EndOfTrial::Pause => &[PAUSED, UPDATED],
        },
        Act::Renew { paid, .. } => match paid {
            YesNo::Yes => &[UPDATED, PAID],
            YesNo::No => &[UPDATED],
        },
        Act::PaymentFailed { .. } => &[FAILED, UPDATED],
        Act::GiveUp { then, .. } => match then {
            GivenUp::Cancel => &[FAILED, DELETED],
            GivenUp::Unpaid => &[FAILED, UPDATED],
        },
        Act::Pay { .. } | Act::Recover { .. } | Act::EnterPhase { .. } => &[UPDATED, PAID],
        Act::Pause { .. } => &[PAUSED, UPDATED],
        Act::Resume { .. } => &[RESUMED, UPDATED, PAID],
        Act::CancelNow { .. } | Act::EndAtPeriodEnd { .. } => &[DELETED],
        Act::ChangeEmail { .. } => &[CUSTOMER_UPDATED],
        Act::DeleteCustomer {} => &[DELETED, CUSTOMER_DELETED],
        Act::PayOnce {} => &[INTENT_SUCCEEDED, CHARGE_SUCCEEDED, COMPLETED],
        Act::OneOffInvoice { paid } => match paid {
            YesNo::Yes => &[PAID, SUCCEEDED],
            YesNo::No => &[FAILED],
        },
        Act::Refund { .. } => &[REFUNDED],
        Act::ExpireIncomplete { .. }
        | Act::ScheduleCancel { .. }
        | Act::Keep { .. }
        | Act::ChangePrice { .. }
        | Act::ScheduleChange { .. }
        | Act::ChangeQuantity { .. }
        | Act::AddItem { .. }
        | Act::RemoveItem { .. }
        | Act::PauseCollection { .. }
        | Act::ClearPause { .. } => &[UPDATED],
        // These are never recorded.
        Act::Wait { .. }
        | Act::Forget { .. }
        | Act::GuestPayment {}
        | Act::Stranger {}
        | Act::NotOurs(_)
        | Act::Abandon { .. }
        | Act::Invent {} => &[],
    }
}
