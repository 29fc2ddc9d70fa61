//! Warnings about the committed baseline: expired entries, unused entries, and entries that a pull request adds.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use baseline::{BaselineEntry, day_of};
use problem::Warning;

use super::{
    Comparison, Outcome,
    count::{counted, length},
};

/// Maximum number of entries to list. The file shows the others.
const MAX_LISTED: usize = 10;

/// Returns warnings about expired and unused entries.
pub(super) fn warnings(
    outcome: &Outcome,
    with: &Comparison<'_>,
    is_complete: bool,
) -> Vec<Warning> {
    let found: BTreeSet<_> = outcome.fingerprints().collect();
    let is_found = |entry: &BaselineEntry| found.contains(entry.fingerprint.as_str());
    let today = day_of(with.now);
    let ended = with.accepted.iter().filter(|entry| !entry.holds_on(today));
    let ended: Vec<_> = ended.filter(|entry| is_found(entry)).collect();
    let mut warnings: Vec<_> = ended
        .iter()
        .take(MAX_LISTED)
        .map(|entry| expired_warning(entry))
        .collect();
    if let Some(next) = ended.get(MAX_LISTED) {
        let more = counted(length(ended.len() - MAX_LISTED), "more acceptance");
        warnings.push(Warning::new(format!("{more} ended too")).at(next.place.clone()));
    }
    // A check does not find what a rehearsal finds, and the other way round.
    let is_rehearsal = outcome.rehearsal.is_some();
    let gone = with
        .accepted
        .iter()
        .filter(|entry| is_complete && entry.is_of_rehearsal() == is_rehearsal && !is_found(entry));
    let gone: Vec<_> = gone.collect();
    if let Some(first) = gone.first() {
        let (entries, them) = if gone.len() == 1 {
            ("an entry", "it")
        } else {
            ("entries", "them")
        };
        warnings.push(
            Warning::new(format!(
                "{entries} of the baseline can be removed: nothing matches {them} any more ({})",
                lines(&gone)
            ))
            .hint("a finding that comes back later then counts as new")
            .at(first.place.clone()),
        );
    }
    warnings
}

fn expired_warning(acceptance: &BaselineEntry) -> Warning {
    Warning::new(format!(
        "the acceptance of `{}` ended on {}; its finding counts again",
        acceptance.fingerprint, acceptance.until
    ))
    .hint("fix the finding, or extend `expires` with a reason that still holds")
    .at(acceptance.place.clone())
}

/// Returns a warning about the entries that a pull request adds to the baseline, or whose expiry it postpones.
pub fn newly_accepted(
    base: &[BaselineEntry],
    proposed: &[BaselineEntry],
    today: Date,
) -> Option<Warning> {
    let before: BTreeMap<_, _> = base
        .iter()
        .map(|entry| (entry.fingerprint.as_str(), entry.until))
        .collect();
    let is_more = |entry: &&BaselineEntry| {
        let until = before.get(entry.fingerprint.as_str());
        entry.holds_on(today) && until.is_none_or(|until| *until < entry.until)
    };
    let more: Vec<_> = proposed.iter().filter(is_more).collect();
    let first = more.first()?;
    let findings = counted(length(more.len()), "finding");
    Some(
        Warning::new(format!(
            "this pull request accepts {findings} that the base commit does not, or accepts \
             them for longer ({}); they do not fail this check",
            lines(&more)
        ))
        .hint("approving the pull request also approves these entries")
        .at(first.place.clone()),
    )
}

/// Formats line numbers: `line 3`, `lines 3, 8 and 4 more`.
fn lines(entries: &[&BaselineEntry]) -> String {
    let shown = entries.iter().take(MAX_LISTED);
    let shown: Vec<_> = shown.map(|entry| entry.place.line.to_string()).collect();
    let plural = if entries.len() == 1 { "" } else { "s" };
    let more = match entries.len().saturating_sub(MAX_LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("line{plural} {}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use crate::sample;

    use super::*;

    const TODAY: Date = date(2026, 11, 26);

    fn acceptance(fingerprint: &str, until: Date, line: u32) -> BaselineEntry {
        BaselineEntry {
            fingerprint: fingerprint.to_owned(),
            reason: "by invoice".to_owned(),
            until,
            entity: None,
            place: sample::place("prodverdict-baseline.yml", line),
        }
    }

    #[test]
    fn entries_that_a_pull_request_adds_are_reported_with_their_lines() {
        let base = [
            acceptance("a", date(2026, 12, 1), 1),
            acceptance("b", date(2026, 12, 1), 5),
            acceptance("c", date(2026, 12, 1), 9),
        ];
        let proposed = [
            acceptance("c", date(2026, 12, 1), 1),
            acceptance("a", date(2026, 12, 2), 5),
            acceptance("d", date(2026, 12, 1), 9),
            acceptance("e", date(2026, 11, 25), 13),
        ];
        let warnings = newly_accepted(&base, &proposed, TODAY).unwrap();
        assert!(
            warnings
                .text
                .starts_with("this pull request accepts 2 findings that the base commit does not")
                && warnings.text.contains("(lines 5, 9)"),
            "{}",
            warnings.text
        );
        assert_eq!(warnings.place.map(|place| place.line), Some(5));
        assert_eq!(newly_accepted(&base, &base, TODAY), None);
        assert_eq!(newly_accepted(&base, &[], TODAY), None);
        let many: Vec<_> = (1..=12)
            .map(|line| acceptance(&line.to_string(), TODAY, line))
            .collect();
        let warnings = newly_accepted(&[], &many, TODAY).unwrap();
        assert!(
            warnings.text.contains("9, 10 and 2 more)"),
            "{}",
            warnings.text
        );
    }
}
