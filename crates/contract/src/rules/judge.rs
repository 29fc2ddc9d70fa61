//! Applies the rules of the table to the facts.

use std::collections::BTreeSet;

use super::{
    Rule,
    definition::{RuleCheck, RuleDefinition},
    judged_account::JudgedAccount,
    mismatches::Mismatches,
};
use crate::{
    Unanswerable,
    case::{Case, SharedCustomerState},
    customers::CustomerNumber,
};

/// Judges each customer with its accounts, then all facts at once.
pub(crate) fn judge<'f>(case: &Case<'f>, mismatches: &Mismatches<'f>) -> Result<(), Unanswerable> {
    let checks: Vec<_> = definitions(case)
        .map(|(_, definition)| definition.check)
        .collect();
    // Report the same one of several missing values, regardless of the order of the facts.
    let mut missing: Option<Unanswerable> = None;
    for customer in case.customers.all() {
        if case.has_judged_account(customer)
            && let Err(error) = judge_accounts(case, customer, mismatches, &checks)
        {
            missing = Some(missing.map_or(error.clone(), |other| other.min(error)));
        }
        for check in &checks {
            if let RuleCheck::Customer(check) = check {
                check(case, mismatches, customer);
            }
        }
    }
    if let Some(missing) = missing {
        return Err(missing);
    }
    for check in &checks {
        if let RuleCheck::All(check) = check {
            check(case, mismatches);
        }
    }
    Ok(())
}

/// Returns the rules that these facts could break.
pub(crate) fn judged_rules(case: &Case<'_>) -> BTreeSet<Rule> {
    definitions(case).map(|(rule, _)| rule).collect()
}

/// Returns the rules that are not off and whose needs are met.
fn definitions(case: &Case<'_>) -> impl Iterator<Item = (Rule, &'static RuleDefinition)> {
    let wanted = Rule::ALL.into_iter().filter(|rule| case.is_enabled(*rule));
    let wanted = wanted.filter_map(|rule| Some((rule, rule.definition()?)));
    wanted.filter(|(_, definition)| definition.needs.iter().all(|need| need.is_met(case)))
}

/// Judges the accounts for which this is the first customer.
fn judge_accounts(
    case: &Case<'_>,
    customer: CustomerNumber,
    mismatches: &Mismatches<'_>,
    checks: &[RuleCheck],
) -> Result<(), Unanswerable> {
    let mut states = SharedCustomerState::default();
    for link in case.customers.links_of(customer) {
        if link.holder.first != customer || case.is_exempt(link.account) {
            continue;
        }
        let access = states.get(case, &link.holder)?;
        if mismatches.pays_as_another(link.account) {
            continue;
        }
        let account = JudgedAccount::new(case, link, access);
        for check in checks {
            match check {
                RuleCheck::Account(check) => check(&account),
                RuleCheck::FallibleAccount(check) => check(&account)?,
                RuleCheck::Customer(_) | RuleCheck::All(_) => {}
            }
        }
    }
    Ok(())
}
