//! The files that `init` writes: shown first, and never over others without `--force`.

use std::{fs, io, path::Path};

use crate::{
    commands::{
        atomic_write::{self, FileOwner},
        output::{Output, OutputError},
    },
    problem::{ErrorCode, Problem},
};

/// A file to write.
#[derive(Debug)]
pub(super) struct NewFile {
    pub(super) path: String,
    pub(super) text: String,
    /// True if it is written as it is, because it may hold what others wrote. Secrets are masked in other files.
    pub(super) is_merged: bool,
    pub(super) is_executable: bool,
}

impl NewFile {
    pub(super) fn new(path: &str, text: String) -> Self {
        Self {
            path: path.to_owned(),
            text,
            is_merged: false,
            is_executable: false,
        }
    }
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
        let before = fs::read_to_string(&file.path).unwrap_or_default();
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
    let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old, new) = (
        old.get(start..).unwrap_or_default(),
        new.get(start..).unwrap_or_default(),
    );
    let pairs = old.iter().rev().zip(new.iter().rev());
    let end = pairs.take_while(|(a, b)| a == b).count();
    let without_end = |lines: &[&str], sign: &str| -> String {
        let changed = lines.iter().take(lines.len().saturating_sub(end));
        let signed = changed.map(|line| format!("{sign} {line}\n"));
        signed.collect()
    };
    format!("{}{}", without_end(old, "-"), without_end(new, "+"))
}

pub(super) fn write(files: &[NewFile], output: &Output) -> Result<(), Problem> {
    for file in files {
        let path = Path::new(&file.path);
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
        write_one(file, path, output).map_err(|error| {
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

fn write_one(file: &NewFile, path: &Path, output: &Output) -> Result<(), OutputError> {
    let content = |out: &mut dyn io::Write| out.write_all(file.text.as_bytes());
    if !file.is_merged {
        return output.file(path, content, FileOwner::Process);
    }
    // A link stays a link: `CLAUDE.md` is often one.
    let target = fs::canonicalize(path).unwrap_or_else(|_absent| path.to_owned());
    let written = atomic_write::write(&target, FileOwner::Process, content);
    written
        .and_then(|()| make_executable(file, &target))
        .map_err(|source| OutputError::File {
            path: target,
            source,
        })
}

#[cfg(unix)]
fn make_executable(file: &NewFile, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    if file.is_executable {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// Windows has no such permission, and Git runs hooks with its own shell there.
#[cfg(not(unix))]
fn make_executable(_file: &NewFile, _path: &Path) -> io::Result<()> {
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
