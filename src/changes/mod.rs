//! Which changed lines of a pull request matter to a finding, and what it does there. Pure: texts in, places out.

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
mod touch;

pub use configuration::OwnLines;
pub use diff::Diff;
pub use finder::Finder;
pub use name::{Kind, Name};
pub use names::{of_contract, of_finding};
pub use touch::{Deed, Touch};

/// A file as a pull request changes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangedFile {
    /// Where it is after the change; where it was, for one that is removed.
    pub path: String,
    /// Where it was before, where it was renamed.
    pub previous_path: Option<String>,
    pub is_added: bool,
    pub is_removed: bool,
    /// Its hunks in the unified format; none where GitHub leaves them out, as for a file that is too large.
    pub patch: Option<String>,
}
