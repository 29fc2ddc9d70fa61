//! The seats that subscriptions buy.

use super::column_drift::missing;
use crate::{
    Included, Item, PlanWords, PriceId, PricePattern, Seats, Subscription, Unanswerable,
    access::PriceMeaning, case::Case,
};

/// Returns true if the row stores "no limit" and the bought prices allow that.
pub(super) fn is_unlimited(seats: &Seats, stored: Option<i64>, paying: &[&Subscription]) -> bool {
    if !seats.unlimited.contains(&stored) {
        return false;
    }
    let Some(prices) = &seats.unlimited_prices else {
        return true;
    };
    let mut items = paying
        .iter()
        .flat_map(|subscription| subscription.items.iter());
    items.any(|item| any_matches(prices, &item.price.id))
}

fn any_matches(patterns: &[PricePattern], price: &PriceId) -> bool {
    patterns.iter().any(|pattern| pattern.matches(price))
}

/// Returns the paid seats, or `None` if no item counts: the prices are metered or unknown.
pub(crate) fn paid_seats(
    case: &Case<'_>,
    paying: &[&Subscription],
) -> Result<Option<u64>, Unanswerable> {
    let seats = &case.contract.seats;
    // A customer who bought none of the listed prices has paid for no seats.
    let mut units = seats.prices.is_some().then_some(0_u64);
    for subscription in paying {
        for item in &subscription.items {
            if !counts_seats(case, item) {
                continue;
            }
            let Some(quantity) = item.quantity else {
                return Err(missing(subscription, "quantity", "`seat-drift`"));
            };
            units = Some(units.unwrap_or_default().saturating_add(quantity));
        }
    }
    let Some(units) = units else {
        return Ok(None);
    };
    let bought = units.saturating_mul(seats.per_unit);
    Ok(Some(bought.saturating_add(included(case, paying))))
}

/// Returns true if the quantity of an item counts as seats: the item is licensed, and the contract counts its price.
pub(crate) fn counts_seats(case: &Case<'_>, item: &Item) -> bool {
    let contract = case.contract;
    let is_counted = match &contract.seats.prices {
        Some(prices) => any_matches(prices, &item.price.id),
        None => match contract.price_meaning(&item.price) {
            PriceMeaning::Plan(_) => true,
            PriceMeaning::Unmapped => !contract.checks_plans(),
            PriceMeaning::Ignored | PriceMeaning::Seats => false,
        },
    };
    is_counted && !item.price.metered
}

/// Returns the seats included in the paid plan; of several right plans, the most.
fn included(case: &Case<'_>, paying: &[&Subscription]) -> u64 {
    let by_plan = match &case.contract.seats.included {
        Included::Number(number) => return *number,
        Included::ByPlan(by_plan) => by_plan,
    };
    let plans = paying.iter();
    let plans = plans.flat_map(|subscription| case.contract.plans_of(&subscription.items));
    let seats_of_plan = |plan: &PlanWords| plan.words().filter_map(|word| by_plan.get(word)).max();
    let right = case.contract.right_plans(plans);
    right
        .into_iter()
        .filter_map(seats_of_plan)
        .max()
        .copied()
        .unwrap_or_default()
}
