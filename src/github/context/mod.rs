//! The context of the job: the commit and the pull request to report on, and if the checked-out code is trusted.

use std::collections::BTreeMap;

use crate::problem::Warning;

mod resolve;
mod run;

pub use run::{Repository, Run};

/// Environment variables that `Context::resolve` reads.
pub const VARIABLES: &[&str] = &[
    "GITHUB_EVENT_NAME",
    "GITHUB_REPOSITORY",
    "GITHUB_SHA",
    "GITHUB_REF",
    "GITHUB_API_URL",
    "GITHUB_SERVER_URL",
    "GITHUB_RUN_ID",
    "GITHUB_RUN_ATTEMPT",
    "GITHUB_WORKFLOW_REF",
    "GITHUB_JOB",
    "GITHUB_ACTOR",
];

/// Everything that the environment and the event payload say about the job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    pub event_name: String,
    /// The base repository. All calls use it, even for a pull request from a fork.
    pub repository: Option<Repository>,
    pub server: GithubServer,
    pub run: Run,
    pub commits: Commits,
    pub pull_request: Option<u64>,
    pub subject: Subject,
    /// The lookup for facts that the payload does not contain.
    pub search: Search,
    pub policies: ReportPolicies,
    pub trust: Trust,
    pub default_branch: Option<String>,
    pub origin: Origin,
    /// The reason why there is nothing to report on, such as a deleted branch.
    pub nothing_to_do: Option<String>,
    /// Warnings about facts that could not be determined, with the consequences for the report.
    pub warnings: Vec<Warning>,
}

/// Addresses of github.com or of an Enterprise Server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GithubServer {
    pub api_url: String,
    /// Start of the URLs of pages.
    pub url: String,
}

/// Commits of the event.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Commits {
    /// The commit to report on. For a pull request this is the head; `GITHUB_SHA` would be the merge commit.
    pub head: Option<String>,
    /// `GITHUB_SHA`, in case GitHub does not know the head.
    pub fallback: Option<String>,
    /// The head before the push, if the event names it.
    pub previous: Option<String>,
    /// Base commit of the pull request, if the event or GitHub names it.
    pub base: Option<String>,
}

/// Defaults for reporting the event in each place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportPolicies {
    pub check_run: ReportPolicy,
    pub comment: ReportPolicy,
    /// Updates of the issue about the default branch.
    pub issue: ReportPolicy,
}

/// Origin of the change.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Origin {
    pub is_fork: bool,
    pub is_dependabot: bool,
}

/// The subject of the run, according to the event and the inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The commit or the pull request of the event.
    Event,
    /// The current state of the default branch.
    DefaultBranch,
    /// A pull request that an input names.
    NamedPullRequest,
}

/// The subject of a result, which decides where it is reported and what it is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A change that is not merged yet: a pull request or a merge group.
    PullRequest,
    /// The current state of the default branch.
    DefaultBranch,
    /// Anything else, such as a branch without a pull request.
    Other,
}

/// Default for reporting an event in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportPolicy {
    /// Reported unless switched off.
    Yes,
    /// Reported only if switched on.
    OnRequest,
    No,
}

/// API lookup that finds the pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    Nothing,
    /// The open pull request whose head is this commit.
    Commit(String),
    /// The open pull request from this branch whose head is this commit. For forks, the payload names no pull request.
    Head {
        owner: String,
        branch: String,
        sha: String,
    },
    /// The head of a pull request that is known only by its number.
    Number(u64),
    /// The head of a pull request that an input names. It also decides if the code is trusted.
    Named(u64),
}

/// The trust in the checked-out code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    Ordinary,
    /// Somebody else's code might get at secrets, so the configuration is read from this commit instead.
    BaseOnly {
        base_sha: Option<String>,
    },
}

