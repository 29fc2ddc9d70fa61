//! Supervises an application: waits until it is ready, restarts it once if it dies, and stops it.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{oneshot, watch},
    time::timeout,
};

use super::{Death, Launch, log::Log, process::ProcessGroup, ready::ReadyCheck};

/// Number of restarts.
const RESTARTS: usize = 1;

/// State of the application.
#[derive(Debug, Default)]
pub(super) struct AppState {
    pub(super) phase: Phase,
    pub(super) deaths: Vec<Death>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Phase {
    #[default]
    Starting,
    Up,
    /// It exited with this status and is not restarted.
    Ended(String),
    /// It exited with this status before it was ready, because a program is missing.
    LacksProgram(String),
    /// It runs, but did not become ready in time.
    Silent {
        address: String,
        timeout: Duration,
    },
}

/// Parameters of a start.
#[derive(Debug)]
pub(super) struct Supervisor {
    pub(super) launch: Launch,
    pub(super) ready: ReadyCheck,
    pub(super) log: Arc<Log>,
    pub(super) timeout: Duration,
    pub(super) state: watch::Sender<AppState>,
}

impl Supervisor {
    /// Supervises until the application is no longer needed.
    pub(super) async fn run(self, mut group: ProcessGroup, mut stopped: oneshot::Receiver<()>) {
        loop {
            let next = tokio::select! {
                next = self.one_life(&mut group) => next,
                _ = &mut stopped => None,
            };
            // Children are stopped too: they may hold the port that the next start needs.
            group.end().await;
            match next {
                Some(again) => group = again,
                None => break,
            }
        }
    }

    /// Supervises one process from start to exit. Returns the restarted process, if any.
    async fn one_life(&self, group: &mut ProcessGroup) -> Option<ProcessGroup> {
        let was_ready = tokio::select! {
            biased;
            status = group.exited() => Err(status),
            answered = timeout(self.timeout, self.ready.wait()) => Ok(answered.is_ok()),
        };
        match was_ready {
            Err(status) => {
                group.end().await;
                let description = status.to_string();
                let phase = if status.lacks_program() {
                    Phase::LacksProgram(description)
                } else {
                    Phase::Ended(description)
                };
                self.state.send_modify(|state| state.phase = phase);
                return None;
            }
            Ok(false) => {
                self.state.send_modify(|state| {
                    state.phase = Phase::Silent {
                        address: self.ready.to_string(),
                        timeout: self.timeout,
                    };
                });
            }
            Ok(true) => self.state.send_modify(|state| state.phase = Phase::Up),
        }
        let status = group.exited().await.to_string();
        let is_again = self.state.borrow().deaths.len() < RESTARTS;
        if is_again {
            self.state
                .send_modify(|state| state.phase = Phase::Starting);
        }
        group.end().await;
        let next = if is_again {
            ProcessGroup::start(&self.launch, &self.log).ok()
        } else {
            None
        };
        self.state.send_modify(|state| {
            state.phase = match next {
                Some(_) => Phase::Starting,
                None => Phase::Ended(status.clone()),
            };
            state.deaths.push(Death {
                status,
                was_restarted: next.is_some(),
            });
        });
        next
    }
}
