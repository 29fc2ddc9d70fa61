//! What went wrong behind the findings, as far as the provider's events tell. It explains a verdict and never makes one.

use std::collections::BTreeMap;

use super::sides::Sides;
use crate::{
    config::AccessContract,
    contract::{Facts, Finding, add_causes, is_explained_by_events, tells_every_change},
    problem::Problem,
};

/// The keys whose events could not be read in this run, by the variable that holds them, and why.
#[derive(Debug, Default)]
pub(crate) struct Evidence(BTreeMap<String, Problem>);

impl Evidence {
    /// Looks for the causes of findings that are confirmed. Events that cannot be read cost a warning, and only once.
    pub(crate) async fn add(
        &mut self,
        contract: &AccessContract,
        sides: &Sides<'_>,
        facts: &Facts,
        findings: &mut [Finding],
    ) {
        let is_wanted = contract.evidence && findings.iter().any(is_explained_by_events);
        if !is_wanted || self.0.contains_key(&contract.key_env) {
            return;
        }
        let log = sides.events(&|log| tells_every_change(log, findings)).await;
        match log {
            Ok(Some(log)) => add_causes(&contract.contract, facts, &log, sides.now(), findings),
            Ok(None) => {}
            Err(problem) => {
                self.0.insert(contract.key_env.clone(), unread(&problem));
            }
        }
    }

    pub(crate) fn into_warnings(self) -> impl Iterator<Item = Problem> {
        self.0.into_values()
    }
}

fn unread(problem: &Problem) -> Problem {
    const OFF: &str = "`evidence: off` does without";
    let hint = match problem.hint.as_str() {
        "" => OFF.to_owned(),
        hint => format!("{hint}; {OFF}"),
    };
    Problem {
        message: format!(
            "the webhooks behind the findings could not be looked up: {}",
            problem.message
        ),
        hint,
        place: None,
    }
}
