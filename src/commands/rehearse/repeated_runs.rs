//! Repeats runs alone, if others may have disturbed them or made their requests ambiguous.

use std::collections::BTreeSet;

use super::{
    bystanders::{add_all, add_unpaying},
    price_events::deliver_price_events,
    progress::{FIRST_PURCHASE, MAX_DISTURBED, RunProgress},
    results::all_scenarios,
    run::PlannedRun,
    run_result::{RunOutcome, SkipReason},
    scenario_run::run_scenario,
    systems::Systems,
    test_accounts::UntouchedAccount,
};
use crate::{
    commands::failure::Failure,
    contract::{Finding, Rule},
    rehearsal::one_per_cause,
};

/// The line about requests that name nothing of a run, in a finding that a replay did not show.
const UNLISTED_CALLS: &str = "called    requests that name no object of this play, such as for a price, are not listed: played alone, it did not fail \
     here";

/// Repeats alone every run whose finding is reported, so that the finding also lists requests for shared objects, such
/// as a price: those cannot be attributed to one of several parallel runs. With one job the runs are repeated too, so
/// that the report does not depend on the number of jobs.
pub(super) async fn list_all_calls(
    systems: &Systems<'_>,
    progress: &RunProgress<'_>,
    (bystanders, known): (&[UntouchedAccount], Option<Rule>),
) -> Result<(), Failure> {
    let mut reported = reported(systems, progress);
    let mut replayed = Vec::new();
    for (index, scenario_run) in progress.runs().into_iter().enumerate() {
        let Some(RunOutcome::Finished(mut finished)) = progress.result(index) else {
            continue;
        };
        let findings = finished.findings.iter_mut().map(|one| &mut one.finding);
        let mut wanted: Vec<&mut Finding> = findings
            .filter(|finding| reported.remove(finding.fingerprint.as_str()))
            .collect();
        if finished.is_alone || wanted.is_empty() {
            continue;
        }
        for finding in &mut wanted {
            finding.evidence.push(UNLISTED_CALLS);
        }
        progress.set(index, Some(RunOutcome::Finished(finished)));
        replayed.push((index, scenario_run));
    }
    for (index, scenario_run) in replayed {
        let key = format!("{}.calls", scenario_run.key);
        let planned = PlannedRun {
            scenario_run,
            key: &key,
            bystanders,
            is_alone: true,
            known,
        };
        let RunOutcome::Finished(alone) = run_scenario(systems, planned).await? else {
            continue;
        };
        if let Some(RunOutcome::Finished(mut finished)) = progress.result(index) {
            finished.take_findings_of(alone);
            progress.set(index, Some(RunOutcome::Finished(finished)));
        }
    }
    Ok(())
}

/// Returns the fingerprints of the findings that a report made now would hold.
fn reported(systems: &Systems<'_>, progress: &RunProgress<'_>) -> BTreeSet<String> {
    let scenarios = all_scenarios(&systems.config, progress).into_iter();
    let judged = scenarios.flat_map(|scenario| scenario.findings).collect();
    let findings = one_per_cause(judged).into_iter();
    findings
        .map(|finding| finding.fingerprint.to_string())
        .collect()
}

/// Repeats runs alone that may have been blamed for another run: because some run changed rows of bystanders, or
/// because an unsupported request could not be attributed. With one job the runs are repeated too, so that the report
/// does not depend on the number of jobs. Then does the runs that were dropped for a finding that is gone now.
pub(super) async fn repeat_doubtful_runs(
    systems: &Systems<'_>,
    progress: &RunProgress<'_>,
    known: Option<Rule>,
) -> Result<(), Failure> {
    let results = progress.all();
    let is_disturbed = results.iter().flatten().any(RunOutcome::disturbs);
    let is_due = |result: &RunOutcome| match result {
        RunOutcome::Finished(finished) => {
            finished.is_doubtful || is_disturbed && !finished.findings.is_empty()
        }
        RunOutcome::NotReached(_)
        | RunOutcome::CouldNotTell(_)
        | RunOutcome::InvalidScenario(_) => false,
    };
    let runs = progress.runs().into_iter().zip(&results).enumerate();
    let (open, done): (Vec<_>, Vec<_>) = runs
        .filter(|(_, (run, _))| run.scenario.id != FIRST_PURCHASE)
        .partition(|(_, (_, result))| result.is_none());
    let mut disturbed = 0_usize;
    for (index, (scenario_run, result)) in done.into_iter().chain(open) {
        if result.is_none() && ends_early(systems, progress) {
            break;
        }
        if disturbed >= MAX_DISTURBED {
            progress.set(index, Some(RunOutcome::NotReached(SkipReason::Disturbed)));
            continue;
        }
        if result.as_ref().is_some_and(|result| !is_due(result)) {
            continue;
        }
        // The handler may have written to all rows, including those of other runs.
        systems.database.reset().await?;
        deliver_price_events(systems).await?;
        let key = format!("{}.alone", scenario_run.key);
        let stranger = format!("{key}.bystander");
        let fresh = match known {
            Some(_) => add_unpaying(systems, &stranger).await?,
            None => add_all(systems, &stranger).await?,
        };
        let planned = PlannedRun {
            scenario_run,
            key: &key,
            bystanders: &fresh,
            is_alone: true,
            known,
        };
        let result = run_scenario(systems, planned).await?;
        disturbed = disturbed.saturating_add(usize::from(result.disturbs()));
        progress.set(index, Some(result));
    }
    Ok(())
}

/// Returns true if a run fails and no other is to be done after that.
fn ends_early(systems: &Systems<'_>, progress: &RunProgress<'_>) -> bool {
    let config = &systems.config;
    let results = progress.all();
    let mut results = results.iter().flatten();
    config.fail_fast && results.any(|one| one.failing_rule(config.fail_on).is_some())
}
