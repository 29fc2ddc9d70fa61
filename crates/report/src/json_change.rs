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
    /// Line in the new version of the file, starting at 1; 1 if the file was deleted.
    line: u32,
    /// Change made by the pull request, such as "removes a line that mentions `has_paid_access`".
    does: &'a str,
}

impl<'a> From<&'a Change> for ReportChange<'a> {
    fn from(change: &'a Change) -> Self {
        Self {
            path: &change.path,
            line: change.line,
            does: &change.does,
        }
    }
}
