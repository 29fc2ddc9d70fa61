//! `plans`: every price in use is mapped, and `plans` and the rows use the same words.

use std::collections::BTreeSet;

use super::columns::is_elsewhere;
use crate::{
    billing::{BillingReader, Error},
    commands::doctor::{
        contract_facts::{ContractFacts, KeyState, LinkedCustomers, MAX_REQUESTS},
        definition::{CheckFuture, ContractCheck, DoctorCheck},
    },
    contract::{Contract, ContractKey, Facts, Field, Rule, evaluate},
    database::DatabaseFacts,
    problem::{Problem, Warning},
    report::StepResult,
    sources::{ContractProvider, customers_of},
    text::counted,
};

pub(in crate::commands::doctor) const CHECK: ContractCheck = DoctorCheck {
    id: "plans",
    run: |facts| -> CheckFuture<'_> { Box::pin(check(facts)) },
};

/// Number of words that a message lists.
const MAX_LISTED: usize = 10;

async fn check(facts: &mut ContractFacts<'_>) -> StepResult {
    if facts.usable_accounts().is_none() {
        return StepResult::needs(super::columns::CHECK.id);
    }
    if facts.customers == LinkedCustomers::Foreign {
        return StepResult::needs(super::customers::CHECK.id);
    }
    if facts.key != KeyState::Permitted {
        return StepResult::needs(super::permissions::CHECK.id);
    }
    let (Some(Ok(read)), Some(reader)) = (facts.accounts.take(), facts.reader.take()) else {
        return StepResult::needs(super::permissions::CHECK.id);
    };
    let contract = facts.contract.contract.clone();
    let unknown = unknown_words(&contract, &read);
    let known = match read_provider(facts, &reader, read).await {
        Ok(known) => known,
        Err(error) => return unread(facts, error),
    };
    let judged = match evaluate(&contract, &known, facts.setup.run.now) {
        Ok(judged) => judged,
        Err(unanswerable) => return StepResult::fail(Problem::from(unanswerable)),
    };
    let mut warnings: Vec<_> = judged
        .advice
        .into_iter()
        .map(|advice| {
            let place = facts.place(&advice.about);
            Warning::new(advice.message).hint(advice.hint).at(place)
        })
        .collect();
    let plans = facts.place(&ContractKey::Plans(None));
    let prices = judged.findings.iter();
    let prices = prices
        .filter(|finding| matches!(finding.rule, Rule::UnmappedPrice | Rule::UnmappedFeature));
    warnings.extend(prices.map(|finding| {
        let first = finding.message.lines().next().unwrap_or_default();
        Warning::new(first.trim_end_matches('.'))
            .hint(finding.fix.to_string())
            .at(plans.clone())
    }));
    warnings.extend(unknown.map(|problem| problem.at(plans)));
    let subscriptions: u64 = judged.summary.subscriptions.values().sum();
    let message = if contract.plans.is_empty() {
        "the contract maps no `plans`, so it only compares access".to_owned()
    } else {
        format!(
            "{} mapped, {} read",
            counted(contract.plans.len(), "price"),
            counted(subscriptions, "subscription")
        )
    };
    StepResult::warned(message, warnings)
}

/// Reads the provider's side as a check does.
async fn read_provider(
    facts: &ContractFacts<'_>,
    reader: &BillingReader,
    read: DatabaseFacts,
) -> Result<Facts, Error> {
    let provider = ContractProvider {
        contract: &facts.contract.contract,
        reader,
        progress: facts.setup.run.progress,
    };
    let listed = provider.list(&customers_of(&read.accounts)).await?;
    let mut known = Facts {
        accounts: read.accounts,
        mapped: read.mapped,
        subscriptions: listed.facts.subscriptions,
        seen_modes: listed.facts.seen_modes,
        customer_known: facts.customers == LinkedCustomers::Known,
        stored_words: read.stored_words,
        customer_metadata: listed.facts.customer_metadata,
    };
    let now = facts.setup.run.now;
    provider
        .read_missing(&mut known, now, listed.is_everything)
        .await?;
    Ok(known)
}

/// Returns the result if the provider could not be read.
fn unread(facts: &ContractFacts<'_>, error: Error) -> StepResult {
    let is_too_much = matches!(
        error,
        Error::BudgetTooSmall { .. } | Error::UnknownTotal { .. }
    );
    if is_too_much && facts.limits_requests {
        return StepResult::skip(format!(
            "there is too much to read for {MAX_REQUESTS} requests; `prodverdict check access` compares all plans"
        ));
    }
    StepResult::fail(Problem::from(error))
}

/// Returns the words in the rows that `plans` and `free_plans` do not have.
fn unknown_words(contract: &Contract, read: &DatabaseFacts) -> Option<Warning> {
    if contract.plans.is_empty() || !read.mapped.contains(&Field::Plan) {
        return None;
    }
    let mut unknown = BTreeSet::new();
    let here = read
        .accounts
        .iter()
        .filter(|account| !is_elsewhere(account));
    for account in here {
        let Some(word) = account.plan.as_deref().filter(|word| !word.is_empty()) else {
            continue;
        };
        let is_plan = contract.plans.iter().any(|(_, plan)| plan.is(word));
        if !is_plan && !contract.free_plans.contains(word) {
            unknown.insert(word);
        }
    }
    if unknown.is_empty() {
        return None;
    }
    let listed = unknown.iter().take(MAX_LISTED);
    let listed: Vec<_> = listed.map(|word| format!("`{word}`")).collect();
    let more = unknown.len().saturating_sub(listed.len());
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    Some(
        Warning::new(format!(
            "rows have plans that `plans` does not have: {}{more}",
            listed.join(", ")
        ))
        .hint("map the prices of these plans, or list plans that nobody pays for in `free_plans`"),
    )
}
