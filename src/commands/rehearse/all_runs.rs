//! Does all runs: the first purchase alone, then the others in parallel. Runs that others may have disturbed are then
//! repeated one by one.

use std::collections::BTreeSet;

use futures::{StreamExt as _, stream};

use super::{
    bystanders::{add_all, add_paying, add_unpaying},
    fake_provider::RequestScope,
    prepared_run::run_all_prepared,
    price_events::deliver_price_events,
    progress::{FIRST_PURCHASE, MAX_DISTURBED, RunProgress},
    reach,
    repeated_runs::{list_all_calls, repeat_doubtful_runs},
    results::all_scenarios,
    run::PlannedRun,
    run_result::{DISTURBS, RunOutcome, SkipReason},
    scenario_run::run_scenario,
    systems::Systems,
    test_accounts::UntouchedAccount,
};
use crate::{commands::failure::Failure, contract::Rule, notice, report::PlayedResult};

/// Result of the first purchase.
enum FirstPurchase {
    /// It passed, or is not among the selected scenarios.
    Held,
    /// It breaks this rule.
    Fails(Rule),
    /// It fails for a reason that affects every other run.
    BlocksOthers(SkipReason),
}

/// Does all runs.
pub(super) async fn do_all_runs(
    systems: &Systems<'_>,
    progress: &RunProgress<'_>,
) -> Result<(), Failure> {
    deliver_price_events(systems).await?;
    let is_buying = progress
        .runs()
        .iter()
        .any(|one| one.scenario.id == FIRST_PURCHASE);
    let mut bystanders = if is_buying {
        add_unpaying(systems, "bystander").await?
    } else {
        add_all(systems, "bystander").await?
    };
    let first = first_purchase(systems, progress, &bystanders).await?;
    // After a failed first purchase, other purchases would only cost time.
    if is_buying && matches!(first, FirstPurchase::Held) {
        bystanders.push(add_paying(systems, "bystander").await?);
    }
    if let Some(problem) = reach::warning(systems) {
        notice::say(&problem.text);
    }
    let others: Vec<usize> = open(progress).collect();
    let known = match first {
        FirstPurchase::Held => None,
        FirstPurchase::Fails(_) if systems.config.fail_fast => return Ok(()),
        FirstPurchase::Fails(rule) => Some(rule),
        FirstPurchase::BlocksOthers(reason) => {
            for index in others {
                progress.set(index, Some(RunOutcome::NotReached(reason)));
            }
            return run_all_prepared(systems, progress, DISTURBS).await;
        }
    };
    let last_request = systems.provider.fake.last_request();
    let groups = progress.in_groups(others);
    for (number, group) in groups.iter().enumerate() {
        if !play_group(systems, progress, group, (&bystanders, known)).await? {
            break;
        }
        if number + 1 < groups.len() {
            announce(systems, progress, group);
        }
    }
    repeat_doubtful_runs(systems, progress, known).await?;
    if has_unattributed_requests(systems, last_request) {
        list_all_calls(systems, progress, (&bystanders, known)).await?;
    }
    match known {
        Some(rule) => run_all_prepared(systems, progress, rule).await,
        None => Ok(()),
    }
}

/// Does the runs of one group. After a failed first purchase, only the first variant of a play can show that the others
/// get further. Returns false if they were stopped early.
async fn play_group(
    systems: &Systems<'_>,
    progress: &RunProgress<'_>,
    group: &[usize],
    (bystanders, known): (&[UntouchedAccount], Option<Rule>),
) -> Result<bool, Failure> {
    let (leading, rest): (Vec<usize>, Vec<usize>) = group
        .iter()
        .copied()
        .partition(|index| known.is_none() || is_first_variant(progress, *index));
    if !in_parallel(systems, progress, &leading, (bystanders, known)).await? {
        return Ok(false);
    }
    let rest = reached(progress, rest);
    in_parallel(systems, progress, &rest, (bystanders, known)).await
}

/// Says how the scenarios of a group ended, while the others are still to be played. What may have to be repeated is
/// not announced.
fn announce(systems: &Systems<'_>, progress: &RunProgress<'_>, group: &[usize]) {
    let runs = progress.runs();
    let results = group.iter().filter_map(|index| progress.result(*index));
    let is_doubtful = |result: &RunOutcome| match result {
        RunOutcome::Finished(finished) => finished.is_doubtful || result.disturbs(),
        RunOutcome::NotReached(_)
        | RunOutcome::CouldNotTell(_)
        | RunOutcome::InvalidScenario(_) => true,
    };
    if results.into_iter().any(|result| is_doubtful(&result)) {
        return;
    }
    let of_group: BTreeSet<&str> = group
        .iter()
        .filter_map(|index| Some(runs.get(*index)?.scenario.id.as_str()))
        .collect();
    let played = all_scenarios(&systems.config, progress).into_iter();
    let of_group = played.filter(|one| of_group.contains(one.scenario.id.as_str()));
    let (broken, held): (Vec<_>, Vec<_>) =
        of_group.partition(|one| one.result == PlayedResult::Broken);
    let broken: Vec<_> = broken.iter().map(|one| one.scenario.id.as_str()).collect();
    let broken = match broken.len() {
        0 => String::new(),
        number => format!(", {number} broken ({})", broken.join(", ")),
    };
    notice::say(&format!(
        "Played first: {} held{broken}; playing the others",
        held.len()
    ));
}

