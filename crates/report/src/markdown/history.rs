//! The history of a comment: a sentence if the findings are resolved, and a table of earlier results.

use crate::{
    count::{counted, grouped},
    neutral::markdown::code,
};
use contract::Verdict;

/// Number of digits of a commit id to show.
const COMMIT_DIGITS: usize = 7;

/// Result of a run on one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitResult {
    /// The commit id in hexadecimal.
    pub commit: String,
    pub verdict: Verdict,
    pub findings: u64,
}

impl CommitResult {
    /// Compares the results, ignoring the commits.
    pub fn is_like(&self, other: &Self) -> bool {
        (self.verdict, self.findings) == (other.verdict, other.findings)
    }
}

/// Adds the history to a comment. `earlier` lists the runs, oldest first; if it is empty, the comment is unchanged.
pub fn with_history(markdown: &str, now: &CommitResult, earlier: &[CommitResult]) -> String {
    if earlier.is_empty() {
        return markdown.to_owned();
    }
    let markdown = markdown.trim_end();
    let (heading, rest) = markdown.split_once("\n\n").unwrap_or((markdown, ""));
    let blocks = [heading.to_owned()]
        .into_iter()
        .chain(resolved(now, earlier))
        .chain((!rest.is_empty()).then(|| rest.to_owned()))
        .chain([table(earlier)]);
    blocks.collect::<Vec<_>>().join("\n\n") + "\n"
}

fn resolved(now: &CommitResult, earlier: &[CommitResult]) -> Option<String> {
    if now.verdict != Verdict::Pass || now.findings > 0 {
        return None;
    }
    let found = earlier.iter().rev().find(|result| result.findings > 0)?;
    let commit = commit(found);
    Some(match found.findings {
        1 => format!("**Resolved:** the finding at {commit} is gone."),
        findings => format!(
            "**Resolved:** the {} at {commit} are gone.",
            counted(findings, "finding")
        ),
    })
}

fn table(earlier: &[CommitResult]) -> String {
    let mut lines = vec![
        "<details>\n<summary>Earlier on this pull request</summary>\n".to_owned(),
        "| Commit | Verdict | Findings |".to_owned(),
        "|---|---|--:|".to_owned(),
    ];
    lines.extend(earlier.iter().rev().map(|result| {
        format!(
            "| {} | {} | {} |",
            commit(result),
            result.verdict.as_str().to_uppercase(),
            grouped(result.findings)
        )
    }));
    lines.push("\n</details>".to_owned());
    lines.join("\n")
}

fn commit(result: &CommitResult) -> String {
    let digits = result.commit.chars().filter(char::is_ascii_hexdigit);
    code(&digits.take(COMMIT_DIGITS).collect::<String>())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{oracle, sample};

    use super::*;

    fn result(commit: &str, verdict: Verdict, findings: u64) -> CommitResult {
        CommitResult {
            commit: commit.to_owned(),
            verdict,
            findings,
        }
    }

    const PASS: &str = "## ✅ ProdVerdict PASS: no findings\n\nBilling and the database agree.\n";

    #[test]
    fn a_repair_names_the_fixed_findings_and_keeps_the_history() {
        let earlier = [
            result("aaaaaaaaaa", Verdict::Fail, 1_204),
            result("bbbbbbbbbb", Verdict::Error, 0),
        ];
        let now = result("cccccccccc", Verdict::Pass, 0);
        insta::assert_snapshot!(with_history(PASS, &now, &earlier));
    }

    #[test]
    fn one_finding_is_gone_in_the_singular() {
        let earlier = [result("aaaaaaaaaa", Verdict::Warn, 1)];
        let text = with_history(PASS, &result("b", Verdict::Pass, 0), &earlier);
        assert!(
            text.contains("**Resolved:** the finding at `aaaaaaa` is gone."),
            "{text}"
        );
    }

    #[test]
    fn only_a_clean_pass_is_resolved() {
        let earlier = [result("aaaaaaaaaa", Verdict::Fail, 2)];
        for now in [
            result("b", Verdict::Fail, 1),
            result("b", Verdict::Warn, 1),
            result("b", Verdict::Error, 0),
            result("b", Verdict::Pass, 1),
        ] {
            let text = with_history(PASS, &now, &earlier);
            assert!(!text.contains("Resolved"), "{text}");
            assert!(text.contains("| `aaaaaaa` | FAIL | 2 |"), "{text}");
        }
        let was_unknown = [result("aaaaaaaaaa", Verdict::Error, 0)];
        let text = with_history(PASS, &result("b", Verdict::Pass, 0), &was_unknown);
        assert!(!text.contains("Resolved"), "{text}");
    }

    #[test]
    fn without_a_history_nothing_is_added() {
        assert_eq!(
            with_history(PASS, &result("b", Verdict::Pass, 0), &[]),
            PASS
        );
    }

    proptest! {
        #[test]
        fn the_history_adds_only_its_own_text(commit in sample::hostile(), findings: u64) {
            let earlier = [result(&commit, Verdict::Fail, findings)];
            let text = with_history(PASS, &result(&commit, Verdict::Pass, 0), &earlier);
            prop_assert_eq!(oracle::foreign_markup(&text), Vec::<String>::new(), "{}", text);
            prop_assert_eq!(oracle::headings(&text), 1);
        }
    }
}
