//! The files whose changes start a rehearsal again: those of `handler_paths`, the configuration, and own scenarios.
//!
//! They are looked at again and again, because that works alike for files that are replaced, created or deleted, and in
//! a container whose folders are mounted from elsewhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use sha2::{Digest as _, Sha256};
use tokio::{
    task::spawn_blocking,
    time::{Instant, sleep},
};
use walkdir::WalkDir;

use crate::{changes::HandlerPaths, config::Rehearsal};

/// Time between two looks, and the time for which everything has to be as it is.
const PAUSE: Duration = Duration::from_millis(300);

/// A look takes at most one part in this many of the time.
const SHARE: u32 = 20;

/// Maximum number of entries of folders that one look visits.
const MAX_ENTRIES: usize = 200_000;

/// Larger files are compared by size and time alone.
const MAX_FILE_BYTES: u64 = 2 * 1024 * 1024;

/// Folders that are not searched for files of the handler, unless a pattern begins with them.
const SKIPPED: [&str; 2] = [".git", "node_modules"];

/// Watched files, and how they were when they were last looked at.
#[derive(Debug)]
pub(super) struct WatchedFiles {
    scope: Arc<Scope>,
    known: Look,
}

/// Which files are watched.
#[derive(Debug)]
struct Scope {
    /// Folder that the patterns are relative to.
    root: PathBuf,
    patterns: Option<HandlerPaths>,
    /// Files and folders below `root` that may match a pattern.
    starts: BTreeSet<PathBuf>,
    /// Files that are watched whatever the patterns say, and folders whose files are.
    others: Vec<PathBuf>,
}

type Look = BTreeMap<PathBuf, FileState>;

/// A file at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FileState {
    length: u64,
    modified: Option<SystemTime>,
    /// Hash of the content, or of size and time.
    content: [u8; 32],
}

impl WatchedFiles {
    /// Looks at the files of the settings, relative to `root`, and at `others`.
    pub(super) async fn new(
        root: &Path,
        settings: Option<&Rehearsal>,
        others: Vec<PathBuf>,
    ) -> Self {
        let patterns = settings.map_or(&[][..], |one| &one.handler_paths);
        let scope = Scope {
            root: root.to_owned(),
            patterns: HandlerPaths::new(patterns),
            starts: starts(root, patterns),
            others,
        };
        let mut files = Self {
            scope: Arc::new(scope),
            known: Look::new(),
        };
        files.known = files.look(Look::new()).await;
        files
    }

    /// Returns the number of files that match a pattern.
    pub(super) fn of_handler(&self) -> usize {
        let files = self.known.keys();
        files.filter(|path| self.scope.is_of_handler(path)).count()
    }

    /// Waits until the content of a file is another and nothing changes any more. Returns the changed files, relative to
    /// the root where possible.
    pub(super) async fn changed(&mut self) -> Vec<PathBuf> {
        let mut last = self.known.clone();
        let mut is_settled = true;
        loop {
            let begun = Instant::now();
            let now = self.look(last.clone()).await;
            let took = begun.elapsed();
            if is_settled && now == last {
                let changed = self.differences(&now);
                if !changed.is_empty() {
                    self.known = now;
                    return changed;
                }
            }
            is_settled = now == last;
            last = now;
            sleep(PAUSE.max(took.saturating_mul(SHARE))).await;
        }
    }

    fn differences(&self, now: &Look) -> Vec<PathBuf> {
        let content = |look: &Look, path: &PathBuf| look.get(path).map(|file| file.content);
        let paths: BTreeSet<&PathBuf> = self.known.keys().chain(now.keys()).collect();
        let changed = paths
            .into_iter()
            .filter(|path| content(&self.known, path) != content(now, path));
        let relative = |path: &PathBuf| {
            let inside = path.strip_prefix(&self.scope.root);
            inside.map_or_else(|_outside| path.clone(), Path::to_owned)
        };
        changed.map(relative).collect()
    }

    /// Looks at the files elsewhere, so that a play goes on meanwhile. Files that are as they were `before` are not read.
    async fn look(&self, before: Look) -> Look {
        let scope = Arc::clone(&self.scope);
        let looked = spawn_blocking(move || scope.look(&before)).await;
        looked.unwrap_or_else(|_cancelled| self.known.clone())
    }
}

impl Scope {
    fn is_of_handler(&self, path: &Path) -> bool {
        let inside = path.strip_prefix(&self.root).ok().and_then(Path::to_str);
        let patterns = self.patterns.as_ref();
        inside.is_some_and(|path| patterns.is_some_and(|patterns| patterns.match_path(path)))
    }

    fn look(&self, before: &Look) -> Look {
        let mut found = Look::new();
        let mut left = MAX_ENTRIES;
        for start in &self.starts {
            for path in files_below(start, &mut left) {
                if self.is_of_handler(&path) {
                    add(path, before, &mut found);
                }
            }
        }
        for other in &self.others {
            for path in files_below(other, &mut left) {
                add(path, before, &mut found);
            }
        }
        found
    }
}

