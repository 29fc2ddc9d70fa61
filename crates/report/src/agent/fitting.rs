//! The room that the parts of a report for agents have, so that the whole stays small.

use crate::neutral::{shortened, visible};

/// Limits on the parts of a report.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) groups: usize,
    pub(super) problems: usize,
    /// Entities, changed lines and lines of evidence of one group.
    pub(super) examples: usize,
    /// Length of a text.
    text_characters: usize,
    /// Length of a line of evidence.
    line_characters: usize,
    /// Length of an id or a path.
    name_characters: usize,
}

/// Enough for texts as people write them.
pub(super) const ROOMY: Room = Room {
    groups: 8,
    problems: 5,
    examples: 4,
    text_characters: 900,
    line_characters: 200,
    name_characters: 120,
};

/// For hostile texts, whose characters may take four bytes each.
pub(super) const TIGHT: Room = Room {
    groups: 1,
    problems: 2,
    examples: 1,
    text_characters: 120,
    line_characters: 80,
    name_characters: 60,
};

impl Room {
    /// Returns a text with everything hidden in it spelled out, shortened if it is too long.
    pub(super) fn text(self, text: &str) -> String {
        let lines: Vec<_> = text.lines().map(|line| visible(line.trim_end())).collect();
        shortened(lines.join("\n").trim(), self.text_characters)
    }

    /// Returns one line, likewise.
    pub(super) fn line(self, text: &str) -> String {
        shortened(&visible(text), self.line_characters)
    }

    /// Returns an id or a path, likewise.
    pub(super) fn name(self, text: &str) -> String {
        shortened(&visible(text), self.name_characters)
    }
}
