//! The pull request that is commented on.

use crate::github::context::{Repository, Run};

/// The pull request and the run to comment for.
#[derive(Debug)]
pub(in crate::github) struct CommentTarget<'a> {
    pub repository: &'a Repository,
    pub number: u64,
    pub run: &'a Run,
    /// The commit of the report.
    pub sha: &'a str,
    pub check_name: &'a str,
    pub report_kind: Option<&'a str>,
}
