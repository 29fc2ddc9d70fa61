//! What the publisher is told, and what it tells.

use std::path::PathBuf;

use crate::{github::comment::CommentMode, problem::Problem, report::Annotation};

/// What the user asked for; none where nothing was said, so that the event decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    pub check_run: Option<bool>,
    pub check_name: String,
    /// Tells what else reports under this name in the same job apart: each has a comment of its own. Empty for a check.
    pub series: &'static str,
    pub comment: Option<CommentMode>,
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
    pub mode: ReportMode,
    /// The annotations that are on no check run: the caller prints them as workflow commands.
    pub annotations_left: Vec<Annotation>,
    /// Why something was said in a lesser place, or not at all. None of it changes the verdict.
    pub degraded: Vec<Problem>,
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
