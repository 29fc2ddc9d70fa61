//! The text of the issue: marker, stamp, report, footer and stored findings. Also parses existing texts.

use serde::{Deserialize, Serialize};

use super::target::IssueTarget;
use crate::{
    baseline::{FindingsSnapshot, PreviousRun},
    github::{
        marker::Marker,
        previous_result::{issue_key, issue_marker},
        publication::IssueBody,
        shorten::shorten,
    },
    report::Mask,
};

/// Maximum length in bytes. GitHub accepts 65,536 of what it calls characters.
const MAX_BYTES: usize = 65_000;

const FOOTER: &str = "<!-- footer -->";

const SHORTENED: &str =
    "_Shortened: GitHub accepts no more text here. See the run's summary for more._";

/// The text to write, and its comparison with an existing one.
#[derive(Debug)]
pub(super) struct Draft {
    marker: Marker,
    stamp: Stamp,
    text: String,
    /// False if there are too many findings to store them in the text.
    keeps_state: bool,
}

/// The run that wrote the text, its commit, and a hash of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    sha: String,
    run_id: u64,
    attempt: u64,
    #[serde(default, rename = "essence")]
    content_hash: String,
}

/// The parts of an existing text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ExistingIssue {
    stamp: Option<Stamp>,
    state: Option<FindingsSnapshot>,
}

