//! Results of all runs so far, which are reported even if the rehearsal is stopped early.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use super::{RehearsalOptions, run_result::RunOutcome, systems::Systems};
use crate::{
    contract::ColumnName,
    rehearsal::{Links, Scenario, ScenarioRun, ScenarioRuns, scenario_runs},
};

/// The scenario whose failure affects every purchase.
pub(super) const FIRST_PURCHASE: &str = "first-purchase";

/// Number of runs that change rows of bystanders before the remaining runs are skipped.
pub(super) const MAX_DISTURBED: usize = 3;

/// Number of runs that are done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RunCount {
    pub(crate) done: u32,
    /// Number of runs of the rehearsal; 0 before they are selected.
    pub(crate) all: u32,
}

/// All runs and their results.
#[derive(Debug)]
pub(crate) struct RunProgress<'s> {
    pub(super) scenarios: &'s [Scenario],
    pub(super) selected: Vec<ScenarioRuns<'s>>,
    results: Mutex<Vec<Option<RunOutcome>>>,
    /// Scenarios that are played before all others, group by group.
    first: &'s [BTreeSet<String>],
    counting: Option<&'s watch::Sender<RunCount>>,
}

impl<'s> RunProgress<'s> {
    /// Selects the runs of these scenarios.
    pub(super) fn new(
        systems: &Systems<'_>,
        scenarios: &'s [Scenario],
        options: &'s RehearsalOptions,
    ) -> Self {
        let settings = systems.config.settings;
        let links = Links {
            stored_customer: settings.stores_customer(),
            metadata: settings.names_account(),
        };
        let mut contract = systems.config.contract.contract.clone();
        for field in &systems.database.mapped {
            let column = contract.columns.entry(*field);
            column.or_insert(ColumnName::Computed);
        }
        let (prices, versions) = (&systems.provider.prices, &settings.api_versions);
        let runs_of = |scenario| scenario_runs(scenario, &contract, prices, (links, versions));
        let selected: Vec<ScenarioRuns<'s>> = scenarios.iter().map(runs_of).collect();
        let runs = selected.iter().map(|one| one.runs.len()).sum();
        let progress = Self {
            scenarios,
            selected,
            results: Mutex::new(vec![None; runs]),
            first: &options.first,
            counting: options.counting.as_ref(),
        };
        progress.count();
        progress
    }

    /// Lists all runs in the order of the scenarios.
    pub(super) fn runs(&self) -> Vec<&ScenarioRun<'s>> {
        self.selected.iter().flat_map(|one| &one.runs).collect()
    }

    /// Splits runs into the groups that are played one after the other. Within a group they keep their order.
    pub(super) fn in_groups(&self, indices: Vec<usize>) -> Vec<Vec<usize>> {
        let runs = self.runs();
        let mut left = indices;
        let mut groups = Vec::new();
        for ids in self.first {
            let is_first = |index: &usize| {
                runs.get(*index)
                    .is_some_and(|run| ids.contains(&run.scenario.id))
            };
            let (first, others) = left.into_iter().partition(is_first);
            groups.push(first);
            left = others;
        }
        groups.push(left);
        groups.retain(|group: &Vec<usize>| !group.is_empty());
        groups
    }

    pub(super) fn result(&self, index: usize) -> Option<RunOutcome> {
        self.results().get(index).cloned().flatten()
    }

    pub(super) fn all(&self) -> Vec<Option<RunOutcome>> {
        self.results().clone()
    }

    pub(super) fn set(&self, index: usize, result: Option<RunOutcome>) {
        if let Some(slot) = self.results().get_mut(index) {
            *slot = result;
        }
        self.count();
    }

    fn count(&self) {
        if let Some(counting) = self.counting {
            let results = self.results();
            let count = |number| u32::try_from(number).unwrap_or(u32::MAX);
            counting.send_replace(RunCount {
                done: count(results.iter().flatten().count()),
                all: count(results.len()),
            });
        }
    }

    fn results(&self) -> MutexGuard<'_, Vec<Option<RunOutcome>>> {
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
