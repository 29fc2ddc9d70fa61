//! The repository whose issue is written.

use crate::github::context::{Repository, Run};

/// The repository and the run to write for.
#[derive(Debug)]
pub(in crate::github) struct IssueTarget<'a> {
    pub repository: &'a Repository,
    pub run: &'a Run,
    /// The commit of the report.
    pub sha: &'a str,
    /// Path of the configuration, relative to the root of the repository.
    pub config: &'a str,
    pub report_kind: Option<&'a str>,
    pub label: &'a str,
}