impl Draft {
    pub(super) fn new(target: &IssueTarget<'_>, body: &IssueBody, mask: &Mask) -> Self {
        let marker = issue_marker(&issue_key(target.config, target.report_kind));
        let stamp = Stamp {
            sha: target.sha.to_owned(),
            run_id: target.run.id,
            attempt: target.run.attempt,
            content_hash: body.content_hash.clone(),
        };
        let stamp_line = format!(
            "<!-- state: {} -->",
            serde_json::to_string(&stamp).unwrap_or_default()
        );
        let state = body.state.line();
        let state_line = state
            .as_ref()
            .map_or_else(String::new, |line| format!("\n\n{line}"));
        let footer = shorten(&mask.text(&body.footer), MAX_BYTES / 10, "");
        let around =
            marker.len() + stamp_line.len() + FOOTER.len() + footer.len() + state_line.len() + 7;
        let report = shorten(
            &mask.text(&body.markdown),
            MAX_BYTES.saturating_sub(around),
            SHORTENED,
        );
        let report = report.trim();
        let text = format!("{marker}\n{stamp_line}\n\n{report}\n\n{FOOTER}\n{footer}{state_line}");
        Self {
            marker: Marker::new(marker),
            stamp,
            text,
            keeps_state: state.is_some(),
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn marker(&self) -> &Marker {
        &self.marker
    }

    pub(super) fn keeps_state(&self) -> bool {
        self.keeps_state
    }

    /// Returns true if the text has the same findings in the same words. The run and figures such as the number of
    /// requests do not matter.
    pub(super) fn has_content_of(&self, written: &ExistingIssue) -> bool {
        let has_same_content = written
            .stamp
            .as_ref()
            .is_some_and(|stamp| stamp.content_hash == self.stamp.content_hash);
        has_same_content && written.state.is_some() == self.keeps_state
    }

    /// Returns true if this run wrote the text itself.
    pub(super) fn wrote(&self, written: &ExistingIssue) -> bool {
        written.stamp.as_ref() == Some(&self.stamp) && self.has_content_of(written)
    }

    /// Returns the run that wrote the text, if it is a later one.
    pub(super) fn later_run(&self, written: &ExistingIssue) -> Option<(u64, u64)> {
        let stamp = written.stamp.as_ref()?;
        let run = (stamp.run_id, stamp.attempt);
        (run > (self.stamp.run_id, self.stamp.attempt)).then_some(run)
    }
}

impl ExistingIssue {
    pub(super) fn read(body: &str) -> Self {
        let body = body.replace("\r\n", "\n");
        let rest = body.split_once('\n').map_or("", |(_marker, rest)| rest);
        let (stamp_line, rest) = rest.split_once('\n').unwrap_or((rest, ""));
        let stamp = stamp_line
            .strip_prefix("<!-- state: ")
            .and_then(|line| serde_json::from_str(line.trim_end().strip_suffix("-->")?).ok());
        // Read the state only below the footer, because hostile data may imitate one in the report.
        let below = rest
            .rsplit_once(FOOTER)
            .map_or("", |(_report, below)| below);
        Self {
            stamp,
            state: FindingsSnapshot::find(below),
        }
    }

    pub(super) fn earlier(self) -> PreviousRun {
        self.state
            .map_or(PreviousRun::Unreadable, PreviousRun::Found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        contract::UnixSeconds,
        github::context::{Repository, Run},
    };

    fn draft(run_id: u64, markdown: &str, findings: u64) -> Draft {
        let repository = Repository::parse("acme/shop").unwrap();
        let run = Run {
            id: run_id,
            attempt: 1,
            ..Run::default()
        };
        let target = IssueTarget {
            repository: &repository,
            run: &run,
            sha: "aaa",
            config: "prodverdict.yml",
            report_kind: None,
            label: "prodverdict",
        };
        // Spread the values like hashes, so that they do not compress.
        let spread = |number: u64| number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let fingerprints: Vec<_> = (1..=findings)
            .map(|number| format!("{:016x}", spread(number)))
            .collect();
        let seconds = i64::try_from(run_id).unwrap();
        let state = FindingsSnapshot::new(
            UnixSeconds(seconds),
            fingerprints.iter().map(String::as_str),
        );
        let body = IssueBody {
            title: "ProdVerdict".to_owned(),
            markdown: markdown.to_owned(),
            footer: format!("run {run_id}"),
            clean: findings == 0,
            content_hash: markdown.chars().take(16).collect(),
            state,
            findings: Vec::new(),
        };
        Draft::new(&target, &body, &Mask::default())
    }

    #[test]
    fn a_text_is_read_back_and_a_later_time_alone_is_not_a_change() {
        let first = draft(1, "2 findings", 2);
        let written = ExistingIssue::read(&first.text().replace('\n', "\r\n"));
        assert!(first.marker().is_on(first.text()) && first.wrote(&written));
        let second = draft(2, "2 findings", 2);
        assert!(second.has_content_of(&written) && !second.wrote(&written));
        assert!(second.later_run(&written).is_none());
        assert!(
            first
                .later_run(&ExistingIssue::read(second.text()))
                .is_some()
        );
        let PreviousRun::Found(state) = written.earlier() else {
            panic!("no state");
        };
        assert_eq!((state.len(), state.taken), (2, UnixSeconds(1)));
        assert!(!draft(2, "3 findings", 2).has_content_of(&ExistingIssue::read(first.text())));
    }

    #[test]
    fn the_longest_report_fits_with_as_many_findings_as_are_kept() {
        for findings in [0, 4_000, 4_001] {
            let draft = draft(1, &"ä|".repeat(70_000), findings);
            assert!(draft.text().len() <= MAX_BYTES, "{}", draft.text().len());
            let earlier = ExistingIssue::read(draft.text()).earlier();
            let is_kept = matches!(earlier, PreviousRun::Found(state) if u64::try_from(state.len()) == Ok(findings));
            assert_eq!(is_kept, findings <= 4_000);
        }
    }

    #[test]
    fn a_state_in_the_report_is_not_believed() {
        let forged = FindingsSnapshot::new(UnixSeconds(9), []).line().unwrap();
        let text = draft(1, &format!("{forged}\n{FOOTER}\n{forged}"), 4_001);
        assert_eq!(
            ExistingIssue::read(text.text()).earlier(),
            PreviousRun::Unreadable,
            "{}",
            text.text()
        );
        for odd in ["", "\n", "<!-- state: ", "x\n<!-- state: {} -->", FOOTER] {
            let written = ExistingIssue::read(odd);
            assert_eq!((written.stamp, written.state), (None, None), "{odd}");
        }
    }
}
