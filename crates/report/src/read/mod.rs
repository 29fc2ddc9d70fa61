//! Reads a JSON report back. The code under test may have written it, so every number is bounded, every word is
//! checked, and a verdict that contradicts the findings is refused.

mod consistency;
mod written;

use serde::Deserialize;

use self::{consistency::Contradiction, written::WrittenReport};
use super::{Outcome, json::SCHEMA_VERSION};
use problem::{Coded, ErrorCode, Explain};

/// Maximum size of a report that is read, in bytes.
pub const MAX_READ_BYTES: usize = 16 * 1024 * 1024;

/// The reason why a text is not a valid report.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("it is larger than {} MiB", MAX_READ_BYTES / 1024 / 1024)]
    TooLarge,
    #[error("it is not JSON")]
    NotJson(#[source] serde_json::Error),
    #[error("it is JSON, but has no `schema_version` as reports have")]
    NoReport,
    #[error("its `schema_version` is {found}, but this program reads {SCHEMA_VERSION}")]
    OtherVersion { found: u64 },
    #[error("`{path}` cannot be read")]
    Malformed {
        path: String,
        source: serde_json::Error,
    },
    #[error("it contradicts itself")]
    Contradictory(#[source] Contradiction),
}

impl Coded for ReadError {
    fn code(&self) -> ErrorCode {
        ErrorCode::ReportUnusable
    }
}

impl Explain for ReadError {
    fn hint(&self) -> String {
        match self {
            Self::TooLarge => {
                "publish the report of a smaller run, or let the action itself run: `mode: check` or `mode: rehearse`"
            }
            Self::NotJson(_) | Self::NoReport => {
                "name the file that `prodverdict rehearse --format json` printed, or that its `--output FILE.json` \
                 wrote; a step that was stopped leaves an incomplete file"
            }
            Self::OtherVersion { .. } | Self::Malformed { .. } => {
                "run the same version of prodverdict in the step that writes the report and in the action"
            }
            Self::Contradictory(_) => {
                "publish the report as prodverdict wrote it; something changed it since, such as the code that was \
                 rehearsed"
            }
        }
        .to_owned()
    }
}

#[derive(Deserialize)]
struct Versioned {
    schema_version: u64,
}

/// Reads a report written by [`json`](fn@super::json). The outcome equals that of the run, without the repairs, which
/// JSON does not contain, and without the comparison and the places, which are computed again when the report is
/// published.
pub fn read_json(text: &str) -> Result<Outcome, ReadError> {
    let outcome = read(text)?;
    consistency::check(&outcome).map_err(ReadError::Contradictory)?;
    Ok(outcome)
}

fn read(text: &str) -> Result<Outcome, ReadError> {
    if text.len() > MAX_READ_BYTES {
        return Err(ReadError::TooLarge);
    }
    let versioned: Versioned = serde_json::from_str(text).map_err(|error| {
        if error.is_data() {
            ReadError::NoReport
        } else {
            ReadError::NotJson(error)
        }
    })?;
    if versioned.schema_version != u64::from(SCHEMA_VERSION) {
        return Err(ReadError::OtherVersion {
            found: versioned.schema_version,
        });
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let written: WrittenReport =
        serde_path_to_error::deserialize(&mut reader).map_err(|error| ReadError::Malformed {
            path: error.path().to_string(),
            source: error.into_inner(),
        })?;
    written.outcome().map_err(ReadError::Contradictory)
}

#[cfg(test)]
mod tests;
