//! Messages for a waiting user, shown on standard error even without `-v`.

mod progress;

pub use progress::{Line, Progress, above};

/// Log target of these messages.
pub const TARGET: &str = "prodverdict::notice";

/// Logs a line about the reason and the time of a wait. It must not contain secrets.
pub fn say(line: &str) {
    tracing::info!(target: TARGET, "{line}");
}
