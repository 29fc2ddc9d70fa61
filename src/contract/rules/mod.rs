//! The rules, grouped by the objects that they check.

#[macro_use]
mod rule;

mod access;
mod cancel_flag_drift;
mod columns;
mod customer;
mod customer_mismatch;
mod definition;
mod double_subscription;
mod duplicate_customer;
mod duplicate_subscription;
mod handler;
mod mismatch;
mod no_subscription;
mod orphan_subscription;
mod period_drift;
mod plan;
mod plan_drift;
mod price;
mod revenue_leak;
mod seat_drift;
mod stale_plan;
mod stale_subscription_id;
mod status;
mod status_drift;
mod unknown_status;
mod unlinked;
mod unlinked_access;
mod unmapped_feature;
mod unmapped_price;
mod wrongful_access;

use std::collections::BTreeSet;

pub(crate) use self::{
    columns::{counts_seats, paid_seats, period_end},
    customer::CHARGED,
    definition::{HandlerAction, Listing, MoneySide, RuleDefinition},
    mismatch::{Mismatches, has_paying_strangers, unexplained_customers},
    plan::{is_plan_alive, is_same_word, stored_plan, stores_paid_plan},
};
pub use self::{
    definition::{RowFault, RuleColumn, RuleInfo, RuleKey},
    handler::{HandlerRule, Merging},
};
use super::{
    Account, MatchOn, Unanswerable,
    access::CustomerAccess,
    case::{Case, StateOfCustomer},
    customers::{CustomerNumber, Link},
};

rules! {
    RevenueLeak => revenue_leak,
    WrongfulAccess => wrongful_access,
    NoSubscription => no_subscription,
    PlanDrift => plan_drift,
    UnmappedPrice => unmapped_price,
    /// `unmapped-price` if entitlements are the source.
    UnmappedFeature => unmapped_feature,
    CustomerMismatch => customer_mismatch,
    DuplicateCustomer => duplicate_customer,
    /// `duplicate-customer` if accounts are matched by subscription.
    DuplicateSubscription => duplicate_subscription,
    OrphanSubscription => orphan_subscription,
    UnknownStatus => unknown_status,
    DoubleSubscription => double_subscription,
    StalePlan => stale_plan,
    UnlinkedAccess => unlinked_access,
    SeatDrift => seat_drift,
    StatusDrift => status_drift,
    StaleSubscriptionId => stale_subscription_id,
    PeriodDrift => period_drift,
    CancelFlagDrift => cancel_flag_drift,
}

/// Judges every account, then customers, prices and statuses.
pub(crate) fn judge<'f>(case: &Case<'f>, mismatches: &Mismatches<'f>) -> Result<(), Unanswerable> {
    // Report the same one of several missing values, regardless of the order of the facts.
    let mut missing: Option<Unanswerable> = None;
    for customer in case.customers.all() {
        if case.has_judged_account(customer)
            && let Err(error) = judge_accounts(case, customer, mismatches)
        {
            missing = Some(missing.map_or(error.clone(), |other| other.min(error)));
        }
        judge_customer(case, customer, mismatches);
    }
    if let Some(missing) = missing {
        return Err(missing);
    }
    unlinked::unlinked_access(case);
    mismatches.report(case);
    price::unmapped(case)?;
    if case.contract.source.has_subscriptions() {
        status::unknown_status(case);
    }
    Ok(())
}

/// Returns the rules that these facts could break.
pub(crate) fn judged(case: &Case<'_>) -> BTreeSet<Rule> {
    let is_judged = |rule: &Rule| {
        let needs = rule.definition().map(|definition| definition.needs);
        case.wants(*rule) && needs.is_some_and(|needs| needs.iter().all(|need| need.is_met(case)))
    };
    Rule::ALL.into_iter().filter(is_judged).collect()
}

/// Judges the accounts whose first customer this is.
fn judge_accounts(
    case: &Case<'_>,
    customer: CustomerNumber,
    mismatches: &Mismatches<'_>,
) -> Result<(), Unanswerable> {
    let mut states = StateOfCustomer::default();
    for link in case.customers.links_of(customer) {
        if link.holder.first != customer || case.is_exempt(link.account) {
            continue;
        }
        let state = states.get(case, &link.holder)?;
        if !mismatches.accuse(link.account) {
            judge_account(case, &link, state)?;
        }
    }
    Ok(())
}

fn judge_account(
    case: &Case<'_>,
    link: &Link<'_, '_>,
    state: CustomerAccess,
) -> Result<(), Unanswerable> {
    let paid_elsewhere = is_paid_elsewhere(link.account);
    match (link.account.paid, state) {
        (false, CustomerAccess::Granting) => access::revenue_leak(case, link),
        (true, CustomerAccess::NotGranting | CustomerAccess::None) if paid_elsewhere => {
            columns::status_drift(case, link);
        }
        (true, CustomerAccess::NotGranting) => access::wrongful_access(case, link),
        (true, CustomerAccess::None) => access::no_subscription(case, link),
        (true, CustomerAccess::Granting) => {
            let granting = case.granting(&link.holder);
            plan::plan_drift(case, link, state, &granting);
            columns::seat_drift(case, link, state, &granting)?;
            columns::judge_granting(case, link, &granting)?;
            columns::status_drift(case, link);
        }
        (false, CustomerAccess::NotGranting | CustomerAccess::None) => {
            if !paid_elsewhere {
                plan::stale_plan(case, link);
            }
            columns::status_drift(case, link);
        }
        (true, CustomerAccess::InGrace) => {
            let overdue = case.overdue(&link.holder);
            plan::plan_drift(case, link, state, &overdue);
            columns::seat_drift(case, link, state, &overdue)?;
            columns::status_drift(case, link);
        }
        (false, CustomerAccess::InGrace) => columns::status_drift(case, link),
        (_, CustomerAccess::Unjudged) => {}
    }
    Ok(())
}

/// Returns true if something that the provider does not know pays for the account.
pub(crate) fn is_paid_elsewhere(account: &Account) -> bool {
    let columns = account.columns.as_deref();
    columns.is_some_and(|columns| columns.paid_elsewhere)
}

fn judge_customer(case: &Case<'_>, customer: CustomerNumber, mismatches: &Mismatches<'_>) {
    match case.contract.match_on {
        MatchOn::CustomerId => customer::duplicate_customer(case, customer),
        MatchOn::SubscriptionId => customer::duplicate_subscription(case, customer),
    }
    if !case.contract.source.has_subscriptions() || case.is_on_test_clock(customer) {
        return;
    }
    if !mismatches.explain(case, customer) {
        customer::orphan_subscription(case, customer);
    }
    if case.contract.match_on == MatchOn::CustomerId {
        customer::double_subscription(case, customer);
    }
}
