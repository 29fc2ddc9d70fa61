//! Reads one subscription, step by step as the specification does.

use contract::{
    Account, CanceledGrace, Contract, Interval, PauseMeaning, Period, Price, Status, Subscription,
    UnixSeconds,
};

use super::prices::{has_only_seats, ignored, is_free, is_mapped, only_seats, plans_of};

/// The result of all five steps of "What a subscription says".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SubscriptionMeaning {
    Grants,
    InGrace,
    /// Step 1: its status is in neither list.
    UnknownWord,
    /// Step 2: active, but the contract does not judge its pause.
    Paused,
    /// Step 3: past due since an unknown time.
    OverdueSinceUnknown,
    /// Step 4: it grants, and none of its prices is mapped.
    Unmapped,
    /// Step 5: it grants nothing but free plans.
    Free,
    Denies,
    /// The source does not state when its grace begins or ends.
    UnknownEnd,
    /// It sells seats and no plan, so that nobody knows what it gives access to.
    OnlySeats,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Granting,
    InGrace,
    Unjudged,
    NotGranting,
    None,
}

fn granted_word(contract: &Contract, status: &Status) -> bool {
    contract.statuses.grant.contains(status)
}

pub(crate) fn unknown_word(contract: &Contract, status: &Status) -> bool {
    !granted_word(contract, status) && !contract.statuses.deny.contains(status)
}

/// Returns the meaning of a pause of an active subscription.
pub(crate) fn pause(contract: &Contract, subscription: &Subscription) -> Option<PauseMeaning> {
    let pause = subscription.pause.as_ref()?;
    (subscription.status == Status::Active).then(|| contract.pause.meaning(pause))
}

/// Returns true if status and pause grant access, whatever its prices are.
pub(crate) fn grants_by_status(contract: &Contract, subscription: &Subscription) -> bool {
    let pause = pause(contract, subscription).unwrap_or(PauseMeaning::Grant);
    granted_word(contract, &subscription.status) && pause == PauseMeaning::Grant
}

/// Returns true if it grants by status, and not only free plans.
pub(crate) fn is_charged(contract: &Contract, subscription: &Subscription) -> bool {
    let free = sorted(contract, subscription) == SubscriptionMeaning::Free;
    grants_by_status(contract, subscription) && !free
}

/// Returns true if it counts for seats: it grants, or it grants by status and sells only seats.
pub(crate) fn sells_seats(contract: &Contract, subscription: &Subscription) -> bool {
    grants_by_status(contract, subscription)
        && matches!(
            sorted(contract, subscription),
            SubscriptionMeaning::Grants | SubscriptionMeaning::OnlySeats
        )
}

/// Reads a subscription for an account, or without one if its customer has none.
pub(crate) fn read(
    contract: &Contract,
    subscription: &Subscription,
    account: Option<&Account>,
    now: UnixSeconds,
) -> SubscriptionMeaning {
    let meaning = read_status(contract, subscription, account, now);
    if has_only_seats(contract, subscription) && meaning != SubscriptionMeaning::Denies {
        return SubscriptionMeaning::OnlySeats;
    }
    meaning
}

fn read_status(
    contract: &Contract,
    subscription: &Subscription,
    account: Option<&Account>,
    now: UnixSeconds,
) -> SubscriptionMeaning {
    if unknown_word(contract, &subscription.status) {
        return SubscriptionMeaning::UnknownWord;
    }
    match pause(contract, subscription) {
        Some(PauseMeaning::Deny) => return SubscriptionMeaning::Denies,
        Some(PauseMeaning::Unjudged) => return SubscriptionMeaning::Paused,
        Some(PauseMeaning::Grant) | None => {}
    }
    if granted_word(contract, &subscription.status) {
        return sorted(contract, subscription);
    }
    match subscription.status {
        Status::PastDue => overdue(contract, subscription, account, now),
        Status::Canceled => ended(contract, subscription, now),
        _ => SubscriptionMeaning::Denies,
    }
}

/// Applies steps 4 and 5 to a subscription whose status grants.
fn sorted(contract: &Contract, subscription: &Subscription) -> SubscriptionMeaning {
    if contract.plans.is_empty() || subscription.items.is_empty() {
        return SubscriptionMeaning::Grants;
    }
    if has_only_seats(contract, subscription) {
        return SubscriptionMeaning::OnlySeats;
    }
    let plans = plans_of(contract, subscription);
    if plans.is_empty() {
        SubscriptionMeaning::Unmapped
    } else if plans.iter().all(|plan| is_free(contract, plan)) {
        SubscriptionMeaning::Free
    } else {
        SubscriptionMeaning::Grants
    }
}

