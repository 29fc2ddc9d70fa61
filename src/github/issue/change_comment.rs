//! The short comment about a change. There is at most one for each change.

use super::update::{IssueUpdate, Move};
use crate::{baseline::Change, github::publication::IssueBody};

/// Maximum number of findings to name. The issue's text lists the rest.
const MAX_NAMED: usize = 20;

/// Returns the comment as Markdown.
pub(super) fn comment(update: IssueUpdate, change: Option<&Change>, body: &IssueBody) -> String {
    let (heading, named) = if update.moves == Some(Move::Close) {
        ("**Resolved.** Nothing is found any more.".to_owned(), None)
    } else {
        (
            heading(update, change),
            change.and_then(|change| named(change, body)),
        )
    };
    let mut blocks = vec![heading];
    blocks.extend(named);
    if !body.footer.is_empty() {
        blocks.push(body.footer.clone());
    }
    blocks.join("\n\n")
}

fn heading(update: IssueUpdate, change: Option<&Change>) -> String {
    let counts = match change {
        Some(change) => {
            let number = change.new.len();
            let ending = if number == 1 { "" } else { "s" };
            match (number, change.fixed) {
                (0, fixed) => format!("{fixed} fixed"),
                (number, 0) => format!("{number} new finding{ending}"),
                (number, fixed) => format!("{number} new finding{ending}, {fixed} fixed"),
            }
        }
        None => "There are findings, and which of them are new cannot be told".to_owned(),
    };
    match update.moves {
        Some(Move::Reopen) => format!("**Reopened: {counts}.**"),
        Some(Move::Close) | None => format!("**{counts}.**"),
    }
}

/// Lists the new findings. The last line counts those that are left out.
fn named(change: &Change, body: &IssueBody) -> Option<String> {
    let lines = change
        .new
        .iter()
        .filter_map(|index| body.findings.get(*index))
        .take(MAX_NAMED)
        .map(|finding| format!("- {}", finding.markdown));
    let mut lines: Vec<_> = lines.collect();
    let more = change.new.len().saturating_sub(MAX_NAMED);
    if more > 0 {
        lines.push(format!("- … and {more} more"));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        baseline::FindingsSnapshot, contract::UnixSeconds, github::publication::NamedFinding,
    };

    fn comment_text(moves: Option<Move>, change: Option<(usize, u64)>) -> String {
        let update = IssueUpdate {
            writes_body: true,
            moves,
            comments: true,
        };
        let findings = (0..30).map(|number| NamedFinding {
            fingerprint: format!("{number:016x}"),
            markdown: format!("HIGH `revenue-leak` `user:{number}`"),
        });
        let body = IssueBody {
            title: String::new(),
            markdown: String::new(),
            footer: "[Run](https://github.test/1)".to_owned(),
            clean: false,
            content_hash: String::new(),
            state: FindingsSnapshot::new(UnixSeconds(0), []),
            findings: findings.collect(),
        };
        let change = change.map(|(new, fixed)| Change {
            new: (0..new).collect(),
            fixed,
        });
        comment(update, change.as_ref(), &body)
    }

    #[test]
    fn the_comment_names_new_findings_and_counts_fixed_ones() {
        assert_eq!(
            comment_text(None, Some((1, 2))),
            "**1 new finding, 2 fixed.**\n\n- HIGH `revenue-leak` `user:0`\n\n[Run](https://github.test/1)"
        );
        assert_eq!(
            comment_text(None, Some((0, 2))),
            "**2 fixed.**\n\n[Run](https://github.test/1)"
        );
        assert!(
            comment_text(Some(Move::Reopen), Some((2, 0)))
                .starts_with("**Reopened: 2 new findings.**")
        );
        assert!(comment_text(Some(Move::Close), Some((0, 2))).starts_with("**Resolved.**"));
        assert!(comment_text(Some(Move::Reopen), None).contains("cannot be told"));
    }

    #[test]
    fn it_stays_short() {
        let text = comment_text(None, Some((25, 0)));
        assert_eq!(text.matches("`user:").count(), 20);
        assert!(text.contains("- … and 5 more\n"), "{text}");
    }
}
