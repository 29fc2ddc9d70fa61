//! How long reporting may take, and how gently it treats GitHub.

use std::time::Duration;

/// Times and counts of reporting; the defaults are for GitHub itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// One request, from the first byte sent to the last one received.
    pub request_timeout: Duration,
    /// All of reporting: the verdict is known already and somebody waits for it.
    pub budget: Duration,
    /// GitHub asks for a second between writes, and for one at a time.
    pub write_interval: Duration,
    /// How often one request is sent at most.
    pub attempts: u32,
    /// Before the first retry; doubled for each further one.
    pub backoff: Duration,
    /// GitHub asks for a minute when its secondary limit names no time.
    pub unhinted_wait: Duration,
    /// After SIGINT the runner kills the process in ten seconds; other things have to end too.
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
