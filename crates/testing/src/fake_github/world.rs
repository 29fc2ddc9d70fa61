//! The state of the fake: one repository with its tokens, commits, pull requests, comments and check runs.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::request::Parts;
use serde_json::{Value, json};

use super::{Fault, Kind};

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct World {
    /// `owner/name` of the only repository.
    pub repository: String,
    /// Empty for github.com, `/api/v3` for an Enterprise Server.
    pub prefix: &'static str,
    /// Tokens by their text.
    pub tokens: BTreeMap<String, Token>,
    pub commits: BTreeSet<String>,
    /// Commits by branch, the newest first.
    pub branches: BTreeMap<String, Vec<String>>,
    pub pulls: Vec<Pull>,
    pub comments: Vec<Comment>,
    /// Issues. They share their numbers with pull requests.
    pub issues: Vec<Issue>,
    pub labels: BTreeSet<String>,
    /// False if issues are disabled in the settings of the repository.
    pub has_issues: bool,
    /// True to drop the labels of new issues, as GitHub has done.
    pub drops_labels: bool,
    pub check_runs: Vec<CheckRun>,
    /// Workflow runs, by id.
    pub workflow_runs: BTreeSet<u64>,
    /// Scheduled runs of each workflow file, the newest first.
    pub scheduled_runs: BTreeMap<String, Vec<Value>>,
    /// The job's own check runs, which only GitHub Actions may change.
    pub internal_check_runs: BTreeSet<u64>,
    /// Contents by commit and path.
    pub files: BTreeMap<(String, String), Vec<u8>>,
    pub answers_graphql: bool,
    /// True to omit optional fields from responses, as some GitHub-compatible servers do.
    pub sparse: bool,
    pub faults: Vec<Fault>,
    /// A fault of every request.
    pub always: Option<Kind>,
    pub requests: Vec<RecordedRequest>,
    pub violations: Vec<String>,
    /// Requests refused without a rule violation, such as `403 POST /repos/acme/shop/check-runs`.
    pub refusals: Vec<String>,
    pub next_id: u64,
}

/// The permissions and the identity of a token.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a permission")]
pub struct Token {
    pub app: &'static str,
    pub bot_id: u64,
    pub sees_repository: bool,
    pub reads_checks: bool,
    pub reads_contents: bool,
    pub writes_checks: bool,
    pub reads_pulls: bool,
    pub writes_pulls: bool,
    pub reads_issues: bool,
    pub writes_issues: bool,
    pub reads_actions: bool,
}

#[derive(Debug, Clone)]
pub struct Pull {
    pub number: u64,
    pub state: &'static str,
    pub head_sha: String,
    pub head_branch: String,
    /// `None` if the fork was deleted.
    pub head_repository: Option<String>,
    pub base_sha: String,
    pub base_repository: String,
    pub locked: bool,
    pub files: Vec<Value>,
}

#[derive(Debug, Clone)]
pub struct Comment {
    pub id: u64,
    pub number: u64,
    /// Login, id and kind; `None` for a ghost.
    pub author: Option<(String, u64, &'static str)>,
    pub body: String,
}

#[derive(Debug, Clone)]
pub struct Issue {
    pub number: u64,
    /// Login, id and kind; `None` for a ghost.
    pub author: Option<(String, u64, &'static str)>,
    pub title: String,
    pub body: String,
    pub labels: Vec<String>,
    pub is_open: bool,
    pub reason: Option<String>,
    pub locked: bool,
    /// A counter that increases with every change of the repository.
    pub updated: u64,
}

#[derive(Debug, Clone)]
pub struct CheckRun {
    pub id: u64,
    pub app: &'static str,
    pub name: String,
    pub sha: String,
    pub status: String,
    pub conclusion: Option<String>,
    pub external_id: String,
    pub output: Value,
    pub annotations: Vec<Value>,
}

/// A recorded request.
#[derive(Debug, Clone)]
pub struct RecordedRequest {
    pub method: String,
    pub path: String,
    pub query: String,
    /// Headers by lower-case name, including the token.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

pub const TOKEN: &str = "ghs_default";

impl World {
    /// Creates `acme/shop` with pull request 7 from one of its own branches, and the default token of a correctly
    /// configured job.
    pub fn new() -> Self {
        let pull = Pull::new(7, &Self::sha(1), &Self::sha(9));
        Self {
            repository: "acme/shop".to_owned(),
            prefix: "",
            tokens: BTreeMap::from([(TOKEN.to_owned(), Token::writing())]),
            commits: (1..10).map(Self::sha).collect(),
            branches: BTreeMap::from([(
                "main".to_owned(),
                vec![Self::sha(9), Self::sha(8), Self::sha(4)],
            )]),
            pulls: vec![pull],
            comments: Vec::new(),
            issues: Vec::new(),
            labels: BTreeSet::new(),
            has_issues: true,
            drops_labels: false,
            check_runs: Vec::new(),
            workflow_runs: BTreeSet::new(),
            scheduled_runs: BTreeMap::new(),
            internal_check_runs: BTreeSet::new(),
            files: BTreeMap::new(),
            answers_graphql: true,
            sparse: false,
            faults: Vec::new(),
            always: None,
            requests: Vec::new(),
            violations: Vec::new(),
            refusals: Vec::new(),
            next_id: 1000,
        }
    }

