//! Time and rate limits of the calls to GitHub.

use std::time::Duration;

/// Timeouts, retries and pauses. The defaults suit GitHub itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Time for one request, from the first byte sent to the last byte received.
    pub request_timeout: Duration,
    /// Time for the whole report. The verdict is already known and somebody is waiting for it.
    pub budget: Duration,
    /// Pause between writes. GitHub asks for at least one second, and for no concurrent writes.
    pub write_interval: Duration,
    /// Maximum number of attempts for one request.
    pub attempts: u32,
    /// Pause before the first retry, doubled for each further one.
    pub backoff: Duration,
    /// Pause after a secondary rate limit that names no time. GitHub asks for one minute.
    pub unhinted_wait: Duration,
    /// Time for ending the check run after SIGINT. The runner kills the process after ten seconds, and other work has
    /// to finish too.
    pub cancel_budget: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_timeout: Duration::from_secs(20),
            budget: Duration::from_mins(2),
            write_interval: Duration::from_secs(1),
            attempts: 4,
            backoff: Duration::from_millis(500),
            unhinted_wait: Duration::from_mins(1),
            cancel_budget: Duration::from_secs(3),
        }
    }
}
