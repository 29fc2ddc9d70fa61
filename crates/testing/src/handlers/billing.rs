//! Computes an account's row from all of its subscriptions.

use std::cmp::Reverse;

use super::{Account, Mutant, provider::Subscription};

const GRANTING: [&str; 2] = ["active", "trialing"];

/// Stripe retries a failed card for two weeks; `grace` in the contract.
const GRACE: i64 = 14 * 24 * 3600;

/// The columns that billing determines, and the customer of the deciding subscription.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) owner: Option<String>,
    pub(super) has_paid_access: bool,
    pub(super) plan: String,
    pub(super) seats: i64,
    pub(super) subscription_id: Option<String>,
    pub(super) status: Option<String>,
    pub(super) period_end: Option<i64>,
    pub(super) cancel_at_period_end: bool,
}

/// Computes the columns. One subscription that grants access is enough.
pub(super) fn billing(
    account: &Account,
    subscriptions: Vec<Subscription>,
    now: i64,
    mutant: Option<Mutant>,
) -> Columns {
    let is_relevant = |subscription: &Subscription| {
        plan_of(subscription, mutant).is_some()
            || Some(&subscription.id) == account.subscription_id.as_ref()
    };
    let mut relevant: Vec<_> = subscriptions.into_iter().filter(is_relevant).collect();
    relevant.sort_by_key(|subscription| Reverse((subscription.created, subscription.id.clone())));
    let granting: Vec<_> = relevant
        .iter()
        .filter(|subscription| is_granting(subscription, mutant))
        .collect();
    let deciding = granting.first().copied().or(relevant.first());
    let entitling = if granting.is_empty() {
        relevant
            .iter()
            .filter(|subscription| is_in_grace(subscription, now))
            .collect()
    } else {
        granting
    };
    let unpaid = Columns {
        owner: deciding.map(|subscription| subscription.customer.clone()),
        has_paid_access: false,
        plan: "free".to_owned(),
        seats: 0,
        subscription_id: deciding.map(|subscription| subscription.id.clone()),
        status: deciding.map(|subscription| subscription.status.clone()),
        period_end: deciding.and_then(|subscription| period_end(subscription, mutant)),
        cancel_at_period_end: deciding.is_some_and(is_ending),
    };
    if entitling.is_empty() {
        return Columns {
            has_paid_access: mutant == Some(Mutant::CancelFlowSimplified)
                && account.has_paid_access,
            ..unpaid
        };
    }
    let plan = entitling
        .iter()
        .find_map(|subscription| plan_of(subscription, mutant));
    let seats = entitling
        .iter()
        .filter(|subscription| Some(&subscription.customer) == unpaid.owner.as_ref())
        .map(|subscription| seats_of(subscription, mutant))
        .sum();
    Columns {
        has_paid_access: mutant != Some(Mutant::FlagLostInHelper) || account.has_paid_access,
        // An unknown price does not change the plan.
        plan: plan.map_or_else(|| account.plan.clone(), str::to_owned),
        seats,
        ..unpaid
    }
}

/// Returns the plan of a price.
fn plan(price: &str, mutant: Option<Mutant>) -> Option<&'static str> {
    let pro = if mutant == Some(Mutant::PlanRenamed) {
        "professional"
    } else {
        "pro"
    };
    match price {
        "price_1ProMonthly" | "price_1ProYearly" => Some(pro),
        "price_1TeamMonthly" => Some("team"),
        _ => None,
    }
}

/// Finds the plan in any of the items, beside add-ons and metered prices.
fn plan_of(subscription: &Subscription, mutant: Option<Mutant>) -> Option<&'static str> {
    let mut items = subscription.items.data.iter();
    items.find_map(|item| plan(&item.price.id, mutant))
}

fn seats_of(subscription: &Subscription, mutant: Option<Mutant>) -> i64 {
    let knows_any = plan_of(subscription, mutant).is_some();
    let items = subscription.items.data.iter();
    items
        .filter(|item| !knows_any || plan(&item.price.id, mutant).is_some())
        .filter_map(|item| item.quantity)
        .sum()
}

fn is_granting(subscription: &Subscription, mutant: Option<Mutant>) -> bool {
    let status = subscription.status.as_str();
    let pause = subscription.pause_collection.as_ref();
    // Stripe describes `void` as not providing the service.
    let is_paused = status == "active" && pause.is_some_and(|pause| pause.behavior == "void");
    let grants = match mutant {
        Some(Mutant::IncompleteGrants) => ![
            "past_due",
            "unpaid",
            "paused",
            "canceled",
            "incomplete_expired",
        ]
        .contains(&status),
        Some(Mutant::TrialIsUnpaid) => status == "active",
        Some(Mutant::ScheduledEndIsCanceled) => {
            GRANTING.contains(&status) && !is_ending(subscription)
        }
        _ => GRANTING.contains(&status),
    };
    grants && !is_paused
}

fn is_in_grace(subscription: &Subscription, now: i64) -> bool {
    let items = subscription.items.data.iter();
    let start = items.map(|item| item.current_period_start).max();
    subscription.status == "past_due" && start.is_some_and(|start| now < start + GRACE)
}

/// Checks both encodings of a scheduled cancellation.
fn is_ending(subscription: &Subscription) -> bool {
    subscription.cancel_at_period_end || subscription.cancel_at.is_some()
}

fn period_end(subscription: &Subscription, mutant: Option<Mutant>) -> Option<i64> {
    if mutant == Some(Mutant::PeriodEndOldPlace) {
        return subscription.current_period_end;
    }
    let items = subscription.items.data.iter();
    items.map(|item| item.current_period_end).max()
}
