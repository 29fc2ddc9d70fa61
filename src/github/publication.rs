//! What is to be said on GitHub: rendered already, and small enough to be shortened only by accident.

use std::collections::BTreeMap;

use crate::{
    baseline::State,
    contract::Verdict,
    report::{Annotation, Mask},
};

/// Everything one run says, for all the places that GitHub shows it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    pub verdict: Verdict,
    pub conclusion: Conclusion,
    /// Of the check run.
    pub title: String,
    /// Of the check run, Markdown.
    pub summary: String,
    /// Of the check run, Markdown below the summary.
    pub text: Option<String>,
    pub annotations: Vec<Annotation>,
    /// None when there is nothing to comment with, whatever the mode.
    pub comment: Option<CommentBody>,
    /// None when there is nothing to be said about the default branch, as without a verdict.
    pub issue: Option<IssueBody>,
    /// Markdown.
    pub job_summary: String,
    /// The publisher adds `check_run_url`, which nobody else knows.
    pub outputs: BTreeMap<String, String>,
}

impl Publication {
    /// Masked before anything is cut to size: half a secret is found by no mask.
    pub(super) fn masked(&self, mask: &Mask) -> Self {
        let text = |text: &String| mask.text(text);
        Self {
            verdict: self.verdict,
            conclusion: self.conclusion,
            title: text(&self.title),
            summary: text(&self.summary),
            text: self.text.as_ref().map(text),
            annotations: self
                .annotations
                .iter()
                .map(|annotation| masked(annotation, mask))
                .collect(),
            comment: self.comment.as_ref().map(|comment| comment.masked(mask)),
            issue: self.issue.as_ref().map(|issue| issue.masked(mask)),
            job_summary: text(&self.job_summary),
            outputs: self
                .outputs
                .iter()
                .map(|(name, value)| (name.clone(), text(value)))
                .collect(),
        }
    }
}

/// Taken apart field by field: a new field does not compile before somebody has decided about it.
fn masked(annotation: &Annotation, mask: &Mask) -> Annotation {
    let Annotation {
        path,
        start_line,
        end_line,
        start_column,
        end_column,
        level,
        title,
        message,
        raw_details,
    } = annotation;
    Annotation {
        path: mask.text(path),
        start_line: *start_line,
        end_line: *end_line,
        start_column: *start_column,
        end_column: *end_column,
        level: *level,
        title: mask.text(title),
        message: mask.text(message),
        raw_details: raw_details.as_ref().map(|text| mask.text(text)),
    }
}

/// The sticky comment without its marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentBody {
    pub markdown: String,
    /// What may change although nothing happened (times, links to the run); a change here alone is no reason to edit.
    pub footer: String,
    pub verdict: Verdict,
    pub findings: u64,
    /// Nothing to see to: under `on_findings` this makes no comment, but it does bring an earlier one up to date.
    pub clean: bool,
}

impl CommentBody {
    fn masked(&self, mask: &Mask) -> Self {
        let Self {
            markdown,
            footer,
            verdict,
            findings,
            clean,
        } = self;
        Self {
            markdown: mask.text(markdown),
            footer: mask.text(footer),
            verdict: *verdict,
            findings: *findings,
            clean: *clean,
        }
    }
}

/// The issue about the default branch without its marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueBody {
    /// Used when it is opened; a person may change it afterwards.
    pub title: String,
    pub markdown: String,
    /// Links to the run, times.
    pub footer: String,
    /// A hash of what matters in the text. The rest (how much was read, ids of requests) is no reason to edit.
    pub essence: String,
    /// Nothing is found: this opens no issue, and closes an open one.
    pub clean: bool,
    /// Which findings there are, for the next run.
    pub state: State,
    /// The same findings, for saying which of them are new; the worst first.
    pub findings: Vec<NamedFinding>,
}

/// A finding in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFinding {
    pub fingerprint: String,
    pub markdown: String,
}

impl IssueBody {
    pub fn fingerprints(&self) -> Vec<&str> {
        let findings = self.findings.iter();
        findings
            .map(|finding| finding.fingerprint.as_str())
            .collect()
    }

    fn masked(&self, mask: &Mask) -> Self {
        Self {
            title: mask.text(&self.title),
            markdown: mask.text(&self.markdown),
            footer: mask.text(&self.footer),
            essence: self.essence.clone(),
            clean: self.clean,
            state: self.state.clone(),
            findings: self
                .findings
                .iter()
                .map(|finding| NamedFinding {
                    fingerprint: finding.fingerprint.clone(),
                    markdown: mask.text(&finding.markdown),
                })
                .collect(),
        }
    }
}

/// How the check run ends. GitHub lets success, neutral and skipped satisfy a required check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    Success,
    Neutral,
    Failure,
    Skipped,
    Cancelled,
}

impl Conclusion {
    /// Agrees with the exit status: what fails the job fails the check run, and what could not be told is never green
    /// unless `on_error: neutral` asks for it.
    pub fn of(verdict: Verdict, strict: bool, neutral_on_error: bool) -> Self {
        match verdict {
            Verdict::Pass => Self::Success,
            Verdict::Warn if !strict => Self::Neutral,
            Verdict::Error if neutral_on_error => Self::Neutral,
            Verdict::Warn | Verdict::Fail | Verdict::Error => Self::Failure,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Neutral => "neutral",
            Self::Failure => "failure",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_could_not_tell_is_never_green_by_default() {
        assert_eq!(
            Conclusion::of(Verdict::Error, false, false),
            Conclusion::Failure
        );
        assert_eq!(
            Conclusion::of(Verdict::Error, true, true),
            Conclusion::Neutral
        );
    }

    #[test]
    fn a_warning_is_neutral_unless_it_fails_the_job() {
        assert_eq!(
            Conclusion::of(Verdict::Warn, false, false),
            Conclusion::Neutral
        );
        assert_eq!(
            Conclusion::of(Verdict::Warn, true, false),
            Conclusion::Failure
        );
        assert_eq!(
            Conclusion::of(Verdict::Fail, false, true),
            Conclusion::Failure
        );
        assert_eq!(
            Conclusion::of(Verdict::Pass, true, true),
            Conclusion::Success
        );
    }
}
