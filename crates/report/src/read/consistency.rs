//! Checks that the verdict of a report agrees with the rest of it.

use crate::{ContractOutcome, Outcome, PlayedResult, Rehearsed};
use contract::Verdict;

/// Two parts of a report that disagree. Messages do not contain the rejected verdict, so that a search for a pass does
/// not find it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    #[error("it says that it has {stated} findings, and lists {found}")]
    Count { stated: u64, found: u64 },
    #[error("two of its contracts are called `{name}`")]
    ContractTwice { name: String },
    #[error("it mentions the contract `{name}`, which it does not list")]
    NoContract { name: String },
    #[error("the entity `{entity}` does not end with its id")]
    Entity { entity: String },
    #[error("the verdict of the contract `{name}` does not match its findings")]
    Contract { name: String },
    #[error("its verdict does not match its contracts")]
    Whole,
    #[error("it has a verdict, but no scenario was played")]
    NothingPlayed,
    #[error("its scenarios and its findings do not agree on whether anything is broken")]
    Broken,
    #[error("it reports nothing wrong, but the scenario `{id}` was not played to its end")]
    Unfinished { id: String },
}

/// Returns an error if parts of the report contradict each other.
pub(super) fn check(outcome: &Outcome) -> Result<(), Contradiction> {
    for contract in &outcome.contracts {
        if contract.verdict != expected(outcome, contract) {
            return Err(Contradiction::Contract {
                name: contract.name.clone(),
            });
        }
    }
    let worst = outcome
        .contracts
        .iter()
        .map(|contract| contract.verdict)
        .max();
    let expected = match worst {
        Some(worst) if outcome.problems.is_empty() => worst,
        Some(_) | None => Verdict::Error,
    };
    if outcome.verdict != expected {
        return Err(Contradiction::Whole);
    }
    match &outcome.rehearsal {
        Some(rehearsed) => check_rehearsal(outcome, rehearsed),
        None => Ok(()),
    }
}

/// Returns the verdict that follows from the contract's findings.
fn expected(outcome: &Outcome, contract: &ContractOutcome) -> Verdict {
    if contract.problem.is_some() {
        return Verdict::Error;
    }
    let found = contract.findings.iter();
    let counting = found.map(|found| (&found.finding, outcome.counts(found)));
    Verdict::from_counting(counting, contract.fail_on)
}

fn check_rehearsal(outcome: &Outcome, rehearsed: &Rehearsed) -> Result<(), Contradiction> {
    let verdict = outcome.verdict;
    let has_findings = outcome
        .contracts
        .iter()
        .any(|contract| !contract.findings.is_empty());
    if rehearsed.broken().next().is_some() != has_findings {
        return Err(Contradiction::Broken);
    }
    let mut scenarios = rehearsed.scenarios.iter();
    let unfinished = scenarios.find(|scenario| match scenario.result {
        PlayedResult::NotReached => verdict == Verdict::Pass,
        PlayedResult::CouldNotTell => matches!(verdict, Verdict::Pass | Verdict::Warn),
        PlayedResult::Held | PlayedResult::Broken | PlayedResult::LeftOut => false,
    });
    if let Some(scenario) = unfinished {
        return Err(Contradiction::Unfinished {
            id: scenario.id.clone(),
        });
    }
    if !rehearsed.is_any_judged() && verdict != Verdict::Error {
        return Err(Contradiction::NothingPlayed);
    }
    Ok(())
}
