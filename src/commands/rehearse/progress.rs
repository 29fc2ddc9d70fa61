//! Results of all plays so far, which are reported even if the rehearsal is stopped early.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::scenario_run::Played;
use crate::{
    contract::{HandlerRule, Rule},
    problem::Problem,
    rehearsal::{Scenario, ScenarioRun, ScenarioRuns},
};

/// The rule for changed rows of bystanders.
pub(super) const DISTURBS: Rule = Rule::Handler(HandlerRule::BystanderChanged);

/// Result of one run.
#[derive(Debug, Clone)]
pub(super) enum Fate {
    Played(Played),
    NotReached(Unreached),
    /// The handler made a request that the fake does not support.
    CouldNotTell(Problem),
    /// The scenario is invalid.
    Unplayable(Problem),
}

/// The reason why a play was not reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreached {
    /// Its purchase fails like the first one.
    AsTheFirst,
    /// The handler never responded.
    Silent,
    /// Plays change rows of bystanders.
    Disturbed,
}

impl Unreached {
    pub(super) fn because(self) -> &'static str {
        match self {
            Self::AsTheFirst => "its purchase fails as that of `first-purchase` does",
            Self::Silent => "the handler does not answer",
            Self::Disturbed => {
                "the handler changes the rows of other accounts, so nothing else can be judged"
            }
        }
    }
}

impl Fate {
    /// Checks that a bystander's row changed.
    pub(super) fn disturbs(&self) -> bool {
        self.breaks(DISTURBS)
    }

    pub(super) fn breaks(&self, rule: Rule) -> bool {
        match self {
            Self::Played(played) => played.findings.iter().any(|one| one.finding.rule == rule),
            Self::NotReached(_) | Self::CouldNotTell(_) | Self::Unplayable(_) => false,
        }
    }
}

/// All runs and their results.
#[derive(Debug)]
pub(crate) struct RunProgress<'s> {
    pub(super) scenarios: &'s [Scenario],
    pub(super) due: Vec<ScenarioRuns<'s>>,
    fates: Mutex<Vec<Option<Fate>>>,
}

impl<'s> RunProgress<'s> {
    pub(super) fn new(scenarios: &'s [Scenario], due: Vec<ScenarioRuns<'s>>) -> Self {
        let plays = due.iter().map(|due| due.runs.len()).sum();
        Self {
            scenarios,
            due,
            fates: Mutex::new(vec![None; plays]),
        }
    }

    /// Lists all runs in the order of the scenarios.
    pub(super) fn runs(&self) -> Vec<&ScenarioRun<'s>> {
        self.due.iter().flat_map(|due| &due.runs).collect()
    }

    pub(super) fn fate(&self, index: usize) -> Option<Fate> {
        self.fates().get(index).cloned().flatten()
    }

    pub(super) fn all(&self) -> Vec<Option<Fate>> {
        self.fates().clone()
    }

    pub(super) fn set(&self, index: usize, fate: Option<Fate>) {
        if let Some(slot) = self.fates().get_mut(index) {
            *slot = fate;
        }
    }

    fn fates(&self) -> MutexGuard<'_, Vec<Option<Fate>>> {
        self.fates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
