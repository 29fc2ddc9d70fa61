//! The time that all requests of a job may take together, including waits.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Divisor of a share. Optional requests may take at most this part of what is left.
const SHARE: u32 = 4;

/// Longest pause that is recorded; no job lasts longer.
const MAX_PAUSE: Duration = Duration::from_hours(24 * 7);

/// The remaining time. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Budget(Arc<Mutex<BudgetState>>);

#[derive(Debug)]
struct BudgetState {
    left: Duration,
    /// The part of `left` that is kept for later requests.
    reserved: Duration,
    /// GitHub asked for no request before this time.
    closed_until: Option<Instant>,
    last_write: Option<Instant>,
}

/// Keeps a part of the remaining time for later requests, until it is dropped.
#[derive(Debug)]
#[must_use = "dropping it releases the time"]
pub struct Share {
    budget: Budget,
    reserved_before: Duration,
}

impl Budget {
    pub(super) fn new(total: Duration) -> Self {
        Self(Arc::new(Mutex::new(BudgetState {
            left: total,
            reserved: Duration::ZERO,
            closed_until: None,
            last_write: None,
        })))
    }

    /// Returns the time that the next requests may take.
    pub(super) fn left(&self) -> Duration {
        let state = self.state();
        state.left.saturating_sub(state.reserved)
    }

    pub(super) fn spend(&self, time: Duration) {
        let mut state = self.state();
        state.left = state.left.saturating_sub(time);
    }

    /// Lets requests take at most a share of the time, until the result is dropped.
    pub(super) fn limit_to_share(&self) -> Share {
        self.limit_to(self.left() / SHARE)
    }

    /// Keeps a share of the time for later requests, until the result is dropped.
    pub(super) fn keep_share(&self) -> Share {
        let left = self.left();
        self.limit_to(left.saturating_sub(left / SHARE))
    }

    fn limit_to(&self, max: Duration) -> Share {
        let mut state = self.state();
        let reserved_before = state.reserved;
        state.reserved = state.left.saturating_sub(max).max(reserved_before);
        Share {
            budget: self.clone(),
            reserved_before,
        }
    }

    /// Records that GitHub asked for no requests for this long.
    pub(super) fn close_for(&self, wait: Duration) {
        let until = Instant::now().checked_add(wait.min(MAX_PAUSE));
        let mut state = self.state();
        state.closed_until = state.closed_until.max(until);
    }

    /// Returns the time for which GitHub asked for no requests.
    pub(super) fn closed_for(&self) -> Duration {
        let until = self.state().closed_until;
        until.map_or(Duration::ZERO, |until| {
            until.saturating_duration_since(Instant::now())
        })
    }

    /// Returns the time since the last write, and `None` before the first.
    pub(super) fn since_last_write(&self) -> Option<Duration> {
        self.state().last_write.map(|last| last.elapsed())
    }

    pub(super) fn record_write(&self) {
        self.state().last_write = Some(Instant::now());
    }

    fn state(&self) -> MutexGuard<'_, BudgetState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.state().reserved = self.reserved_before;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECONDS: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn clones_spend_the_same_time() {
        let budget = Budget::new(SECONDS(120));
        budget.clone().spend(SECONDS(100));
        assert_eq!(budget.left(), SECONDS(20));
        budget.spend(SECONDS(100));
        assert_eq!(budget.left(), SECONDS(0));
    }

    #[test]
    fn a_share_ends_when_it_is_dropped() {
        let budget = Budget::new(SECONDS(120));
        let share = budget.limit_to_share();
        assert_eq!(budget.left(), SECONDS(30));
        budget.spend(SECONDS(20));
        assert_eq!(budget.left(), SECONDS(10));
        drop(share);
        assert_eq!(budget.left(), SECONDS(100));
        let kept = budget.keep_share();
        assert_eq!(budget.left(), SECONDS(75));
        drop(kept);
        assert_eq!(budget.left(), SECONDS(100));
    }
}
