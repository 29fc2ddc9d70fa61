//! Combines the results of runs into results of scenarios.

use super::{
    progress::RunProgress,
    run_result::{FinalState, FinishedRun, RunOutcome},
    systems::RehearsalConfig,
};
use crate::{
    contract::{Field, Finding},
    rehearsal::{
        Each, EventOrder, JudgedFinding, Scenario, ScenarioRun, ScenarioRuns, StepContext, Variant,
        endings_differ, fold,
    },
    report::PlayedResult,
};

const PREPARED: &str =
    "the purchase, which fails: the rehearsal itself set the row to the paid state";
const STOPPED: &str = "the rehearsal was stopped before it";

/// Result of one scenario.
#[derive(Debug)]
pub(super) struct ScenarioPlayed<'s> {
    pub(super) scenario: &'s Scenario,
    pub(super) result: PlayedResult,
    /// The reasons why all or parts of it were not played.
    pub(super) left_out: Vec<String>,
    pub(super) played: Vec<FinishedRun>,
    pub(super) findings: Vec<JudgedFinding>,
}

/// Returns the results of all scenarios, in order.
pub(super) fn all_scenarios<'s>(
    config: &RehearsalConfig<'_>,
    progress: &RunProgress<'s>,
) -> Vec<ScenarioPlayed<'s>> {
    let mut results = progress.all().into_iter();
    let scenarios = progress.scenarios.iter().zip(&progress.selected);
    scenarios
        .map(|(scenario, selected)| {
            let results: Vec<_> = results.by_ref().take(selected.runs.len()).collect();
            result_of_scenario(config, scenario, selected, results)
        })
        .collect()
}

fn result_of_scenario<'s>(
    config: &RehearsalConfig<'_>,
    scenario: &'s Scenario,
    selected: &ScenarioRuns<'s>,
    results: Vec<Option<RunOutcome>>,
) -> ScenarioPlayed<'s> {
    let left_out = selected.left_out.iter().cloned();
    let left_out = left_out.chain(reasons(selected, &results)).collect();
    let has = |wanted: fn(&Option<RunOutcome>) -> bool| results.iter().any(wanted);
    let is_undecided = has(|result| {
        matches!(
            result,
            Some(RunOutcome::CouldNotTell(_) | RunOutcome::InvalidScenario(_))
        )
    });
    let unreached = has(|result| matches!(result, Some(RunOutcome::NotReached(_)) | None));
    let mut played: Vec<Option<FinishedRun>> = results
        .into_iter()
        .map(|result| match result {
            Some(RunOutcome::Finished(played)) => Some(played),
            Some(
                RunOutcome::NotReached(_)
                | RunOutcome::CouldNotTell(_)
                | RunOutcome::InvalidScenario(_),
            )
            | None => None,
        })
        .collect();
    drop_concurrent_results(selected, &mut played);
    let all = played.iter().flatten();
    let mut findings: Vec<JudgedFinding> =
        all.flat_map(|one| one.findings.iter().cloned()).collect();
    let endings = endings(config, selected, &played).into_iter();
    findings.extend(endings.map(|finding| JudgedFinding {
        finding,
        causes: Vec::new(),
    }));
    let result = if !findings.is_empty() {
        PlayedResult::Broken
    } else if is_undecided {
        PlayedResult::CouldNotTell
    } else if unreached {
        PlayedResult::NotReached
    } else if played.is_empty() {
        PlayedResult::LeftOut
    } else {
        PlayedResult::Held
    };
    ScenarioPlayed {
        scenario,
        result,
        left_out,
        played: played.into_iter().flatten().collect(),
        findings: fold(findings),
    }
}

/// Lists the reasons why runs were skipped. Each names its run, unless all runs were skipped for the same reason.
fn reasons(selected: &ScenarioRuns<'_>, results: &[Option<RunOutcome>]) -> Vec<String> {
    let mut plays: Vec<(String, Vec<&ScenarioRun<'_>>)> = Vec::new();
    for (run, result) in selected.runs.iter().zip(results) {
        let Some(reason) = reason(result.as_ref()) else {
            continue;
        };
        match plays.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, plays)) => plays.push(run),
            None => plays.push((reason, vec![run])),
        }
    }
    let line = |(reason, plays): (String, Vec<&ScenarioRun<'_>>)| {
        let mut names: Vec<_> = plays
            .iter()
            .filter_map(|one| one.play.name.as_deref())
            .collect();
        names.dedup();
        if names.is_empty() || plays.len() == selected.runs.len() {
            reason
        } else {
            format!("{}: {reason}", names.join(", "))
        }
    };
    plays.into_iter().map(line).collect()
}

/// Returns the reason why a run was skipped, at least in part.
fn reason(result: Option<&RunOutcome>) -> Option<String> {
    match result {
        Some(RunOutcome::Finished(played)) => played.is_prepared.then(|| PREPARED.to_owned()),
        Some(RunOutcome::NotReached(unreached)) => Some(unreached.as_str().to_owned()),
        Some(RunOutcome::CouldNotTell(problem) | RunOutcome::InvalidScenario(problem)) => {
            Some(problem.text.clone())
        }
        None => Some(STOPPED.to_owned()),
    }
}

/// Drops the results of runs with concurrent deliveries if a run of the same play with ordered deliveries fails,
/// because only the latter is reproducible.
fn drop_concurrent_results(selected: &ScenarioRuns<'_>, played: &mut [Option<FinishedRun>]) {
    let broken: Vec<_> = selected
        .runs
        .iter()
        .zip(&*played)
        .filter(|(run, played)| {
            let is_broken = played.as_ref().is_some_and(|one| !one.findings.is_empty());
            run.variant != Variant::AtOnce && is_broken
        })
        .map(|(run, _)| run.play)
        .collect();
    for (run, played) in selected.runs.iter().zip(played) {
        if let Some(played) = played
            && run.variant == Variant::AtOnce
            && broken.contains(&run.play)
        {
            played.findings.clear();
            played.ending = None;
        }
    }
}

/// Reports runs that differ only in event order or version but end with different rows.
fn endings(
    config: &RehearsalConfig<'_>,
    selected: &ScenarioRuns<'_>,
    played: &[Option<FinishedRun>],
) -> Vec<Finding> {
    let identifying_columns: Vec<&str> = [
        Field::Id,
        Field::CustomerId,
        Field::SubscriptionId,
        Field::UpdatedAt,
    ]
    .into_iter()
    .map(|field| config.contract.contract.column(field))
    .collect();
    let mut findings = Vec::new();
    let mut first: Option<(&ScenarioRun<'_>, &FinalState)> = None;
    for (run, played) in selected.runs.iter().zip(played) {
        let Some(ending) = played.as_ref().and_then(|one| one.ending.as_ref()) else {
            continue;
        };
        let is_compared = run.play.each == Some(Each::Shape)
            || run
                .play
                .steps
                .iter()
                .any(|step| step.order == EventOrder::Every);
        let Some(step) = run.play.steps.last().filter(|_| is_compared) else {
            continue;
        };
        let Some((reference, right)) = first.filter(|(other, _)| other.play == run.play) else {
            first = Some((run, ending));
            continue;
        };
        let on = StepContext {
            run,
            step,
            account: &ending.account,
            customer: &ending.customer,
            secret_env: &config.settings.secret_env,
            contract: &config.contract.contract,
        };
        findings.extend(endings_differ(
            on,
            (&right.row, &reference.description()),
            (&ending.row, &run.description()),
            &identifying_columns,
        ));
    }
    findings
}
