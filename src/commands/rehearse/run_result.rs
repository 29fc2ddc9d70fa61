//! The result of one run.

use crate::{
    contract::{HandlerRule, Rule, Severity},
    problem::Problem,
    rehearsal::{JudgedFinding, RowState, ends_play},
};

/// The rule for changed rows of bystanders.
pub(super) const DISTURBS: Rule = Rule::Handler(HandlerRule::BystanderChanged);

/// Result of one run.
#[derive(Debug, Clone)]
pub(super) enum RunOutcome {
    Finished(FinishedRun),
    NotReached(SkipReason),
    /// The handler made a request that the fake does not support.
    CouldNotTell(Problem),
    InvalidScenario(Problem),
}

/// A run up to its end, or to the first step that fails.
#[derive(Debug, Clone, Default)]
pub(super) struct FinishedRun {
    pub(super) findings: Vec<JudgedFinding>,
    pub(super) steps: u64,
    pub(super) events: u64,
    /// The final row, if every step was right.
    pub(super) ending: Option<FinalState>,
    /// True if an unsupported request was made during the run that cannot be attributed to any run.
    pub(super) is_doubtful: bool,
    /// True if the rehearsal itself put the row into the paid state.
    pub(super) is_prepared: bool,
    /// True if nothing else ran meanwhile.
    pub(super) is_alone: bool,
}

/// The row of an account after its last step.
#[derive(Debug, Clone)]
pub(super) struct FinalState {
    pub(super) row: RowState,
    pub(super) account: String,
    pub(super) customer: String,
}

/// The reason why a run was not reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SkipReason {
    /// The run needs a purchase, and the first purchase fails.
    FirstPurchaseFails,
    /// The handler never responded.
    NoResponse,
    /// Runs change rows of bystanders.
    Disturbed,
}

impl SkipReason {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::FirstPurchaseFails => "its purchase fails as that of `first-purchase` does",
            Self::NoResponse => "the handler does not answer",
            Self::Disturbed => {
                "the handler changes the rows of other accounts, so nothing else can be judged"
            }
        }
    }
}

impl RunOutcome {
    /// Checks that a bystander's row changed.
    pub(super) fn disturbs(&self) -> bool {
        self.breaks(DISTURBS)
    }

    /// Returns the rule that makes the run fail, if it fails.
    pub(super) fn failing_rule(&self, fail_on: Option<Severity>) -> Option<Rule> {
        let Self::Finished(finished) = self else {
            return None;
        };
        let fails = ends_play(&finished.findings, fail_on);
        let worst = finished.findings.first().filter(|_| fails)?;
        Some(worst.finding.rule)
    }

    pub(super) fn breaks(&self, rule: Rule) -> bool {
        match self {
            Self::Finished(run) => run.findings.iter().any(|one| one.finding.rule == rule),
            Self::NotReached(_) | Self::CouldNotTell(_) | Self::InvalidScenario(_) => false,
        }
    }
}

impl FinishedRun {
    /// Replaces the findings of this run by those of its repetition, as far as it has them too.
    pub(super) fn take_findings_of(&mut self, repetition: Self) {
        for judged in repetition.findings {
            let fingerprint = &judged.finding.fingerprint;
            let mut existing = self.findings.iter_mut();
            if let Some(existing) =
                existing.find(|existing| existing.finding.fingerprint == *fingerprint)
            {
                *existing = judged;
            }
        }
    }
}
