//! What this job is about: which commit and pull request it reports on, and whom it may trust.

use std::collections::BTreeMap;

use crate::problem::Problem;

mod resolve;
mod run;

pub use run::{Repository, Run};

/// The variables that `Context::resolve` reads.
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

/// What the environment and the event payload say, judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    pub event_name: String,
    /// The base repository; every call goes there, also for a pull request from a fork.
    pub repository: Option<Repository>,
    pub api_url: String,
    pub server_url: String,
    pub run: Run,
    /// The commit to report on. For a pull request it is its head: `GITHUB_SHA` is the merge commit there.
    pub sha: Option<String>,
    /// `GITHUB_SHA`, for when GitHub does not know `sha`.
    pub fallback_sha: Option<String>,
    pub pull_request: Option<u64>,
    /// The base of the pull request, where the event or GitHub says it.
    pub base_sha: Option<String>,
    /// How to find out through the API what the payload does not say.
    pub search: Search,
    pub check_run: Due,
    pub comment: Due,
    /// The one issue about the default branch.
    pub issue: Due,
    /// Whether this is about the default branch as it is, and not about a pull request.
    pub is_default_branch: bool,
    pub trust: Trust,
    pub default_branch: Option<String>,
    pub is_fork: bool,
    pub is_dependabot: bool,
    /// Why there is nothing to report on at all, such as a deleted branch.
    pub nothing_to_do: Option<String>,
    /// What could not be made out, and what that means for the report.
    pub problems: Vec<Problem>,
}

/// What a result says something about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// A change that is not on its branch yet: a pull request or a merge group.
    Proposed,
    /// The default branch as it is.
    Landed,
    /// Something else, such as a branch without a pull request.
    Other,
}

/// Whether an event is reported in some place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Unless it is switched off.
    Yes,
    /// Only when it was switched on.
    OnRequest,
    No,
}

/// What is asked of the API to find the pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    Nothing,
    /// The open pull request whose head is this commit.
    Commit(String),
    /// The open pull request from this branch whose head is this commit; the payload names none for forks.
    Head {
        owner: String,
        branch: String,
        sha: String,
    },
    /// The head of a pull request that is known by number only.
    Number(u64),
}

/// Whether what is checked out may be trusted with the credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    Ordinary,
    /// Somebody else's code may meet secrets: the configuration is read from this commit instead.
    BaseOnly {
        base_sha: Option<String>,
    },
}

impl Context {
    /// From the variables of the environment and the content of the event file. Whatever is missing or broken becomes
    /// a problem, not an error: a report can still be made elsewhere.
    pub fn resolve(variables: &BTreeMap<String, String>, payload: Option<&str>) -> Self {
        resolve::resolve(variables, payload)
    }

    /// GitHub gives such runs a token that can only read, unless somebody changed the defaults; a hint, not a fact.
    pub fn expects_read_only(&self) -> bool {
        self.is_dependabot
            || (self.is_fork && self.event_name.starts_with("pull_request") && !self.is_target())
    }

    /// The page of this run.
    pub fn run_url(&self) -> Option<String> {
        let repository = self.repository.as_ref()?;
        (self.run.id > 0).then(|| {
            format!(
                "{}/{repository}/actions/runs/{}",
                self.server_url, self.run.id
            )
        })
    }

    /// Final only once GitHub was asked what the event left open.
    pub fn stage(&self) -> Stage {
        let is_proposed = match self.event_name.as_str() {
            "merge_group" => true,
            "workflow_run" | "workflow_dispatch" | "issue_comment" => self.pull_request.is_some(),
            name => name.starts_with("pull_request"),
        };
        if is_proposed {
            Stage::Proposed
        } else if self.is_default_branch {
            Stage::Landed
        } else {
            Stage::Other
        }
    }

    /// Whether the event is one of a pull request itself, so that what is checked out is the pull request.
    pub fn is_of_pull_request(&self) -> bool {
        self.event_name.starts_with("pull_request") && self.pull_request.is_some()
    }

    fn is_target(&self) -> bool {
        self.event_name == "pull_request_target"
    }
}

impl Due {
    /// `wish` is what the user said, if anything.
    pub fn is_wanted(self, wish: Option<bool>) -> bool {
        match self {
            Self::Yes => wish.unwrap_or(true),
            Self::OnRequest => wish.unwrap_or(false),
            Self::No => false,
        }
    }
}

/// 40 hexadecimal digits, or 64 in a SHA-256 repository.
pub(in crate::github) fn is_sha(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn problem(message: impl Into<String>, hint: &str) -> Problem {
    Problem {
        message: message.into(),
        hint: hint.to_owned(),
        place: None,
    }
}
