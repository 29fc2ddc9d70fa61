//! SIGINT and SIGTERM, with which GitHub's runner cancels a job: a process with PID 1 receives them only if it installs
//! a handler.

use futures::{
    FutureExt as _,
    future::{LocalBoxFuture, OptionFuture, Shared},
};
#[cfg(unix)]
use tokio::signal::unix::{Signal as Interrupt, Signal as Terminate, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlBreak as Terminate, CtrlC as Interrupt, ctrl_break, ctrl_c};

/// A listener for both signals. It starts when created, so that no signal before the first wait is lost.
pub(crate) struct Signals {
    interrupt: Option<Interrupt>,
    terminate: Option<Terminate>,
    /// Something else that cancels like a signal.
    other: Option<Shared<LocalBoxFuture<'static, ()>>>,
}

impl Signals {
    #[cfg(unix)]
    pub(crate) fn listen() -> Self {
        // Without a handler the job continues until it is killed.
        Self {
            interrupt: signal(SignalKind::interrupt()).ok(),
            terminate: signal(SignalKind::terminate()).ok(),
            other: None,
        }
    }

    /// On Windows, the signals are Ctrl-C and Ctrl-Break.
    #[cfg(windows)]
    pub(crate) fn listen() -> Self {
        Self {
            interrupt: ctrl_c().ok(),
            terminate: ctrl_break().ok(),
            other: None,
        }
    }

    /// Listens for the end of a future instead, for work that a client of this process may cancel.
    pub(crate) fn until(cancelled: impl Future<Output = ()> + 'static) -> Self {
        Self {
            interrupt: None,
            terminate: None,
            other: Some(cancelled.boxed_local().shared()),
        }
    }

    /// Waits until the job is cancelled.
    pub(crate) async fn cancelled(&mut self) {
        tokio::select! {
            Some(()) = received(self.interrupt.as_mut().map(Interrupt::recv)) => {}
            Some(()) = received(self.terminate.as_mut().map(Terminate::recv)) => {}
            Some(()) = OptionFuture::from(self.other.clone()) => {}
            else => std::future::pending().await,
        }
    }
}

async fn received(signal: Option<impl Future<Output = Option<()>>>) -> Option<()> {
    match signal {
        Some(signal) => signal.await,
        None => None,
    }
}
