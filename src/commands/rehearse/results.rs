//! Combines the results of plays into results of scenarios.

use super::{
    Rehearsing,
    progress::{Fate, RunProgress},
    scenario_run::{FinalState, Played, column},
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
    pub(super) played: Vec<Played>,
    pub(super) findings: Vec<JudgedFinding>,
}

/// Returns the results of all scenarios, in order.
pub(super) fn all_scenarios<'s>(
    rehearsing: &Rehearsing<'_>,
    progress: &RunProgress<'s>,
) -> Vec<ScenarioPlayed<'s>> {
    let mut fates = progress.all().into_iter();
    let scenarios = progress.scenarios.iter().zip(&progress.due);
    scenarios
        .map(|(scenario, due)| {
            let fates: Vec<_> = fates.by_ref().take(due.runs.len()).collect();
            one(rehearsing, scenario, due, fates)
        })
        .collect()
}

fn one<'s>(
    rehearsing: &Rehearsing<'_>,
    scenario: &'s Scenario,
    due: &ScenarioRuns<'s>,
    fates: Vec<Option<Fate>>,
) -> ScenarioPlayed<'s> {
    let left_out = due.left_out.iter().cloned();
    let left_out = left_out.chain(reasons(due, &fates)).collect();
    let has = |wanted: fn(&Option<Fate>) -> bool| fates.iter().any(wanted);
    let untold = has(|fate| matches!(fate, Some(Fate::CouldNotTell(_) | Fate::Unplayable(_))));
    let unreached = has(|fate| matches!(fate, Some(Fate::NotReached(_)) | None));
    let mut played: Vec<Option<Played>> = fates
        .into_iter()
        .map(|fate| match fate {
            Some(Fate::Played(played)) => Some(played),
            Some(Fate::NotReached(_) | Fate::CouldNotTell(_) | Fate::Unplayable(_)) | None => None,
        })
        .collect();
    settle_chance(due, &mut played);
    let all = played.iter().flatten();
    let mut findings: Vec<JudgedFinding> =
        all.flat_map(|one| one.findings.iter().cloned()).collect();
    let endings = endings(rehearsing, due, &played).into_iter();
    findings.extend(endings.map(|finding| JudgedFinding {
        finding,
        causes: Vec::new(),
    }));
    let result = if !findings.is_empty() {
        PlayedResult::Broken
    } else if untold {
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

/// Lists the reasons why plays were skipped, with their names if the others differ.
fn reasons(due: &ScenarioRuns<'_>, fates: &[Option<Fate>]) -> Vec<String> {
    let mut plays: Vec<(String, Vec<&ScenarioRun<'_>>)> = Vec::new();
    for (run, fate) in due.runs.iter().zip(fates) {
        let Some(reason) = reason(fate.as_ref()) else {
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
        if names.is_empty() || plays.len() == due.runs.len() {
            reason
        } else {
            format!("{}: {reason}", names.join(", "))
        }
    };
    plays.into_iter().map(line).collect()
}

/// Returns the reason why a play was skipped, at least in part.
fn reason(fate: Option<&Fate>) -> Option<String> {
    match fate {
        Some(Fate::Played(played)) => played.is_prepared.then(|| PREPARED.to_owned()),
        Some(Fate::NotReached(unreached)) => Some(unreached.because().to_owned()),
        Some(Fate::CouldNotTell(problem) | Fate::Unplayable(problem)) => {
            Some(problem.message.clone())
        }
        None => Some(STOPPED.to_owned()),
    }
}

/// Drops the results of concurrent deliveries if an ordered delivery of the same play fails: only the latter is
/// reproducible.
fn settle_chance(due: &ScenarioRuns<'_>, played: &mut [Option<Played>]) {
    let broken: Vec<_> = due
        .runs
        .iter()
        .zip(&*played)
        .filter(|(run, played)| {
            let is_broken = played.as_ref().is_some_and(|one| !one.findings.is_empty());
            run.variant != Variant::AtOnce && is_broken
        })
        .map(|(run, _)| run.play)
        .collect();
    for (run, played) in due.runs.iter().zip(played) {
        if let Some(played) = played
            && run.variant == Variant::AtOnce
            && broken.contains(&run.play)
        {
            played.findings.clear();
            played.ending = None;
        }
    }
}

/// Reports plays that differ only in event order or version but end with different rows.
fn endings(
    rehearsing: &Rehearsing<'_>,
    due: &ScenarioRuns<'_>,
    played: &[Option<Played>],
) -> Vec<Finding> {
    let own: Vec<&str> = [
        Field::Id,
        Field::CustomerId,
        Field::SubscriptionId,
        Field::UpdatedAt,
    ]
    .into_iter()
    .map(|field| column(rehearsing, field))
    .collect();
    let mut findings = Vec::new();
    let mut first: Option<(&ScenarioRun<'_>, &FinalState)> = None;
    for (run, played) in due.runs.iter().zip(played) {
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
            secret_env: &rehearsing.settings.secret_env,
            contract: &rehearsing.contract.contract,
        };
        findings.extend(endings_differ(
            on,
            (&right.row, &reference.description()),
            (&ending.row, &run.description()),
            &own,
        ));
    }
    findings
}
