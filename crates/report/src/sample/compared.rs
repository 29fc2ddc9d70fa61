//! A compared outcome for the tests of the renderers.

use baseline::{FindingStatus, Since};
use contract::{Rule, Source};

use super::{Outcome, alice, contract, finding, outcome};

/// Returns an outcome with a new, a known and an accepted finding, in which known findings pass.
pub(in super::super) fn compared() -> Outcome {
    let bob = finding(Rule::WrongfulAccess, "user:usr_bob");
    let stale = finding(Rule::StalePlan, "user:usr_carol");
    let mut outcome = outcome(vec![contract(
        "users",
        Source::Stripe,
        vec![alice(), bob, stale],
    )]);
    let accepted = FindingStatus::Accepted {
        reason: "Carol leaves at the end of the year.".into(),
        until: Some("2026-12-31".into()),
    };
    let statuses = [FindingStatus::Known, FindingStatus::New, accepted];
    let findings = outcome
        .contracts
        .iter_mut()
        .flat_map(|contract| &mut contract.findings);
    for (found, status) in findings.zip(statuses) {
        found.status = Some(status);
    }
    outcome.since = Some(Since {
        source: "the check run of `1a2b3c4` on `main`".into(),
        fixed: 1,
        lets_known_pass: true,
    });
    outcome
}
