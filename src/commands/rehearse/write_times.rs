//! Limits the wait for late writes of the handler: shortens it after steps that stayed wrong until the limit, and
//! remembers how long after its responses the handler writes.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    contract::Rule,
    rehearsal::{ProviderAction, Step},
};

/// Number of runs that fail at the same step for the same reason before the wait is shortened.
const RUNS: u32 = 3;

/// Shortened wait, as a multiple of the slowest step that succeeded.
const TIMES_THE_SLOWEST: u32 = 4;

/// Minimum wait, since clocks, locks and a busy machine take time.
const LEAST: Duration = Duration::from_millis(200);

/// Divisor of `settle` for the shortened wait if no step has succeeded.
const PART_OF_SETTLE: u32 = 10;

/// Time without changes after which a handler writes no more, if it was never seen to write after its responses.
const QUIET: Duration = Duration::from_millis(200);

/// Time without changes for any other handler, as a multiple of its slowest write.
const TIMES_THE_LATEST: u32 = 2;

/// The reason why a step is wrong: the most severe broken rule, or something else.
pub(super) type WrongReason = Option<Rule>;

/// Durations and failures of the steps so far.
#[derive(Debug)]
pub(super) struct WriteTimes {
    settle: Duration,
    observed: Mutex<ObservedWaits>,
}

#[derive(Debug, Default)]
struct ObservedWaits {
    slowest_right: Option<Duration>,
    in_vain: BTreeMap<(String, WrongReason), u32>,
    /// Longest time between the responses of a step and a write of the handler.
    latest_write: Option<Duration>,
    /// True if a right step was watched for later writes.
    is_watched: bool,
}

impl WriteTimes {
    pub(super) fn new(settle: Duration) -> Self {
        Self {
            settle,
            observed: Mutex::default(),
        }
    }

    /// Returns the maximum wait for a step that is wrong for this reason. `is_known` means that an earlier step of the
    /// run was wrong for the same reason.
    pub(super) fn limit(&self, step: &str, reason: WrongReason, is_known: bool) -> Duration {
        let observed = self.observed();
        let in_vain = observed.in_vain.get(&(step.to_owned(), reason));
        if !is_known && in_vain.is_none_or(|runs| *runs < RUNS) {
            return self.settle;
        }
        let shorter = match observed.slowest_right {
            Some(slowest) => slowest.saturating_mul(TIMES_THE_SLOWEST),
            None => self.settle / PART_OF_SETTLE,
        };
        shorter.max(LEAST).min(self.settle)
    }

    /// Records the time after which a step was right.
    pub(super) fn came_right(&self, after: Duration) {
        let mut observed = self.observed();
        observed.slowest_right = observed.slowest_right.max(Some(after));
    }

    /// Records a step that stayed wrong.
    pub(super) fn stayed_wrong(&self, step: &str, reason: WrongReason) {
        let mut observed = self.observed();
        let runs = observed.in_vain.entry((step.to_owned(), reason));
        let runs = runs.or_default();
        *runs = runs.saturating_add(1);
    }

    /// Records a write this long after the responses.
    pub(super) fn wrote_late(&self, after: Duration) {
        let mut observed = self.observed();
        observed.latest_write = observed.latest_write.max(Some(after));
    }

    /// Checks that the handler writes after its responses.
    pub(super) fn are_late(&self) -> bool {
        self.observed().latest_write.is_some()
    }

    /// Returns the time without changes after which no more writes are expected.
    pub(super) fn quiet(&self) -> Duration {
        let latest = self.observed().latest_write.unwrap_or_default();
        let quiet = latest.saturating_mul(TIMES_THE_LATEST);
        quiet.max(QUIET).min(self.settle)
    }

    /// Returns true for the first caller, which has to watch a right step for later writes.
    pub(super) fn begin_watching(&self) -> bool {
        !std::mem::replace(&mut self.observed().is_watched, true)
    }

    fn observed(&self) -> MutexGuard<'_, ObservedWaits> {
        self.observed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns a name for the step that scenarios have in common: its actions, or else its id.
pub(super) fn name_of(step: &Step) -> String {
    let actions: Vec<_> = step.provider.iter().map(ProviderAction::name).collect();
    if actions.is_empty() {
        return step.id.clone();
    }
    actions.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTLE: Duration = Duration::from_secs(5);

    #[test]
    fn the_wait_falls_after_three_plays_that_were_wrong_alike() {
        let writes = WriteTimes::new(SETTLE);
        let limit = |step: &str, rule| writes.limit(step, Some(rule), false);
        for _ in 0..3 {
            assert_eq!(limit("checkout", Rule::RevenueLeak), SETTLE);
            writes.stayed_wrong("checkout", Some(Rule::RevenueLeak));
        }
        assert_eq!(
            limit("checkout", Rule::RevenueLeak),
            Duration::from_millis(500)
        );
        assert_eq!(limit("checkout", Rule::PlanDrift), SETTLE);
        assert_eq!(limit("renew", Rule::RevenueLeak), SETTLE);
        writes.came_right(Duration::from_millis(300));
        writes.came_right(Duration::from_millis(100));
        assert_eq!(
            limit("checkout", Rule::RevenueLeak),
            Duration::from_millis(1200)
        );
    }

    #[test]
    fn a_known_reason_shortens_the_wait() {
        let writes = WriteTimes::new(SETTLE);
        let reason = Some(Rule::PeriodDrift);
        writes.came_right(Duration::from_millis(1));
        assert_eq!(writes.limit("renew", reason, true), LEAST);
        assert_eq!(writes.limit("renew", reason, false), SETTLE);
    }

    #[test]
    fn quiet_lasts_twice_as_long_as_the_slowest_write_took() {
        let writes = WriteTimes::new(SETTLE);
        assert_eq!((writes.are_late(), writes.quiet()), (false, QUIET));
        for (after, quiet) in [(50, 200), (600, 1200), (100, 1200), (4000, 5000)] {
            writes.wrote_late(Duration::from_millis(after));
            assert_eq!(writes.quiet(), Duration::from_millis(quiet));
        }
        assert!(writes.are_late());
    }
}
