//! The text of the comment: marker, state, report, footer; and what an earlier one said.

use serde::{Deserialize, Serialize};

use super::Place;
use crate::{
    github::{publication::CommentBody, shorten::shorten},
    report::Mask,
};

/// GitHub takes 65,536 of what it calls characters.
const MOST_BYTES: usize = 65_000;

const FOOTER: &str = "<!-- footer -->";

const SHORTENED: &str = "_Shortened: GitHub takes no more text here. The job summary holds more._";

/// The comment to be, and how it compares with one that is there.
#[derive(Debug)]
pub(super) struct Sticky {
    marker: String,
    state: State,
    head: Option<String>,
    report: String,
    text: String,
}

/// Which run wrote, about which commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    sha: String,
    run_id: u64,
    attempt: u64,
}

/// An earlier comment, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Written {
    state: Option<State>,
    report: String,
}

impl Sticky {
    /// `head` is the pull request's head at this moment, if it is known.
    pub(super) fn new(
        place: &Place<'_>,
        head: Option<String>,
        body: &CommentBody,
        mask: &Mask,
    ) -> Self {
        let key = place.run.key(place.check_name, place.series);
        let marker = mask.text(&format!("<!-- prodverdict:sticky v1 key={key} -->"));
        let state = State {
            sha: place.sha.to_owned(),
            run_id: place.run.id,
            attempt: place.run.attempt,
        };
        let state_line = format!(
            "<!-- state: {} -->",
            serde_json::to_string(&state).unwrap_or_default()
        );
        let footer = shorten(&mask.text(&body.footer), MOST_BYTES / 10, "");
        let around = marker.len() + state_line.len() + FOOTER.len() + footer.len() + 7;
        let report = mask.text(&format!(
            "{}{}",
            outdated(&state.sha, head.as_deref()),
            body.markdown
        ));
        let report = shorten(&report, MOST_BYTES.saturating_sub(around), SHORTENED)
            .trim()
            .to_owned();
        let text = format!("{marker}\n{state_line}\n\n{report}\n\n{FOOTER}\n{footer}");
        Self {
            marker,
            state,
            head,
            report,
            text,
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether the comment begins with our marker.
    pub(super) fn marks(&self, body: &str) -> bool {
        body.lines()
            .next()
            .is_some_and(|line| line.trim_end() == self.marker)
    }

    /// The same report about the same commit; by which run does not matter.
    pub(super) fn is_said_by(&self, written: &Written) -> bool {
        let same_commit = written
            .state
            .as_ref()
            .is_some_and(|state| state.sha == self.state.sha);
        same_commit && written.report == self.report
    }

    /// Whether a later run wrote it, or one about the commit that the pull request has moved on to.
    pub(super) fn yields_to(&self, written: &Written) -> bool {
        let Some(theirs) = &written.state else {
            return false;
        };
        let is_later = (theirs.run_id, theirs.attempt) > (self.state.run_id, self.state.attempt);
        let head = self.head.as_deref();
        let is_current = head == Some(theirs.sha.as_str()) && head != Some(self.state.sha.as_str());
        is_later || is_current
    }
}

impl Written {
    pub(super) fn read(body: &str) -> Self {
        let body = body.replace("\r\n", "\n");
        let rest = body.split_once('\n').map_or("", |(_marker, rest)| rest);
        let (state_line, rest) = rest.split_once('\n').unwrap_or((rest, ""));
        let state = state_line
            .strip_prefix("<!-- state: ")
            .and_then(|line| serde_json::from_str(line.trim_end().strip_suffix("-->")?).ok());
        let report = rest
            .rsplit_once(FOOTER)
            .map_or(rest, |(report, _footer)| report);
        Self {
            state,
            report: report.trim().to_owned(),
        }
    }
}

/// Said when commits were pushed while the check ran.
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
    use crate::github::context::{Repository, Run};

    fn sticky(run_id: u64, sha: &str, head: &str, markdown: &str) -> Sticky {
        let repository = Repository::parse("acme/shop").unwrap();
        let run = Run {
            id: run_id,
            attempt: 1,
            ..Run::default()
        };
        let place = Place {
            repository: &repository,
            number: 7,
            run: &run,
            sha,
            check_name: "ProdVerdict",
            series: "",
            app: None,
        };
        let body = CommentBody {
            markdown: markdown.to_owned(),
            footer: format!("run {run_id}"),
            clean: false,
        };
        Sticky::new(&place, Some(head.to_owned()), &body, &Mask::default())
    }

    #[test]
    fn a_change_of_the_footer_alone_is_no_change() {
        let earlier = sticky(1, "aaa", "aaa", "2 findings");
        let later = sticky(2, "aaa", "aaa", "2 findings");
        assert!(later.marks(earlier.text()));
        assert!(later.is_said_by(&Written::read(earlier.text())));
        assert!(later.is_said_by(&Written::read(&earlier.text().replace('\n', "\r\n"))));
        assert!(!sticky(2, "aaa", "aaa", "1 finding").is_said_by(&Written::read(earlier.text())));
        assert!(!sticky(2, "bbb", "bbb", "2 findings").is_said_by(&Written::read(earlier.text())));
    }

    #[test]
    fn an_earlier_run_yields_and_a_later_one_does_not() {
        let earlier = sticky(1, "aaa", "aaa", "x");
        let later = sticky(2, "aaa", "aaa", "y");
        assert!(earlier.yields_to(&Written::read(later.text())));
        assert!(!later.yields_to(&Written::read(earlier.text())));
    }

    #[test]
    fn a_run_about_an_old_commit_yields_to_the_head_and_else_says_that_it_is_old() {
        let about_head = sticky(1, "bbb", "bbb", "x");
        let about_old = sticky(2, "aaa", "bbb", "y");
        assert!(about_old.yields_to(&Written::read(about_head.text())));
        assert!(about_old.text().contains("moved on to bbb"));
    }

    #[test]
    fn the_longest_report_fits() {
        let text = sticky(1, "aaa", "aaa", &"ä|".repeat(70_000))
            .text()
            .to_owned();
        assert!(text.len() <= MOST_BYTES, "{}", text.len());
        assert!(text.contains("Shortened") && text.contains(FOOTER));
    }

    #[test]
    fn a_foreign_text_is_taken_apart_without_harm() {
        for odd in [
            "",
            "\n",
            "<!-- state: ",
            "x\n<!-- state: {} -->",
            "x\n<!-- state: {",
        ] {
            assert_eq!(Written::read(odd).state, None, "{odd}");
        }
    }
}
