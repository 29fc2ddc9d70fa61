//! From what was played to what is reported.

use super::{Rehearsing, play::ScenarioPlayed};
use crate::{
    commands::{failure::Failure, unanswered},
    config::Config,
    contract::{Finding, Rule, Source, Summary, Verdict},
    problem::Problem,
    report::{ContractOutcome, Outcome, PlayedResult, PlayedScenario, Rehearsed, Reported},
};

/// The report of a rehearsal that came to its end.
pub(super) fn outcome(
    rehearsing: &Rehearsing<'_>,
    config: &Config,
    scenarios: Vec<ScenarioPlayed<'_>>,
) -> Outcome {
    let mut findings: Vec<Finding> = Vec::new();
    let mut reported = Vec::with_capacity(scenarios.len());
    for played in scenarios {
        reported.push(PlayedScenario {
            id: played.scenario.id.clone(),
            title: played.scenario.title.clone(),
            ends: played.scenario.ends.clone(),
            result: if played.played.is_empty() {
                PlayedResult::LeftOut
            } else if played.findings.is_empty() {
                PlayedResult::Held
            } else {
                PlayedResult::Broken
            },
            left_out: played.left_out,
            plays: u64::try_from(played.played.len()).unwrap_or_default(),
            steps: played.played.iter().map(|one| one.steps).sum(),
            events: played.played.iter().map(|one| one.events).sum(),
        });
        findings.extend(played.findings);
    }
    findings.sort_by(|one, other| one.order().cmp(&other.order()));
    let mut summary = Summary::default();
    summary.count_findings(&findings);
    let verdict = Verdict::of(&findings, rehearsing.fail_on);
    let index = rehearsing.settings.contract_index;
    let place = |finding: Finding| {
        let place = if matches!(finding.rule, Rule::Handler(_)) {
            Some(rehearsing.settings.places.handler.clone())
        } else {
            config.place(index, finding.rule, finding.subject.price.as_deref())
        };
        Reported::new(finding, place)
    };
    Outcome {
        verdict,
        contracts: vec![ContractOutcome {
            name: rehearsing.contract.name.clone(),
            source: rehearsing.contract.contract.source,
            verdict,
            fail_on: rehearsing.fail_on,
            advice: Vec::new(),
            findings: findings.into_iter().map(place).collect(),
            summary,
            problem: None,
            named: Vec::new(),
        }],
        problems: Vec::new(),
        warnings: rehearsing.warnings.clone(),
        rehearsal: Some(Rehearsed {
            scenarios: reported,
        }),
        since: None,
    }
}

/// The report of one that was kept from its beginning.
pub(crate) fn not_begun(problems: Vec<Problem>) -> Outcome {
    Outcome {
        rehearsal: Some(Rehearsed::default()),
        ..unanswered(problems)
    }
}

/// The report of one that could not be carried out.
pub(super) fn failed(config: &Config, failure: Failure) -> Outcome {
    let index = config
        .rehearsal
        .as_ref()
        .map(|settings| settings.contract_index);
    let contract = index.and_then(|index| config.contracts.get(index));
    Outcome {
        verdict: Verdict::Error,
        contracts: vec![ContractOutcome {
            name: contract.map_or_else(|| "rehearsal".to_owned(), |one| one.name.clone()),
            source: contract.map_or(Source::Stripe, |one| one.contract.source),
            verdict: Verdict::Error,
            fail_on: None,
            advice: Vec::new(),
            findings: Vec::new(),
            summary: Summary::default(),
            problem: Some(failure.problem),
            named: failure.named,
        }],
        problems: Vec::new(),
        warnings: Vec::new(),
        rehearsal: Some(Rehearsed::default()),
        since: None,
    }
}
