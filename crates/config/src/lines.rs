//! Converts byte offsets to lines and columns.

use std::ops::Range;

use problem::Place;

/// A text with the offsets at which its lines begin.
#[derive(Debug)]
pub(super) struct LineIndex<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> LineIndex<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(index, _)| index + 1);
        Self {
            text,
            starts: std::iter::once(0).chain(after_breaks).collect(),
        }
    }

    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// Returns the number of the line that contains the byte, from one.
    pub(super) fn number(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset)
    }

    /// Returns the bytes of that line, without its line break.
    pub(super) fn range(&self, number: usize) -> Range<usize> {
        let at = |index: usize| self.starts.get(index).copied();
        let start = at(number.saturating_sub(1)).unwrap_or(self.text.len());
        let end = at(number).map_or(self.text.len(), |next| next - 1);
        let line = self.text.get(start..end).unwrap_or_default();
        start..start + line.trim_end_matches('\r').len()
    }

    /// Returns the part of `range` on its first line, without trailing space.
    pub(super) fn first_line(&self, range: &Range<usize>) -> Range<usize> {
        let line = self.range(self.number(range.start));
        let end = range.end.clamp(range.start, line.end.max(range.start));
        let shown = self.text.get(range.start..end).unwrap_or_default();
        range.start..range.start + shown.trim_end().len()
    }

    /// Returns the place of these bytes in the file at `path`.
    pub(super) fn place(&self, range: &Range<usize>, path: &str) -> Place {
        let (line, column) = self.position(range.start);
        let last = self.text.get(range.clone()).and_then(|inside| {
            let (offset, _) = inside.char_indices().next_back()?;
            Some(range.start + offset)
        });
        let (end_line, end_column) = last.map_or((line, column), |last| self.position(last));
        Place {
            path: path.to_owned(),
            line,
            column,
            end_line,
            end_column,
        }
    }

    fn position(&self, offset: usize) -> (u32, u32) {
        let number = self.number(offset);
        let start = self.range(number).start;
        let before = self.text.get(start..offset).unwrap_or_default();
        // Editors do not count a byte order mark.
        let characters = before.trim_start_matches('\u{feff}').chars().count();
        (count(number), count(characters + 1))
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_the_end_is_inside() {
        let lines = LineIndex::new("a: 1\r\nté: €uro\n");
        let place = lines.place(&(6..9), "p.yml");
        assert_eq!((place.line, place.column), (2, 1));
        assert_eq!((place.end_line, place.end_column), (2, 2));
        let value = lines.place(&(11..17), "p.yml");
        assert_eq!((value.column, value.end_column), (5, 8));
        assert_eq!(lines.range(1), 0..4);
    }

    #[test]
    fn an_offset_after_the_end_counts_as_the_end() {
        let lines = LineIndex::new("a: 1\n");
        assert_eq!(lines.place(&(5..5), "p.yml").line, 2);
        assert_eq!(lines.first_line(&(3..5)), 3..4);
    }
}
