//! Standard output, standard error and files: all output goes through here, with secrets masked.

use std::{
    borrow::Cow,
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::atomic_write::{self, FileOwner};
use crate::{
    problem::{Coded, ErrorCode, Explain},
    report::{Mask, Outcome},
};

/// The destination of output, with the secrets that it must not contain.
#[derive(Debug)]
pub(crate) struct Output {
    /// True if standard output is colored.
    pub(crate) color: bool,
    pub(crate) color_on_stderr: bool,
    /// True if standard error is a terminal.
    pub(crate) on_terminal: bool,
    mask: Mask,
}

/// The reason a report could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    #[error("standard output cannot be written")]
    Stdout(#[source] io::Error),
    #[error("`{}` cannot be written", .path.display())]
    File { path: PathBuf, source: io::Error },
}

impl Coded for OutputError {
    fn code(&self) -> ErrorCode {
        ErrorCode::OutputUnwritable
    }
}

impl Explain for OutputError {
    fn hint(&self) -> String {
        String::new()
    }
}

impl Output {
    /// Decides on color from the command line, `NO_COLOR` and similar variables.
    pub(crate) fn of_process(mask: Mask) -> Self {
        Self {
            color: wants_color(anstream::AutoStream::choice(&io::stdout())),
            color_on_stderr: wants_color(anstream::AutoStream::choice(&io::stderr())),
            on_terminal: io::IsTerminal::is_terminal(&io::stderr()),
            mask,
        }
    }

    /// Returns the text with all secrets masked.
    pub(crate) fn mask(&self, text: &str) -> String {
        self.mask.text(text)
    }

    pub(crate) fn mask_json(&self, value: &mut Value) {
        self.mask.json(value, &[]);
    }

    /// Writes data to standard output. A closed pipe, as from `head`, is not an error.
    pub(crate) fn data(&self, text: &str) -> Result<(), OutputError> {
        self.stream(|out| out.write_all(text.as_bytes()))
    }

    /// Streams data to standard output. A closed pipe is not an error.
    pub(crate) fn stream(
        &self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), OutputError> {
        match self.masking(&mut io::stdout().lock(), write) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(OutputError::Stdout(error))
            }
            _ => Ok(()),
        }
    }

    fn masking(
        &self,
        out: &mut dyn Write,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut masked = self.mask.writer(out);
        write(&mut masked)?;
        masked.finish()
    }

    /// Writes to standard error. Failures are ignored, since they could not be reported anywhere.
    pub(crate) fn say(&self, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        drop(writeln!(
            io::stderr().lock(),
            "{}",
            self.mask(text).trim_end()
        ));
    }

    /// Returns the outcome with all texts masked.
    pub(crate) fn masked<'o>(&self, outcome: &'o Outcome) -> Cow<'o, Outcome> {
        self.mask.outcome(outcome)
    }

    /// Writes a report to a file and replaces an existing one.
    pub(super) fn file(
        &self,
        path: &Path,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
        owner: FileOwner<'_>,
    ) -> Result<(), OutputError> {
        let written = atomic_write::write(path, owner, |file| self.masking(file, write));
        written.map_err(|source| OutputError::File {
            path: path.to_owned(),
            source,
        })
    }
}

fn wants_color(choice: anstream::ColorChoice) -> bool {
    choice != anstream::ColorChoice::Never
}

/// Prints a workflow command, unmodified, on a separate line.
pub(crate) fn command(line: &str) {
    let mut stdout = io::stdout().lock();
    drop(writeln!(stdout, "{line}").and_then(|()| stdout.flush()));
}
