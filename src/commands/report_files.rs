//! Additional report files, each in the format given by its name.

use std::{
    ffi::OsStr,
    fs, io,
    path::{Component, Path, PathBuf},
};

use super::{
    atomic_write::FileOwner,
    output::{Output, OutputError},
};
use crate::{
    problem::{ErrorCode, Problem},
    report::{FileFormat, Outcome, ReportPaths},
};

/// The report files with their formats.
#[derive(Debug, Default)]
pub(super) struct ReportFiles(Vec<ReportFile>);

#[derive(Debug)]
struct ReportFile {
    /// Path as given by the user, relative to the folder that is written to.
    path: PathBuf,
    format: &'static FileFormat,
}

/// The kind of outcome in the reports.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReportKind {
    /// True if account ids are redacted.
    pub(super) is_redacted: bool,
    /// True for a rehearsal, whose accounts are made up and deleted before the report is written.
    pub(super) is_rehearsal: bool,
    /// True if an earlier step wrote the report. JSON reports contain no repairs.
    pub(super) is_published: bool,
}

/// A function that writes the content of a file.
type Content<'c> = &'c dyn Fn(&mut dyn io::Write) -> io::Result<()>;

impl ReportFiles {
    /// Chooses the formats by the paths. Rejects unusable paths, before anything is read. `option` is the option that
    /// names the paths.
    pub(super) fn choose(
        paths: impl IntoIterator<Item = PathBuf>,
        kind: ReportKind,
        option: &str,
    ) -> Result<Self, Problem> {
        let mut files: Vec<ReportFile> = Vec::new();
        for path in paths {
            let format = FileFormat::for_path(&path).ok_or_else(|| unknown(&path, option))?;
            if format.repairs {
                useful(&path, kind, option)?;
            }
            let twice = files.iter().find(|file| is_same(&file.path, &path));
            if let Some(first) = twice {
                return Err(named_twice(&first.path, &path, option));
            }
            files.push(ReportFile { path, format });
        }
        Ok(Self(files))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns true if one of the formats includes repairs.
    pub(super) fn want_repairs(&self) -> bool {
        self.0.iter().any(|file| file.format.repairs)
    }

    /// Writes every file and creates its folder. Continues after errors and returns them.
    pub(super) fn write(
        &self,
        outcome: &Outcome,
        paths: &ReportPaths<'_>,
        output: &Output,
    ) -> Vec<OutputError> {
        let write = |path: &Path, content: Content<'_>| {
            // If the folder cannot be created, writing the file fails, which is reported.
            if let Some(folder) = path.parent() {
                drop(fs::create_dir_all(folder));
            }
            output.file(path, content, FileOwner::Process)
        };
        self.write_with(outcome, paths, output, write)
    }

    /// Writes every file below `workspace`, with the same owner, and never elsewhere: a folder of a checkout may be a
    /// symbolic link.
    pub(super) fn write_inside(
        &self,
        workspace: &Path,
        outcome: &Outcome,
        paths: &ReportPaths<'_>,
        output: &Output,
    ) -> Vec<OutputError> {
        let write = |path: &Path, content: Content<'_>| {
            let place = place_inside(workspace, path).map_err(|source| OutputError::File {
                path: path.to_owned(),
                source,
            })?;
            output.file(&place, content, FileOwner::OwnerOf(workspace))
        };
        self.write_with(outcome, paths, output, write)
    }

    fn write_with(
        &self,
        outcome: &Outcome,
        paths: &ReportPaths<'_>,
        output: &Output,
        write: impl Fn(&Path, Content<'_>) -> Result<(), OutputError>,
    ) -> Vec<OutputError> {
        if self.is_empty() {
            return Vec::new();
        }
        // Mask first: escaping by a format could hide a secret from the mask.
        let outcome = output.masked(outcome);
        let files = self.0.iter();
        let failure = |file: &ReportFile| {
            let content = |out: &mut dyn io::Write| file.format.write(&outcome, paths, out);
            write(&file.path, &content).err()
        };
        files.filter_map(failure).collect()
    }
}

/// Resolves a relative path and the symbolic links of its folders.
fn place_inside(workspace: &Path, path: &Path) -> io::Result<PathBuf> {
    let outside = || {
        let kind = io::ErrorKind::PermissionDenied;
        io::Error::new(kind, "it points outside the workspace")
    };
    let whole = workspace.join(path);
    let (Some(folder), Some(name)) = (whole.parent(), whole.file_name()) else {
        return Err(outside());
    };
    if !folder.exists() {
        let shown = path.parent().unwrap_or(path).display();
        let message = format!("there is no folder `{shown}`: create it in an earlier step");
        return Err(io::Error::new(io::ErrorKind::NotFound, message));
    }
    let folder = folder.canonicalize()?;
    if folder.starts_with(workspace.canonicalize()?) {
        Ok(folder.join(name))
    } else {
        Err(outside())
    }
}

