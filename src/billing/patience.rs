//! How long a reader keeps trying.

use std::{
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};

use backon::{BackoffBuilder as _, ExponentialBuilder};

/// The limits of one read. Delays double from `base` to `cap`, each lengthened by a random part of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The delay before the second try.
    pub base: Duration,
    /// The delay that no doubling exceeds.
    pub cap: Duration,
    /// Tries of one request, the first included.
    pub tries: u32,
    /// One try, from connecting to the last byte.
    pub request: Duration,
    /// The longest wait that a `Retry-After` can ask for.
    pub retry_after: Duration,
    /// All tries of a provider that has never answered.
    pub first_answer: Duration,
    /// One whole read, waits included.
    pub deadline: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            base: Duration::from_millis(500),
            cap: Duration::from_secs(30),
            tries: 8,
            request: Duration::from_mins(1),
            retry_after: Duration::from_mins(1),
            // Somebody waits to learn that an address or a key is wrong.
            first_answer: Duration::from_secs(45),
            // A million subscriptions read page by page; a server that hangs is noticed by the limits of each request.
            deadline: Duration::from_hours(1),
        }
    }
}

impl Patience {
    /// The waits between tries. A provider that was there a moment ago is waited for; before its first answer each wait
    /// is a random part of what it could be.
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

/// A random part, from nothing to all of it.
fn part(whole: Duration) -> Duration {
    // The standard library's hashes are keyed at random.
    let random = RandomState::new().hash_one(0_u8) % 1001;
    let thousandths = u32::try_from(random).unwrap_or(1000);
    whole.saturating_mul(thousandths) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_for_a_first_answer_are_parts_of_the_longest() {
        let patience = Patience::default();
        let mut longest = patience.base;
        for wait in patience.waits(false) {
            assert!(wait <= longest, "{wait:?}");
            longest = (longest * 2).min(patience.cap);
        }
        assert_eq!(patience.waits(false).len(), 7);
        assert_eq!(patience.first_answer, Duration::from_secs(45));
    }

    #[test]
    fn waits_for_a_provider_that_answered_double() {
        let patience = Patience::default();
        let mut least = patience.base;
        for wait in patience.waits(true) {
            assert!(wait >= least, "{wait:?}");
            least = (least * 2).min(patience.cap);
        }
    }
}
