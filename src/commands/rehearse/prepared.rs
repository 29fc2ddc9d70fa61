//! Plays from a row that the rehearsal itself put into the paid state, if the handler's purchase fails. Events that
//! must be refused or change nothing can still be tested.

use super::{
    Rehearsing, bystanders,
    performing::{self, Performing},
    progress::{Fate, RunProgress},
};
use crate::{
    commands::failure::Failure,
    contract::Rule,
    rehearsal::{Answered, ExpectedRow, ScenarioRun, Signing, Step},
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
    for (index, performance) in progress.performances().into_iter().enumerate() {
        let is_unreached = matches!(progress.fate(index), Some(Fate::NotReached(_)));
        if !is_unreached || !needs_no_purchase(performance) {
            continue;
        }
        if strangers.is_empty() {
            strangers = bystanders::unpaying(rehearsing, "prepared.bystander").await?;
        }
        let key = format!("{}.prepared", performance.key);
        let performing = Performing {
            performance,
            key: &key,
            bystanders: &strangers,
            is_alone: true,
            known: None,
        };
        let fate = performing::perform_prepared(rehearsing, performing).await?;
        // A finding under the purchase's rule has the same cause, and is not reported again.
        if let Some(fate) = fate.filter(|fate| !fate.breaks(known)) {
            progress.set(index, Some(fate));
        }
    }
    Ok(())
}

fn needs_no_purchase(performance: &ScenarioRun<'_>) -> bool {
    let mut steps = performance.play.steps.iter();
    let (first, second) = (steps.next(), steps.next());
    first.is_some_and(is_signed_otherwise) || second.is_some_and(changes_nothing)
}

/// Checks that the step is about signatures rather than purchases.
pub(super) fn is_signed_otherwise(step: &Step) -> bool {
    let mut sends = step.send.iter();
    sends.any(|sending| sending.signed != Signing::AsDocumented)
}

/// Checks that the handler must refuse or ignore the step's events.
pub(super) fn changes_nothing(step: &Step) -> bool {
    step.then.answer == Answered::Refused || step.then.row == ExpectedRow::Untouched
}
