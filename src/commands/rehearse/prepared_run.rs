//! Plays from a row that the rehearsal itself put into the paid state, if the handler's purchase fails. Events that
//! must be refused or change nothing can still be tested.

use super::{
    Rehearsing, bystanders,
    progress::{Fate, RunProgress},
    scenario_run::{self, Performing},
};
use crate::{
    commands::failure::Failure,
    contract::Rule,
    rehearsal::{ScenarioRun, Step},
};

/// Runs the plays that were not reached and need no purchase; `known` is the rule that the purchase breaks.
pub(super) async fn play(
    rehearsing: &Rehearsing<'_>,
    progress: &RunProgress<'_>,
    known: Rule,
) -> Result<(), Failure> {
    if rehearsing.silence.is_total() {
        return Ok(());
    }
    let mut strangers = Vec::new();
    for (index, run) in progress.runs().into_iter().enumerate() {
        let is_unreached = matches!(progress.fate(index), Some(Fate::NotReached(_)));
        if !is_unreached || !needs_no_purchase(run) {
            continue;
        }
        if strangers.is_empty() {
            strangers = bystanders::unpaying(rehearsing, "prepared.bystander").await?;
        }
        let key = format!("{}.prepared", run.key);
        let performing = Performing {
            run,
            key: &key,
            bystanders: &strangers,
            is_alone: true,
            known: None,
        };
        let fate = scenario_run::perform_prepared(rehearsing, performing).await?;
        // A finding under the purchase's rule has the same cause, and is not reported again.
        if let Some(fate) = fate.filter(|fate| !fate.breaks(known)) {
            progress.set(index, Some(fate));
        }
    }
    Ok(())
}

fn needs_no_purchase(run: &ScenarioRun<'_>) -> bool {
    let mut steps = run.play.steps.iter();
    let (first, second) = (steps.next(), steps.next());
    first.is_some_and(Step::is_signed_otherwise) || second.is_some_and(Step::changes_nothing)
}
