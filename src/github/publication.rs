//! The rendered report for GitHub. Renderers keep it within GitHub's limits; the publisher only truncates as a
//! fallback.

use std::collections::BTreeMap;

use crate::{
    baseline::FindingsSnapshot,
    contract::Verdict,
    report::{Annotation, Mask},
};

/// The report of one run, for all the places on GitHub that show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    pub verdict: Verdict,
    pub conclusion: Conclusion,
    /// Title of the check run.
    pub title: String,
    /// Summary of the check run, as Markdown.
    pub summary: String,
    /// Text below the summary of the check run, as Markdown.
    pub text: Option<String>,
    pub annotations: Vec<Annotation>,
    /// `None` if there is nothing to comment, whatever the mode.
    pub comment: Option<CommentBody>,
    /// `None` if the state of the default branch is unknown, for example without a verdict.
    pub issue: Option<IssueBody>,
    /// Job summary as Markdown.
    pub job_summary: String,
    /// Outputs of the step. The publisher adds `check_run_url`, which only it knows.
    pub outputs: BTreeMap<String, String>,
}

impl Publication {
    /// Masks all texts. This must happen before truncation, because a mask does not find half a secret.
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

/// Masks one annotation. The destructuring makes a new field a compile error until somebody decides whether to mask it.
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

/// Body of the sticky comment, without its marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentBody {
    pub markdown: String,
    /// Times and links to the run. A difference only in this part causes no edit.
    pub footer: String,
    pub verdict: Verdict,
    pub findings: u64,
    /// True if there is nothing to act on. With `on_findings` this creates no comment, but still updates an existing
    /// one.
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

/// Body of the issue about the default branch, without its marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueBody {
    /// Title of a new issue. A person may change it later.
    pub title: String,
    pub markdown: String,
    /// Times and links to the run.
    pub footer: String,
    /// A hash of the part of the text that matters. A difference elsewhere, such as request ids or the number of rows,
    /// causes no edit.
    pub content_hash: String,
    /// True if there are no findings. Such a result opens no issue and closes an open one.
    pub clean: bool,
    /// Findings in a form that the next run reads back.
    pub state: FindingsSnapshot,
    /// The same findings as lines of text, to list the new ones. The most severe come first.
    pub findings: Vec<NamedFinding>,
}

/// A finding as one line of text.
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
            content_hash: self.content_hash.clone(),
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

/// Conclusion of the check run. On GitHub, success, neutral and skipped satisfy a required check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    Success,
    Neutral,
    Failure,
    Skipped,
    Cancelled,
}

impl Conclusion {
    /// Derives the conclusion, consistent with the exit status: if the job fails, so does the check run. A run without
    /// a verdict is never green unless `on_error: neutral` asks for it.
    pub fn new(verdict: Verdict, strict: bool, neutral_on_error: bool) -> Self {
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
            Conclusion::new(Verdict::Error, false, false),
            Conclusion::Failure
        );
        assert_eq!(
            Conclusion::new(Verdict::Error, true, true),
            Conclusion::Neutral
        );
    }

    #[test]
    fn a_warning_is_neutral_unless_it_fails_the_job() {
        assert_eq!(
            Conclusion::new(Verdict::Warn, false, false),
            Conclusion::Neutral
        );
        assert_eq!(
            Conclusion::new(Verdict::Warn, true, false),
            Conclusion::Failure
        );
        assert_eq!(
            Conclusion::new(Verdict::Fail, false, true),
            Conclusion::Failure
        );
        assert_eq!(
            Conclusion::new(Verdict::Pass, true, true),
            Conclusion::Success
        );
    }
}