/// Lists its prices that are not mapped, not ignored, and not for seats only.
pub(crate) fn unmapped_prices<'s>(
    contract: &Contract,
    subscription: &'s Subscription,
) -> Vec<&'s Price> {
    let prices = subscription.items.iter().map(|item| &*item.price);
    prices
        .filter(|price| !is_mapped(contract, price))
        .filter(|price| !ignored(contract, price) && !only_seats(contract, price))
        .collect()
}

/// "`past_due` counts as in grace until `since + grace.past_due`."
pub(crate) fn overdue(
    contract: &Contract,
    subscription: &Subscription,
    account: Option<&Account>,
    now: UnixSeconds,
) -> SubscriptionMeaning {
    let Some(grace) = contract.grace.past_due else {
        return SubscriptionMeaning::Denies;
    };
    match overdue_since(subscription, account) {
        None => SubscriptionMeaning::OverdueSinceUnknown,
        Some(since) if now.0 < since + grace => SubscriptionMeaning::InGrace,
        Some(_) => SubscriptionMeaning::Denies,
    }
}

/// "When payment became overdue", from the best source that states it.
fn overdue_since(subscription: &Subscription, account: Option<&Account>) -> Option<i64> {
    let columns = account.and_then(|account| account.columns.as_deref());
    let stored = columns.and_then(|columns| columns.past_due_since);
    let details = subscription.details.as_deref();
    let invoice = details.and_then(|details| details.invoice_due);
    if let Some(known) = stored.or(invoice) {
        return Some(known.0);
    }
    let start = subscription.period.map(Period::start)?.0;
    if let Some(days) = subscription.days_until_due {
        return Some(start + i64::from(days) * 24 * 60 * 60);
    }
    let mut items = subscription.items.iter();
    let often =
        !subscription.items.is_empty() && items.all(|item| monthly_or_more_often(&item.price));
    often.then_some(start)
}

fn monthly_or_more_often(price: &Price) -> bool {
    match price.recurring {
        Some((Interval::Day, count)) => count <= 31,
        Some((Interval::Week, count)) => count <= 4,
        Some((Interval::Month, count)) => count == 1,
        Some((Interval::Year, _)) | None => false,
    }
}

/// "`canceled` until `ended_at + grace.canceled`, or until the period's end."
fn ended(
    contract: &Contract,
    subscription: &Subscription,
    now: UnixSeconds,
) -> SubscriptionMeaning {
    let until = match contract.grace.canceled {
        None => return SubscriptionMeaning::Denies,
        Some(CanceledGrace::For(seconds)) => subscription.ended_at().map(|end| end.0 + seconds),
        Some(CanceledGrace::UntilPeriodEnd) => subscription.period.map(|period| period.end().0),
    };
    match until {
        None => SubscriptionMeaning::UnknownEnd,
        Some(until) if now.0 < until => SubscriptionMeaning::InGrace,
        Some(_) => SubscriptionMeaning::Denies,
    }
}

/// "Customer state, first that applies"; `None` if it depends on a missing value.
pub(crate) fn state(meanings: &[SubscriptionMeaning], on_test_clock: bool) -> Option<State> {
    let any =
        |wanted: &[SubscriptionMeaning]| meanings.iter().any(|meaning| wanted.contains(meaning));
    let unjudged = [
        SubscriptionMeaning::UnknownWord,
        SubscriptionMeaning::Paused,
        SubscriptionMeaning::Unmapped,
        SubscriptionMeaning::OverdueSinceUnknown,
        SubscriptionMeaning::OnlySeats,
    ];
    if any(&[SubscriptionMeaning::Grants]) {
        Some(State::Granting)
    } else if any(&[SubscriptionMeaning::InGrace]) {
        Some(State::InGrace)
    } else if any(&[SubscriptionMeaning::UnknownEnd]) {
        None
    } else if on_test_clock || any(&unjudged) {
        Some(State::Unjudged)
    } else if any(&[SubscriptionMeaning::Free, SubscriptionMeaning::Denies]) {
        Some(State::NotGranting)
    } else {
        Some(State::None)
    }
}
