//! `customers`: the provider knows the customers that accounts are linked to.

use crate::{
    billing::{BillingReader, Error},
    commands::doctor::{
        contract_facts::{ContractFacts, KeyState, LinkedCustomers},
        definition::{CheckFuture, ContractCheck, DoctorCheck},
    },
    contract::{MatchOn, SubscriptionId},
    database::DatabaseFacts,
    problem::{Problem, Warning},
    report::StepResult,
    sources::customers_of,
};

pub(in crate::commands::doctor) const CHECK: ContractCheck = DoctorCheck {
    id: "customers",
    run: |facts| -> CheckFuture<'_> { Box::pin(check(facts)) },
};

/// Number of ids to look up.
const ASKED: usize = 20;

async fn check(facts: &mut ContractFacts<'_>) -> StepResult {
    let Some(read) = facts.usable_accounts() else {
        return StepResult::needs(super::columns::CHECK.id);
    };
    let Some(reader) = facts
        .reader
        .as_ref()
        .filter(|_| facts.key == KeyState::Permitted)
    else {
        return StepResult::needs(super::permissions::CHECK.id);
    };
    let match_on = facts.contract.database.match_on;
    let (linked, asked, known) = match match_on {
        MatchOn::CustomerId => {
            let (linked, asked) = spread(customers_of(&read.accounts));
            (linked, asked.len(), reader.count_existing(&asked).await)
        }
        MatchOn::SubscriptionId => {
            let (linked, asked) = spread(subscriptions_of(read));
            (
                linked,
                asked.len(),
                existing_subscriptions(reader, &asked).await,
            )
        }
    };
    let provider = facts.contract.contract.source.provider();
    let noun = match match_on {
        MatchOn::CustomerId => "customers",
        MatchOn::SubscriptionId => "subscriptions",
    };
    if linked == 0 {
        return StepResult::skip("no account is linked");
    }
    let known = match known {
        Ok(Some(known)) => known,
        Ok(None) => {
            return StepResult::skip("the key may not read customers, so none was looked up");
        }
        Err(error) => return StepResult::fail(Problem::from(error)),
    };
    let is_whole = asked == linked;
    facts.customers = match known {
        0 if is_whole => LinkedCustomers::Foreign,
        0 => LinkedCustomers::Unclear,
        _ => LinkedCustomers::Known,
    };
    let message = format!(
        "{provider} knows {known} of {asked} linked {noun} that were looked up, {linked} in all"
    );
    if known == asked {
        return StepResult::pass(message);
    }
    let problem = Warning::new(message);
    if known == 0 {
        let problem = problem.hint(
            "the key belongs to another account or to the other of live and test mode, or the wrong column is mapped",
        );
        // The others may be known, as `plans` shows.
        return if is_whole {
            StepResult::fail(problem)
        } else {
            StepResult::warn(problem)
        };
    }
    StepResult::warn(problem.hint(format!(
        "the others were deleted at {provider}, or belong to another account or mode: `prodverdict explain` shows each"
    )))
}

/// Returns the number of the ids, and some of them, evenly spread.
fn spread<T>(ids: Vec<T>) -> (usize, Vec<T>) {
    let all = ids.len();
    let step = all.div_ceil(ASKED).max(1);
    (all, ids.into_iter().step_by(step).collect())
}

fn subscriptions_of(read: &DatabaseFacts) -> Vec<SubscriptionId> {
    let columns = read
        .accounts
        .iter()
        .filter_map(|account| account.columns.as_ref());
    let mut ids: Vec<_> = columns
        .filter_map(|columns| columns.subscription_id.clone())
        .collect();
    ids.sort();
    ids.dedup();
    ids
}

async fn existing_subscriptions(
    reader: &BillingReader,
    ids: &[SubscriptionId],
) -> Result<Option<usize>, Error> {
    let read = reader.read_subscriptions(ids).await?;
    Ok(Some(read.subscriptions.len()))
}
