//! Prices: their plans, those that do not count, and their monthly amounts.

use std::{cmp::Reverse, collections::BTreeMap};

use contract::{
    Contract, Interval, Item, PlanKey, PlanKeyKind, PlanWords, Price, PricePattern, Subscription,
};

/// "Exact before lookup key before product before *, longest first." The entries of `ignore_prices` compete with those of
/// `plans`, which win if they are alike.
pub(crate) fn plan_of<'c>(contract: &'c Contract, price: &Price) -> Option<&'c PlanWords> {
    let plans = contract.plans.iter().filter(|(key, _)| finds(key, price));
    let plans = plans.map(|(key, plan)| (rank(key.is_prefix, &key.text, key.kind), Some(plan)));
    let ignored = contract.ignore_prices.iter();
    let ignored = ignored.filter(|pattern| pattern.matches(&price.id));
    let ignored = ignored.map(|pattern| {
        let rank = match pattern {
            PricePattern::Exact(id) => rank(false, id, PlanKeyKind::Price),
            // After the prefixes of `plans` with the same length.
            PricePattern::Prefix(prefix) => rank(true, prefix, PlanKeyKind::Product),
        };
        (rank, None)
    });
    let (_, plan) = plans.chain(ignored).min_by_key(|(rank, _)| *rank)?;
    plan
}

fn rank(is_prefix: bool, text: &str, kind: PlanKeyKind) -> (bool, Reverse<usize>, PlanKeyKind) {
    let length = if is_prefix { text.len() } else { 0 };
    (is_prefix, Reverse(length), kind)
}

fn finds(key: &PlanKey, price: &Price) -> bool {
    let text = match key.kind {
        PlanKeyKind::Price => Some(price.id.as_str()),
        PlanKeyKind::LookupKey => price.lookup_key.as_deref(),
        PlanKeyKind::Product => price.product.as_deref(),
    };
    match text {
        Some(text) if key.is_prefix => text.starts_with(&key.text),
        Some(text) => text == key.text,
        None => false,
    }
}

pub(crate) fn is_mapped(contract: &Contract, price: &Price) -> bool {
    plan_of(contract, price).is_some()
}

pub(crate) fn any_matches(patterns: &[PricePattern], price: &Price) -> bool {
    patterns.iter().any(|pattern| pattern.matches(&price.id))
}

/// Returns true if the price is in `ignore_prices` and not also mapped.
pub(crate) fn ignored(contract: &Contract, price: &Price) -> bool {
    !is_mapped(contract, price) && any_matches(&contract.ignore_prices, price)
}

/// "A price of `seats.prices` that `plans` does not map says nothing of the plan and is not unmapped."
pub(crate) fn only_seats(contract: &Contract, price: &Price) -> bool {
    let listed = contract.seats.prices.as_deref().unwrap_or_default();
    !contract.plans.is_empty() && !is_mapped(contract, price) && any_matches(listed, price)
}

/// "One that has prices, all of them in `ignore_prices`, is left out altogether."
pub(crate) fn left_out(contract: &Contract, subscription: &Subscription) -> bool {
    let mut items = subscription.items.iter();
    !subscription.items.is_empty() && items.all(|item| ignored(contract, &item.price))
}

/// Returns true if all of its prices that are not ignored sell only seats.
pub(crate) fn has_only_seats(contract: &Contract, subscription: &Subscription) -> bool {
    let counts = |item: &&Item| !ignored(contract, &item.price);
    let mut items = subscription.items.iter().filter(counts).peekable();
    items.peek().is_some() && items.all(|item| only_seats(contract, &item.price))
}

/// Lists the plans that a subscription's mapped prices map to.
pub(crate) fn plans_of<'c>(
    contract: &'c Contract,
    subscription: &Subscription,
) -> Vec<&'c PlanWords> {
    let items = subscription.items.iter();
    items
        .filter_map(|item| plan_of(contract, &item.price))
        .collect()
}

/// Returns true if any of its words is in `free_plans`.
pub(crate) fn is_free(contract: &Contract, plan: &PlanWords) -> bool {
    plan.words().any(|word| contract.free_plans.contains(word))
}

/// Lists the plans that a row may hold: any that is paid for, or with `plan_order` the highest.
pub(crate) fn right_plans<'c>(
    contract: &Contract,
    paid_for: &[&'c PlanWords],
) -> Vec<&'c PlanWords> {
    let rank = |plan: &PlanWords| {
        let mut places = contract.plan_order.iter().enumerate().rev();
        places
            .find(|(_, word)| plan.is(word))
            .map(|(place, _)| place)
    };
    let highest = paid_for.iter().map(|plan| rank(plan)).max().flatten();
    let right = paid_for.iter().filter(|plan| rank(plan) == highest);
    right.copied().collect()
}

/// Money per month, and the number of items without an amount.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Monthly {
    pub(crate) amounts: BTreeMap<String, i64>,
    pub(crate) without_amount: u64,
}

/// Sums the subscriptions per month, without ignored prices.
pub(crate) fn monthly(contract: &Contract, subscriptions: &[&Subscription]) -> Monthly {
    let items = subscriptions
        .iter()
        .flat_map(|subscription| subscription.items.iter());
    let mut sum = Monthly::default();
    for item in items.filter(|item| !ignored(contract, &item.price)) {
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