impl Context {
    /// Builds the context from the environment variables and the content of the event file. Missing or malformed input
    /// becomes a warning instead of an error, because a report may still be possible elsewhere.
    pub fn resolve(variables: &BTreeMap<String, String>, payload: Option<&str>) -> Self {
        resolve::resolve(variables, payload)
    }

    /// Reports on this pull request instead of the event's own commit. Call it before `locate`.
    pub fn name_pull_request(&mut self, number: u64) {
        let is_known = self.pull_request == Some(number) && self.is_of_pull_request();
        if !is_known {
            resolve::name_pull_request(self, number);
        }
    }

    /// Returns true if GitHub probably gave the run a read-only token, as it does by default for such runs. Repository
    /// settings can change that.
    pub fn expects_read_only(&self) -> bool {
        self.origin.is_dependabot
            || (self.origin.is_fork
                && self.event_name.starts_with("pull_request")
                && !self.is_pull_request_target())
    }

    /// Returns the URL of this workflow run.
    pub fn run_url(&self) -> Option<String> {
        let repository = self.repository.as_ref()?;
        (self.run.id > 0).then(|| {
            format!(
                "{}/{repository}/actions/runs/{}",
                self.server.url, self.run.id
            )
        })
    }

    /// Returns the URL of the pull request.
    pub fn pull_request_url(&self) -> Option<String> {
        let (repository, number) = (self.repository.as_ref()?, self.pull_request?);
        Some(format!("{}/{repository}/pull/{number}", self.server.url))
    }

    /// Returns true if the run is about the current state of the default branch rather than a pull request.
    pub fn is_default_branch(&self) -> bool {
        self.subject == Subject::DefaultBranch
    }

    fn is_named(&self) -> bool {
        self.subject == Subject::NamedPullRequest
    }

    /// Returns the subject of the result. It is final only after `locate`.
    pub fn target(&self) -> Target {
        let is_pull_request = match self.event_name.as_str() {
            "merge_group" => true,
            "workflow_run" | "issue_comment" => self.pull_request.is_some(),
            name => self.is_named() || name.starts_with("pull_request"),
        };
        if is_pull_request {
            Target::PullRequest
        } else if self.is_default_branch() {
            Target::DefaultBranch
        } else {
            Target::Other
        }
    }

    /// Returns true if the job is about a pull request whose code is checked out.
    fn is_of_pull_request(&self) -> bool {
        let is_event = self.event_name.starts_with("pull_request");
        (is_event || self.is_named()) && self.pull_request.is_some()
    }

    /// Returns true if the checked-out code belongs to a change that has a base commit: a pull request, a push to one,
    /// or a merge group. It is final only after `locate`.
    pub fn has_base(&self) -> bool {
        self.is_of_pull_request()
            || self.is_merge_group()
            || (self.event_name == "push" && self.pull_request.is_some())
    }

    /// Returns true for a merge group, whose base is exactly the commit before it.
    pub fn is_merge_group(&self) -> bool {
        self.event_name == "merge_group"
    }

    /// Returns true if `locate` has to find the pull request or its commit first.
    pub fn needs_locating(&self, comment: Option<bool>) -> bool {
        let is_reported = self.commits.head.is_none() || self.policies.comment.is_wanted(comment);
        self.nothing_to_do.is_none() && self.search != Search::Nothing && is_reported
    }

    fn is_pull_request_target(&self) -> bool {
        self.event_name == "pull_request_target"
    }
}

impl ReportPolicy {
    /// Combines the default with the user's setting, if there is one.
    pub fn is_wanted(self, wish: Option<bool>) -> bool {
        match self {
            Self::Yes => wish.unwrap_or(true),
            Self::OnRequest => wish.unwrap_or(false),
            Self::No => false,
        }
    }
}

/// Returns true for 40 hexadecimal digits, or for 64, as in a SHA-256 repository.
pub(in crate::github) fn is_sha(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn warning(message: impl Into<String>, hint: &str) -> Warning {
    Warning::new(message).hint(hint)
}
