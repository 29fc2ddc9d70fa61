//! The text of the comment: marker, state, report with history, and footer. Also parses existing comments.

use super::{state::CommentState, target::CommentTarget};
use crate::{
    github::{marker::Marker, publication::CommentBody, shorten::shorten},
    report::{
        Mask,
        markdown::{CommitResult, with_history},
    },
};

/// Maximum length in bytes. GitHub's limit is 65,536 characters, and it does not document how it counts them.
const MAX_BYTES: usize = 65_000;

const FOOTER: &str = "<!-- footer -->";

const SHORTENED: &str =
    "_Shortened: GitHub accepts no more text here. See the job summary for more._";

/// The comment to write, and its comparison with existing ones.
#[derive(Debug)]
pub(super) struct CommentDraft {
    marker: Marker,
    state: CommentState,
    now: CommitResult,
    head: Option<String>,
    /// Notice before the report if the pull request has moved on.
    outdated: String,
    markdown: String,
    footer: String,
}

/// The parts of an existing comment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ExistingComment {
    state: Option<CommentState>,
    report: String,
}

impl CommentDraft {
    /// Creates the comment. `head` is the pull request's current head, if known.
    pub(super) fn new(
        target: &CommentTarget<'_>,
        head: Option<String>,
        body: &CommentBody,
        mask: &Mask,
    ) -> Self {
        let key = target.run.key(target.check_name, target.report_kind);
        let marker = mask.text(&format!("<!-- prodverdict:sticky v1 key={key} -->"));
        let now = CommitResult {
            commit: target.sha.to_owned(),
            verdict: body.verdict,
            findings: body.findings,
        };
        Self {
            marker: Marker::new(marker),
            state: CommentState::new((target.run.id, target.run.attempt), &now),
            now,
            outdated: mask.text(&outdated(target.sha, head.as_deref())),
            head,
            markdown: mask.text(&body.markdown),
            footer: shorten(&mask.text(&body.footer), MAX_BYTES / 10, ""),
        }
    }

    /// Returns the text that replaces `before`, or that of a new comment.
    pub(super) fn text(&self, before: Option<&ExistingComment>) -> String {
        let earlier = self.earlier(before);
        let state = self.state.with_earlier(&earlier).line();
        let report = self.report(&earlier, &state);
        format!(
            "{}\n{state}\n\n{report}\n\n{FOOTER}\n{}",
            self.marker.line(),
            self.footer
        )
    }

    /// Lists the runs before this one that had a different result.
    fn earlier(&self, before: Option<&ExistingComment>) -> Vec<CommitResult> {
        let state = before.and_then(|written| written.state.as_ref());
        state.map_or_else(Vec::new, |state| state.before(&self.now))
    }

    fn report(&self, earlier: &[CommitResult], state: &str) -> String {
        // The line breaks between the parts, and one byte to spare.
        let around = self.marker.line().len() + state.len() + FOOTER.len() + self.footer.len() + 7;
        let report = with_history(&self.markdown, &self.now, earlier);
        let report = format!("{}{report}", self.outdated);
        shorten(&report, MAX_BYTES.saturating_sub(around), SHORTENED)
            .trim()
            .to_owned()
    }

    pub(super) fn marker(&self) -> &Marker {
        &self.marker
    }

    /// Returns true if the comment has the same report about the same commit. It may be from another run.
    pub(super) fn has_content_of(&self, written: &ExistingComment) -> bool {
        let same_commit = written
            .state
            .as_ref()
            .is_some_and(|state| state.is_about(&self.now.commit));
        let earlier = self.earlier(Some(written));
        let state = self.state.with_earlier(&earlier).line();
        same_commit && written.report == self.report(&earlier, &state)
    }

    /// Returns true if the comment is from a later run, or about a commit that the pull request has moved on to.
    pub(super) fn yields_to(&self, written: &ExistingComment) -> bool {
        let Some(written) = &written.state else {
            return false;
        };
        let head = self.head.as_deref();
        let is_own_commit_head = head == Some(self.now.commit.as_str());
        let is_written_commit_head = head.is_some_and(|head| written.is_about(head));
        let is_later = written.run() > self.state.run();
        // Whoever may edit the comment may have changed the run in it, but cannot change the head of the pull request.
        if is_own_commit_head == is_written_commit_head {
            is_later
        } else {
            is_written_commit_head
        }
    }
}

impl ExistingComment {
    pub(super) fn read(body: &str) -> Self {
        let body = body.replace("\r\n", "\n");
        let rest = body.split_once('\n').map_or("", |(_marker, rest)| rest);
        let (state_line, rest) = rest.split_once('\n').unwrap_or((rest, ""));
        let state = CommentState::read(state_line);
        let report = rest
            .rsplit_once(FOOTER)
            .map_or(rest, |(report, _footer)| report);
        Self {
            state,
            report: report.trim().to_owned(),
        }
    }

    /// Returns the run that wrote the comment, if known.
    pub(super) fn run(&self) -> Option<(u64, u64)> {
        self.state.as_ref().map(CommentState::run)
    }
}

