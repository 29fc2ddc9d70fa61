//! The second line of a comment: the run that wrote it, its commit, and earlier results. Anyone who may edit our
//! comments may have changed it, so only well-formed values are accepted.

use serde::{Deserialize, Serialize};

use crate::{contract::Verdict, report::markdown::CommitResult};

const BEGINNING: &str = "<!-- state: ";
const END: &str = " -->";

/// Maximum number of earlier results to keep.
const MAX_EARLIER: usize = 10;

/// Length of a SHA-256 commit id.
const MAX_DIGITS: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CommentState {
    sha: String,
    run_id: u64,
    attempt: u64,
    /// `None` in a comment from a version that kept no history.
    #[serde(rename = "came_to", default, skip_serializing_if = "Option::is_none")]
    result: Option<StoredResult>,
    /// Raw values, which are validated when they are read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<serde_json::Value>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StoredResult {
    verdict: String,
    findings: u64,
}

/// The result of an earlier run as it is stored.
#[derive(Debug, Serialize, Deserialize)]
struct Earlier {
    sha: String,
    verdict: String,
    findings: u64,
}

impl CommentState {
    pub(super) fn new((run_id, attempt): (u64, u64), now: &CommitResult) -> Self {
        Self {
            sha: now.commit.clone(),
            run_id,
            attempt,
            result: Some(StoredResult {
                verdict: now.verdict.to_string(),
                findings: now.findings,
            }),
            earlier: Vec::new(),
        }
    }

    pub(super) fn with_earlier(&self, earlier: &[CommitResult]) -> Self {
        let value = |result: &CommitResult| {
            serde_json::to_value(Earlier {
                sha: result.commit.clone(),
                verdict: result.verdict.to_string(),
                findings: result.findings,
            })
        };
        Self {
            earlier: earlier
                .iter()
                .filter_map(|result| value(result).ok())
                .collect(),
            ..self.clone()
        }
    }

    pub(super) fn line(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        format!("{BEGINNING}{json}{END}")
    }

    pub(super) fn read(line: &str) -> Option<Self> {
        let json = line.strip_prefix(BEGINNING)?.trim_end();
        serde_json::from_str(json.strip_suffix(END)?).ok()
    }

    pub(super) fn is_about(&self, commit: &str) -> bool {
        self.sha == commit
    }

    pub(super) fn run(&self) -> (u64, u64) {
        (self.run_id, self.attempt)
    }

    /// Lists the results before `now`, oldest first. Each distinct result appears once, with the last commit that had
    /// it.
    pub(super) fn before(&self, now: &CommitResult) -> Vec<CommitResult> {
        let earlier = self.earlier.iter().filter_map(|value| {
            let earlier = Earlier::deserialize(value).ok()?;
            parse_result(&earlier.sha, &earlier.verdict, earlier.findings)
        });
        let mut runs: Vec<_> = earlier.collect();
        let last = self
            .result
            .as_ref()
            .and_then(|last| parse_result(&self.sha, &last.verdict, last.findings));
        runs.extend(last.filter(|last| !last.is_like(now)));
        let surplus = runs.len().saturating_sub(MAX_EARLIER);
        runs.split_off(surplus)
    }
}

fn parse_result(commit: &str, verdict: &str, findings: u64) -> Option<CommitResult> {
    let is_commit = commit.len() <= MAX_DIGITS && commit.chars().all(|c| c.is_ascii_hexdigit());
    let verdict = [Verdict::Pass, Verdict::Warn, Verdict::Fail, Verdict::Error]
        .into_iter()
        .find(|candidate| candidate.as_str() == verdict)?;
    is_commit.then(|| CommitResult {
        commit: commit.to_owned(),
        verdict,
        findings,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(commit: &str, findings: u64) -> CommitResult {
        let verdict = if findings == 0 {
            Verdict::Pass
        } else {
            Verdict::Fail
        };
        CommitResult {
            commit: commit.to_owned(),
            verdict,
            findings,
        }
    }

    #[test]
    fn the_line_is_read_back_and_that_of_an_older_version_too() {
        let state = CommentState::new((7, 1), &result("abc", 2)).with_earlier(&[result("def", 0)]);
        assert_eq!(CommentState::read(&state.line()), Some(state.clone()));
        assert_eq!(
            state.before(&result("123", 0)),
            [result("def", 0), result("abc", 2)]
        );
        let older = "<!-- state: {\"sha\":\"abc\",\"run_id\":1,\"attempt\":1} -->";
        let older = CommentState::read(older).expect("a state");
        assert_eq!(older.before(&result("abc", 2)), []);
    }

    #[test]
    fn only_changes_are_kept_and_no_more_than_ten() {
        let mut earlier = Vec::new();
        for round in 0..30 {
            let state =
                CommentState::new((round, 1), &result("abc", round / 2)).with_earlier(&earlier);
            earlier = state.before(&result("abc", round.div_ceil(2)));
        }
        let findings: Vec<_> = earlier.iter().map(|result| result.findings).collect();
        assert_eq!(findings, [5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
    }

    #[test]
    fn foreign_entries_in_the_history_are_left_out() {
        let line = r#"<!-- state: {"sha":"--> @org","run_id":1,"attempt":1,"came_to":{"verdict":"pass","findings":0},
            "earlier":[1,null,{"sha":"<b>","verdict":"fail","findings":1},{"sha":"a","verdict":"**","findings":1},
            {"sha":"b","verdict":"fail","findings":-1},{"sha":"c","verdict":"fail","findings":3}]} -->"#;
        let state = CommentState::read(line).expect("a state");
        assert_eq!(state.before(&result("d", 2)), [result("c", 3)]);
    }
}
