//! Performs all runs: the first purchase alone, then the others in parallel, then those alone that others may have
//! disturbed.

use std::collections::BTreeSet;

use futures::{StreamExt as _, stream};

use super::{
    Rehearsing, bystanders, catalog, prepared_run,
    progress::{DISTURBS, Fate, RunProgress, Unreached},
    reach, results,
    scenario_run::{Performing, perform},
    test_accounts::UntouchedAccount,
};
use crate::{
    commands::failure::Failure,
    contract::{ColumnName, Finding, Rule},
    notice,
    rehearsal::{Links, Scenario, ScenarioRuns, ends_play, one_per_cause, scenario_runs},
};

/// The scenario whose failure affects every purchase.
const FIRST: &str = "first-purchase";

/// The line of evidence about requests that are missing from a finding because its replay did not reproduce it.
const UNLISTED_CALLS: &str = "called    requests that name no object of this play, such as for a price, are not listed: played alone, it did not fail \
     here";

/// Number of plays that change bystanders before the rest is skipped.
const MAX_DISTURBING: usize = 3;

/// Result of the first purchase.
enum FirstPurchase {
    /// It passed, or is not played.
    Held,
    /// It breaks this rule.
    Fails(Rule),
    /// No other play can be judged.
    Hopeless(Unreached),
}

/// Selects the runs of these scenarios.
pub(crate) fn progress<'s>(
    rehearsing: &Rehearsing<'_>,
    scenarios: &'s [Scenario],
) -> RunProgress<'s> {
    let links = Links {
        stored_customer: rehearsing.settings.stores_customer(),
        metadata: rehearsing.settings.names_account(),
    };
    let mut contract = rehearsing.contract.contract.clone();
    for field in &rehearsing.mapped {
        let column = contract.columns.entry(*field);
        column.or_insert(ColumnName::Computed);
    }
    let versions = &rehearsing.settings.api_versions;
    let of = |scenario| scenario_runs(scenario, &contract, &rehearsing.prices, (links, versions));
    let selected: Vec<ScenarioRuns<'s>> = scenarios.iter().map(of).collect();
    RunProgress::new(scenarios, selected)
}

/// Performs all runs.
pub(crate) async fn rehearse(
    rehearsing: &Rehearsing<'_>,
    progress: &RunProgress<'_>,
) -> Result<(), Failure> {
    catalog::tell(rehearsing).await?;
    let is_buying = progress.runs().iter().any(|one| one.scenario.id == FIRST);
    let mut bystanders = if is_buying {
        bystanders::unpaying(rehearsing, "bystander").await?
    } else {
        bystanders::gather(rehearsing, "bystander").await?
    };
    let first = first(rehearsing, progress, &bystanders).await?;
    // A purchase that fails would only be waited for again.
    if is_buying && matches!(first, FirstPurchase::Held) {
        bystanders.push(bystanders::paying(rehearsing, "bystander").await?);
    }
    if let Some(problem) = reach::warning(rehearsing) {
        notice::say(&problem.message);
    }
    let others: Vec<usize> = open(progress).collect();
    let known = match first {
        FirstPurchase::Held => None,
        FirstPurchase::Fails(_) if rehearsing.fail_fast => return Ok(()),
        FirstPurchase::Fails(rule) => Some(rule),
        FirstPurchase::Hopeless(unreached) => {
            for index in others {
                progress.set(index, Some(Fate::NotReached(unreached)));
            }
            return prepared_run::play(rehearsing, progress, DISTURBS).await;
        }
    };
    let (leading, rest): (Vec<usize>, Vec<usize>) = others
        .into_iter()
        .partition(|index| known.is_none() || is_first_variant(progress, *index));
    let asked = rehearsing.fake.last_request();
    let goes_on = side_by_side(rehearsing, progress, &leading, (&bystanders, known)).await?;
    if goes_on {
        let rest = reached(progress, rest);
        side_by_side(rehearsing, progress, &rest, (&bystanders, known)).await?;
    }
    once_more(rehearsing, progress, known).await?;
    if !rehearsing.fake.requests_about_nobody(asked).is_empty() {
        list_all_calls(rehearsing, progress, (&bystanders, known)).await?;
    }
    match known {
        Some(rule) => prepared_run::play(rehearsing, progress, rule).await,
        None => Ok(()),
    }
}

