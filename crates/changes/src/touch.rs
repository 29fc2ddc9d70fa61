//! Describes one changed line, using only facts of the diff.

use super::{mention::mention, name::Name};
use report::Change;

/// Action of a pull request on a name in one place, the weightiest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    RemovesFile,
    Removes,
    Changes,
    Adds,
    /// The line was removed in one place and added in another, or was indented.
    Moves,
}

/// Lines with a name that a file loses, as far as its diff shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    OnlyLine,
    EveryLine,
}

/// A changed line that matters to a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    pub path: String,
    /// Line number in the new version of the file, counted from one.
    pub line: u32,
    pub deed: Deed,
    pub(super) sets: bool,
    /// The name as the line spells it.
    pub(super) spelled: String,
    pub(super) name: Name,
    pub(super) loss: Option<Loss>,
}

impl Touch {
    /// Returns true if a full description needs the file's current content.
    pub fn asks_for_file(&self) -> bool {
        self.loss.is_some()
    }

    /// Describes the change. `now` is the file after the pull request, if it was read.
    pub fn describe(&self, now: Option<&str>) -> Change {
        let is_gone =
            now.is_some_and(|text| !text.lines().any(|line| mention(line, &self.name).is_some()));
        let name = self.spelled.replace('`', "'");
        let does = if self.sets { "sets" } else { "mentions" };
        let does = match (self.deed, self.loss.filter(|_| is_gone)) {
            (Deed::Removes, Some(Loss::OnlyLine)) => {
                format!("removes the only line of the file that {does} `{name}`")
            }
            (Deed::Removes, Some(Loss::EveryLine)) => {
                format!("removes every line of the file that mentions `{name}`")
            }
            (Deed::Removes, None) => format!("removes a line that {does} `{name}`"),
            (Deed::RemovesFile, _) => {
                format!("removes the file, and with it a line that {does} `{name}`")
            }
            (Deed::Changes, _) => format!("changes a line that {does} `{name}`"),
            (Deed::Adds, _) => format!("adds a line that {does} `{name}`"),
            (Deed::Moves, _) => format!("moves or indents a line that {does} `{name}`"),
        };
        Change {
            path: self.path.clone(),
            line: self.line,
            does,
        }
    }
}
