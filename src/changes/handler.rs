//! Matches changed files against `rehearsal.handler_paths`.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::ChangedFile;

/// Patterns of `handler_paths`.
#[derive(Debug, Clone)]
pub struct HandlerPaths(GlobSet);

impl HandlerPaths {
    /// Returns `None` without patterns. They were validated with the configuration, so invalid ones are ignored.
    pub fn new(written: &[String]) -> Option<Self> {
        let mut patterns = GlobSetBuilder::new();
        for pattern in written {
            if let Ok(glob) = GlobBuilder::new(pattern).literal_separator(true).build() {
                patterns.add(glob);
            }
        }
        (!written.is_empty()).then(|| Self(patterns.build().unwrap_or_default()))
    }

    /// Returns true if the path in the repository matches.
    pub fn match_path(&self, path: &str) -> bool {
        self.0.is_match(path)
    }

    /// Returns true if the file matches, or did before it was renamed.
    pub(super) fn names(&self, file: &ChangedFile) -> bool {
        let previous = file.previous_path.as_ref();
        self.match_path(&file.path) || previous.is_some_and(|path| self.match_path(path))
    }
}
