//! Fits a report into a limit by dropping whole blocks from the end, with a note about them.

use crate::count::{counted, length};

const DETAILS_END: &str = "</details>";

pub(super) struct MarkdownReport {
    /// Blocks before the findings.
    pub(super) blocks: Vec<String>,
    /// The first findings, at least as many as can fit.
    pub(super) findings: Vec<String>,
    pub(super) all_findings: usize,
    /// Number of findings that are expanded; the others are folded.
    pub(super) open: usize,
    /// Blocks after the findings, which are never dropped.
    pub(super) tail: Vec<String>,
    /// A pointer to the findings that do not fit.
    pub(super) elsewhere: String,
}

impl MarkdownReport {
    /// Renders the report in at most `limit` bytes, with a final newline.
    pub(super) fn within(&self, limit: usize) -> String {
        if self.findings.len() == self.all_findings {
            let whole = self.text(self.blocks.len(), self.all_findings);
            if whole.len() <= limit {
                return whole;
            }
        }
        let kept = largest(self.findings.len(), |kept| {
            self.text(self.blocks.len(), kept).len() <= limit
        });
        if let Some(kept) = kept {
            return self.text(self.blocks.len(), kept);
        }
        let kept = largest(self.blocks.len(), |kept| self.text(kept, 0).len() <= limit);
        self.text(kept.unwrap_or_default(), 0)
    }

    /// Renders the first blocks and findings, a note on what is left out, and the tail.
    fn text(&self, blocks: usize, findings: usize) -> String {
        let mut parts: Vec<&str> = self
            .blocks
            .iter()
            .take(blocks)
            .map(String::as_str)
            .collect();
        let mut notes = Vec::new();
        if blocks < self.blocks.len() {
            notes.push("Parts of this overview did not fit here.".to_owned());
        }
        let omitted = length(self.all_findings - findings);
        if omitted > 0 {
            let omitted = counted(omitted, "finding");
            notes.push(format!(
                "**{omitted} did not fit here.** {}",
                self.elsewhere
            ));
        }

        let shown = self.findings.iter().take(findings).map(String::as_str);
        parts.extend(shown.clone().take(self.open));
        let folded = findings.saturating_sub(self.open);
        let behind_summary = format!(
            "<details>\n<summary>{}</summary>",
            counted(length(folded), "more finding")
        );
        if folded > 0 {
            parts.push(&behind_summary);
            parts.extend(shown.skip(self.open));
            parts.push(DETAILS_END);
        }
        parts.extend(notes.iter().map(String::as_str));
        parts.extend(self.tail.iter().map(String::as_str));
        parts.join("\n\n") + "\n"
    }
}

/// Returns the largest number up to `max` for which `fits` holds, assuming that it holds for every smaller one too, or
/// `None` if it does not hold for 0.
pub(super) fn largest(max: usize, fits: impl Fn(usize) -> bool) -> Option<usize> {
    if !fits(0) {
        return None;
    }
    let (mut fitting, mut too_many) = (0, max + 1);
    while too_many - fitting > 1 {
        let middle = fitting.midpoint(too_many);
        if fits(middle) {
            fitting = middle;
        } else {
            too_many = middle;
        }
    }
    Some(fitting)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn report(findings: usize) -> MarkdownReport {
        MarkdownReport {
            blocks: vec!["head".into(), "numbers".into()],
            all_findings: findings,
            findings: (0..findings)
                .map(|index| format!("finding {index:04}"))
                .collect(),
            open: 10,
            tail: vec!["tail".into()],
            elsewhere: "See the log.".into(),
        }
    }

    #[test]
    fn the_first_ten_are_open_and_the_rest_behind_one_click() {
        let text = report(12).within(10_000);
        let (open, folded) = text
            .split_once("<details>\n<summary>2 more findings</summary>\n\n")
            .unwrap();
        assert_eq!(open.matches("finding 0").count(), 10);
        assert_eq!(
            folded,
            "finding 0010\n\nfinding 0011\n\n</details>\n\ntail\n"
        );
        assert!(!report(10).within(10_000).contains("details"));
    }

    #[test]
    fn a_text_is_shortened_one_byte_over_the_limit() {
        let whole = report(50).within(usize::MAX);
        assert_eq!(report(50).within(whole.len()), whole);
        let shorter = report(50).within(whole.len() - 1);
        assert!(
            shorter.contains("findings did not fit here.** See the log."),
            "{shorter}"
        );
    }

    #[test]
    fn if_no_finding_fits_the_note_refers_to_all() {
        let text = report(50).within(80);
        assert_eq!(
            text,
            "head\n\nnumbers\n\n**50 findings did not fit here.** See the log.\n\ntail\n"
        );
    }

    proptest! {
        #[test]
        fn a_report_fits_and_counts_the_findings_left_out(findings in 0_usize..60, limit in 110_usize..3000) {
            let text = report(findings).within(limit);
            prop_assert!(text.len() <= limit);
            prop_assert_eq!(text.matches("<details>").count(), text.matches(DETAILS_END).count());
            prop_assert!(text.ends_with("\n\ntail\n"));
            let shown = text.matches("finding 0").count();
            let omitted = findings - shown;
            let is_noted = text.contains(&format!("**{} did", counted(length(omitted), "finding")));
            prop_assert_eq!(is_noted, omitted > 0);
        }
    }
}
