//! Describes one changed line, using only facts of the diff.

use super::{mention::mention, name::Name};
use crate::report::Change;

/// The change that a pull request makes to a line, the most relevant first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LineChange {
    RemovesFile,
    Removes,
    Changes,
    Adds,
    /// The line was removed in one place and added in another, or was indented.
    Moves,
}

/// The removed lines of a file that mention a name. The name may be left in lines that the diff does not show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RemovedMentions {
    OnlyLine,
    EveryLine,
}

/// A changed line that matters to a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelevantLine {
    pub path: String,
    /// Line number in the new version of the file, counted from one.
    pub line: u32,
    pub change: LineChange,
    pub(super) sets: bool,
    /// The name as the line spells it.
    pub(super) spelled: String,
    pub(super) name: Name,
    pub(super) removed_mentions: Option<RemovedMentions>,
}

impl RelevantLine {
    /// Returns true if a full description needs the file's current content.
    pub fn needs_file(&self) -> bool {
        self.removed_mentions.is_some()
    }

    /// Describes the change. `now` is the file after the pull request, if it was read.
    pub fn describe(&self, now: Option<&str>) -> Change {
        let is_gone =
            now.is_some_and(|text| !text.lines().any(|line| mention(line, &self.name).is_some()));
        let name = self.spelled.replace('`', "'");
        let verb = if self.sets { "sets" } else { "mentions" };
        let does = match (self.change, self.removed_mentions.filter(|_| is_gone)) {
            (LineChange::Removes, Some(RemovedMentions::OnlyLine)) => {
                format!("removes the only line of the file that {verb} `{name}`")
            }
            (LineChange::Removes, Some(RemovedMentions::EveryLine)) => {
                format!("removes every line of the file that mentions `{name}`")
            }
            (LineChange::Removes, None) => format!("removes a line that {verb} `{name}`"),
            (LineChange::RemovesFile, _) => {
                format!("removes the file, and with it a line that {verb} `{name}`")
            }
            (LineChange::Changes, _) => format!("changes a line that {verb} `{name}`"),
            (LineChange::Adds, _) => format!("adds a line that {verb} `{name}`"),
            (LineChange::Moves, _) => format!("moves or indents a line that {verb} `{name}`"),
        };
        Change {
            path: self.path.clone(),
            line: self.line,
            does,
        }
    }
}
