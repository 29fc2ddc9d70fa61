//! Explains which part of the report GitHub rejected, and where it went instead.

use crate::{
    github::{client::ClientError, context::Context},
    problem::{Explain as _, Warning},
};

/// The rejected part of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fallback {
    PullRequest,
    Commit,
    CheckRun,
    Annotations(usize),
    Conclusion,
    Comment,
    Issue,
    IssueComment,
}

impl Fallback {
    /// Returns the warning about the rejected part.
    pub(super) fn warning(self, error: &ClientError, context: &Context) -> Warning {
        let cause = Warning::from(error);
        let meaning = match self {
            Self::PullRequest => {
                "the pull request could not be looked up, so nothing is reported on it".to_owned()
            }
            Self::Commit => {
                "GitHub does not know the commit of the event; the report is on `GITHUB_SHA`"
                    .to_owned()
            }
            Self::CheckRun => {
                "there is no check run; findings are in the log and the job summary instead"
                    .to_owned()
            }
            Self::Annotations(count) => {
                let annotations = annotations_are(count);
                format!("{annotations} not on the check run but in the log and the job summary")
            }
            Self::Conclusion => {
                "the check run could not be concluded; GitHub shows it as running".to_owned()
            }
            Self::Comment => {
                "there is no comment; the report is in the job summary instead".to_owned()
            }
            Self::Issue => {
                "the issue is not up to date; the report is in the job summary".to_owned()
            }
            Self::IssueComment => {
                "the issue is up to date, but the comment on what has changed may be missing"
                    .to_owned()
            }
        };
        // A read-only token gets status 403. An invalid token, or one without access to the repository, gets another
        // status.
        let may_not_write = error.status() == Some(403);
        let expected = if may_not_write && context.origin.is_dependabot {
            Some("GitHub gives runs of Dependabot a token that can only read, so nothing is wrong")
        } else if may_not_write && context.expects_read_only() {
            Some(
                "GitHub gives pull requests from forks a token that can only read, so nothing is wrong",
            )
        } else {
            None
        };
        let (message, hint) = match expected {
            Some(expected) => (format!("{meaning}: {expected}"), String::new()),
            None => (format!("{meaning}: {}", cause.text), self.hint(error)),
        };
        Warning::new(message).hint(hint)
    }
}

impl Fallback {
    fn hint(self, error: &ClientError) -> String {
        if !matches!(self, Self::Issue | Self::IssueComment) || error.is_limit() {
            return error.hint();
        }
        match error.status() {
            Some(410) => "switch issues on in the settings of the repository, or set `issue: off`",
            Some(403 | 404) => {
                "give the job `permissions: { contents: read, issues: write }`, unlock the issue if it is locked, or set \
                 `issue: off`"
            }
            _ => return error.hint(),
        }
        .to_owned()
    }
}

/// Returns the number of annotations with its verb.
pub(super) fn annotations_are(count: usize) -> String {
    match count {
        1 => "1 annotation is".to_owned(),
        count => format!("{count} annotations are"),
    }
}

/// Returns a warning that nothing was written, because a duplicate could not be ruled out.
pub(super) fn author_unknown(message: &str) -> Warning {
    Warning::new(message).hint(
        "let the runner reach GitHub's GraphQL API, which names the account, or delete the old one",
    )
}

pub(super) fn locked() -> Warning {
    Warning::new(
        "there is no comment: the pull request is locked; the report is in the job summary instead",
    )
    .hint("unlock the pull request, or set `comment: off`")
}
