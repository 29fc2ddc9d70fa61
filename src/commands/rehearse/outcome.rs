//! Builds the outcome from the results of all runs.

use super::{
    progress::RunProgress, results::all_scenarios, run_result::RunOutcome, systems::RehearsalConfig,
};
use crate::{
    commands::{failure::Failure, unanswered},
    config::Config,
    contract::{Finding, Rule, Source, Summary, Verdict},
    problem::{ErrorCode, Place, Problem},
    rehearsal::{JudgedFinding, ends_play, one_per_cause},
    report::{ContractOutcome, Outcome, PlayedResult, PlayedScenario, Rehearsed, Reported},
};

/// Returns the outcome of a rehearsal. If it was stopped early, the reason is included.
pub(super) fn outcome(
    rehearsal: &RehearsalConfig<'_>,
    config: &Config,
    progress: &RunProgress<'_>,
    stopped: Option<Failure>,
) -> Outcome {
    let scenarios = all_scenarios(rehearsal, progress);
    let unreached: Vec<&str> = scenarios
        .iter()
        .filter(|one| one.result == PlayedResult::NotReached)
        .map(|one| one.scenario.id.as_str())
        .collect();
    let not_reached = is_as_the_first(progress).then(|| unreached.join(", "));
    let mut judged: Vec<JudgedFinding> = Vec::new();
    let mut reported = Vec::with_capacity(scenarios.len());
    for played in scenarios {
        reported.push(PlayedScenario {
            id: played.scenario.id.clone(),
            title: played.scenario.title.clone(),
            ends: played.scenario.ends.clone(),
            result: played.result,
            left_out: played.left_out,
            plays: u64::try_from(played.played.len()).unwrap_or_default(),
            steps: played.played.iter().map(|one| one.steps).sum(),
            events: played.played.iter().map(|one| one.events).sum(),
        });
        judged.extend(played.findings);
    }
    let is_explained = ends_play(&judged, rehearsal.fail_on);
    let mut findings = one_per_cause(judged);
    if let Some(unreached) = not_reached.filter(|unreached| !unreached.is_empty())
        && let Some(first) = findings.first_mut()
    {
        first.message = format!(
            "{}\nNot reached for this reason: {unreached}.",
            first.message
        )
        .into();
    }
    findings.sort_by(|one, other| one.order().cmp(&other.order()));
    let mut summary = Summary::default();
    summary.count_findings(&findings);
    let judged = Verdict::from_findings(&findings, rehearsal.fail_on);
    let rehearsed = Rehearsed {
        scenarios: reported,
    };
    let missing = || missing_verdict(progress, &rehearsed, (judged, is_explained));
    let (problem, named) = match stopped.or_else(missing) {
        Some(failure) => (Some(failure.problem), failure.named),
        None => (None, Vec::new()),
    };
    let verdict = if problem.is_some() {
        Verdict::Error
    } else {
        judged
    };
    let index = rehearsal.settings.contract_index;
    let place = |finding: Finding| {
        let place = place_of(config, index, &finding);
        Reported::new(finding, place)
    };
    Outcome {
        verdict,
        contracts: vec![ContractOutcome {
            name: rehearsal.contract.name.clone(),
            source: rehearsal.contract.contract.source,
            mode: None,
            account_link: None,
            verdict,
            fail_on: rehearsal.fail_on,
            advice: Vec::new(),
            findings: findings.into_iter().map(place).collect(),
            summary,
            problem,
            named,
        }],
        problems: Vec::new(),
        warnings: Vec::new(),
        rehearsal: Some(rehearsed),
        since: None,
        provenance: None,
        are_changes_known: false,
    }
}

/// Returns the line to report a finding at: that of the handler for the rehearsal's own rules, otherwise the
/// contract's.
pub(crate) fn place_of(config: &Config, index: usize, finding: &Finding) -> Option<Place> {
    match (finding.rule, &config.rehearsal) {
        (Rule::Handler(_), Some(settings)) => Some(settings.places.handler.clone()),
        (rule, _) => config.place(index, rule, finding.subject.price.as_deref()),
    }
}

/// Checks for runs that were skipped because the first purchase fails.
fn is_as_the_first(progress: &RunProgress<'_>) -> bool {
    let mut results = progress.all().into_iter();
    results.any(|result| matches!(result, Some(RunOutcome::NotReached(_))))
}

/// Returns the reason for a missing verdict: an invalid scenario or, if nothing fails, an undecided one or one that was
/// not played. `is_explained` is true if a finding is the reason why others were not reached.
fn missing_verdict(
    progress: &RunProgress<'_>,
    rehearsed: &Rehearsed,
    (judged, is_explained): (Verdict, bool),
) -> Option<Failure> {
    let results = progress.all();
    let unplayable = results.iter().flatten().find_map(|result| match result {
        RunOutcome::InvalidScenario(problem) => Some(problem.clone()),
        RunOutcome::Finished(_) | RunOutcome::NotReached(_) | RunOutcome::CouldNotTell(_) => None,
    });
    let gap = || {
        let mut results = results.iter().flatten();
        results.find_map(|result| match result {
            RunOutcome::CouldNotTell(problem) if judged != Verdict::Fail => Some(problem.clone()),
            RunOutcome::CouldNotTell(_)
            | RunOutcome::Finished(_)
            | RunOutcome::NotReached(_)
            | RunOutcome::InvalidScenario(_) => None,
        })
    };
    let unjudged = || {
        let unreached = (!is_explained).then(|| unreached(progress)).flatten();
        unreached.or_else(|| nothing_played(rehearsed))
    };
    let missing = unplayable.or_else(gap).or_else(unjudged);
    missing.map(Failure::from)
}

/// Returns the problem of scenarios with runs that were not reached.
fn unreached(progress: &RunProgress<'_>) -> Option<Problem> {
    let results = progress.all().into_iter();
    let mut ids: Vec<String> = progress
        .runs()
        .into_iter()
        .zip(results)
        .filter(|(_, result)| matches!(result, None | Some(RunOutcome::NotReached(_))))
        .map(|(run, _)| format!("`{}`", run.scenario.id))
        .collect();
    ids.dedup();
    if ids.is_empty() {
        return None;
    }
    let message = format!("not everything was judged: not reached: {}", ids.join(", "));
    let hint =
        "the list of scenarios says why they were not reached: mend that, and rehearse again";
    Some(Problem::new(ErrorCode::ScenarioUnplayable, message).hint(hint))
}

/// Returns a problem if no scenario was played.
fn nothing_played(rehearsed: &Rehearsed) -> Option<Problem> {
    if rehearsed.is_any_judged() {
        return None;
    }
    let reason = |one: &PlayedScenario| format!("`{}` ({})", one.id, one.left_out.join("; "));
    let reasons: Vec<_> = rehearsed.scenarios.iter().map(reason).collect();
    let message = format!("nothing was judged: left out: {}", reasons.join(", "));
    let hint = "choose scenarios that apply to the contract, or map in the contract what they need";
    Some(Problem::new(ErrorCode::ScenarioUnplayable, message).hint(hint))
}

/// Returns the outcome of a rehearsal that did not start.
pub(crate) fn not_begun(problems: Vec<Problem>) -> Outcome {
    Outcome {
        rehearsal: Some(Rehearsed::default()),
        ..unanswered(problems)
    }
}

/// Returns the outcome of a rehearsal that could not be carried out.
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
            mode: None,
            account_link: None,
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
        provenance: None,
        are_changes_known: false,
    }
}