/// Returns the files and folders to search: the beginning of each pattern, up to its first sign.
fn starts(root: &Path, patterns: &[String]) -> BTreeSet<PathBuf> {
    let beginning = |pattern: &String| {
        let is_plain = |part: &&str| !part.contains(['*', '?', '[', '{', '\\']);
        let parts = pattern.split('/').take_while(is_plain);
        parts.fold(root.to_owned(), |path, part| path.join(part))
    };
    let all: BTreeSet<PathBuf> = patterns.iter().map(beginning).collect();
    let inside = all.iter().filter(|one| one.starts_with(root));
    let is_outermost = |one: &&PathBuf| {
        !all.iter()
            .any(|other| *one != other && one.starts_with(other))
    };
    inside.filter(is_outermost).cloned().collect()
}

fn files_below(start: &Path, left: &mut usize) -> Vec<PathBuf> {
    let walk = WalkDir::new(start).into_iter().filter_entry(|entry| {
        let name = entry.file_name().to_str();
        entry.depth() == 0 || !name.is_some_and(|name| SKIPPED.contains(&name))
    });
    let entries = walk.take(*left);
    let mut files = Vec::new();
    for entry in entries {
        *left = left.saturating_sub(1);
        // A folder that is gone has no files.
        if let Ok(entry) = entry
            && !entry.file_type().is_dir()
        {
            files.push(entry.into_path());
        }
    }
    files
}

fn add(path: PathBuf, before: &Look, found: &mut Look) {
    // The link of a watched name leads to the file that counts.
    let Ok(metadata) = fs::metadata(&path) else {
        return;
    };
    if !metadata.is_file() {
        return;
    }
    let (length, modified) = (metadata.len(), metadata.modified().ok());
    let known = before.get(&path);
    let known = known.filter(|file| file.length == length && file.modified == modified);
    let content = known.map_or_else(
        || content(&path, length).unwrap_or_else(|_unreadable| stamp(length, modified)),
        |file| file.content,
    );
    let state = FileState {
        length,
        modified,
        content,
    };
    found.insert(path, state);
}

fn content(path: &Path, length: u64) -> io::Result<[u8; 32]> {
    if length > MAX_FILE_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(Sha256::digest(fs::read(path)?).into())
}

fn stamp(length: u64, modified: Option<SystemTime>) -> [u8; 32] {
    Sha256::digest(format!("{length} {modified:?}")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("written");
    }

    fn scope(root: &Path, patterns: &[&str]) -> Scope {
        let patterns: Vec<_> = patterns.iter().map(|one| (*one).to_owned()).collect();
        Scope {
            root: root.to_owned(),
            patterns: HandlerPaths::new(&patterns),
            starts: starts(root, &patterns),
            others: Vec::new(),
        }
    }

    fn files(scope: &Scope) -> Vec<String> {
        let look = scope.look(&Look::new());
        let inside = look
            .keys()
            .filter_map(|path| path.strip_prefix(&scope.root).ok());
        inside.map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn files_that_match_are_found_and_packages_are_skipped() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        for path in [
            "app/webhook/route.ts",
            "app/webhook/deep/a.ts",
            "app/page.ts",
            "lib/stripe.ts",
            "lib/stripe.md",
            "lib/node_modules/x/stripe.ts",
        ] {
            write(root, path, "");
        }
        let patterns = ["app/webhook/**", "lib/**/stripe.ts", "gone/*.ts"];
        assert_eq!(
            files(&scope(root, &patterns)),
            [
                "app/webhook/deep/a.ts",
                "app/webhook/route.ts",
                "lib/stripe.ts"
            ]
        );
        std::os::unix::fs::symlink(root.join("app/page.ts"), root.join("lib/link.ts"))
            .expect("a link");
        assert_eq!(files(&scope(root, &["lib/link.ts"])), ["lib/link.ts"]);
    }

    #[test]
    fn searches_begin_where_patterns_do() {
        let patterns = ["a/b/*.ts", "a/b/c/d.ts", "x.ts", "a/{b,c}/e.ts"];
        let patterns = patterns.map(str::to_owned);
        let starts = starts(Path::new("/r"), &patterns);
        assert_eq!(starts, ["/r/a", "/r/x.ts"].map(PathBuf::from).into());
    }

    fn watched(root: &Path) -> WatchedFiles {
        let scope = Arc::new(scope(root, &["src/*.js"]));
        let known = scope.look(&Look::new());
        WatchedFiles { scope, known }
    }

    #[tokio::test]
    async fn a_file_is_changed_if_its_content_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        write(root, "src/a.js", "a");
        let mut files = watched(root);
        let same = async {
            write(root, "src/a.js", "a");
            sleep(PAUSE * 5).await;
            write(root, "src/a.js", "b");
            sleep(PAUSE / 2).await;
            // As an editor saves: the new text gets the name of the old one.
            write(root, "src/a.js.new", "c");
            fs::rename(root.join("src/a.js.new"), root.join("src/a.js")).expect("renamed");
            write(root, "src/b.js", "b");
        };
        let begun = Instant::now();
        let (changed, ()) = tokio::join!(files.changed(), same);
        assert_eq!(changed, ["src/a.js", "src/b.js"].map(PathBuf::from));
        assert!(begun.elapsed() >= PAUSE * 6);
        fs::remove_file(root.join("src/a.js")).expect("removed");
        assert_eq!(files.changed().await, ["src/a.js"].map(PathBuf::from));
    }
}
