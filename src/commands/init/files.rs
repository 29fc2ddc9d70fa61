//! The files that `init` writes: shown first, and never over others without `--force`.

use std::{fs, path::Path};

use crate::{
    commands::{atomic_write::FileOwner, output::Output},
    problem::{ErrorCode, Problem},
};

/// A file to write.
#[derive(Debug)]
pub(super) struct NewFile {
    pub(super) path: &'static str,
    pub(super) text: String,
}

/// Fails if a file would be overwritten.
pub(super) fn refuse_existing<'p>(
    paths: impl Iterator<Item = &'p str>,
    is_forced: bool,
) -> Result<(), Problem> {
    let mut existing = paths.filter(|path| Path::new(path).symlink_metadata().is_ok());
    match existing.next() {
        Some(path) if !is_forced => Err(Problem::new(
            ErrorCode::FileExists,
            format!("`{path}` already exists"),
        )
        .hint("`--force` replaces it; the new text is shown first")),
        _ => Ok(()),
    }
}

/// Shows each file as it will be. For one that exists, lines that go away and lines that are new are marked.
pub(super) fn show(files: &[NewFile]) -> String {
    let mut shown = String::new();
    for file in files {
        let before = fs::read_to_string(file.path).unwrap_or_default();
        shown.push_str(&format!("--- {}\n", file.path));
        if before.is_empty() {
            shown.push_str(&file.text);
        } else {
            shown.push_str(&difference(&before, &file.text));
        }
        shown.push_str("---\n");
    }
    shown
}

/// Lists the lines that only one of the texts has, around those that both begin and end with.
fn difference(before: &str, after: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    let start = old
        .iter()
        .zip(&new)
        .take_while(|(one, other)| one == other)
        .count();
    let (old, new) = (
        old.get(start..).unwrap_or_default(),
        new.get(start..).unwrap_or_default(),
    );
    let pairs = old.iter().rev().zip(new.iter().rev());
    let end = pairs.take_while(|(one, other)| one == other).count();
    let without_end = |lines: &[&str], sign: &str| -> String {
        let changed = lines.iter().take(lines.len().saturating_sub(end));
        let signed = changed.map(|line| format!("{sign} {line}\n"));
        signed.collect()
    };
    format!("{}{}", without_end(old, "-"), without_end(new, "+"))
}

pub(super) fn write(files: &[NewFile], output: &Output) -> Result<(), Problem> {
    for file in files {
        let path = Path::new(file.path);
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            fs::create_dir_all(folder).map_err(|error| {
                Problem::new(
                    ErrorCode::OutputUnwritable,
                    format!(
                        "the folder `{}` cannot be created: {error}",
                        folder.display()
                    ),
                )
            })?;
        }
        let written = output.file(
            path,
            |out| out.write_all(file.text.as_bytes()),
            FileOwner::Process,
        );
        written.map_err(|error| {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
            Problem::new(
                ErrorCode::OutputUnwritable,
                format!("{error}{}", cause.unwrap_or_default()),
            )
            .hint("run the command in the root of the repository, where you may write")
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changed_lines_are_shown() {
        assert_eq!(difference("a\nb\nc\n", "a\nx\ny\nc\n"), "- b\n+ x\n+ y\n");
        assert_eq!(difference("a\n", "a\n"), "");
    }
}
