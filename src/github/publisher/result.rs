//! What the publisher is told, and what it tells.

use std::path::PathBuf;

use crate::{
    baseline::Earlier, github::comment::CommentMode, problem::Problem, report::Annotation,
};

/// What the user asked for; none where nothing was said, so that the event decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    pub check_run: Option<bool>,
    pub check_name: String,
    /// Tells what else reports under this name in the same job apart: each has a comment of its own. Empty for a check.
    pub series: &'static str,
    pub comment: Option<CommentMode>,
    pub issue: Option<bool>,
    /// What the issue is found again by; made where it is missing.
    pub issue_label: String,
    /// The path of the configuration, relative to the root of the repository: each has an issue of its own.
    pub config: String,
    /// The file of `GITHUB_STEP_SUMMARY`.
    pub summary_file: Option<PathBuf>,
    /// The file of `GITHUB_OUTPUT`.
    pub output_file: Option<PathBuf>,
}

/// What was said where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    pub check_run_url: Option<String>,
    pub comment_url: Option<String>,
    /// None where it was not due, or where GitHub did not take it.
    pub issue: Option<Issued>,
    pub mode: ReportMode,
    /// The annotations that are on no check run: the caller prints them as workflow commands.
    pub annotations_left: Vec<Annotation>,
    /// Why something was said in a lesser place, or not at all. None of it changes the verdict.
    pub degraded: Vec<Problem>,
}

/// The issue is up to date, or none is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    pub url: Option<String>,
    /// What it was about before this run.
    pub earlier: Earlier,
    /// A later run has said more; this one has nothing to add.
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
