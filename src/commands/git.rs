//! Runs `git`, within limits and without any program that a repository names.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{io::AsyncReadExt as _, process::Command};

/// Time for one answer of `git`.
pub(super) const TIMEOUT: Duration = Duration::from_secs(20);

/// Maximum size of an answer, such as a diff.
pub(super) const MAX_OUTPUT_BYTES: u64 = 8 * 1024 * 1024;

/// Settings under which `git` runs no program that a repository names.
const HARMLESS: [&str; 6] = [
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.quotePath=false",
    "-c",
    "core.hooksPath=/dev/null",
];

/// Runs `git` in a folder.
#[derive(Debug, Clone, Copy)]
pub(super) struct Git<'f> {
    pub(super) folder: &'f Path,
}

impl Git<'_> {
    /// Returns the root of the working tree; `None` outside of one, or without `git`.
    pub(super) async fn root(self) -> Option<PathBuf> {
        let root = self.line(&["rev-parse", "--show-toplevel"]).await?;
        Some(PathBuf::from(root))
    }

    /// Returns the folder of hooks, which is elsewhere in a worktree and with `core.hooksPath`.
    pub(super) async fn hooks(self) -> Option<String> {
        line(&self.run(&[], &["rev-parse", "--git-path", "hooks"]).await?)
    }

    /// Returns the hash of a commit. Nothing that a caller gives can be an option.
    pub(super) async fn commit(self, name: &str) -> Option<String> {
        let commit = format!("{name}^{{commit}}");
        self.line(&[
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &commit,
        ])
        .await
    }

    pub(super) async fn line(self, arguments: &[&str]) -> Option<String> {
        line(&self.text(arguments).await?)
    }

    /// Returns the output, if `git` succeeds and its output is neither late nor too long.
    pub(super) async fn text(self, arguments: &[&str]) -> Option<String> {
        self.run(&HARMLESS, arguments).await
    }

    async fn run(self, settings: &[&str], arguments: &[&str]) -> Option<String> {
        let mut command = Command::new("git");
        command
            .args(settings)
            .args(arguments)
            .current_dir(self.folder)
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let read = async {
            let mut child = command.spawn().ok()?;
            let mut bytes = Vec::new();
            let stdout = child.stdout.take()?;
            let mut limited = stdout.take(MAX_OUTPUT_BYTES.saturating_add(1));
            limited.read_to_end(&mut bytes).await.ok()?;
            let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            if length > MAX_OUTPUT_BYTES || !child.wait().await.ok()?.success() {
                return None;
            }
            Some(String::from_utf8_lossy(&bytes).into_owned())
        };
        tokio::time::timeout(TIMEOUT, read).await.ok()?
    }
}

/// Returns the only line of an answer, if there is one.
fn line(text: &str) -> Option<String> {
    let line = text.trim_end_matches(['\n', '\r']);
    (!line.is_empty()).then(|| line.to_owned())
}
