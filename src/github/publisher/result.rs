//! Options and result of the publisher.

use std::path::PathBuf;

use crate::{
    baseline::PreviousRun, github::comment::CommentMode, problem::Warning, report::Annotation,
};

/// Options from the user. For `check_run`, `comment` and `issue`, `None` leaves the decision to the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    pub check_run: Option<bool>,
    pub check_name: String,
    /// Name of another report under the same check name in the same job, such as a rehearsal; each has a separate
    /// comment. `None` for a check.
    pub report_kind: Option<&'static str>,
    pub comment: Option<CommentMode>,
    pub issue: Option<bool>,
    /// The label that finds the issue. It is created if it is missing.
    pub issue_label: String,
    /// Path of the configuration, relative to the root of the repository. Each configuration has a separate issue.
    pub config: String,
    /// The file of `GITHUB_STEP_SUMMARY`.
    pub summary_file: Option<PathBuf>,
    /// The file of `GITHUB_OUTPUT`.
    pub output_file: Option<PathBuf>,
}

/// The places that show the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    pub check_run_url: Option<String>,
    pub comment_url: Option<String>,
    /// `None` if no issue was wanted, or if GitHub rejected it.
    pub issue: Option<PublishedIssue>,
    pub mode: ReportMode,
    /// Annotations that are on no check run. The caller prints them as workflow commands.
    pub annotations_left: Vec<Annotation>,
    /// Reasons why a part was published elsewhere or not at all. None of them changes the verdict.
    pub warnings: Vec<Warning>,
}

/// Result of updating the issue, which may also be that none is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedIssue {
    pub url: Option<String>,
    /// Findings that the issue listed before this run.
    pub earlier: PreviousRun,
    /// True if a later run has already updated the issue, so that this one has nothing to add.
    pub is_outdated: bool,
}

/// The best place that the report reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportMode {
    Checks,
    Commands,
    Summary,
    Log,
}

impl ReportMode {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Checks => "checks",
            Self::Commands => "commands",
            Self::Summary => "summary",
            Self::Log => "log",
        }
    }
}