    /// Returns the commit with this number.
    pub fn sha(number: u8) -> String {
        format!("{number:02x}").repeat(20)
    }

    pub fn pull(&mut self, number: u64) -> &mut Pull {
        self.pulls
            .iter_mut()
            .find(|pull| pull.number == number)
            .expect("a pull request of this number")
    }

    pub fn fail(&mut self, method: &'static str, path: &'static str, kind: Kind) {
        self.faults.push(Fault { method, path, kind });
    }

    /// Adds a comment as if it had been written before; `None` is a ghost.
    pub fn preload(&mut self, author: Option<(&str, u64, &'static str)>, body: &str) -> u64 {
        let id = self.new_id();
        self.comments.push(Comment {
            id,
            number: 7,
            author: author.map(|(login, id, kind)| (login.to_owned(), id, kind)),
            body: body.to_owned(),
        });
        id
    }

    /// Adds an issue as if it had been opened before; `None` is a ghost.
    pub fn preload_issue(
        &mut self,
        author: Option<(&str, u64, &'static str)>,
        labels: &[&str],
        body: &str,
    ) -> u64 {
        let number = self.new_id();
        self.issues.push(Issue {
            number,
            author: author.map(|(login, id, kind)| (login.to_owned(), id, kind)),
            title: "An issue".to_owned(),
            body: body.to_owned(),
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            is_open: true,
            reason: None,
            locked: false,
            updated: number,
        });
        number
    }

    pub(super) fn new_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub(super) fn violate(&mut self, rule: impl Into<String>) {
        self.violations.push(rule.into());
    }
}

impl Token {
    pub fn writing() -> Self {
        Self {
            app: "github-actions",
            bot_id: 41_898_282,
            sees_repository: true,
            reads_checks: true,
            reads_contents: true,
            writes_checks: true,
            reads_pulls: true,
            writes_pulls: true,
            reads_issues: true,
            writes_issues: true,
            reads_actions: false,
        }
    }

    pub fn reading() -> Self {
        Self {
            writes_checks: false,
            writes_pulls: false,
            writes_issues: false,
            ..Self::writing()
        }
    }

    pub(super) fn login(&self) -> String {
        format!("{}[bot]", self.app)
    }
}

impl Pull {
    pub fn new(number: u64, head_sha: &str, base_sha: &str) -> Self {
        Self {
            number,
            state: "open",
            head_sha: head_sha.to_owned(),
            head_branch: "feature".to_owned(),
            head_repository: Some("acme/shop".to_owned()),
            base_sha: base_sha.to_owned(),
            base_repository: "acme/shop".to_owned(),
            locked: false,
            files: Vec::new(),
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let repository = |name: &String| {
            let owner = name.split('/').next().unwrap_or_default();
            json!({"full_name": name, "owner": {"login": owner}})
        };
        json!({
            "number": self.number,
            "state": self.state,
            "locked": self.locked,
            "head": {
                "sha": self.head_sha,
                "ref": self.head_branch,
                "repo": self.head_repository.as_ref().map(repository),
            },
            "base": {"sha": self.base_sha, "ref": "main", "repo": repository(&self.base_repository)},
        })
    }
}

impl RecordedRequest {
    pub(super) fn of(parts: &Parts, body: &[u8]) -> Self {
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        Self {
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), text(value.as_bytes())))
                .collect(),
            body: text(body),
        }
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// Returns the decoded value of a parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}
