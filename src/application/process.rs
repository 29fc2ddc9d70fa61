//! A process in a separate process group, so that it can be stopped together with its children.

use std::{
    io,
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use tokio::{
    process::{Child, Command},
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{Launch, error::Error, group::Group, log::Log};

/// Time for the process to exit by itself.
const GRACE: Duration = Duration::from_secs(5);

/// Time for its children to exit afterwards. It is limited because a zombie that nobody waits for stays in the group.
const GRACE_FOR_CHILDREN: Duration = Duration::from_millis(500);

const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Time to read the last lines of an exited process; a detached child may keep the pipe open.
const DRAINING: Duration = Duration::from_millis(500);

/// A process and its children. Dropping it kills them.
#[derive(Debug)]
pub(super) struct ProcessGroup {
    child: Child,
    /// `None` once all of them are gone.
    group: Option<Group>,
    readers: Vec<JoinHandle<()>>,
}

impl ProcessGroup {
    pub(super) fn start(launch: &Launch, log: &Arc<Log>) -> Result<Self, Error> {
        hide_environment();
        let mut command = launch.command.command();
        command.current_dir(&launch.folder);
        for name in &launch.withheld {
            command.env_remove(name);
        }
        command.envs(launch.variables.iter().map(|(name, value)| (name, value)));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let prepared = Group::prepare(&mut command);
        let spawned = prepared.and_then(|()| Command::from(command).spawn());
        let mut child = spawned.map_err(|source| Error::NotStarted {
            command: launch.command.to_string(),
            source,
        })?;
        let mut readers = Vec::new();
        if let Some(stream) = child.stdout.take() {
            readers.push(tokio::spawn(Arc::clone(log).read(stream)));
        }
        if let Some(stream) = child.stderr.take() {
            readers.push(tokio::spawn(Arc::clone(log).read(stream)));
        }
        Ok(Self {
            group: child.id().and_then(Group::from_leader),
            child,
            readers,
        })
    }

    /// Waits until the process itself exits.
    pub(super) async fn exited(&mut self) -> Exit {
        Exit(self.child.wait().await)
    }

    /// Waits until the last lines of an exited process are read.
    async fn drained(&mut self) {
        let readers = self.readers.iter_mut();
        drop(timeout(DRAINING, futures::future::join_all(readers)).await);
        self.readers.clear();
    }

    /// Terminates all processes, and kills those that do not exit.
    pub(super) async fn end(&mut self) {
        let Some(group) = self.group else {
            return;
        };
        group.terminate();
        if timeout(GRACE, self.child.wait()).await.is_ok() {
            let gone = async {
                while group.exists() {
                    sleep(BETWEEN_LOOKS).await;
                }
            };
            drop(timeout(GRACE_FOR_CHILDREN, gone).await);
        }
        group.kill();
        drop(self.child.wait().await);
        self.group = None;
        self.drained().await;
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            group.kill();
        }
    }
}

/// Prevents child processes from reading this process's environment in `/proc`, which has variables that they were not
/// given.
fn hide_environment() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};

        if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
            tracing::debug!(%error, "the application can read the variables of this process");
        }
    }
}

/// The exit of a process.
#[derive(Debug)]
pub(super) struct Exit(io::Result<ExitStatus>);

impl Exit {
    pub(super) fn success(&self) -> bool {
        self.0.as_ref().is_ok_and(ExitStatus::success)
    }

    /// Returns true for the exit status of a shell that does not find a program.
    pub(super) fn lacks_program(&self) -> bool {
        let status = self.0.as_ref().ok();
        status.and_then(ExitStatus::code) == Some(127)
    }
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Ok(status) => write!(f, "{status}"),
            Err(error) => write!(f, "{error}"),
        }
    }
}