/// Returns a notice if commits were pushed during the check.
fn outdated(sha: &str, head: Option<&str>) -> String {
    let short = |sha: &str| sha.chars().take(7).collect::<String>();
    match head {
        Some(head) if head != sha => format!(
            "> This is about {}; the pull request has moved on to {}.\n\n",
            short(sha),
            short(head)
        ),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Verdict;
    use crate::github::context::{Repository, Run};

    fn sticky(run_id: u64, sha: &str, head: &str, markdown: &str) -> CommentDraft {
        after(run_id, (sha, head), markdown, 2)
    }

    fn after(
        run_id: u64,
        (sha, head): (&str, &str),
        markdown: &str,
        findings: u64,
    ) -> CommentDraft {
        let repository = Repository::parse("acme/shop").unwrap();
        let run = Run {
            id: run_id,
            attempt: 1,
            ..Run::default()
        };
        let target = CommentTarget {
            repository: &repository,
            number: 7,
            run: &run,
            sha,
            check_name: "ProdVerdict",
            report_kind: None,
        };
        let body = CommentBody {
            markdown: markdown.to_owned(),
            footer: format!("run {run_id}"),
            verdict: if findings == 0 {
                Verdict::Pass
            } else {
                Verdict::Fail
            },
            findings,
            clean: false,
        };
        CommentDraft::new(&target, Some(head.to_owned()), &body, &Mask::default())
    }

    #[test]
    fn a_change_of_the_footer_alone_is_not_a_change() {
        let earlier = sticky(1, "aaa", "aaa", "2 findings");
        let later = sticky(2, "aaa", "aaa", "2 findings");
        assert!(later.marker().is_on(&earlier.text(None)));
        assert!(later.has_content_of(&ExistingComment::read(&earlier.text(None))));
        assert!(later.has_content_of(&ExistingComment::read(
            &earlier.text(None).replace('\n', "\r\n")
        )));
        assert!(
            !sticky(2, "aaa", "aaa", "1 finding")
                .has_content_of(&ExistingComment::read(&earlier.text(None)))
        );
        assert!(
            !sticky(2, "bbb", "bbb", "2 findings")
                .has_content_of(&ExistingComment::read(&earlier.text(None)))
        );
    }

    #[test]
    fn an_earlier_run_yields_and_a_later_one_does_not() {
        let earlier = sticky(1, "aaa", "aaa", "x");
        let later = sticky(2, "aaa", "aaa", "y");
        assert!(earlier.yields_to(&ExistingComment::read(&later.text(None))));
        assert!(!later.yields_to(&ExistingComment::read(&earlier.text(None))));
    }

    #[test]
    fn a_run_for_an_old_commit_yields_to_the_head() {
        let about_head = sticky(1, "bbb", "bbb", "x");
        let about_old = sticky(2, "aaa", "bbb", "y");
        assert!(about_old.yields_to(&ExistingComment::read(&about_head.text(None))));
        assert!(about_old.text(None).contains("moved on to bbb"));
    }

    #[test]
    fn the_longest_report_fits() {
        let text = sticky(1, "aaa", "aaa", &"ä|".repeat(70_000)).text(None);
        assert!(text.len() <= MAX_BYTES, "{}", text.len());
        assert!(text.contains("Shortened") && text.contains(FOOTER));
    }

    #[test]
    fn a_resolved_comment_is_written_once() {
        let broken = after(1, ("aaa", "aaa"), "## FAIL\n\nx", 2).text(None);
        let still = after(2, ("bbb", "bbb"), "## FAIL\n\nx", 2);
        let still = still.text(Some(&ExistingComment::read(&broken)));
        assert!(!still.contains("Earlier"), "{still}");
        let repaired = after(3, ("ccc", "ccc"), "## PASS\n\ny", 0);
        let text = repaired.text(Some(&ExistingComment::read(&still)));
        assert!(text.contains("## PASS\n\n**Resolved:** the 2 findings at `bbb` are gone.\n\ny"));
        assert!(text.contains("| `bbb` | FAIL | 2 |"), "{text}");
        assert!(!text.contains("`aaa`"), "{text}");
        let again = after(4, ("ccc", "ccc"), "## PASS\n\ny", 0);
        assert!(again.has_content_of(&ExistingComment::read(&text)));
        let next = after(5, ("ddd", "ddd"), "## PASS\n\ny", 0);
        assert!(!next.has_content_of(&ExistingComment::read(&text)));
        assert!(
            next.text(Some(&ExistingComment::read(&text)))
                .contains("at `bbb` are gone")
        );
    }

    #[test]
    fn the_longest_report_and_history_fit() {
        let mut written = None;
        let sha = "0123456789".repeat(4);
        for run in 0..40 {
            let markdown = format!(
                "## x\n\n<details>\n<summary>more</summary>\n\n{}\n\n</details>",
                "y\n\n".repeat(30_000)
            );
            let text = after(run, (&sha, &sha), &markdown, run).text(written.as_ref());
            assert!(text.len() <= MAX_BYTES, "{}", text.len());
            assert_eq!(
                text.matches("<details>").count(),
                text.matches("</details>").count()
            );
            written = Some(ExistingComment::read(&text));
        }
    }

    #[test]
    fn text_by_others_does_not_parse_as_a_state() {
        for odd in [
            "",
            "\n",
            "<!-- state: ",
            "x\n<!-- state: {} -->",
            "x\n<!-- state: {",
        ] {
            assert_eq!(ExistingComment::read(odd).state, None, "{odd}");
        }
    }
}
