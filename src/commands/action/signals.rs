//! SIGINT and SIGTERM, with which GitHub's runner cancels a job: as PID 1 a process that installs no handler sees neither.

use tokio::signal::unix::{SignalKind, signal};

/// Returns when the job is cancelled.
pub(super) async fn cancelled() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        // Without handlers the job goes on until it is killed.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
