//! The rules, each in the file of what it looks at.

mod access;
mod columns;
mod customer;
mod plan;
mod price;
mod status;
mod unlinked;

use std::collections::BTreeSet;

pub(crate) use self::{columns::paid_seats, customer::CHARGED, plan::stores_paid_plan};
use super::{
    Field, MatchOn, Rule, Unanswerable, case::Case, customers::CustomerNumber, standing::State,
};

/// Judges every account, then what belongs to customers, prices and statuses.
pub(crate) fn judge(case: &Case<'_>) -> Result<(), Unanswerable> {
    // Of several missing values the same one is named in whatever order the facts come.
    let mut missing: Option<Unanswerable> = None;
    for customer in case.customers.all() {
        if case.has_judged_account(customer)
            && let Err(error) = judge_accounts(case, customer)
        {
            missing = Some(missing.map_or(error.clone(), |other| other.min(error)));
        }
        judge_customer(case, customer);
    }
    if let Some(missing) = missing {
        return Err(missing);
    }
    unlinked::unlinked_access(case);
    price::unmapped(case)?;
    if case.contract.source.has_subscriptions() {
        status::unknown_status(case);
    }
    Ok(())
}

/// The rules that these facts could break.
pub(crate) fn judged(case: &Case<'_>) -> BTreeSet<Rule> {
    let has_subscriptions = case.contract.source.has_subscriptions();
    let checks_plans = case.contract.checks_plans();
    let matched_by_customer = case.contract.match_on == MatchOn::CustomerId;
    let maps = |field: Field| has_subscriptions && case.facts.mapped.contains(&field);
    let applies = |rule: &Rule| match rule {
        Rule::RevenueLeak | Rule::WrongfulAccess | Rule::NoSubscription | Rule::UnlinkedAccess => {
            true
        }
        Rule::CustomerMismatch => has_subscriptions && matched_by_customer,
        Rule::DuplicateCustomer => matched_by_customer,
        Rule::DuplicateSubscription => !matched_by_customer,
        Rule::PlanDrift | Rule::StalePlan => plan::compares_plans(case),
        Rule::UnmappedPrice => checks_plans && has_subscriptions,
        Rule::UnmappedFeature => checks_plans && !has_subscriptions,
        Rule::OrphanSubscription | Rule::UnknownStatus | Rule::DoubleSubscription => {
            has_subscriptions
        }
        Rule::SeatDrift => maps(Field::Seats),
        Rule::StatusDrift => maps(Field::Status),
        Rule::StaleSubscriptionId => maps(Field::SubscriptionId),
        Rule::PeriodDrift => maps(Field::PeriodEnd),
        Rule::CancelFlagDrift => maps(Field::CancelAtPeriodEnd),
        Rule::Handler(_) => false,
    };
    let wanted = Rule::ALL.into_iter().filter(|rule| case.wants(*rule));
    wanted.filter(applies).collect()
}

fn judge_accounts(case: &Case<'_>, customer: CustomerNumber) -> Result<(), Unanswerable> {
    let state = case
        .contract
        .state(case.customers.subscriptions(customer), case.now)?;
    let accounts = case.customers.accounts_of(customer);
    for account in accounts.filter(|account| !case.is_exempt(account)) {
        match (account.paid, state) {
            (false, State::Granting) => access::revenue_leak(case, account, customer),
            (true, State::NotGranting) => access::wrongful_access(case, account, customer),
            (true, State::None) => access::no_subscription(case, account, customer),
            (true, State::Granting) => {
                plan::plan_drift(case, account, customer);
                columns::judge_granting(case, account, customer)?;
                columns::status_drift(case, account, customer);
            }
            (false, State::NotGranting | State::None) => {
                plan::stale_plan(case, account, customer);
                columns::status_drift(case, account, customer);
            }
            (_, State::InGrace) => columns::status_drift(case, account, customer),
            (_, State::Unjudged) => {}
        }
    }
    Ok(())
}

fn judge_customer(case: &Case<'_>, customer: CustomerNumber) {
    if case.wants(Rule::DuplicateCustomer) {
        customer::duplicate_customer(case, customer);
    }
    if !case.contract.source.has_subscriptions() {
        return;
    }
    if case.wants(Rule::OrphanSubscription) {
        customer::orphan_subscription(case, customer);
    }
    if case.wants(Rule::DoubleSubscription) {
        customer::double_subscription(case, customer);
    }
}
