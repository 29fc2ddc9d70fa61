//! The configuration file: read with a limit, and every problem in it shown with its place.

use std::{fs::File, io::Read as _, path::Path};

use crate::{
    config::{self, Config, Diagnostic, MAX_BYTES},
    problem::Problem,
};

/// Why there is no configuration.
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
    let text = read(path, name).map_err(Unusable::Unreadable)?;
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

fn read(path: &Path, shown: &str) -> Result<String, Problem> {
    let unreadable = |error: std::io::Error| {
        Problem {
        message: format!("the configuration `{shown}` cannot be read: {error}"),
        hint: match error.kind() {
            std::io::ErrorKind::NotFound => {
                "name the file with --config (in a workflow: the input `config`, after a checkout step)".to_owned()
            }
            _ => String::new(),
        },
        place: None,
    }
    };
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    // One byte more than allowed, so that the parser sees that there is too much.
    let most = u64::try_from(MAX_BYTES)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    file.take(most)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    String::from_utf8(bytes).map_err(|error| Problem {
        message: format!(
            "the configuration `{shown}` is not UTF-8: byte {} begins no character",
            error.utf8_error().valid_up_to().saturating_add(1)
        ),
        hint: "save the file as UTF-8".to_owned(),
        place: None,
    })
}
