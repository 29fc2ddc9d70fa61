//! Adds the actions that start a subscription: one that was bought in the log, or one that is older than the log.

use super::{
    Unplayable,
    lifecycle_reader::{KnownSubscription, LifecycleReader},
    price_parts::PricePart,
    stripped_event::{CheckoutEvent, CheckoutMode, EventContent},
    subscription_state::SubscriptionState,
};
use crate::{
    action::{
        BoughtBy, BuyerEmail, Checkout, CheckoutPayment, FirstPayment, GivenUp, Label,
        ProviderAction, Subscribe, YesNo,
    },
    test_prices::PriceRole,
};
use contract::Status;

/// The length of every trial in days. Real lengths differ, but that has no effect.
pub(super) const TRIAL_DAYS: u16 = 14;

/// The percentage of a coupon that takes off the whole price.
pub(super) const FULL_PERCENT: u8 = 100;

impl Checkout {
    /// Returns a paid purchase of one price.
    pub(super) fn for_price(price: PriceRole) -> Self {
        Self {
            email: BuyerEmail::Account,
            subscription: Label::default(),
            price,
            items: Vec::new(),
            quantity: 1,
            trial_days: None,
            percent_off: None,
            payment: CheckoutPayment::Paid,
        }
    }
}

/// Prices and quantity of a purchase.
struct PurchasedItems {
    price: PriceRole,
    items: Vec<PriceRole>,
    quantity: u32,
}

impl PurchasedItems {
    fn new(parts: &[PricePart]) -> Result<Self, Unplayable> {
        let mut counted = parts.iter().filter(|(role, _)| *role != PriceRole::Metered);
        let quantity = counted.next().and_then(|(_, quantity)| *quantity);
        if counted.any(|(_, other)| *other != quantity) {
            return Err(Unplayable::QuantitiesDiffer);
        }
        let (price, items) = match parts {
            [(only, _)] => (*only, Vec::new()),
            several => {
                let roles = several.iter().map(|(role, _)| *role);
                (PriceRole::Main, roles.collect())
            }
        };
        Ok(Self {
            price,
            items,
            quantity: quantity.unwrap_or(1),
        })
    }
}

/// Adds the purchase of a subscription that was created in the log.
pub(super) fn begin<'l>(
    reader: &mut LifecycleReader<'l>,
    (index, at): (usize, i64),
    id: &'l str,
    now: &SubscriptionState,
) -> Result<(), Unplayable> {
    if reader.subscriptions.contains_key(id) {
        return Ok(());
    }
    let subscription = reader.next_label()?;
    let bought = PurchasedItems::new(&reader.parts.bought(now)?)?;
    let mut state = now.clone();
    let trial_days = (state.status == Status::Trialing).then_some(TRIAL_DAYS);
    let action = match checkout_of(reader, id) {
        Some((is_paid, is_free)) => {
            // Before basil, Checkout reported the subscription before its payment.
            if state.status == Status::Incomplete && is_paid {
                state.status = Status::Active;
            } else if state.status == Status::Active && !is_paid {
                return Err(Unplayable::ActiveBeforePaid);
            }
            ProviderAction::Checkout(Checkout {
                subscription: subscription.clone(),
                items: bought.items,
                quantity: bought.quantity,
                trial_days,
                percent_off: (is_free && trial_days.is_none()).then_some(FULL_PERCENT),
                payment: if is_paid {
                    CheckoutPayment::Paid
                } else {
                    CheckoutPayment::Unpaid
                },
                ..Checkout::for_price(bought.price)
            })
        }
        None => ProviderAction::Subscribe(Subscribe {
            subscription: subscription.clone(),
            price: bought.price,
            items: bought.items,
            quantity: bought.quantity,
            trial_days,
            by: if state.has_metadata {
                BoughtBy::Api
            } else {
                BoughtBy::Dashboard
            },
            payment: if state.status != Status::Incomplete {
                FirstPayment::Paid
            } else if reader.fails_soon(index, at, id) {
                FirstPayment::Fails
            } else {
                FirstPayment::Waits
            },
        }),
    };
    let is_begun = matches!(
        state.status,
        Status::Active | Status::Trialing | Status::Incomplete
    );
    if !is_begun || state.cancel.is_some() || state.pause.is_some() {
        return Err(Unplayable::UnusualBeginning);
    }
    reader.push(at, action);
    let known = KnownSubscription {
        label: subscription,
        state,
        failed_at: None,
    };
    reader.subscriptions.insert(id, known);
    reader.expect_state(id)
}