/// Returns true if a relative path never leaves its base folder through `..`.
pub(super) fn stays_inside(path: &Path) -> bool {
    let mut parts = path.components();
    parts.all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

fn unknown(path: &Path, option: &str) -> Problem {
    let endings: Vec<_> = FileFormat::usual_endings();
    Problem::new(
        ErrorCode::InvalidSetting,
        format!(
            "{option} names `{}`, but no report format has that extension",
            path.display()
        ),
    )
    .hint(format!("name a file that ends in {}", endings.join(", ")))
}

fn useful(path: &Path, kind: ReportKind, option: &str) -> Result<(), Problem> {
    let refused =
        |message: String, hint: &str| Problem::new(ErrorCode::InvalidSetting, message).hint(hint);
    if kind.is_rehearsal {
        return Err(refused(
            format!(
                "{option} names `{}`, but a rehearsal has nothing to repair: it removes the accounts that it created",
                path.display()
            ),
            "repair with `prodverdict check access`",
        ));
    }
    if kind.is_published {
        return Err(refused(
            format!(
                "{option} names `{}`, but the report of an earlier step does not contain the repairs",
                path.display()
            ),
            "write the script in that step, with `--output`",
        ));
    }
    if kind.is_redacted {
        return Err(refused(
            format!(
                "{option} names `{}`, but a repair script with shortened ids repairs nothing",
                path.display()
            ),
            "leave out either the script or `redact`",
        ));
    }
    Ok(())
}

fn named_twice(first: &Path, second: &Path, option: &str) -> Problem {
    let both = if first == second {
        format!("`{}` twice", first.display())
    } else {
        format!(
            "`{}` and `{}`, which are one file",
            first.display(),
            second.display()
        )
    };
    Problem::new(ErrorCode::InvalidSetting, format!("{option} names {both}"))
        .hint("name each file once")
}

fn is_same(a: &Path, b: &Path) -> bool {
    a == b || identity(a) == identity(b)
}

/// Returns the real folder and the file name; a missing folder is returned as written.
fn identity(path: &Path) -> (PathBuf, Option<&OsStr>) {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let real = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    (real, path.file_name())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: ReportKind = ReportKind {
        is_redacted: false,
        is_rehearsal: false,
        is_published: false,
    };

    fn refusal(paths: &[&str], kind: ReportKind) -> String {
        let paths = paths.iter().map(PathBuf::from);
        let refused = ReportFiles::choose(paths, kind, "`--output`").expect_err("refused");
        format!("{}; {}", refused.text, refused.hint)
    }

    #[test]
    fn an_unknown_ending_is_refused_with_the_known_ones() {
        let message = refusal(&["a.json", "b.pdf"], PLAIN);
        assert!(
            message.starts_with("`--output` names `b.pdf`,"),
            "{message}"
        );
        for ending in FileFormat::usual_endings() {
            assert!(message.contains(&ending), "{message}");
        }
    }

    #[test]
    fn a_folder_of_a_checkout_that_is_a_link_leads_nowhere() {
        let folder = tempfile::tempdir().expect("a folder");
        let workspace = folder.path().join("workspace");
        fs::create_dir_all(workspace.join("reports")).expect("a folder");
        std::os::unix::fs::symlink("..", workspace.join("out")).expect("a link");
        std::os::unix::fs::symlink("reports", workspace.join("in")).expect("a link");
        let place = |path: &str| place_inside(&workspace, Path::new(path));
        for inside in ["a.json", "./reports/a.json", "in/a.json"] {
            assert!(place(inside).is_ok(), "{inside}");
        }
        for outside in ["out/a.json", "../a.json", "/tmp/a.json"] {
            let refused = place(outside).expect_err("refused");
            assert_eq!(refused.to_string(), "it points outside the workspace");
        }
        assert!(stays_inside(Path::new("./reports/a.json")));
        assert!(!stays_inside(Path::new("reports/../../a.json")));
        assert!(!stays_inside(Path::new("/a.json")));
    }

    #[test]
    fn one_file_under_two_names_is_refused() {
        assert_eq!(
            refusal(&["a.json", "a.json"], PLAIN),
            "`--output` names `a.json` twice; name each file once"
        );
        for other in ["./a.json", "src/../a.json"] {
            let message = refusal(&["a.json", other], PLAIN);
            assert!(message.contains("which are one file"), "{message}");
        }
        let paths = ["a.json", "src/a.json", "a.txt", "no/such/a.json"];
        let files = ReportFiles::choose(paths.map(PathBuf::from), PLAIN, "").expect("chosen");
        assert_eq!(files.0.len(), 4);
    }
}
