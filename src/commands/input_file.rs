//! Reads a user's text file with a size limit; errors suggest a fix.

use std::{fs::File, io::Read as _, path::Path};

use crate::{
    config::{MAX_BASELINE_BYTES, MAX_BYTES},
    problem::{ErrorCode, Problem},
    report::MAX_READ_BYTES,
};

/// The kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InputFile {
    Configuration,
    Baseline,
    /// A JSON report of an earlier step.
    Report,
}

impl InputFile {
    /// Returns the name in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Baseline => "baseline",
            Self::Report => "report",
        }
    }

    /// Returns the input of the action that holds the path of the file.
    pub(crate) fn input(self) -> &'static str {
        match self {
            Self::Configuration => "config",
            Self::Baseline => "baseline",
            Self::Report => "report",
        }
    }

    pub(crate) fn max_bytes(self) -> usize {
        match self {
            Self::Configuration => MAX_BYTES,
            Self::Baseline => MAX_BASELINE_BYTES,
            Self::Report => MAX_READ_BYTES,
        }
    }

    /// Reads the file, shown as `shown`.
    pub(crate) fn read(self, path: &Path, shown: &str) -> Result<String, Problem> {
        let name = self.name();
        let unreadable = |error: std::io::Error| {
            Problem::new(
                ErrorCode::FileUnreadable,
                format!("the {name} `{shown}` cannot be read: {error}"),
            )
            .hint(if error.kind() == std::io::ErrorKind::NotFound {
                self.if_missing().to_owned()
            } else {
                String::new()
            })
        };
        // Opening a pipe waits for a writer, and a device may never end.
        let kind = std::fs::metadata(path).map_err(unreadable)?;
        if !kind.is_file() {
            let what = if kind.is_dir() {
                "a folder"
            } else {
                "a pipe, a device or a socket"
            };
            return Err(Problem::new(
                ErrorCode::FileUnreadable,
                format!("the {name} `{shown}` should be a file, found {what}"),
            )
            .hint(self.if_no_file().to_owned()));
        }
        let file = File::open(path).map_err(unreadable)?;
        let mut bytes = Vec::new();
        // Reads one byte more than allowed, so that the parser detects that the text is too long.
        let max = u64::try_from(self.max_bytes())
            .unwrap_or(u64::MAX)
            .saturating_add(1);
        file.take(max).read_to_end(&mut bytes).map_err(unreadable)?;
        String::from_utf8(bytes).map_err(|error| {
            Problem::new(
                ErrorCode::FileUnreadable,
                format!(
                    "the {name} `{shown}` is not UTF-8: byte {} is invalid",
                    error.utf8_error().valid_up_to().saturating_add(1)
                ),
            )
            .hint("save the file as UTF-8")
        })
    }

    fn if_no_file(self) -> &'static str {
        match self {
            Self::Configuration => "name the file itself, such as `--config prodverdict.yml`",
            Self::Baseline => "name the file itself, such as `--baseline prodverdict-baseline.yml`",
            Self::Report => "name the file itself, such as `report: rehearsal.json`",
        }
    }

    fn if_missing(self) -> &'static str {
        match self {
            Self::Configuration => {
                "write it with `prodverdict init`, or name the file with --config (in a workflow: the input `config`, after \
                 a checkout step)"
            }
            Self::Baseline => {
                "write it with `prodverdict baseline`, or omit --baseline (in a workflow: the input `baseline`)"
            }
            Self::Report => {
                "write it to the workspace in an earlier step: `prodverdict rehearse --output rehearsal.json -- npm \
                 start` for `report: rehearsal.json`"
            }
        }
    }
}
