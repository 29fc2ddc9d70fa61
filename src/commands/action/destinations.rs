//! The destinations of the result besides GitHub: the log, report files and a chat.

use std::path::PathBuf;

use super::{
    chat::Chat,
    inputs::{Inputs, Mode},
};
use crate::{
    commands::{
        output::Output,
        report_files::{ReportFiles, ReportKind, stays_inside},
    },
    problem::{ErrorCode, Problem},
    report::Mask,
};

pub(super) struct Destinations {
    pub(super) output: Output,
    pub(super) mask: Mask,
    /// Additional report files.
    pub(super) files: ReportFiles,
    /// The chat to notify of changes.
    pub(super) chat: Option<Chat>,
}

/// Returns the additional report files, or none of them if one is invalid.
pub(super) fn report_files(inputs: &Inputs, problems: &mut Vec<Problem>) -> ReportFiles {
    let kind = ReportKind {
        is_redacted: inputs.redact_ids,
        is_rehearsal: inputs.mode == Mode::Rehearse,
        is_published: inputs.report.is_some(),
    };
    let paths: Vec<_> = inputs.output.iter().map(PathBuf::from).collect();
    let chosen = match paths.iter().find(|path| !stays_inside(path)) {
        None => ReportFiles::choose(paths, kind, "the input `output`"),
        Some(outside) => Err(Problem::new(
            ErrorCode::InvalidSetting,
            format!(
                "the input `output` names `{}`, which is not in the workspace",
                outside.display()
            ),
        )
        .hint("name a path from the root of the workspace, without `..`")),
    };
    chosen.unwrap_or_else(|problem| {
        problems.push(problem);
        ReportFiles::default()
    })
}
