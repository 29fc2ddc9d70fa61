//! Origin of a result in the JSON report.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use contract::Mode;

use super::Provenance;

/// Origin of the report.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Provenance")]
pub(super) struct ReportProvenance<'a> {
    /// Version of the program that checked.
    version: &'a str,
    /// Time of evaluation (RFC 3339, UTC).
    checked_at: String,
    /// Path of the configuration as given by the user.
    config: &'a str,
}

/// Mode of the provider's objects.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Mode")]
pub(super) enum ReportMode {
    Live,
    Test,
}

impl<'a> From<&'a Provenance> for ReportProvenance<'a> {
    fn from(provenance: &'a Provenance) -> Self {
        Self {
            version: &provenance.version,
            checked_at: provenance.checked_at.to_string(),
            config: &provenance.config,
        }
    }
}

impl From<Mode> for ReportMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Live => Self::Live,
            Mode::Test => Self::Test,
        }
    }
}

impl From<ReportMode> for Mode {
    fn from(mode: ReportMode) -> Self {
        match mode {
            ReportMode::Live => Self::Live,
            ReportMode::Test => Self::Test,
        }
    }
}
