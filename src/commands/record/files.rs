//! Writes the folder of recorded scenarios, replacing earlier ones and touching nothing else.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    commands::{atomic_write::FileOwner, failure::Failure, output::Output},
    problem::{ErrorCode, Problem},
    rehearsal::{LifecycleShape, Provider, parse, render},
};

/// Number of files written; rarer shapes are left out.
const MAX_FILES: usize = 200;

/// Larger files are not recorded scenarios.
const MAX_BYTES: u64 = 256 * 1024;

/// The result of writing the folder.
#[derive(Debug, Default)]
pub(super) struct RecordedFiles {
    /// File name, title and number of lifecycles of each written scenario, commonest first.
    pub(super) written: Vec<(String, String, u64)>,
    /// Number of shapes without a file.
    pub(super) left_out: usize,
    /// Number of earlier recorded files that were removed.
    pub(super) removed: usize,
}

/// Writes the shapes, commonest first, replacing those recorded before.
pub(super) fn replace(
    folder: &Path,
    shapes: &[LifecycleShape],
    output: &Output,
) -> Result<RecordedFiles, Failure> {
    let cannot = |error: &io::Error| {
        Problem::new(
            ErrorCode::OutputUnwritable,
            format!("the folder `{}` cannot be used: {error}", folder.display()),
        )
        .hint("name another one with `--out`")
    };
    if shapes.is_empty() && !folder.exists() {
        return Ok(RecordedFiles::default());
    }
    fs::create_dir_all(folder).map_err(|error| cannot(&error))?;
    let earlier = recorded_before(folder).map_err(|error| cannot(&error))?;
    let mut files = RecordedFiles {
        left_out: shapes.len().saturating_sub(MAX_FILES),
        ..RecordedFiles::default()
    };
    let mut fresh = Vec::new();
    for (index, shape) in shapes.iter().take(MAX_FILES).enumerate() {
        let digits = shape.scenario.id.trim_start_matches("recorded-");
        let name = format!("recorded-{:03}-{digits}.yml", index + 1);
        let path = folder.join(&name);
        if path.symlink_metadata().is_ok() && !earlier.contains(&path) {
            return Err(not_ours(&path).into());
        }
        let text = render(&shape.scenario).ok_or_else(|| {
            Problem::new(
                ErrorCode::Internal,
                format!(
                    "the scenario `{}` cannot be written as YAML",
                    shape.scenario.id
                ),
            )
            .hint("report this as a bug: nothing was written")
        })?;
        files
            .written
            .push((name, shape.scenario.title.clone(), shape.customers));
        fresh.push((path, text));
    }
    for (path, text) in &fresh {
        output
            .file(
                path,
                |file| file.write_all(text.as_bytes()),
                FileOwner::Process,
            )
            .map_err(|error| {
                Problem::new(ErrorCode::OutputUnwritable, error.to_string())
                    .hint("name another folder with `--out`")
            })?;
    }
    for path in earlier {
        if !fresh.iter().any(|(fresh, _)| *fresh == path) {
            fs::remove_file(&path).map_err(|error| cannot(&error))?;
            files.removed = files.removed.saturating_add(1);
        }
    }
    Ok(files)
}

fn not_ours(path: &Path) -> Problem {
    Problem::new(
        ErrorCode::FileExists,
        format!(
            "`{}` already exists and was not recorded, so it is not replaced",
            path.display()
        ),
    )
    .hint("rename it, or name another folder with `--out`")
}

/// Lists the recorded scenarios in the folder, whatever they are called.
fn recorded_before(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_scenario = path
            .extension()
            .is_some_and(|ending| ending == "yml" || ending == "yaml");
        let file = path.symlink_metadata()?;
        if !is_scenario || !file.is_file() || file.len() > MAX_BYTES {
            continue;
        }
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        if parse("", &text, Provider::Stripe).is_ok_and(|scenario| scenario.recorded.is_some()) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
