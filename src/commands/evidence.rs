//! Adds the causes of findings, read from the provider's events. They explain a verdict but never change it.

use std::collections::BTreeMap;

use crate::{
    billing::ProviderEvidence,
    config::AccessContract,
    contract::{
        EventLog, Facts, Finding, add_causes, add_delivery_causes, contains_last_changes,
        is_explained_by_events,
    },
    problem::{Problem, Warning},
    sources::Sources,
};

/// Warnings about keys whose events could not be read in this run, by environment variable.
#[derive(Debug, Default)]
pub(crate) struct EvidenceFailures(BTreeMap<String, Warning>);

impl EvidenceFailures {
    /// Adds the causes of confirmed findings. If events cannot be read, keeps one warning for each key.
    pub(crate) async fn add_causes(
        &mut self,
        contract: &AccessContract,
        sources: &Sources<'_>,
        facts: &Facts,
        findings: &mut [Finding],
    ) {
        let judged = &contract.contract;
        let is_explained = |finding: &Finding| is_explained_by_events(judged, finding);
        let is_wanted = contract.evidence && findings.iter().any(is_explained);
        if !is_wanted || self.0.contains_key(&contract.key_env) {
            return;
        }
        let is_sufficient = |log: &EventLog| contains_last_changes(judged, log, findings);
        let evidence = sources.billing.evidence(findings, &is_sufficient).await;
        let now = sources.now;
        match evidence {
            Ok(Some(ProviderEvidence::Events(log))) => {
                add_causes(judged, facts, &log, now, findings);
            }
            Ok(Some(ProviderEvidence::Deliveries(log))) => {
                add_delivery_causes(judged, facts, &log, now, findings);
            }
            Ok(None) => {}
            Err(failure) => {
                let warning = unreadable_events(&failure.problem);
                self.0.insert(contract.key_env.clone(), warning);
            }
        }
    }

    pub(crate) fn into_warnings(self) -> impl Iterator<Item = Warning> {
        self.0.into_values()
    }
}

fn unreadable_events(problem: &Problem) -> Warning {
    const OFF: &str = "`evidence: off` skips this";
    let hint = match problem.hint.as_str() {
        "" => OFF.to_owned(),
        hint => format!("{hint}; {OFF}"),
    };
    Warning::new(format!(
        "the webhooks behind the findings could not be read: {}",
        problem.text
    ))
    .hint(hint)
}
