//! Explains the provider's side: the access that each subscription gives, and all of them together.

use super::{ExplainedState, groups::FactGroup};
use crate::{
    CanceledGrace, Item, Money, Pause, PauseMeaning, ScheduledChange, Status, Subscription,
    UnixSeconds,
    access::{CustomerAccess, GraceEnd, PriceMeaning, SubscriptionAccess, overdue_since},
    case::Case,
    customers::Holder,
};

/// One subscription, or the entitlements that stand in for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedSubscription {
    pub id: String,
    pub customer: String,
    pub status: String,
    /// `None` if the source does not provide it.
    pub created: Option<UnixSeconds>,
    pub period_start: Option<UnixSeconds>,
    pub period_end: Option<UnixSeconds>,
    pub ended_at: Option<UnixSeconds>,
    /// `None` if the source does not provide it.
    pub cancel_scheduled: Option<bool>,
    /// A scheduled change with its time, if the provider states it.
    pub scheduled: Option<ScheduledChange>,
    /// `pause_collection.behavior`, if its collection is paused.
    pub pause: Option<Pause>,
    /// Prices, sorted by id.
    pub prices: Vec<ExplainedPrice>,
    pub access: SubscriptionAccess,
    pub reason: String,
    /// True if findings about the account name this one.
    pub decides: bool,
}

/// One item of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedPrice {
    pub price: String,
    pub meaning: PriceUse,
    /// `None` for a metered price, or if the source does not provide it.
    pub quantity: Option<u64>,
    /// Monthly amount; empty if the price does not determine it.
    pub monthly: Money,
}

/// Meaning of a price under the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PriceUse {
    Plan {
        plan: String,
        is_free: bool,
    },
    Ignored,
    /// It buys seats and does not determine the plan.
    Seats,
    Unmapped,
    /// The contract maps no prices.
    NotChecked,
}

/// Returns the subscription that decides, then the others from the newest on.
pub(super) fn explain_subscriptions(
    case: &Case<'_>,
    holder: &Holder<'_>,
) -> Vec<ExplainedSubscription> {
    let customers = case.customers.all();
    let mut all: Vec<_> = customers
        .flat_map(|customer| case.customers.subscriptions(customer))
        .collect();
    let deciding = case.deciding(holder).map(|deciding| &deciding.id);
    all.sort_by(|a, b| {
        let key = |subscription: &Subscription| {
            (Some(&subscription.id) == deciding, subscription.created)
        };
        key(b).cmp(&key(a)).then_with(|| b.id.cmp(&a.id))
    });
    let explained = |subscription: &Subscription| {
        explained(
            case,
            holder,
            subscription,
            deciding == Some(&subscription.id),
        )
    };
    all.into_iter().map(explained).collect()
}

fn explained(
    case: &Case<'_>,
    holder: &Holder<'_>,
    subscription: &Subscription,
    decides: bool,
) -> ExplainedSubscription {
    let access = if case.is_on_test_clock_of(subscription) {
        SubscriptionAccess::Unjudged
    } else {
        case.access(holder, subscription)
    };
    let mut prices: Vec<_> = subscription
        .items
        .iter()
        .map(|item| price(case, item))
        .collect();
    // The provider does not guarantee the order of items.
    prices.sort_by(|a, b| (&a.price, a.quantity).cmp(&(&b.price, b.quantity)));
    ExplainedSubscription {
        id: subscription.id.to_string(),
        customer: subscription.customer.to_string(),
        status: subscription.status.to_string(),
        created: (subscription.created != UnixSeconds::default()).then_some(subscription.created),
        period_start: subscription.period_start(),
        period_end: subscription.period_end(),
        ended_at: subscription.ended_at(),
        cancel_scheduled: subscription.cancel_scheduled,
        scheduled: subscription
            .details
            .as_deref()
            .and_then(|details| details.scheduled),
        pause: subscription.pause.clone(),
        prices,
        reason: reason(case, holder, subscription, &access),
        access,
        decides,
    }
}

