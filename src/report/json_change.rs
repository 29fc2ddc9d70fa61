//! Changed lines in the JSON report. The struct is separate from the domain type and frozen as version 1.

use schemars::JsonSchema;
use serde::Serialize;

use super::Change;

/// A line that the pull request changes.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Change")]
pub(super) struct ReportChange<'a> {
    /// Relative to the repository.
    path: &'a str,
    /// In the new version of the file, counted from one; 1 where the file is removed.
    line: u32,
    /// What the pull request does there, such as "removes a line that mentions `has_paid_access`".
    does: &'a str,
}

impl<'a> ReportChange<'a> {
    pub(super) fn of(change: &'a Change) -> Self {
        Self {
            path: &change.path,
            line: change.line,
            does: &change.does,
        }
    }
}
