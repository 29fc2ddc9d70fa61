//! The application that a rehearsal starts. Its process and all children are watched, restarted once, and stopped.

mod command;
mod error;
mod group;
mod log;
mod process;
mod ready;
mod supervisor;

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
};

use self::{
    process::ProcessGroup,
    supervisor::{AppState, Phase, Supervisor},
};

pub use command::CommandLine;
pub use error::Error;
pub use log::{Log, Masking, SHOWN_LINES};
pub use ready::ReadyCheck;

/// Time to become ready, enough for a development server that compiles at start.
pub const STARTING: Duration = Duration::from_mins(1);

/// A process to start, with its environment.
#[derive(Debug, Clone)]
pub struct Launch {
    pub command: CommandLine,
    /// Working folder.
    pub folder: PathBuf,
    /// Additional environment variables, which override those of this process.
    pub variables: Vec<(String, String)>,
    /// Variables of this process that are not passed on.
    pub withheld: Vec<String>,
}

/// An exit of the application while the rehearsal needed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Death {
    /// Exit status or signal.
    pub status: String,
    pub was_restarted: bool,
}

/// A running application. `end` stops its processes gracefully; dropping it kills them.
#[derive(Debug)]
pub struct Application {
    log: Arc<Log>,
    state: watch::Receiver<AppState>,
    stop: Option<oneshot::Sender<()>>,
    supervisor: Option<JoinHandle<()>>,
}

impl Application {
    /// Starts the process, which has `timeout` to become ready.
    pub fn start(
        launch: Launch,
        ready: ReadyCheck,
        log: Arc<Log>,
        timeout: Duration,
    ) -> Result<Self, Error> {
        let group = ProcessGroup::start(&launch, &log)?;
        let (sender, state) = watch::channel(AppState::default());
        let (stop, stopped) = oneshot::channel();
        let supervisor = Supervisor {
            launch,
            ready,
            log: Arc::clone(&log),
            timeout,
            state: sender,
        };
        Ok(Self {
            log,
            state,
            stop: Some(stop),
            supervisor: Some(tokio::spawn(supervisor.run(group, stopped))),
        })
    }

    /// Waits until the application is ready, also after a restart.
    pub async fn ready(&self) -> Result<(), Error> {
        let mut state = self.state.clone();
        let settled = state.wait_for(|state| state.phase != Phase::Starting).await;
        let phase = settled.map_or(Phase::Up, |state| state.phase.clone());
        match phase {
            Phase::Starting | Phase::Up => Ok(()),
            Phase::Ended(status) => Err(Error::Ended {
                status,
                printed: self.log.last(),
            }),
            Phase::LacksProgram(status) => Err(Error::LacksProgram {
                status,
                printed: self.log.last(),
            }),
            Phase::Silent { address, timeout } => Err(Error::Silent {
                address,
                timeout,
                printed: self.log.last(),
            }),
        }
    }

    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Returns each exit that happened after the application was ready.
    pub fn deaths(&self) -> Vec<Death> {
        self.state.borrow().deaths.clone()
    }

    /// Stops the application and its children, and kills them if they do not stop in time.
    pub async fn end(mut self) {
        drop(self.stop.take());
        if let Some(supervisor) = self.supervisor.take() {
            drop(supervisor.await);
        }
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        if let Some(supervisor) = &self.supervisor {
            supervisor.abort();
        }
    }
}

/// Runs a command to completion, such as migrations, and logs its output.
pub async fn run_to_end(launch: &Launch, log: &Arc<Log>, timeout: Duration) -> Result<(), Error> {
    let mut group = ProcessGroup::start(launch, log)?;
    let ended = tokio::time::timeout(timeout, group.exited()).await;
    let status = match ended {
        Ok(status) => status,
        Err(_elapsed) => {
            group.end().await;
            return Err(Error::Slow {
                command: launch.command.to_string(),
                timeout,
                printed: log.last(),
            });
        }
    };
    group.end().await;
    if status.success() {
        return Ok(());
    }
    Err(Error::Failed {
        command: launch.command.to_string(),
        status: status.to_string(),
        printed: log.last(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Explain as _;

    fn launch(script: &str) -> Launch {
        Launch {
            command: CommandLine::Shell(script.to_owned()),
            folder: PathBuf::from("/"),
            variables: vec![("GIVEN".to_owned(), "given".to_owned())],
            withheld: vec!["PATH".to_owned()],
        }
    }

    fn log() -> Arc<Log> {
        Arc::new(Log::new(Box::new(str::to_owned)))
    }

    #[tokio::test]
    async fn an_application_that_never_answers_is_reported_and_ended() {
        let folder = tempfile::tempdir().unwrap();
        let survived = folder.path().join("survived");
        let script = format!(
            "echo waiting; (sleep 2; touch {}) & sleep 60",
            survived.display()
        );
        let nobody = ReadyCheck::Port {
            host: "127.0.0.1".to_owned(),
            port: 1,
        };
        let mut launch = launch(&script);
        launch.withheld.clear();
        let timeout = Duration::from_millis(400);
        let started = Application::start(launch, nobody, log(), timeout).unwrap();
        let error = started.ready().await.unwrap_err();
        assert!(matches!(error, Error::Silent { .. }), "{error}");
        assert!(error.hint().ends_with("\n  waiting"), "{}", error.hint());
        started.end().await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert!(!survived.exists(), "a child went on");
    }

    #[tokio::test]
    async fn a_command_gets_its_variables_and_no_others_that_are_withheld() {
        let log = log();
        let script = launch("echo $GIVEN ${PATH-withheld}");
        run_to_end(&script, &log, STARTING).await.unwrap();
        let lines = log.last();
        assert!(
            lines.iter().any(|line| line.starts_with("given")),
            "{lines:?}"
        );
        let failed = run_to_end(&launch("echo no; exit 4"), &log, STARTING).await;
        assert!(matches!(failed, Err(Error::Failed { .. })), "{failed:?}");
        let endless = launch("while :; do :; done");
        let slow = run_to_end(&endless, &log, Duration::from_millis(50));
        assert!(matches!(slow.await, Err(Error::Slow { .. })));
    }
}
