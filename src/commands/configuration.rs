//! Loads the configuration and the committed baseline, and reports every problem in them with its place.

use std::path::Path;

use jiff::civil::Date;

use super::input_file::InputFile;
use crate::{
    baseline::BaselineEntry,
    config::{self, Config, Diagnostic},
    problem::Problem,
};

/// The reason a configuration or a baseline cannot be used.
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
    /// Returns the problems for a report.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        match self {
            Self::Unreadable(problem) => vec![problem.clone()],
            Self::Invalid { diagnostics, .. } => {
                diagnostics.iter().cloned().map(Problem::from).collect()
            }
        }
    }

    /// Renders the problems for a terminal, with lines of the file if it could be read.
    pub(crate) fn rendered(&self, color: bool) -> Option<String> {
        match self {
            Self::Unreadable(_) => None,
            Self::Invalid {
                text,
                path,
                diagnostics,
            } => Some(config::render(diagnostics, text, path, color)),
        }
    }
}

/// Reads and validates a configuration file.
pub(crate) fn load(path: &Path) -> Result<Config, Unusable> {
    load_as(path, &path.display().to_string())
}

/// Reads and validates a configuration file, shown as `name`.
pub(crate) fn load_as(path: &Path, name: &str) -> Result<Config, Unusable> {
    let text = InputFile::Configuration
        .read(path, name)
        .map_err(Unusable::Unreadable)?;
    parse(text, name)
}

/// Validates the text of a configuration, shown as `path`.
pub(crate) fn parse(text: String, path: &str) -> Result<Config, Unusable> {
    config::load(&text, path).map_err(|diagnostics| Unusable::Invalid {
        text,
        path: path.to_owned(),
        diagnostics,
    })
}

/// Reads and validates a baseline, shown as `name`.
pub(crate) fn load_baseline(
    path: &Path,
    name: &str,
    today: Date,
) -> Result<Vec<BaselineEntry>, Unusable> {
    let text = InputFile::Baseline
        .read(path, name)
        .map_err(Unusable::Unreadable)?;
    parse_baseline(text, name, today)
}

/// Validates the text of a baseline, shown as `path`.
pub(crate) fn parse_baseline(
    text: String,
    path: &str,
    today: Date,
) -> Result<Vec<BaselineEntry>, Unusable> {
    config::acceptances(&text, path, today).map_err(|diagnostics| Unusable::Invalid {
        text,
        path: path.to_owned(),
        diagnostics,
    })
}