fn price(case: &Case<'_>, item: &Item) -> ExplainedPrice {
    let contract = case.contract;
    let mut monthly = Money::default();
    let amount = item
        .quantity
        .and_then(|quantity| item.price.monthly(quantity));
    if let (Some(minor_units), Some(currency)) = (amount, &item.price.currency) {
        monthly.add(currency, minor_units);
    }
    ExplainedPrice {
        price: item.price.id.to_string(),
        meaning: match contract.price_meaning(&item.price) {
            PriceMeaning::Plan(plan) => PriceUse::Plan {
                plan: plan.name().to_owned(),
                is_free: contract.is_free(plan),
            },
            PriceMeaning::Ignored => PriceUse::Ignored,
            PriceMeaning::Seats => PriceUse::Seats,
            PriceMeaning::Unmapped if contract.checks_plans() => PriceUse::Unmapped,
            PriceMeaning::Unmapped => PriceUse::NotChecked,
        },
        quantity: item.quantity,
        monthly,
    }
}

/// Returns the reason for the access that a subscription gives.
fn reason(
    case: &Case<'_>,
    holder: &Holder<'_>,
    subscription: &Subscription,
    access: &SubscriptionAccess,
) -> String {
    let status = &subscription.status;
    let since = holder.past_due_since;
    let grace = match case.contract.grace_end(subscription, since) {
        GraceEnd::At(end) => Some(end),
        GraceEnd::None | GraceEnd::Unknown | GraceEnd::Missing(_) => None,
    };
    let pause = subscription.pause.as_ref().map_or("", Pause::as_str);
    match (access, grace) {
        (SubscriptionAccess::LeftOut, _) => "all its prices are in `ignore_prices`".to_owned(),
        (SubscriptionAccess::Undecidable(missing), _) => missing.to_string(),
        (SubscriptionAccess::Unjudged, _) if subscription.on_test_clock => {
            "it is on a test clock, where times are simulated".to_owned()
        }
        (SubscriptionAccess::Unjudged, _)
            if case.contract.pause_meaning(subscription) == PauseMeaning::Unjudged =>
        {
            format!("its collection is paused as `{pause}`, which is not judged")
        }
        (SubscriptionAccess::Unjudged, _) if case.contract.has_only_seats(subscription) => {
            "it buys only seats, which imply no plan".to_owned()
        }
        (SubscriptionAccess::Denies, _)
            if case.contract.pause_meaning(subscription) == PauseMeaning::Deny =>
        {
            format!("its collection is paused as `{pause}`, which `pause_collection` denies")
        }
        (SubscriptionAccess::Unjudged, _)
            if case.contract.grace_end(subscription, since) == GraceEnd::Unknown =>
        {
            "it is unknown since when it is overdue, which `grace.past_due` needs".to_owned()
        }
        (SubscriptionAccess::Grants, _) => format!(
            "{}{}",
            granting_word(case, subscription),
            plan_that_grants(case, subscription)
        ),
        (SubscriptionAccess::Denies | SubscriptionAccess::Unjudged, _)
            if case.contract.grants_by_status(subscription) =>
        {
            let prices = listed(subscription.items.iter().map(|item| item.price.id.as_str()));
            let but = if *access == SubscriptionAccess::Denies {
                "all of its plans are free"
            } else {
                "none of its prices is in `plans`"
            };
            format!("{}, but {but}: {prices}", granting_word(case, subscription))
        }
        (SubscriptionAccess::Unjudged, _) => {
            format!("`{status}` is neither in `statuses.grant` nor in `statuses.deny`")
        }
        (SubscriptionAccess::InGrace, Some(end)) => {
            format!(
                "`{status}` does not grant, but {} lasts until {end}",
                grace_rule(case, holder, subscription)
            )
        }
        (SubscriptionAccess::Denies, Some(end)) => {
            format!(
                "`{status}` does not grant, and {} ended {end}",
                grace_rule(case, holder, subscription)
            )
        }
        (SubscriptionAccess::InGrace | SubscriptionAccess::Denies, None) => {
            format!("`{status}` does not grant")
        }
    }
}

/// Returns `` `active` is a granting status ``.
fn granting_word(case: &Case<'_>, subscription: &Subscription) -> String {
    if case.contract.source.has_subscriptions() {
        format!("`{}` is a granting status", subscription.status)
    } else {
        "an active entitlement grants".to_owned()
    }
}

/// Names the price that makes a granting status count, if prices are checked.
fn plan_that_grants(case: &Case<'_>, subscription: &Subscription) -> String {
    if !case.contract.checks_plans() {
        return String::new();
    }
    let prices = subscription.items.iter().map(|item| &item.price);
    let paid = prices.filter_map(|price| match case.contract.price_meaning(price) {
        PriceMeaning::Plan(plan) if !case.contract.is_free(plan) => Some((&price.id, plan)),
        PriceMeaning::Plan(_)
        | PriceMeaning::Ignored
        | PriceMeaning::Seats
        | PriceMeaning::Unmapped => None,
    });
    paid.min().map_or_else(
        || ", and it carries no price".to_owned(),
        |(price, plan)| format!(" and `{price}` is plan `{plan}`"),
    )
}

