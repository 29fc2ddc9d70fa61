//! Finds the changed lines of a pull request that matter to a finding, and describes them. Pure: texts in, places out.

mod code;
mod configuration;
mod diff;
mod finder;
mod handler;
mod mention;
mod name;
mod names;
mod patch;
mod paths;
mod relevant_line;
mod subjects;

pub use configuration::ConfigurationChanges;
pub use diff::Diff;
pub use finder::Finder;
pub use handler::HandlerPaths;
pub use name::{Name, NameKind};
pub use names::{names_of_contract, names_of_finding};
pub use relevant_line::{LineChange, RelevantLine};
pub use subjects::{ChangedLine, ChangedSubjects};

/// A file that a pull request changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangedFile {
    /// Path after the change; for a removed file, its old path.
    pub path: String,
    /// Path before the change, if the file was renamed.
    pub previous_path: Option<String>,
    pub is_added: bool,
    pub is_removed: bool,
    /// Hunks in the unified format; `None` if GitHub leaves them out, as for a file that is too large.
    pub patch: Option<String>,
}
