//! Standard output, standard error and files: everything that leaves goes through here, with secrets masked.

use std::{
    borrow::Cow,
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::whole_file::{self, Owner};
use crate::report::{Mask, Outcome};

/// Where a run writes, and what must never be written.
#[derive(Debug)]
pub(crate) struct Output {
    /// Of standard output.
    pub(crate) colour: bool,
    pub(crate) colour_on_stderr: bool,
    /// Whether a person watches standard error.
    pub(crate) on_terminal: bool,
    mask: Mask,
}

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    #[error("standard output cannot be written")]
    Stdout(#[source] io::Error),
    #[error("`{}` cannot be written", .path.display())]
    File { path: PathBuf, source: io::Error },
}

impl Output {
    /// Decides on colour for standard output, after the choice on the command line, `NO_COLOR` and their kin.
    pub(crate) fn of_process(mask: Mask) -> Self {
        Self {
            colour: wants_colour(anstream::AutoStream::choice(&io::stdout())),
            colour_on_stderr: wants_colour(anstream::AutoStream::choice(&io::stderr())),
            on_terminal: io::IsTerminal::is_terminal(&io::stderr()),
            mask,
        }
    }

    /// Nothing that was ever a secret is in the result.
    pub(crate) fn mask(&self, text: &str) -> String {
        self.mask.text(text)
    }

    /// Data. A reader that went away, as `head` does, is no error.
    pub(crate) fn data(&self, text: &str) -> Result<(), OutputError> {
        self.stream(|out| out.write_all(text.as_bytes()))
    }

    /// The same, as it is written.
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

    /// Everything else. There is nobody to tell when it cannot be written.
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

    /// The same for every text of an outcome.
    pub(crate) fn masked<'o>(&self, outcome: &'o Outcome) -> Cow<'o, Outcome> {
        self.mask.outcome(outcome)
    }

    /// A report in a file, over what was there.
    pub(super) fn file(
        &self,
        path: &Path,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
        owner: Owner<'_>,
    ) -> Result<(), OutputError> {
        let written = whole_file::write(path, owner, |file| self.masking(file, write));
        written.map_err(|source| OutputError::File {
            path: path.to_owned(),
            source,
        })
    }
}

fn wants_colour(choice: anstream::ColorChoice) -> bool {
    choice != anstream::ColorChoice::Never
}

/// A workflow command, as it is, on a line of its own.
pub(crate) fn command(line: &str) {
    let mut stdout = io::stdout().lock();
    drop(writeln!(stdout, "{line}").and_then(|()| stdout.flush()));
}