/// Finds the Checkout that created a subscription. Returns whether it was paid, and whether it was free.
fn checkout_of(reader: &LifecycleReader<'_>, id: &str) -> Option<(bool, bool)> {
    let mut events = reader.events.iter();
    events.find_map(|event| {
        if let EventContent::Checkout {
            subscription: Some(subscription),
            kind: CheckoutEvent::Completed { is_paid, is_free },
            mode: CheckoutMode::Subscription,
        } = &event.content
            && subscription == id
        {
            return Some((*is_paid, *is_free));
        }
        None
    })
}

/// Adds the purchase of a subscription older than the log, and the actions up to its first event.
pub(super) fn begin_earlier<'l>(
    reader: &mut LifecycleReader<'l>,
    id: &'l str,
    at: i64,
    state: SubscriptionState,
) -> Result<(), Unplayable> {
    if state.is_over() {
        return Ok(());
    }
    if state.has_schedule {
        return Err(Unplayable::ScheduleOutside);
    }
    let label = reader.next_label()?;
    let bought = PurchasedItems::new(&reader.parts.bought(&state)?)?;
    let is_incomplete = state.status == Status::Incomplete;
    reader.push(
        at,
        if is_incomplete {
            ProviderAction::Subscribe(Subscribe {
                subscription: label.clone(),
                price: bought.price,
                items: bought.items,
                quantity: bought.quantity,
                trial_days: None,
                by: BoughtBy::Api,
                payment: FirstPayment::Waits,
            })
        } else {
            ProviderAction::Checkout(Checkout {
                subscription: label.clone(),
                items: bought.items,
                quantity: bought.quantity,
                trial_days: (state.status == Status::Trialing).then_some(TRIAL_DAYS),
                ..Checkout::for_price(bought.price)
            })
        },
    );
    for action in since_bought(&label, &state)? {
        reader.push(at, action);
    }
    let known = KnownSubscription {
        label,
        state,
        failed_at: None,
    };
    reader.subscriptions.insert(id, known);
    reader.expect_state(id)
}

/// Lists the actions that lead from a purchase to this state.
fn since_bought(
    label: &Label,
    state: &SubscriptionState,
) -> Result<Vec<ProviderAction>, Unplayable> {
    let subscription = || label.clone();
    let mut actions = Vec::new();
    let is_owing = matches!(state.status, Status::PastDue | Status::Unpaid);
    if is_owing {
        actions.push(ProviderAction::Renew {
            subscription: subscription(),
            paid: YesNo::No,
        });
        actions.push(ProviderAction::PaymentFailed {
            subscription: subscription(),
        });
    }
    match state.status {
        Status::Unpaid => actions.push(ProviderAction::GiveUp {
            subscription: subscription(),
            then: GivenUp::Unpaid,
        }),
        Status::Paused => actions.push(ProviderAction::Pause {
            subscription: subscription(),
        }),
        Status::Other(_) | Status::Canceled | Status::IncompleteExpired => {
            return Err(Unplayable::UnknownStatus);
        }
        Status::Active | Status::Trialing | Status::Incomplete | Status::PastDue => {}
    }
    if let Some(behavior) = state.pause {
        actions.push(ProviderAction::PauseCollection {
            subscription: subscription(),
            behavior,
        });
    }
    if let Some(encoding) = state.cancel {
        actions.push(ProviderAction::ScheduleCancel {
            subscription: subscription(),
            encoding,
        });
    }
    Ok(actions)
}
