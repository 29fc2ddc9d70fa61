//! Renders the sentence on how many findings name a line that the pull request changes, with the likeliest of these
//! lines.

use std::collections::BTreeMap;

use crate::{
    Change, Outcome,
    count::{counted, grouped},
    links,
    neutral::{
        LINE_CHARACTERS,
        markdown::{code, prose},
        shortened, visible,
    },
};

/// Returns the sentence, or `None` if the changed lines are not known.
pub(super) fn sentence(outcome: &Outcome, pull_request: Option<&str>) -> Option<String> {
    let findings = outcome
        .contracts
        .iter()
        .flat_map(|contract| &contract.findings);
    let (mut all, mut with_line) = (0_u64, 0_u64);
    let mut counts: BTreeMap<(&str, u32), (u64, &Change)> = BTreeMap::new();
    for found in findings {
        all += 1;
        if let Some(change) = found.changes.first() {
            with_line += 1;
            let key = (change.path.as_str(), change.line);
            counts.entry(key).or_insert((0, change)).0 += 1;
        }
    }
    if all == 0 || !(outcome.are_changes_known || with_line > 0) {
        return None;
    }
    let max = counts.values().max_by_key(|(count, _)| *count);
    let Some((_, likeliest)) = max else {
        return Some("**No finding names a line that the pull request changes.**".to_owned());
    };
    let who = match (all, with_line) {
        (1, _) => "The finding names".to_owned(),
        (all, with_line) if all == with_line => format!("All {} name", counted(all, "finding")),
        (all, 1) => format!("1 of {} findings names", grouped(all)),
        (all, some) => format!("{} of {} findings name", grouped(some), grouped(all)),
    };
    Some(format!(
        "**{who} a line that the pull request changes.** {} {}",
        place(likeliest, pull_request),
        description(likeliest)
    ))
}

/// Formats the place of a changed line, linked to the diff.
pub(super) fn place(change: &Change, pull_request: Option<&str>) -> String {
    let place = code(&format!("{}:{}", change.path, change.line));
    match links::changed_line(pull_request, change) {
        Some(url) => format!("[{place}]({url})"),
        None => place,
    }
}

/// Describes what happens in a changed line.
pub(super) fn description(change: &Change) -> String {
    prose(
        &shortened(&visible(change.does.trim()), LINE_CHARACTERS),
        &[],
    )
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use crate::sample;

    use super::*;

    #[test]
    fn the_line_of_most_findings_is_the_likeliest() {
        let mut outcome = sample::many(4);
        assert_eq!(sentence(&outcome, None), None);
        outcome.are_changes_known = true;
        let none = "**No finding names a line that the pull request changes.**";
        assert_eq!(sentence(&outcome, None).as_deref(), Some(none));
        let findings = &mut outcome.contracts[0].findings;
        let removed = sample::change("b.ts", 9, "removes a line that sets `paid`");
        findings[0].changes = vec![sample::change("a.ts", 1, "adds a line")];
        findings[1].changes = vec![removed.clone()];
        findings[2].changes = vec![removed];
        let text = sentence(&outcome, Some("https://github.com/o/r/pull/7")).unwrap();
        let expected = "**3 of 4 findings name a line that the pull request changes.** [`b.ts:9`](https://github.com/o/r/pull/7/files#diff-";
        assert!(text.starts_with(expected), "{text}");
        assert!(
            text.ends_with("R9) removes a line that sets `paid`"),
            "{text}"
        );
    }
}
