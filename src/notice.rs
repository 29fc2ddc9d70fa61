//! Lines for the person who waits: shown on standard error without `-v`.

/// The target of these events in the log.
pub const TARGET: &str = "prodverdict::notice";

/// Says one line: why nothing happens for a while, and until when. It must hold no secret.
pub fn say(line: &str) {
    tracing::info!(target: TARGET, "{line}");
}
