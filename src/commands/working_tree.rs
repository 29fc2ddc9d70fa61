//! Changes in the working tree, from `git`: committed and uncommitted lines, and files that are not added yet.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::git::{Git, MAX_OUTPUT_BYTES, TIMEOUT};
use crate::{
    changes::ChangedFile,
    problem::{ErrorCode, Problem},
};

/// Limits on files that are not added yet.
const MAX_UNTRACKED: usize = 500;
const MAX_FILE_BYTES: u64 = 512 * 1024;

/// Changes in the working tree.
#[derive(Debug)]
pub(super) struct WorkingTree {
    /// Folder that the paths of `files` are relative to.
    pub(super) root: PathBuf,
    pub(super) files: Vec<ChangedFile>,
    /// The commit that it is compared with.
    pub(super) base: String,
}

impl WorkingTree {
    /// Compares the working tree around the file `config` with a commit. Without one, this is the commit at which the
    /// branch left the default branch of `origin`, or else the last commit.
    pub(super) async fn read(config: &Path, since: Option<&str>) -> Result<Self, Problem> {
        let folder = folder_of(config);
        let git = Git { folder };
        let root = git.root().await.ok_or_else(|| no_repository(folder))?;
        let base = match since {
            Some(since) => git.commit(since).await.ok_or_else(|| no_commit(since))?,
            None => match git.line(&["merge-base", "HEAD", "origin/HEAD"]).await {
                Some(base) => base,
                None => git.commit("HEAD").await.ok_or_else(|| no_commit("HEAD"))?,
            },
        };
        let git = Git { folder: &root };
        let diff = git
            .text(&[
                "diff",
                "--no-ext-diff",
                "--no-textconv",
                "--no-color",
                "--no-relative",
                "--ignore-submodules",
                "--find-renames",
                "--unified=3",
                "--src-prefix=a/",
                "--dst-prefix=b/",
                &base,
                "--",
            ])
            .await
            .ok_or_else(|| unreadable(&base))?;
        let mut files = changed_files(&diff);
        let untracked = git
            .text(&["ls-files", "--others", "--exclude-standard", "-z"])
            .await
            .ok_or_else(|| unreadable(&base))?;
        let untracked = untracked.split('\0').filter(|path| !path.is_empty());
        files.extend(
            untracked
                .take(MAX_UNTRACKED)
                .filter_map(|path| new_file(&root, path)),
        );
        Ok(Self { root, files, base })
    }
}

/// Returns the folder of a file.
pub(super) fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

fn no_repository(folder: &Path) -> Problem {
    Problem::new(
        ErrorCode::FileUnreadable,
        format!(
            "`git` finds no repository at `{}`, so what is changed is not known",
            folder.display()
        ),
    )
    .hint("run it in a checkout, with `git` installed")
}

fn no_commit(since: &str) -> Problem {
    Problem::new(
        ErrorCode::InvalidSetting,
        format!("the repository has no commit `{since}`"),
    )
    .hint("name a branch, a tag or a commit that is fetched, such as `origin/main`")
}

fn unreadable(base: &str) -> Problem {
    Problem::new(
        ErrorCode::FileUnreadable,
        format!(
            "`git` does not say what the working tree changes since `{base}` (within {} MiB and {} seconds)",
            MAX_OUTPUT_BYTES / (1024 * 1024),
            TIMEOUT.as_secs()
        ),
    )
    .hint("compare with a nearer commit")
}

/// Splits a diff into its files.
fn changed_files(diff: &str) -> Vec<ChangedFile> {
    let mut files: Vec<ChangedFile> = Vec::new();
    let mut patch: Option<String> = None;
    for line in diff.lines() {
        // A line of a patch begins with a sign, so that these words begin only a header.
        if line.starts_with("diff --git ") {
            finish(&mut files, &mut patch);
            files.push(ChangedFile::default());
            continue;
        }
        let Some(file) = files.last_mut() else {
            continue;
        };
        if let Some(patch) = &mut patch {
            patch.push_str(line);
            patch.push('\n');
        } else if line.starts_with("@@ ") {
            patch = Some(format!("{line}\n"));
        } else if line.starts_with("new file mode") {
            file.is_added = true;
        } else if line.starts_with("deleted file mode") {
            file.is_removed = true;
        } else if let Some(path) = line.strip_prefix("rename from ") {
            file.previous_path = Some(path.to_owned());
        } else if let Some(path) = line
            .strip_prefix("rename to ")
            .or_else(|| line.strip_prefix("+++ b/"))
            .or_else(|| line.strip_prefix("--- a/"))
        {
            // A tab ends a path with spaces.
            path.trim_end_matches('\t').clone_into(&mut file.path);
        }
    }
    finish(&mut files, &mut patch);
    files.retain(|file| !file.path.is_empty());
    files
}

fn finish(files: &mut [ChangedFile], patch: &mut Option<String>) {
    if let Some(file) = files.last_mut() {
        file.patch = patch.take();
    }
}

/// Returns a file that is not added yet, with all of its lines new. Links and other files than small texts are left out.
fn new_file(root: &Path, path: &str) -> Option<ChangedFile> {
    let place = root.join(path);
    let kind = fs::symlink_metadata(&place).ok()?;
    if !kind.is_file() || kind.len() > MAX_FILE_BYTES {
        return None;
    }
    let text = fs::read_to_string(&place).ok()?;
    let mut patch = format!("@@ -0,0 +1,{} @@\n", text.lines().count());
    for line in text.lines() {
        patch.push('+');
        patch.push_str(line);
        patch.push('\n');
    }
    Some(ChangedFile {
        path: path.to_owned(),
        is_added: true,
        patch: Some(patch),
        ..ChangedFile::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIFF: &str = "diff --git a/web hook.js b/web hook.js
index 1..2 100644
--- a/web hook.js\t
+++ b/web hook.js\t
@@ -1,2 +1,2 @@
--- a/not a header
+++ b/neither
 diff --git a/x b/x
diff --git a/old.js b/new.js
similarity index 90%
rename from old.js
rename to new.js
diff --git a/gone.js b/gone.js
deleted file mode 100644
--- a/gone.js
+++ /dev/null
@@ -1 +0,0 @@
-x
diff --git a/b.png b/b.png
new file mode 100644
Binary files /dev/null and b/b.png differ
";

    #[test]
    fn a_diff_is_split_into_its_files() {
        let files = changed_files(DIFF);
        let paths: Vec<_> = files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["web hook.js", "new.js", "gone.js"]);
        let patch = files.first().and_then(|file| file.patch.as_deref());
        assert!(patch.is_some_and(|patch| patch.ends_with("\n diff --git a/x b/x\n")));
        let previous = files.get(1).and_then(|file| file.previous_path.as_deref());
        assert_eq!(previous, Some("old.js"));
        assert!(files.get(2).is_some_and(|file| file.is_removed));
    }
}