/// Names the grace that applies to the subscription, and the time that it is counted from.
fn grace_rule(case: &Case<'_>, holder: &Holder<'_>, subscription: &Subscription) -> String {
    let from = |time: Option<UnixSeconds>| time.map(|time| time.to_string()).unwrap_or_default();
    if subscription.status == Status::PastDue {
        let since = from(
            holder
                .past_due_since
                .or_else(|| overdue_since(subscription)),
        );
        return format!("`grace.past_due` (overdue since {since})");
    }
    match case.contract.grace.canceled {
        Some(CanceledGrace::For(_)) => {
            format!(
                "`grace.canceled` (from its end, {})",
                from(subscription.ended_at())
            )
        }
        Some(CanceledGrace::UntilPeriodEnd) | None => {
            "`grace.canceled: until_period_end`".to_owned()
        }
    }
}

/// Explains the access that all subscriptions of a customer give together. Returns `None` if there is no customer.
pub(super) fn explain_state(
    case: &Case<'_>,
    group_access: super::rules::GroupAccess<'_>,
    group: &FactGroup,
) -> Option<ExplainedState> {
    let Some((holder, state)) = group_access else {
        return group.customer.as_ref().map(|_| ExplainedState {
            access: CustomerAccess::None,
            reason: nothing_granting(case, group),
        });
    };
    let ids_with = |wanted: &SubscriptionAccess| {
        let mut all: Vec<_> = holder
            .customers()
            .flat_map(|customer| case.customers.subscriptions(customer))
            .filter(|subscription| {
                case.access(&holder, subscription) == *wanted || subscription.on_test_clock
            })
            .map(|subscription| subscription.id.as_str())
            .collect();
        all.sort_unstable();
        listed(all.into_iter())
    };
    let reason = match state {
        CustomerAccess::Granting if !case.contract.source.has_subscriptions() => {
            "it has an active entitlement, and one is enough".to_owned()
        }
        CustomerAccess::Granting => format!(
            "{} grants, and one is enough",
            ids_with(&SubscriptionAccess::Grants)
        ),
        CustomerAccess::InGrace => format!(
            "nothing grants, and {} is in grace",
            ids_with(&SubscriptionAccess::InGrace)
        ),
        CustomerAccess::Unjudged if !case.contract.source.has_subscriptions() => {
            "entitlements that the contract does not map are not judged".to_owned()
        }
        CustomerAccess::Unjudged => format!(
            "nothing grants, and {} cannot be judged",
            ids_with(&SubscriptionAccess::Unjudged)
        ),
        CustomerAccess::NotGranting if !case.contract.source.has_subscriptions() => {
            "none of its entitlements is to a paid plan".to_owned()
        }
        CustomerAccess::NotGranting => format!(
            "{} does not grant, and there is no other",
            ids_with(&SubscriptionAccess::Denies)
        ),
        CustomerAccess::None if has_subscriptions(case, &holder) => {
            format!(
                "{} is left out, and there is no other",
                ids_with(&SubscriptionAccess::LeftOut)
            )
        }
        CustomerAccess::None if case.customers.id(holder.first).is_none() => format!(
            "{} does not know the stored subscription",
            case.contract.source.provider()
        ),
        CustomerAccess::None => nothing_granting(case, group),
    };
    Some(ExplainedState {
        access: state,
        reason,
    })
}

fn has_subscriptions(case: &Case<'_>, holder: &Holder<'_>) -> bool {
    let mut customers = holder.customers();
    customers.any(|customer| case.customers.subscriptions(customer).next().is_some())
}

fn nothing_granting(case: &Case<'_>, group: &FactGroup) -> String {
    let provider = case.contract.source.provider();
    let object = if case.contract.source.has_subscriptions() {
        "subscription"
    } else {
        "active entitlement"
    };
    if group.customer.is_some() {
        format!("{provider} knows the customer, and it has no {object} at all")
    } else {
        format!("{provider} shows no {object} of it, nor that there is such a customer")
    }
}

/// Joins names in backticks; counts the rest of many.
fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    const MAX_SHOWN: usize = 5;
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    let shown = names
        .iter()
        .take(MAX_SHOWN)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    match names.len().saturating_sub(MAX_SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
