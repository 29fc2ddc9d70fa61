//! Compares the result with the committed baseline and with the last result of the default branch.

use super::{committed::CommittedBaseline, step::JobStep};
use crate::{
    baseline::FindingsSnapshot,
    github::{Publisher, Target},
    problem::Warning,
    report::{Comparison, Outcome},
};

/// Compares the outcome with the baseline and with the last result of the default branch, and returns that result.
/// Stores the outcome if it is the new result of that branch.
pub(super) async fn compare(
    step: &JobStep<'_>,
    committed: &CommittedBaseline,
    outcome: &mut Outcome,
    publisher: &mut Publisher,
) -> Option<FindingsSnapshot> {
    // Without any judged contract, there is nothing to compare.
    if outcome
        .contracts
        .iter()
        .all(|contract| contract.problem.is_some())
    {
        return None;
    }
    let target = publisher.context().target();
    let previous = publisher.previous_result().await;
    let lets_known_pass = step.inputs.verdict.fail_on_new && target == Target::PullRequest;
    let is_complete = step.inputs.rehearsal.scenarios.is_empty();
    outcome.warnings.extend(committed.warnings.iter().cloned());
    outcome.compare(&Comparison {
        earlier: previous.earlier.as_ref(),
        accepted: &committed.accepted,
        now: step.started_at,
        lets_known_pass,
        is_complete,
    });
    let has_earlier = previous.earlier.is_some();
    let has_findings = outcome.has_findings();
    outcome.warnings.extend(previous.problem);
    if lets_known_pass && !has_earlier && has_findings {
        outcome.warnings.push(no_earlier_result());
    }
    if target == Target::DefaultBranch && is_complete && outcome.is_answered() {
        let snapshot = outcome.snapshot(step.started_at);
        if !publisher.store_result(&snapshot) {
            outcome.warnings.push(too_many_findings(snapshot.len()));
        }
    }
    previous.earlier.map(|earlier| earlier.state)
}

fn no_earlier_result() -> Warning {
    Warning::new(
        "`fail_on_new` has no earlier result of the default branch to compare with, so \
         every finding counts",
    )
    .hint("let the same job run on pushes to the default branch, with a check run")
}

fn too_many_findings(findings: usize) -> Warning {
    Warning::new(format!(
        "{findings} findings are too many to store for comparison with pull requests; at \
         most {} are stored",
        FindingsSnapshot::MAX_FINGERPRINTS
    ))
    .hint(
        "fix the most frequent cause first; until then, pull requests are compared with \
         an older result, or with none",
    )
}
