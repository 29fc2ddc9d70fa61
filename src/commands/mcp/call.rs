//! One call of a tool: its progress, and its cancellation.

use rmcp::{
    RoleServer,
    model::{ProgressNotificationParam, ProgressToken},
    service::{Peer, RequestContext},
};
use tokio::sync::watch;

/// One call of a tool.
#[derive(Debug)]
pub(super) struct Call {
    context: RequestContext<RoleServer>,
    /// Turns false when the client has gone.
    is_client_there: watch::Receiver<bool>,
}

/// Where the progress of a call is reported.
#[derive(Debug)]
pub(super) struct ProgressSink {
    peer: Peer<RoleServer>,
    token: ProgressToken,
}

impl Call {
    pub(super) fn new(
        context: RequestContext<RoleServer>,
        is_client_there: watch::Receiver<bool>,
    ) -> Self {
        Self {
            context,
            is_client_there,
        }
    }

    /// Waits until the client cancels the call, or until the library gives up on a client that went away seconds ago.
    pub(super) async fn cancelled(&self) {
        self.context.ct.cancelled().await;
    }

    /// Waits until the client cancels the call or goes away.
    pub(super) fn abandoned(&self) -> impl Future<Output = ()> + use<> {
        let cancelled = self.context.ct.clone().cancelled_owned();
        let mut is_client_there = self.is_client_there.clone();
        async move {
            tokio::select! {
                () = cancelled => {}
                // A closed channel means the same.
                _ = is_client_there.wait_for(|is_there| !is_there) => {}
            }
        }
    }

    /// Returns where to report progress, if the client asks for it.
    pub(super) fn progress(&self) -> Option<ProgressSink> {
        let token = self.context.meta.get_progress_token()?;
        Some(ProgressSink {
            peer: self.context.peer.clone(),
            token,
        })
    }
}

impl ProgressSink {
    /// Reports progress. A client that has gone does not hear of it.
    pub(super) async fn report(&self, done: u32, all: u32, message: &str) {
        let mut progress = ProgressNotificationParam::new(self.token.clone(), f64::from(done))
            .with_message(message);
        if all > 0 {
            progress = progress.with_total(f64::from(all));
        }
        drop(self.peer.notify_progress(progress).await);
    }
}
