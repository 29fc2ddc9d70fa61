//! The configuration and the committed baseline: every problem in them shown with its place.

use std::path::Path;

use jiff::civil::Date;

use super::text_file::TextFile;
use crate::{
    baseline::Acceptance,
    config::{self, Config, Diagnostic},
    problem::Problem,
};

/// Why there is no configuration, or no baseline.
#[derive(Debug)]
pub(crate) enum Unusable {
    /// The file cannot be read as text.
    Unreadable(Problem),
    /// The text has problems, each with its place.
    Invalid {
        text: String,
        path: String,
        diagnostics: Vec<Diagnostic>,
    },
}

impl Unusable {
    /// What is wrong, for a report.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        match self {
            Self::Unreadable(problem) => vec![problem.clone()],
            Self::Invalid { diagnostics, .. } => {
                diagnostics.iter().cloned().map(Problem::from).collect()
            }
        }
    }

    /// What is wrong, for a person at a terminal: with the lines of the file where there are any.
    pub(crate) fn rendered(&self, colour: bool) -> Option<String> {
        match self {
            Self::Unreadable(_) => None,
            Self::Invalid {
                text,
                path,
                diagnostics,
            } => Some(config::render(diagnostics, text, path, colour)),
        }
    }
}

/// Reads and validates a file.
pub(crate) fn load(path: &Path) -> Result<Config, Unusable> {
    load_as(path, &path.display().to_string())
}

/// Reads a file and calls it `name`.
pub(crate) fn load_as(path: &Path, name: &str) -> Result<Config, Unusable> {
    let text = TextFile::Configuration
        .read(path, name)
        .map_err(Unusable::Unreadable)?;
    parse(text, name)
}

/// Validates a text that calls itself `path`.
pub(crate) fn parse(text: String, path: &str) -> Result<Config, Unusable> {
    config::load(&text, path).map_err(|diagnostics| Unusable::Invalid {
        text,
        path: path.to_owned(),
        diagnostics,
    })
}

/// Reads and validates a baseline and calls it `name`.
pub(crate) fn load_baseline(
    path: &Path,
    name: &str,
    today: Date,
) -> Result<Vec<Acceptance>, Unusable> {
    let text = TextFile::Baseline
        .read(path, name)
        .map_err(Unusable::Unreadable)?;
    parse_baseline(text, name, today)
}

/// Validates the text of a baseline that calls itself `path`.
pub(crate) fn parse_baseline(
    text: String,
    path: &str,
    today: Date,
) -> Result<Vec<Acceptance>, Unusable> {
    config::acceptances(&text, path, today).map_err(|diagnostics| Unusable::Invalid {
        text,
        path: path.to_owned(),
        diagnostics,
    })
}
