//! Places findings at the changed lines of the working tree.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{
    changed_lines::{ChangedLines, MAX_SOURCE_BYTES, ReadConfig},
    working_tree::WorkingTree,
};
use crate::{config::Config, problem::Problem, report::Outcome};

/// The changed lines of the working tree that matter to the findings of a run.
#[derive(Debug)]
pub(crate) struct WorkingTreeChanges {
    paths: TreePaths,
    lines: ChangedLines,
    /// The files after the change.
    now: BTreeMap<String, String>,
}

impl WorkingTreeChanges {
    /// Finds the lines that matter to the findings of a run with the configuration at `path`.
    pub(crate) async fn find(
        outcome: &Outcome,
        config: &Config,
        path: &Path,
    ) -> Result<Self, Problem> {
        let tree = WorkingTree::read(path, None).await?;
        let paths = TreePaths::new(&tree.root, path);
        let read = ReadConfig {
            config,
            shown: &path.display().to_string(),
            path: &paths.of_config,
            is_changed_version: true,
        };
        let lines = ChangedLines::find(outcome, read, &tree.files);
        let read = |path: &str| {
            let text = fs::read_to_string(tree.root.join(path)).ok()?;
            (text.len() <= MAX_SOURCE_BYTES).then(|| (path.to_owned(), text))
        };
        let now = lines.files_to_read().into_iter().filter_map(read).collect();
        Ok(Self { paths, lines, now })
    }

    /// Lists the lines with each finding, and moves its place to the likeliest one.
    pub(crate) fn place(&self, outcome: &mut Outcome) {
        let shown = |path: String| self.paths.displayed(&path);
        self.lines.place(outcome, &self.now, &shown);
    }
}

/// The paths of a working tree as this process shows them: relative to its folder, or absolute if the path of the
/// configuration is.
#[derive(Debug)]
pub(crate) struct TreePaths {
    root: PathBuf,
    /// Path of the configuration in the tree.
    pub(crate) of_config: String,
    /// Path of the folder of this process in the tree; `None` if paths are shown in full.
    folder: Option<PathBuf>,
}

impl TreePaths {
    pub(crate) fn new(root: &Path, config: &Path) -> Self {
        let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        let inside = |path: &Path| {
            let canonical = path.canonicalize().ok()?;
            Some(canonical.strip_prefix(&root).ok()?.to_owned())
        };
        let of_config = inside(config).unwrap_or_else(|| config.to_owned());
        let folder = if config.is_absolute() {
            None
        } else {
            inside(Path::new("."))
        };
        Self {
            of_config: of_config.display().to_string(),
            folder,
            root,
        }
    }

    /// Returns a path of the tree as it is displayed: relative to the folder of this process, or in full.
    pub(crate) fn displayed(&self, path: &str) -> String {
        let Some(folder) = &self.folder else {
            return self.root.join(path).display().to_string();
        };
        let mut above = PathBuf::new();
        for folder in folder.ancestors() {
            if let Ok(below) = Path::new(path).strip_prefix(folder) {
                return above.join(below).display().to_string();
            }
            above.push("..");
        }
        path.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_from_the_folder_of_the_process() {
        let paths = TreePaths {
            root: PathBuf::from("/r"),
            of_config: "apps/web/prodverdict.yml".to_owned(),
            folder: Some(PathBuf::from("apps/web")),
        };
        assert_eq!(paths.displayed("apps/web/src/a.ts"), "src/a.ts");
        assert_eq!(paths.displayed("apps/api/a.ts"), "../api/a.ts");
        assert_eq!(paths.displayed("a.ts"), "../../a.ts");
        let whole = TreePaths {
            folder: None,
            ..paths
        };
        assert_eq!(whole.displayed("a.ts"), "/r/a.ts");
    }
}
