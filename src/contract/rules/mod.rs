//! The rules, grouped by the objects that they check.

mod access;
mod cancel_flag_drift;
mod columns;
mod customer;
mod customer_mismatch;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the next commit reads the table")
)]
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

#[cfg(test)]
pub(crate) use self::definition::{HandlerAction, Listing, MoneySide};
pub(crate) use self::{
    columns::{counts_seats, paid_seats, period_end},
    customer::CHARGED,
    mismatch::{Mismatches, has_paying_strangers, unexplained_customers},
    plan::{is_plan_alive, is_same_word, stored_plan, stores_paid_plan},
};
pub use self::{
    definition::{RowFault, RuleColumn, RuleEvents, RuleInfo, RuleKey},
    handler::{Merging, merging},
};
use super::{
    Account, Field, MatchOn, Rule, Unanswerable,
    access::CustomerAccess,
    case::{Case, StateOfCustomer},
    customers::{CustomerNumber, Link},
};

/// Returns the texts of a rule and what it is about.
pub fn info(rule: Rule) -> &'static RuleInfo {
    match rule {
        Rule::RevenueLeak => &revenue_leak::RULE.info,
        Rule::WrongfulAccess => &wrongful_access::RULE.info,
        Rule::NoSubscription => &no_subscription::RULE.info,
        Rule::PlanDrift => &plan_drift::RULE.info,
        Rule::UnmappedPrice => &unmapped_price::RULE.info,
        Rule::UnmappedFeature => &unmapped_feature::RULE.info,
        Rule::CustomerMismatch => &customer_mismatch::RULE.info,
        Rule::DuplicateCustomer => &duplicate_customer::RULE.info,
        Rule::DuplicateSubscription => &duplicate_subscription::RULE.info,
        Rule::OrphanSubscription => &orphan_subscription::RULE.info,
        Rule::UnknownStatus => &unknown_status::RULE.info,
        Rule::DoubleSubscription => &double_subscription::RULE.info,
        Rule::StalePlan => &stale_plan::RULE.info,
        Rule::UnlinkedAccess => &unlinked_access::RULE.info,
        Rule::SeatDrift => &seat_drift::RULE.info,
        Rule::StatusDrift => &status_drift::RULE.info,
        Rule::StaleSubscriptionId => &stale_subscription_id::RULE.info,
        Rule::PeriodDrift => &period_drift::RULE.info,
        Rule::CancelFlagDrift => &cancel_flag_drift::RULE.info,
        Rule::Handler(rule) => handler::info(rule),
    }
}

/// Returns the entry of a rule of the access contract.
#[cfg(test)]
pub(crate) fn definition(rule: Rule) -> Option<&'static definition::RuleDefinition> {
    Some(match rule {
        Rule::RevenueLeak => &revenue_leak::RULE,
        Rule::WrongfulAccess => &wrongful_access::RULE,
        Rule::NoSubscription => &no_subscription::RULE,
        Rule::PlanDrift => &plan_drift::RULE,
        Rule::UnmappedPrice => &unmapped_price::RULE,
        Rule::UnmappedFeature => &unmapped_feature::RULE,
        Rule::CustomerMismatch => &customer_mismatch::RULE,
        Rule::DuplicateCustomer => &duplicate_customer::RULE,
        Rule::DuplicateSubscription => &duplicate_subscription::RULE,
        Rule::OrphanSubscription => &orphan_subscription::RULE,
        Rule::UnknownStatus => &unknown_status::RULE,
        Rule::DoubleSubscription => &double_subscription::RULE,
        Rule::StalePlan => &stale_plan::RULE,
        Rule::UnlinkedAccess => &unlinked_access::RULE,
        Rule::SeatDrift => &seat_drift::RULE,
        Rule::StatusDrift => &status_drift::RULE,
        Rule::StaleSubscriptionId => &stale_subscription_id::RULE,
        Rule::PeriodDrift => &period_drift::RULE,
        Rule::CancelFlagDrift => &cancel_flag_drift::RULE,
        Rule::Handler(_) => return None,
    })
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
    let has_subscriptions = case.contract.source.has_subscriptions();
    let checks_plans = case.contract.checks_plans();
    let matched_by_customer = case.contract.match_on == MatchOn::CustomerId;
    let maps = |field: Field| has_subscriptions && case.facts.mapped.contains(&field);
    let applies = |rule: &Rule| match rule {
        Rule::RevenueLeak | Rule::WrongfulAccess | Rule::NoSubscription | Rule::UnlinkedAccess => {
            true
        }
        Rule::CustomerMismatch | Rule::DoubleSubscription => {
            has_subscriptions && matched_by_customer
        }
        Rule::DuplicateCustomer => matched_by_customer,
        Rule::DuplicateSubscription => !matched_by_customer,
        Rule::PlanDrift | Rule::StalePlan => plan::compares_plans(case),
        Rule::UnmappedPrice => checks_plans && has_subscriptions,
        Rule::UnmappedFeature => checks_plans && !has_subscriptions,
        Rule::OrphanSubscription | Rule::UnknownStatus => has_subscriptions,
        Rule::SeatDrift => maps(Field::Seats),
        Rule::StatusDrift => maps(Field::Status),
        Rule::StaleSubscriptionId => matched_by_customer && maps(Field::SubscriptionId),
        Rule::PeriodDrift => maps(Field::PeriodEnd),
        Rule::CancelFlagDrift => maps(Field::CancelAtPeriodEnd),
        Rule::Handler(_) => false,
    };
    let wanted = Rule::ALL.into_iter().filter(|rule| case.wants(*rule));
    wanted.filter(applies).collect()
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
