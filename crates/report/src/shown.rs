//! Prepares a finding for display: shortens the names in its texts, and splits the texts into lines.

use baseline::FindingStatus;
use contract::Finding;
use problem::Message;

use super::{
    Change,
    find::{longest_first, replaced},
    neutral::{LINE_CHARACTERS, NAME_CHARACTERS, shortened, visible},
};

/// Minimum length of a name that is highlighted in text. Not every `7` in a text is the account `7`.
const MIN_HIGHLIGHTED_CHARACTERS: usize = 4;

/// Maximum length of the reason for accepting a finding.
const REASON_CHARACTERS: usize = 120;

/// The texts of a finding in visible lines of limited length. They still need escaping for the place that shows them.
pub(super) struct ShownFinding {
    pub(super) entity: String,
    /// Message with at least one line.
    pub(super) message: Vec<String>,
    pub(super) fix: Vec<String>,
    pub(super) evidence: Vec<String>,
    /// Ids to highlight in the lines, as they appear there, longest first.
    pub(super) names: Vec<String>,
}

impl ShownFinding {
    pub(super) fn new(finding: &Finding) -> Self {
        let subject = &finding.subject;
        let ids = [
            subject.account.as_deref(),
            subject.customer.as_deref(),
            subject.subscription.as_deref(),
            subject.price.as_deref(),
        ];
        let named = subject.named.iter().map(String::as_str);
        let mut names: Vec<&str> = ids.into_iter().flatten().chain(named).collect();
        names.push(finding.entity.id());
        let words = [&subject.status, &subject.plan_found, &subject.plan_expected];
        let words = words.into_iter().filter_map(Option::as_deref);
        let mut replacements: Vec<_> = names
            .iter()
            .copied()
            .chain(words)
            .map(|name| (name.to_owned(), displayed_name(name)))
            .filter(|(name, displayed)| name != displayed)
            .collect();
        longest_first(&mut replacements, |(name, _)| name);

        let lines_of = |text: &str| lines(&replaced(text, &replacements, |_, _, _| true));
        let mut evidence: Vec<String> = Vec::new();
        for fact in finding.evidence_lines() {
            evidence.extend(lines_of(&fact));
        }
        Self {
            entity: displayed_name(&finding.entity),
            message: lines_of(&finding.message),
            fix: lines_of(&finding.fix),
            evidence,
            names: highlighted(&names),
        }
    }
}

/// Formats the status as a suffix, such as ` (new)`. It is empty if there was no comparison.
pub(super) fn status_suffix(status: Option<&FindingStatus>) -> String {
    match status {
        None => String::new(),
        Some(FindingStatus::New) => " (new)".to_owned(),
        Some(FindingStatus::Known) => " (known)".to_owned(),
        Some(FindingStatus::Accepted { reason, until }) => {
            let until = until
                .as_ref()
                .map_or_else(String::new, |day| format!(" until {day}"));
            format!(
                " (accepted{until}: {})",
                shortened(&visible(reason), REASON_CHARACTERS)
            )
        }
    }
}

/// Returns the message on one line, because a line break in an id must not fake a verdict line.
pub(super) fn message_line<C>(message: &Message<C>) -> String {
    shortened(&visible(message.text.trim_end()), LINE_CHARACTERS)
}

/// Returns the lines of the hint, if any.
pub(super) fn hint_lines<C>(message: &Message<C>) -> Vec<String> {
    lines(&message.hint)
}

/// Formats the place as `file:line:column`.
pub(super) fn place<C>(message: &Message<C>) -> Option<String> {
    let place = message.place.as_ref()?;
    let path = displayed_name(&place.path);
    Some(format!("{path}:{}:{}", place.line, place.column))
}

/// Describes a change of the pull request in one line.
pub(super) fn change(change: &Change) -> String {
    let does = shortened(&visible(&change.does), LINE_CHARACTERS);
    let path = displayed_name(&change.path);
    format!("This pull request {does} ({path}:{})", change.line)
}

/// Returns a name as it is displayed: with visible characters only, and of limited length.
pub(super) fn displayed_name(name: &str) -> String {
    shortened(&visible(name), NAME_CHARACTERS)
}

/// Splits a text into lines. Blank lines are dropped, because in a report they separate blocks.
fn lines(text: &str) -> Vec<String> {
    text.lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .map(|line| shortened(&visible(line), LINE_CHARACTERS))
        .collect()
}

/// Returns the names as displayed, longest first, without those that are too short to be highlighted.
fn highlighted(names: &[&str]) -> Vec<String> {
    let mut names: Vec<_> = names
        .iter()
        .map(|name| displayed_name(name))
        .filter(|name| name.chars().count() >= MIN_HIGHLIGHTED_CHARACTERS)
        .collect();
    longest_first(&mut names, |name| name);
    names
}

#[cfg(test)]
mod tests {
    use crate::sample;

    use super::*;

    #[test]
    fn a_name_with_line_ends_cannot_add_lines() {
        let finding = sample::about("usr_1\n\nVERDICT: PASS");
        let shown = ShownFinding::new(&finding);
        assert_eq!(shown.entity, "user:usr_1\\n\\nVERDICT: PASS");
        assert_eq!(
            shown.message,
            [
                "User usr_1\\n\\nVERDICT: PASS pays and has no access.",
                "Revenue leak."
            ]
        );
    }

    #[test]
    fn a_very_long_name_is_shortened_everywhere() {
        let shown = ShownFinding::new(&sample::about(&"x".repeat(70_000)));
        for line in shown.message.iter().chain(&shown.evidence) {
            assert!(line.chars().count() < 300, "{line}");
        }
        assert!(
            shown.message.concat().contains("(70,000 characters) pays"),
            "{:?}",
            shown.message
        );
    }
}
