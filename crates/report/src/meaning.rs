//! Explains a verdict in a sentence.

use contract::Verdict;

use super::Outcome;

/// The explanation of a verdict, and a warning if it must not be overlooked.
#[derive(Debug, Clone, Copy)]
pub(super) struct VerdictMeaning {
    pub(super) says: &'static str,
    /// The warning, which renderers emphasize.
    pub(super) warns: Option<&'static str>,
}

pub(super) fn meaning(outcome: &Outcome) -> VerdictMeaning {
    let is_rehearsal = outcome.rehearsal.is_some();
    let mut contracts = outcome.contracts.iter();
    let has_findings = contracts.any(|contract| !contract.findings.is_empty());
    let says = match (outcome.verdict, is_rehearsal) {
        (Verdict::Pass, true) if has_findings => {
            "The webhook handler breaks the contract only in ways that were already known."
        }
        (Verdict::Pass, true) => {
            "The webhook handler does what the contract says in every scenario."
        }
        (Verdict::Warn | Verdict::Fail, true) => {
            "The webhook handler does not do what the contract says."
        }
        (Verdict::Error, true) => "The rehearsal could not be carried out:",
        (Verdict::Pass, false) if has_findings => {
            "Billing and the database disagree only in ways that were already known."
        }
        (Verdict::Pass, false) => "Billing and the database agree.",
        (Verdict::Warn, false) => {
            "Billing and the database disagree, below the severity that fails this check."
        }
        (Verdict::Fail, false) => "Billing and the database disagree.",
        (Verdict::Error, false) => "The check could not be carried out:",
    };
    let warns = match (outcome.verdict, is_rehearsal) {
        (Verdict::Error, true) => Some("nothing is known about the handler."),
        (Verdict::Error, false) => Some("nothing is known about access and payment."),
        (Verdict::Pass | Verdict::Warn | Verdict::Fail, _) => None,
    };
    VerdictMeaning { says, warns }
}
