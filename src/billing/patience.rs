//! How long a reader keeps trying.

use std::time::Duration;

use backon::ExponentialBuilder;

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
            // A million subscriptions read page by page; a server that hangs is noticed by the limits of each request.
            deadline: Duration::from_hours(1),
        }
    }
}

impl Patience {
    pub(crate) fn backoff(&self) -> ExponentialBuilder {
        let waits = self.tries.saturating_sub(1);
        ExponentialBuilder::new()
            .with_min_delay(self.base)
            .with_max_delay(self.cap)
            .with_max_times(usize::try_from(waits).unwrap_or(usize::MAX))
            .with_jitter()
    }
}
