//! Time of a run: computed from its start and the monotonic clock, because the system's clock may be set meanwhile.

use jiff::Timestamp;
use tokio::time::Instant;

#[derive(Debug, Clone, Copy)]
pub(super) struct RunClock {
    began: Timestamp,
    since: Instant,
}

impl RunClock {
    /// Creates the clock of a run that begins now.
    pub(super) fn starting_at(began: Timestamp) -> Self {
        Self {
            began,
            since: Instant::now(),
        }
    }

    pub(super) fn began(&self) -> String {
        self.began.to_string()
    }

    pub(super) fn now(&self) -> String {
        let now = self.began.checked_add(self.since.elapsed());
        now.unwrap_or(self.began).to_string()
    }
}
