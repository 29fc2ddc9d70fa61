//! Errors of starting the application, with the last lines that it printed.

use std::{io, time::Duration};

use crate::problem::{Coded, ErrorCode, Explain};

/// The reason why a process could not be started or did not stay up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("`{command}` cannot be started")]
    NotStarted { command: String, source: io::Error },
    #[error("something already listens at {address} before the application is started")]
    Taken { address: String },
    #[error("the application ended ({status}) before it was ready")]
    Ended {
        status: String,
        printed: Vec<String>,
    },
    #[error(
        "the application ended ({status}) before it was ready: its command needs a program that is not installed"
    )]
    LacksProgram {
        status: String,
        printed: Vec<String>,
    },
    #[error("the application runs, but nothing answered at {address} within {} s", .timeout.as_secs())]
    Silent {
        address: String,
        timeout: Duration,
        printed: Vec<String>,
    },
    #[error("`{command}` failed ({status})")]
    Failed {
        command: String,
        status: String,
        printed: Vec<String>,
    },
    #[error("`{command}` did not end within {} s", .timeout.as_secs())]
    Slow {
        command: String,
        timeout: Duration,
        printed: Vec<String>,
    },
}

impl Error {
    /// Returns the advice, followed by the last lines that the process printed.
    pub fn hint_with(&self, advice: &str) -> String {
        match self {
            Self::NotStarted { .. } | Self::Taken { .. } => advice.to_owned(),
            Self::Ended { printed, .. }
            | Self::LacksProgram { printed, .. }
            | Self::Silent { printed, .. }
            | Self::Failed { printed, .. }
            | Self::Slow { printed, .. } => format!("{advice}\n{}", last_lines(printed)),
        }
    }
}

impl Coded for Error {
    fn code(&self) -> ErrorCode {
        ErrorCode::ApplicationFailed
    }
}

impl Explain for Error {
    fn hint(&self) -> String {
        self.hint_with(match self {
            Self::NotStarted { source, .. } if source.kind() == io::ErrorKind::Unsupported => {
                "start the application yourself, with the redirected requests that docs/rehearsal.md describes, and leave \
                 the command out"
            }
            Self::NotStarted { .. } => {
                "name an installed program, as you would on the command line: `prodverdict rehearse -- npm start`"
            }
            Self::Taken { .. } => {
                "stop it, or leave the command out to rehearse the running application"
            }
            Self::Ended { .. } => {
                "start it by hand to see why; the command must stay in the foreground"
            }
            Self::LacksProgram { .. } => "install the program, or name one that is installed",
            Self::Silent { .. } => {
                "let the application listen where `rehearsal.handler` says, or name a URL that answers in `rehearsal.app.ready`"
            }
            Self::Failed { .. } | Self::Slow { .. } => {
                "run it by hand on an empty database to see why"
            }
        })
    }
}

/// Formats the last lines below an introduction.
fn last_lines(printed: &[String]) -> String {
    if printed.is_empty() {
        return "it printed nothing".to_owned();
    }
    let lines: Vec<_> = printed.iter().map(|line| format!("  {line}")).collect();
    format!("the last lines that it printed:\n{}", lines.join("\n"))
}
