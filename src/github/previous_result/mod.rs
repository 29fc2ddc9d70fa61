//! Finds the last result of the default branch, which is stored on GitHub in a check run or an issue.

mod check_runs;
mod issues;
mod key;
mod query;

use super::{
    author::Identity,
    client::{Client, ClientError},
};
use crate::{
    baseline::{FindingsSnapshot, PreviousSnapshot},
    problem::{Explain as _, Warning},
};

pub(super) use key::{issue_key, issue_marker};
pub(super) use query::ResultQuery;

/// Result of the search.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct PreviousResult {
    /// The newest trusted result.
    pub earlier: Option<PreviousSnapshot>,
    /// The reason why there is no result, if one could not be read or was not trusted.
    pub problem: Option<Warning>,
}

/// Result of searching one place.
#[derive(Debug, Default)]
pub(super) struct FoundResult {
    earlier: Option<PreviousSnapshot>,
    /// True if a trusted check run or issue exists, but its result cannot be read.
    is_damaged: bool,
    /// The app that wrote a check run of the same name, if it is another one.
    other_app: Option<String>,
}

/// Returns the end of the check run's summary, or `None` if the result is too large to store.
pub(super) fn block(
    config: &str,
    report_kind: Option<&str>,
    state: &FindingsSnapshot,
) -> Option<String> {
    let marker = key::result_marker(&issue_key(config, report_kind));
    Some(format!("{marker}\n{}", state.line()?))
}

/// Searches the check runs of the default branch's latest commits and its issue, and returns the newest result.
pub(super) async fn find(
    client: &mut Client,
    identity: &mut Identity,
    query: &ResultQuery<'_>,
) -> PreviousResult {
    let app = identity.author(client).await.app().to_owned();
    let in_check_runs = check_runs::find(client, query, &app).await;
    let in_issues = issues::find(client, identity, query).await;
    let mut previous = PreviousResult::default();
    let mut is_damaged = false;
    let mut other_app = None;
    let mut errors = Vec::new();
    for found in [in_check_runs, in_issues] {
        match found {
            Ok(found) => {
                previous.take(found.earlier);
                is_damaged |= found.is_damaged;
                other_app = other_app.or(found.other_app);
            }
            Err(error) => errors.push(error),
        }
    }
    let is_missing = previous.earlier.is_none();
    previous.problem = match (errors.first(), other_app) {
        (Some(error), _) if is_missing => Some(unreadable(error)),
        _ if is_damaged => Some(damaged()),
        (_, Some(app)) if is_missing => Some(by_another(&app)),
        _ => None,
    };
    previous
}

impl PreviousResult {
    fn take(&mut self, other: Option<PreviousSnapshot>) {
        let taken = |earlier: &Option<PreviousSnapshot>| {
            earlier.as_ref().map(|snapshot| snapshot.state.taken)
        };
        if taken(&other) > taken(&self.earlier) {
            self.earlier = other;
        }
    }
}

impl FoundResult {
    fn take(&mut self, other: Self) {
        let taken = |earlier: &Option<PreviousSnapshot>| {
            earlier.as_ref().map(|snapshot| snapshot.state.taken)
        };
        if taken(&other.earlier) > taken(&self.earlier) {
            self.earlier = other.earlier;
        }
        self.is_damaged |= other.is_damaged;
        self.other_app = self.other_app.take().or(other.other_app);
    }
}

fn unreadable(error: &ClientError) -> Warning {
    let hint = match error.status() {
        Some(403 | 404) => {
            "give the job `checks: read` or `write`, and `contents: read`".to_owned()
        }
        _ => error.hint(),
    };
    Warning::new(format!(
        "the last result of the default branch cannot be read, so that nothing is known: {}",
        Warning::from(error).text
    ))
    .hint(hint)
}

fn damaged() -> Warning {
    Warning::new("a result that was kept on the default branch is damaged and is not used")
        .hint("the next run on the default branch keeps a new one")
}

fn by_another(app: &str) -> Warning {
    Warning::new(format!(
        "the check runs of this name on the default branch are by `{app}`, and are not believed"
    ))
    .hint("use the same `github_token` on the default branch as on pull requests")
}
