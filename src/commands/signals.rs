//! SIGINT and SIGTERM, with which GitHub's runner cancels a job: a process with PID 1 receives them only if it installs
//! a handler.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// A listener for both signals. It starts when created, so that no signal before the first wait is lost.
pub(crate) struct Signals {
    interrupt: Option<Signal>,
    terminate: Option<Signal>,
}

impl Signals {
    pub(crate) fn listen() -> Self {
        // Without a handler the job continues until it is killed.
        Self {
            interrupt: signal(SignalKind::interrupt()).ok(),
            terminate: signal(SignalKind::terminate()).ok(),
        }
    }

    /// Waits until the job is cancelled.
    pub(crate) async fn cancelled(&mut self) {
        tokio::select! {
            () = received(self.interrupt.as_mut()) => {}
            () = received(self.terminate.as_mut()) => {}
        }
    }
}

async fn received(signal: Option<&mut Signal>) {
    let received = match signal {
        Some(signal) => signal.recv().await,
        None => None,
    };
    if received.is_none() {
        std::future::pending::<()>().await;
    }
}
