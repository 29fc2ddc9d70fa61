//! Parses the hunks of one file in the unified format, as GitHub returns them.

/// Maximum number of lines read per file. GitHub itself shows no more.
const MAX_LINES: usize = 20_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Removed,
    Added,
    /// An unchanged line around a change.
    Kept,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PatchLine<'p> {
    pub(super) side: Side,
    pub(super) text: &'p str,
    /// Line number in the new version, counted from one. A removed line has that of the nearest remaining line.
    pub(super) number: u32,
}

/// Returns the lines of each hunk, in order. Text outside of hunks is ignored.
pub(super) fn hunks(patch: &str) -> Vec<Vec<PatchLine<'_>>> {
    let mut hunks: Vec<Vec<PatchLine<'_>>> = Vec::new();
    // Next line number of the new version; `None` before the first hunk.
    let mut next: Option<u32> = None;
    for text in patch.lines().take(MAX_LINES) {
        if let Some(start) = new_start(text) {
            finish(hunks.last_mut(), next);
            next = Some(start);
            hunks.push(Vec::new());
            continue;
        }
        let (Some(number), Some(hunk)) = (next, hunks.last_mut()) else {
            continue;
        };
        let line = |side, text| PatchLine { side, text, number };
        if let Some(text) = text.strip_prefix('-') {
            hunk.push(line(Side::Removed, text));
            continue;
        }
        if let Some(text) = text.strip_prefix('+') {
            hunk.push(line(Side::Added, text));
        } else if !text.starts_with('\\') {
            hunk.push(line(Side::Kept, text.strip_prefix(' ').unwrap_or(text)));
        } else {
            continue;
        }
        next = Some(number.saturating_add(1));
    }
    finish(hunks.last_mut(), next);
    hunks
}

/// Limits line numbers to the end of the hunk: after lines removed there, the nearest remaining line is the one before.
fn finish(hunk: Option<&mut Vec<PatchLine<'_>>>, next: Option<u32>) {
    let last = next.unwrap_or(1).saturating_sub(1).max(1);
    for line in hunk.into_iter().flatten() {
        line.number = line.number.min(last).max(1);
    }
}

/// Returns the first line of a hunk in the new version: 2 for `@@ -1,7 +2,8 @@`.
fn new_start(text: &str) -> Option<u32> {
    let (_, rest) = text.strip_prefix("@@ -")?.split_once(" +")?;
    let (numbers, _) = rest.split_once(" @@")?;
    let start = numbers.split(',').next()?;
    start.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn changed(patch: &str) -> Vec<(Side, &str, u32)> {
        let lines = hunks(patch).into_iter().flatten();
        lines
            .filter(|line| line.side != Side::Kept)
            .map(|line| (line.side, line.text, line.number))
            .collect()
    }

    #[test]
    fn lines_are_counted_in_the_new_version() {
        let patch = "@@ -1,3 +1,4 @@\n a\n+b\n c\n@@ -119,4 +120,3 @@ function follow() {\n x\n-old\n+new\n y\n-last";
        assert_eq!(
            changed(patch),
            [
                (Side::Added, "b", 2),
                (Side::Removed, "old", 121),
                (Side::Added, "new", 121),
                (Side::Removed, "last", 122),
            ]
        );
    }

    #[test]
    fn a_file_that_becomes_empty_still_has_a_first_line() {
        let patch = "@@ -1,2 +0,0 @@\n-seats\n-b\n\\ No newline at end of file";
        let lines = [(Side::Removed, "seats", 1), (Side::Removed, "b", 1)];
        assert_eq!(changed(patch), lines);
    }

    #[test]
    fn text_before_the_first_hunk_is_not_a_line() {
        let patch = "--- a/x\n+++ b/x\n@@ nonsense\n+no\n@@ -1 +1 @@\n+yes";
        assert_eq!(changed(patch), [(Side::Added, "yes", 1)]);
    }

    #[test]
    fn a_huge_patch_is_read_up_to_the_limit() {
        let patch = format!("@@ -1 +1,1000000 @@\n{}", "+x\n".repeat(1_000_000));
        assert_eq!(changed(&patch).len(), MAX_LINES - 1);
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_and_every_line_is_in_the_file(
            patch in r"(@@ -[0-9]{1,10}(,[0-9])? \+[0-9]{1,10}(,[0-9])? @@\n|[+\- ][a-z ]{0,8}\n|\PC|\n)*"
        ) {
            prop_assert!(hunks(&patch).iter().flatten().all(|line| line.number >= 1));
        }
    }
}
