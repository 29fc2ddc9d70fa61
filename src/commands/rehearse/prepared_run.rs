//! Does runs that need no purchase by the handler: the rehearsal itself puts the row into the paid state. So events
//! that must be refused or change nothing are tested even if every purchase fails.

use super::{
    bystanders::add_unpaying, progress::RunProgress, run::PlannedRun, run_result::RunOutcome,
    scenario_run::run_prepared, systems::Systems,
};
use crate::{
    commands::failure::Failure,
    contract::Rule,
    rehearsal::{ScenarioRun, Step},
};

/// Runs the plays that were not reached and need no purchase; `known` is the rule that the purchase breaks.
pub(super) async fn run_all_prepared(
    systems: &Systems<'_>,
    progress: &RunProgress<'_>,
    known: Rule,
) -> Result<(), Failure> {
    if systems.handler.responses.are_missing() {
        return Ok(());
    }
    let mut strangers = Vec::new();
    for (index, scenario_run) in progress.runs().into_iter().enumerate() {
        let is_unreached = matches!(progress.result(index), Some(RunOutcome::NotReached(_)));
        if !is_unreached || !needs_no_purchase(scenario_run) {
            continue;
        }
        if strangers.is_empty() {
            strangers = add_unpaying(systems, "prepared.bystander").await?;
        }
        let planned = PlannedRun {
            scenario_run,
            key: &format!("{}.prepared", scenario_run.key),
            bystanders: &strangers,
            is_alone: true,
            known: None,
        };
        let result = run_prepared(systems, planned).await?;
        // A finding under the purchase's rule has the same cause, and is not reported again.
        if let Some(result) = result.filter(|result| !result.breaks(known)) {
            progress.set(index, Some(result));
        }
    }
    Ok(())
}

fn needs_no_purchase(run: &ScenarioRun<'_>) -> bool {
    let mut steps = run.play.steps.iter();
    let (first, second) = (steps.next(), steps.next());
    first.is_some_and(Step::is_signed_otherwise) || second.is_some_and(Step::changes_nothing)
}