/// Lists the runs without a result.
fn open(progress: &RunProgress<'_>) -> impl Iterator<Item = usize> {
    let fates = progress.all().into_iter().enumerate();
    fates.filter_map(|(index, fate)| fate.is_none().then_some(index))
}

/// Plays the first purchase while nothing else runs.
async fn first(
    rehearsing: &Rehearsing<'_>,
    progress: &RunProgress<'_>,
    bystanders: &[UntouchedAccount],
) -> Result<FirstPurchase, Failure> {
    let mut fails = None;
    for (index, run) in progress.runs().into_iter().enumerate() {
        if run.scenario.id != FIRST {
            continue;
        }
        let performing = Performing {
            run,
            key: &run.key,
            bystanders,
            is_alone: true,
            known: None,
        };
        let fate = perform(rehearsing, performing).await?;
        fails = fails.or(failing_rule(rehearsing, &fate));
        progress.set(index, Some(fate));
    }
    if rehearsing.silence.is_total() {
        return Ok(FirstPurchase::Hopeless(Unreached::Silent));
    }
    Ok(match fails {
        None => FirstPurchase::Held,
        Some(rule) if rule == DISTURBS => FirstPurchase::Hopeless(Unreached::Disturbed),
        Some(rule) => FirstPurchase::Fails(rule),
    })
}

/// Returns the rule that makes a play fail, if it fails.
fn failing_rule(rehearsing: &Rehearsing<'_>, fate: &Fate) -> Option<Rule> {
    let Fate::Played(played) = fate else {
        return None;
    };
    let fails = ends_play(&played.findings, rehearsing.fail_on);
    let worst = played.findings.first().filter(|_| fails)?;
    Some(worst.finding.rule)
}

/// Checks that no earlier run has the same play.
fn is_first_variant(progress: &RunProgress<'_>, index: usize) -> bool {
    let runs = progress.runs();
    let before = index.checked_sub(1).and_then(|before| runs.get(before));
    before.map(|before| before.play) != runs.get(index).map(|one| one.play)
}

/// Lists the variants of plays that got past the first purchase. The others are marked as not reached.
fn reached(progress: &RunProgress<'_>, rest: Vec<usize>) -> Vec<usize> {
    let unreached = Some(Fate::NotReached(Unreached::AsTheFirst));
    let mut reached = Vec::new();
    for index in rest {
        let before = index
            .checked_sub(1)
            .and_then(|before| progress.fate(before));
        if let Some(Fate::NotReached(_)) = before {
            progress.set(index, unreached.clone());
        } else {
            reached.push(index);
        }
    }
    reached
}

/// Performs these runs in parallel. Returns false if they were stopped early.
async fn side_by_side(
    rehearsing: &Rehearsing<'_>,
    progress: &RunProgress<'_>,
    indices: &[usize],
    (bystanders, known): (&[UntouchedAccount], Option<Rule>),
) -> Result<bool, Failure> {
    let runs = progress.runs();
    let plays = indices.iter().filter_map(|index| {
        let run = *runs.get(*index)?;
        let performing = Performing {
            run,
            key: &run.key,
            bystanders,
            is_alone: false,
            known,
        };
        Some(async move {
            let fate = perform(rehearsing, performing).await?;
            progress.set(*index, Some(fate.clone()));
            Ok::<_, Failure>((*index, fate))
        })
    });
    let mut plays = stream::iter(plays).buffered(rehearsing.jobs.max(1));
    let mut disturbed = 0_usize;
    while let Some(played) = plays.next().await {
        let (index, fate): (usize, Fate) = played?;
        disturbed = disturbed.saturating_add(usize::from(fate.disturbs()));
        let has_failed = rehearsing.fail_fast && failing_rule(rehearsing, &fate).is_some();
        if has_failed || disturbed >= MAX_DISTURBING {
            drop(plays);
            // Results of later plays that happened to finish are dropped, so that the report is always the same.
            for later in indices.iter().filter(|later| **later > index) {
                progress.set(*later, None);
            }
            return Ok(false);
        }
    }
    Ok(true)
}

