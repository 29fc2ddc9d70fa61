//! What one customer's subscriptions say, read off the specification step by step.

use std::collections::{BTreeMap, BTreeSet};

use prodverdict::contract::{
    CanceledGrace, Contract, Facts, Interval, Item, Pause, Period, PlanWords, Price, Status,
    Subscription, UnixSeconds,
};

/// What one subscription says, after all five steps of "What a subscription says".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    Grants,
    InGrace,
    /// Step 1: its word is in neither list.
    UnknownWord,
    /// Step 2: active, and its collection is paused with `void`.
    Voided,
    /// Step 4: it grants, and none of its prices is mapped.
    Unmapped,
    /// Step 5: it grants nothing but free plans.
    Free,
    Denies,
    /// Its grace hangs on a value that the source does not say.
    Untold,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Granting,
    InGrace,
    Unjudged,
    NotGranting,
    None,
}

/// In `ignore_prices`. A price that is also mapped is not: the contract says what it stands for.
pub(crate) fn ignored(contract: &Contract, price: &Price) -> bool {
    let mut patterns = contract.ignore_prices.iter();
    plan_of(contract, price).is_none() && patterns.any(|pattern| pattern.matches(&price.id))
}

pub(crate) fn plan_of<'c>(contract: &'c Contract, price: &Price) -> Option<&'c str> {
    contract.plans.plan(price).map(PlanWords::name)
}

/// "One that has prices, all of them in `ignore_prices`, is left out altogether."
pub(crate) fn left_out(contract: &Contract, subscription: &Subscription) -> bool {
    !subscription.items.is_empty()
        && subscription
            .items
            .iter()
            .all(|item| ignored(contract, &item.price))
}

/// The customer's subscriptions that are not left out.
pub(crate) fn subscriptions_of<'f>(
    contract: &Contract,
    facts: &'f Facts,
    customer: &str,
) -> Vec<&'f Subscription> {
    facts
        .subscriptions
        .iter()
        .filter(|subscription| subscription.customer.as_str() == customer)
        .filter(|subscription| !left_out(contract, subscription))
        .collect()
}

pub(crate) fn granted_word(contract: &Contract, status: &Status) -> bool {
    contract.statuses.grant.contains(status)
}

pub(crate) fn unknown_word(contract: &Contract, status: &Status) -> bool {
    !granted_word(contract, status) && !contract.statuses.deny.contains(status)
}

pub(crate) fn largest_end(subscription: &Subscription) -> Option<UnixSeconds> {
    subscription.period.map(Period::end)
}

fn latest_start(subscription: &Subscription) -> Option<UnixSeconds> {
    subscription.period.map(Period::start)
}

pub(crate) fn read(contract: &Contract, subscription: &Subscription, now: UnixSeconds) -> Says {
    let status = &subscription.status;
    if unknown_word(contract, status) {
        return Says::UnknownWord;
    }
    if *status == Status::Active && subscription.pause == Some(Pause::Void) {
        return Says::Voided;
    }
    if granted_word(contract, status) {
        return read_prices(contract, subscription);
    }
    let until = match (status, contract.grace.past_due, contract.grace.canceled) {
        (Status::PastDue, Some(seconds), _) => {
            latest_start(subscription).map(|start| start.0 + seconds)
        }
        (Status::Canceled, _, Some(CanceledGrace::For(seconds))) => {
            subscription.ended_at().map(|end| end.0 + seconds)
        }
        (Status::Canceled, _, Some(CanceledGrace::UntilPeriodEnd)) => {
            largest_end(subscription).map(|end| end.0)
        }
        _ => return Says::Denies,
    };
    match until {
        None => Says::Untold,
        Some(until) if now.0 < until => Says::InGrace,
        Some(_) => Says::Denies,
    }
}

/// Steps 4 and 5 for one whose word grants.
fn read_prices(contract: &Contract, subscription: &Subscription) -> Says {
    if contract.plans.is_empty() || subscription.items.is_empty() {
        return Says::Grants;
    }
    let plans = plans_of(contract, subscription);
    if plans.is_empty() {
        Says::Unmapped
    } else if plans.iter().all(|plan| contract.free_plans.contains(*plan)) {
        Says::Free
    } else {
        Says::Grants
    }
}

/// The plans that a subscription's mapped prices map to.
pub(crate) fn plans_of<'c>(
    contract: &'c Contract,
    subscription: &Subscription,
) -> BTreeSet<&'c str> {
    let items = subscription.items.iter();
    items
        .filter_map(|item| plan_of(contract, &item.price))
        .collect()
}

/// "Customer state, first that applies"; none where a missing value decides which.
pub(crate) fn state(said: &[Says]) -> Option<State> {
    let any = |wanted: &[Says]| said.iter().any(|says| wanted.contains(says));
    if any(&[Says::Grants]) {
        Some(State::Granting)
    } else if any(&[Says::InGrace]) {
        Some(State::InGrace)
    } else if any(&[Says::Untold]) {
        None
    } else if any(&[Says::UnknownWord, Says::Voided, Says::Unmapped]) {
        Some(State::Unjudged)
    } else if said.is_empty() {
        Some(State::None)
    } else {
        Some(State::NotGranting)
    }
}

/// Money per month, and the number of items that carry no amount.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Monthly {
    pub(crate) amounts: BTreeMap<String, i64>,
    pub(crate) without_amount: u64,
}

impl Monthly {
    pub(crate) fn add(&mut self, other: &Self) {
        for (currency, amount) in &other.amounts {
            *self.amounts.entry(currency.clone()).or_default() += amount;
        }
        self.without_amount += other.without_amount;
    }
}

pub(crate) fn monthly<'i>(items: impl IntoIterator<Item = &'i Item>) -> Monthly {
    let mut sum = Monthly::default();
    for item in items {
        match (&item.price.currency, monthly_amount(item)) {
            (Some(currency), Some(amount)) => {
                *sum.amounts.entry(currency.clone()).or_default() += amount;
            }
            _ => sum.without_amount += 1,
        }
    }
    sum
}

/// "Monthly = unit amount × quantity ÷ interval (year 12, week 12/52, day 12/365), rounded half up per item."
fn monthly_amount(item: &Item) -> Option<i64> {
    let price = &item.price;
    if price.metered {
        return None;
    }
    let unit = i128::from(price.unit_amount?);
    let quantity = i128::from(item.quantity?);
    let (interval, count) = price.recurring?;
    // 12 months are 12 months, 1 year, 52 weeks or 365 days.
    let periods_a_year = match interval {
        Interval::Month => 12,
        Interval::Year => 1,
        Interval::Week => 52,
        Interval::Day => 365,
    };
    let over = unit * quantity * periods_a_year;
    let under = 12 * i128::from(count);
    let down = over.div_euclid(under);
    let rounded = if 2 * over.rem_euclid(under) >= under {
        down + 1
    } else {
        down
    };
    i64::try_from(rounded).ok()
}
