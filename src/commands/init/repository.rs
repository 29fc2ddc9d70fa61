//! Reads the files of the repository that describe its stack, within limits, and without following links.

use std::{
    collections::VecDeque,
    fs::{self, File},
    io::Read as _,
    path::Path,
};

use crate::{
    detection::{Repository, RepositoryFile, is_of_interest},
    presets::Preset,
};

/// Limits on what is looked at.
const MAX_PATHS: usize = 50_000;
const MAX_FILES: usize = 2_000;
const MAX_DEPTH: usize = 12;
const MAX_FILE_BYTES: u64 = 1024 * 1024;
const MAX_BYTES: u64 = 32 * 1024 * 1024;

/// Folders with files of others.
const SKIPPED: [&str; 14] = [
    ".git",
    "node_modules",
    "vendor",
    "target",
    "dist",
    "build",
    ".next",
    ".venv",
    "venv",
    "__pycache__",
    ".turbo",
    "coverage",
    "tmp",
    ".cache",
];

/// Lists the files under `root`, nearest first, and reads those of interest.
pub(super) fn read(root: &Path, presets: &[Preset]) -> Repository {
    let files = presets
        .iter()
        .flat_map(|preset| &preset.description.detect.files);
    let patterns: Vec<_> = files.map(|file| file.path.clone()).collect();
    let mut found = Repository::default();
    let mut left = MAX_BYTES;
    let mut folders = VecDeque::from([(root.to_owned(), String::new(), 0)]);
    while let Some((folder, prefix, depth)) = folders.pop_front() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        let mut entries: Vec<_> = entries.filter_map(Result::ok).collect();
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else {
                continue;
            };
            let path = format!("{prefix}{name}");
            if kind.is_dir() && depth < MAX_DEPTH && !SKIPPED.contains(&name.as_str()) {
                folders.push_back((entry.path(), format!("{path}/"), depth + 1));
            } else if kind.is_file() {
                if found.paths.len() >= MAX_PATHS {
                    found.is_truncated = true;
                    continue;
                }
                if is_of_interest(&path, &patterns) {
                    add(&entry.path(), &path, &mut found, &mut left);
                }
                found.paths.push(path);
            }
        }
    }
    found.paths.sort();
    found.files.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn add(file: &Path, path: &str, found: &mut Repository, left: &mut u64) {
    let text = read_within(file, MAX_FILE_BYTES.min(*left));
    match text {
        Some(text) if found.files.len() < MAX_FILES => {
            *left = left.saturating_sub(u64::try_from(text.len()).unwrap_or(u64::MAX));
            found.files.push(RepositoryFile {
                path: path.to_owned(),
                text,
            });
        }
        _ => found.is_truncated = true,
    }
}

/// Returns the text of a file; `None` if it is larger, or not text.
fn read_within(file: &Path, max: u64) -> Option<String> {
    let mut text = String::new();
    let file = File::open(file).ok()?;
    file.take(max.saturating_add(1))
        .read_to_string(&mut text)
        .ok()?;
    let is_within = u64::try_from(text.len()).is_ok_and(|length| length <= max);
    is_within.then_some(text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_and_folders_of_others_are_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("package.json", "{}");
        write("node_modules/x/package.json", "{}");
        write("apps/web/package.json", "{}");
        write("README.md", "no");
        symlink("/etc/passwd", folder.path().join("a.sql")).unwrap();
        symlink("/etc", folder.path().join("db")).unwrap();
        let found = read(folder.path(), &[]);
        assert_eq!(
            found.paths,
            ["README.md", "apps/web/package.json", "package.json"]
        );
        let files: Vec<_> = found.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(files, ["apps/web/package.json", "package.json"]);
    }
}
