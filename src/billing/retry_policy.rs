//! Time limits and retries of a reader.

use std::{
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};

use backon::{BackoffBuilder as _, ExponentialBuilder};

/// The limits of one read. Delays double from `base` to `cap`, each lengthened by random jitter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Delay before the second try.
    pub base: Duration,
    /// Upper limit of the doubling delays.
    pub cap: Duration,
    /// Tries of one request, including the first.
    pub tries: u32,
    /// Timeout of one try, from connecting to the last byte.
    pub request: Duration,
    /// Longest wait that a `Retry-After` can demand.
    pub retry_after: Duration,
    /// Time for all tries of a provider that has never answered.
    pub first_answer: Duration,
    /// Time for one whole read, including waits.
    pub deadline: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            base: Duration::from_millis(500),
            cap: Duration::from_secs(30),
            tries: 8,
            request: Duration::from_mins(1),
            retry_after: Duration::from_mins(1),
            // A user is waiting to learn that a URL or a key is wrong.
            first_answer: Duration::from_secs(45),
            // Enough for a million subscriptions page by page; the limits of each request detect a server that hangs.
            deadline: Duration::from_hours(1),
        }
    }
}

impl RetryPolicy {
    /// Returns the waits between tries. A provider that has answered before gets the full waits; before its first
    /// answer each wait is a random part of them.
    pub(crate) fn waits(&self, has_answered: bool) -> Vec<Duration> {
        let waits = usize::try_from(self.tries.saturating_sub(1)).unwrap_or(usize::MAX);
        let longest = ExponentialBuilder::new()
            .with_min_delay(self.base)
            .with_max_delay(self.cap)
            .with_max_times(waits);
        if has_answered {
            return longest.with_jitter().build().collect();
        }
        longest.build().map(part).collect()
    }
}

/// Returns a random part of `whole`, from nothing to all of it.
fn part(whole: Duration) -> Duration {
    // The standard library's hashes are randomly keyed.
    let random = RandomState::new().hash_one(0_u8) % 1001;
    let thousandths = u32::try_from(random).unwrap_or(1000);
    whole.saturating_mul(thousandths) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_for_a_first_answer_are_parts_of_the_longest() {
        let policy = RetryPolicy::default();
        let mut longest = policy.base;
        for wait in policy.waits(false) {
            assert!(wait <= longest, "{wait:?}");
            longest = (longest * 2).min(policy.cap);
        }
        assert_eq!(policy.waits(false).len(), 7);
        assert_eq!(policy.first_answer, Duration::from_secs(45));
    }

    #[test]
    fn waits_for_a_provider_that_answered_double() {
        let policy = RetryPolicy::default();
        let mut least = policy.base;
        for wait in policy.waits(true) {
            assert!(wait >= least, "{wait:?}");
            least = (least * 2).min(policy.cap);
        }
    }
}
