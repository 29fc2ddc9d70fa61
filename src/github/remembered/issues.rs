//! Finds the result in the issue about the default branch.

use serde::Deserialize;
use serde_json::Value;

use super::{Found, Wanted, issue_key, issue_marker};
use crate::{
    baseline::{Remembered, State},
    github::{
        client::{Call, Client, ClientError, encode},
        comment::author::{Author, User},
    },
};

const PER_PAGE: usize = 100;

/// Maximum number of pages. An issue on a later page has not been updated for long.
const MOST_PAGES: usize = 3;

#[derive(Debug, Deserialize)]
struct Issue {
    #[serde(default)]
    number: Option<u64>,
    #[serde(default)]
    body: Option<String>,
    /// Null if the account was deleted.
    #[serde(default)]
    user: Option<User>,
    /// Present if the entry is a pull request, which GitHub lists among the issues.
    #[serde(default)]
    pull_request: Option<Value>,
}

/// Finds the issue's result. A missing permission counts as no issue, because most workflows have neither.
pub(super) async fn find(
    client: &mut Client,
    wanted: &Wanted<'_>,
    author: &Author,
) -> Result<Found, ClientError> {
    let mut found = Found::default();
    let Some(repository) = &wanted.context.repository else {
        return Ok(found);
    };
    let marker = issue_marker(&issue_key(wanted.config, wanted.series));
    for page in 1..=MOST_PAGES {
        let path = format!(
            "/repos/{repository}/issues?labels={}&state=all&sort=updated&direction=desc&per_page={PER_PAGE}&page={page}",
            encode(wanted.issue_label)
        );
        let issues: Vec<Issue> = match client.read(Call::get(path)).await {
            Ok(issues) => issues,
            Err(error) if error.is_final() && matches!(error.status(), Some(403 | 404 | 410)) => {
                return Ok(found);
            }
            Err(error) => return Err(error),
        };
        for issue in &issues {
            found.take(issue.read(&marker, author));
        }
        if issues.len() < PER_PAGE {
            break;
        }
    }
    Ok(found)
}

impl Issue {
    /// Reads the kept result. Anybody can write the marker, so only our own issues are trusted. An issue without a
    /// result is being written.
    fn read(&self, marker: &str, author: &Author) -> Found {
        let is_ours =
            self.pull_request.is_none() && self.user.as_ref().is_some_and(|user| author.is(user));
        let body = self.body.as_deref().unwrap_or_default();
        let first = body.lines().next().unwrap_or_default().trim_end();
        if !is_ours || first != marker {
            return Found::default();
        }
        let number = self.number.unwrap_or_default();
        Found {
            earlier: State::find(body).map(|state| Remembered {
                state,
                source: format!("issue #{number}"),
            }),
            ..Found::default()
        }
    }
}
