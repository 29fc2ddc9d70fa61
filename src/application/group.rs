//! The process group of an application: all processes that it starts, unless they leave the group.

use std::{io, process::Command};

#[cfg(unix)]
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

/// A group of processes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group(#[cfg(unix)] Pid);

#[cfg(unix)]
impl Group {
    /// Makes the command start in a new process group.
    #[expect(clippy::unnecessary_wraps, reason = "it fails on Windows")]
    pub(super) fn prepare(command: &mut Command) -> io::Result<()> {
        std::os::unix::process::CommandExt::process_group(command, 0);
        Ok(())
    }

    /// Returns the group of a process that was started by a prepared command.
    pub(super) fn from_leader(id: u32) -> Option<Self> {
        i32::try_from(id).ok().and_then(Pid::from_raw).map(Self)
    }

    pub(super) fn exists(self) -> bool {
        test_kill_process_group(self.0).is_ok()
    }

    pub(super) fn terminate(self) {
        self.signal(Signal::TERM);
    }

    pub(super) fn kill(self) {
        self.signal(Signal::KILL);
    }

    /// Signals the group. Failure is fine, since the processes may be gone already.
    fn signal(self, signal: Signal) {
        if let Err(error) = kill_process_group(self.0, signal) {
            tracing::debug!(%error, "the application's processes got no signal");
        }
    }
}

#[cfg(not(unix))]
impl Group {
    /// Windows has no groups of processes that end together, so the children of an application would stay.
    pub(super) fn prepare(_: &mut Command) -> io::Result<()> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "on this system a rehearsal cannot stop an application with all its processes",
        ))
    }

    pub(super) fn from_leader(_: u32) -> Option<Self> {
        None
    }

    pub(super) fn exists(self) -> bool {
        false
    }

    pub(super) fn terminate(self) {}

    pub(super) fn kill(self) {}
}