/// Replays every play with a reported finding alone, so that the finding also lists requests for shared objects, such
/// as a price: in parallel, they cannot be attributed to a play. Does so with one job too, so that the report does not
/// depend on the number of jobs.
async fn list_all_calls(
    rehearsing: &Rehearsing<'_>,
    progress: &RunProgress<'_>,
    (bystanders, known): (&[UntouchedAccount], Option<Rule>),
) -> Result<(), Failure> {
    let mut reported = reported(rehearsing, progress);
    let mut replayed = Vec::new();
    for (index, run) in progress.runs().into_iter().enumerate() {
        let Some(Fate::Played(mut played)) = progress.fate(index) else {
            continue;
        };
        let findings = played.findings.iter_mut().map(|one| &mut one.finding);
        let mut wanted: Vec<&mut Finding> = findings
            .filter(|finding| reported.remove(finding.fingerprint.as_str()))
            .collect();
        if played.is_alone || wanted.is_empty() {
            continue;
        }
        for finding in &mut wanted {
            finding.evidence.push(UNLISTED_CALLS);
        }
        progress.set(index, Some(Fate::Played(played)));
        replayed.push((index, run));
    }
    for (index, run) in replayed {
        let key = format!("{}.calls", run.key);
        let performing = Performing {
            run,
            key: &key,
            bystanders,
            is_alone: true,
            known,
        };
        let Fate::Played(alone) = perform(rehearsing, performing).await? else {
            continue;
        };
        if let Some(Fate::Played(mut played)) = progress.fate(index) {
            played.take_findings_of(alone);
            progress.set(index, Some(Fate::Played(played)));
        }
    }
    Ok(())
}

/// Returns the fingerprints of the findings that a report made now would hold.
fn reported(rehearsing: &Rehearsing<'_>, progress: &RunProgress<'_>) -> BTreeSet<String> {
    let scenarios = results::all_scenarios(rehearsing, progress).into_iter();
    let judged = scenarios.flat_map(|scenario| scenario.findings).collect();
    let findings = one_per_cause(judged).into_iter();
    findings
        .map(|finding| finding.fingerprint.to_string())
        .collect()
}

/// Repeats plays alone that may have been blamed for another's fault: a play wrote to bystanders' rows, or an
/// unsupported request referred to no play. Does so with one job too, so that the report does not depend on the number
/// of jobs.
async fn once_more(
    rehearsing: &Rehearsing<'_>,
    progress: &RunProgress<'_>,
    known: Option<Rule>,
) -> Result<(), Failure> {
    let fates = progress.all();
    let is_disturbed = fates.iter().flatten().any(Fate::disturbs);
    let mut disturbed = 0_usize;
    for (index, run) in progress.runs().into_iter().enumerate() {
        let Some(fate) = fates.get(index) else {
            break;
        };
        if run.scenario.id == FIRST {
            continue;
        }
        if disturbed >= MAX_DISTURBING {
            progress.set(index, Some(Fate::NotReached(Unreached::Disturbed)));
            continue;
        }
        let is_due = match fate {
            Some(Fate::Played(played)) => {
                played.is_doubtful || is_disturbed && !played.findings.is_empty()
            }
            None => is_disturbed && !rehearsing.fail_fast,
            Some(Fate::NotReached(_) | Fate::CouldNotTell(_) | Fate::Unplayable(_)) => false,
        };
        if !is_due {
            continue;
        }
        // A write to all rows would hit those of other plays too.
        rehearsing.scratch.start_anew().await?;
        catalog::tell(rehearsing).await?;
        let key = format!("{}.alone", run.key);
        let stranger = format!("{key}.bystander");
        let fresh = match known {
            Some(_) => bystanders::unpaying(rehearsing, &stranger).await?,
            None => bystanders::gather(rehearsing, &stranger).await?,
        };
        let performing = Performing {
            run,
            key: &key,
            bystanders: &fresh,
            is_alone: true,
            known,
        };
        let fate = perform(rehearsing, performing).await?;
        disturbed = disturbed.saturating_add(usize::from(fate.disturbs()));
        progress.set(index, Some(fate));
    }
    Ok(())
}
