//! The rules, each in the file of what it looks at.

mod access;
mod columns;
mod customer;
mod plan;
mod price;
mod status;
mod unlinked;

pub(crate) use self::{customer::CHARGED, plan::stores_paid_plan};
use super::{Rule, Unanswerable, case::Case, customers::CustomerNumber, standing::State};

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
