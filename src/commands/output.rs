//! Standard output, standard error and files: everything that leaves goes through here, with secrets masked.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret as _, SecretString};

use crate::report::Mask;

/// Where a run writes, and what must never be written.
#[derive(Debug)]
pub struct Output {
    /// Of standard output.
    pub colour: bool,
    pub colour_on_stderr: bool,
    /// Whether a person watches standard error.
    pub on_terminal: bool,
    secrets: Vec<SecretString>,
}

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    #[error("standard output cannot be written")]
    Stdout(#[source] io::Error),
    #[error("`{}` cannot be written", .path.display())]
    File { path: PathBuf, source: io::Error },
}

impl Output {
    /// Decides on colour for standard output, after the choice on the command line, `NO_COLOR` and their kin.
    pub fn of_process(secrets: Vec<SecretString>) -> Self {
        Self {
            colour: wants_colour(anstream::AutoStream::choice(&io::stdout())),
            colour_on_stderr: wants_colour(anstream::AutoStream::choice(&io::stderr())),
            on_terminal: io::IsTerminal::is_terminal(&io::stderr()),
            secrets,
        }
    }

    /// Nothing that was ever a secret is in the result.
    pub fn mask(&self, text: &str) -> String {
        let secrets: Vec<_> = self
            .secrets
            .iter()
            .map(|secret| secret.expose_secret())
            .collect();
        Mask::new(&secrets).text(text)
    }

    /// Data. A reader that went away, as `head` does, is no error.
    pub fn data(&self, text: &str) -> Result<(), OutputError> {
        let mut stdout = io::stdout().lock();
        let written = stdout
            .write_all(self.mask(text).as_bytes())
            .and_then(|()| stdout.flush());
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(OutputError::Stdout(error))
            }
            _ => Ok(()),
        }
    }

    /// Everything else. There is nobody to tell when it cannot be written.
    pub fn say(&self, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        let _ = writeln!(io::stderr().lock(), "{}", self.mask(text).trim_end());
    }

    /// A workflow command, as it is. It goes out whole, on a line of its own.
    pub fn command(&self, line: &str) {
        let mut stdout = io::stdout().lock();
        let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
    }

    /// A report in a file, over what was there.
    pub fn file(&self, path: &Path, text: &str) -> Result<(), OutputError> {
        std::fs::write(path, self.mask(text)).map_err(|source| OutputError::File {
            path: path.to_owned(),
            source,
        })
    }
}

fn wants_colour(choice: anstream::ColorChoice) -> bool {
    choice != anstream::ColorChoice::Never
}
