//! The files that the configuration names as the handler's.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::ChangedFile;

/// Patterns of `handler_paths`.
#[derive(Debug)]
pub(super) struct HandlerPaths(GlobSet);

impl HandlerPaths {
    /// None where nothing is named. Patterns were checked with the configuration; one that is none means nothing.
    pub(super) fn of(written: &[String]) -> Option<Self> {
        let mut patterns = GlobSetBuilder::new();
        for pattern in written {
            if let Ok(glob) = GlobBuilder::new(pattern).literal_separator(true).build() {
                patterns.add(glob);
            }
        }
        (!written.is_empty()).then(|| Self(patterns.build().unwrap_or_default()))
    }

    /// Whether the file is one of them, or was before it was renamed.
    pub(super) fn names(&self, file: &ChangedFile) -> bool {
        let previous = file.previous_path.as_ref();
        self.0.is_match(&file.path) || previous.is_some_and(|path| self.0.is_match(path))
    }
}
