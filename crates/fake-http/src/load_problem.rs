//! Errors in recorded objects.

use std::{fmt, path::PathBuf};

/// An error in recorded objects that prevents loading them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadProblem {
    pub file: PathBuf,
    /// One-based position in the file; `None` for the file as a whole.
    pub entry: Option<usize>,
    pub id: Option<String>,
    pub message: String,
}

impl fmt::Display for LoadProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.file.display())?;
        if let Some(entry) = self.entry {
            write!(f, ": entry {entry}")?;
        }
        if let Some(id) = &self.id {
            write!(f, " (`{id}`)")?;
        }
        write!(f, ": {}", self.message)
    }
}