/// Checks for requests after this number that cannot be attributed to a run.
fn has_unattributed_requests(systems: &Systems<'_>, after: u64) -> bool {
    let fake = &systems.provider.fake;
    !fake.requests(after, RequestScope::Unattributed).is_empty()
}

/// Returns the runs without a result.
fn open(progress: &RunProgress<'_>) -> impl Iterator<Item = usize> {
    let results = progress.all().into_iter().enumerate();
    results.filter_map(|(index, result)| result.is_none().then_some(index))
}

/// Does the first purchase while nothing else runs.
async fn first_purchase(
    systems: &Systems<'_>,
    progress: &RunProgress<'_>,
    bystanders: &[UntouchedAccount],
) -> Result<FirstPurchase, Failure> {
    let mut fails = None;
    for (index, scenario_run) in progress.runs().into_iter().enumerate() {
        if scenario_run.scenario.id != FIRST_PURCHASE {
            continue;
        }
        let planned = PlannedRun {
            scenario_run,
            key: &scenario_run.key,
            bystanders,
            is_alone: true,
            known: None,
        };
        let result = run_scenario(systems, planned).await?;
        fails = fails.or(result.failing_rule(systems.config.fail_on));
        progress.set(index, Some(result));
    }
    if systems.handler.responses.are_missing() {
        return Ok(FirstPurchase::BlocksOthers(SkipReason::NoResponse));
    }
    Ok(match fails {
        None => FirstPurchase::Held,
        Some(rule) if rule == DISTURBS => FirstPurchase::BlocksOthers(SkipReason::Disturbed),
        Some(rule) => FirstPurchase::Fails(rule),
    })
}

/// Returns true if no earlier run has the same play.
fn is_first_variant(progress: &RunProgress<'_>, index: usize) -> bool {
    let runs = progress.runs();
    let before = index.checked_sub(1).and_then(|before| runs.get(before));
    before.map(|before| before.play) != runs.get(index).map(|one| one.play)
}

/// Lists the variants of plays that got past the first purchase. The others are marked as not reached.
fn reached(progress: &RunProgress<'_>, rest: Vec<usize>) -> Vec<usize> {
    let unreached = Some(RunOutcome::NotReached(SkipReason::FirstPurchaseFails));
    let mut reached = Vec::new();
    for index in rest {
        let before = index
            .checked_sub(1)
            .and_then(|before| progress.result(before));
        if let Some(RunOutcome::NotReached(_)) = before {
            progress.set(index, unreached.clone());
        } else {
            reached.push(index);
        }
    }
    reached
}

/// Does these runs in parallel. Returns false if they were stopped early.
async fn in_parallel(
    systems: &Systems<'_>,
    progress: &RunProgress<'_>,
    indices: &[usize],
    (bystanders, known): (&[UntouchedAccount], Option<Rule>),
) -> Result<bool, Failure> {
    let runs = progress.runs();
    let all = indices.iter().filter_map(|index| {
        let scenario_run = *runs.get(*index)?;
        let planned = PlannedRun {
            scenario_run,
            key: &scenario_run.key,
            bystanders,
            is_alone: false,
            known,
        };
        Some(async move {
            let result = run_scenario(systems, planned).await?;
            progress.set(*index, Some(result.clone()));
            Ok::<_, Failure>((*index, result))
        })
    });
    let mut all = stream::iter(all).buffered(systems.config.jobs.max(1));
    let mut disturbed = 0_usize;
    while let Some(done) = all.next().await {
        let (index, result): (usize, RunOutcome) = done?;
        disturbed = disturbed.saturating_add(usize::from(result.disturbs()));
        let config = &systems.config;
        let has_failed = config.fail_fast && result.failing_rule(config.fail_on).is_some();
        if has_failed || disturbed >= MAX_DISTURBED {
            drop(all);
            // Results of later runs that happened to finish are dropped, so that the report is always the same.
            for later in indices.iter().filter(|later| **later > index) {
                progress.set(*later, None);
            }
            return Ok(false);
        }
    }
    Ok(true)
}
