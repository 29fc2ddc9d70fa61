//! Finds the result in the issue about the default branch.

use serde::{Deserialize, de::IgnoredAny};

use super::{FoundResult, ResultQuery, issue_key, issue_marker};
use crate::{
    baseline::{FindingsSnapshot, PreviousSnapshot},
    github::{
        author::{Identity, User},
        client::{Client, ClientError, encode},
        marker::{self, List, MarkedText, Marker},
    },
};

/// Maximum number of pages. An issue on a later page has not been updated for long.
const MAX_PAGES: usize = 3;

#[derive(Debug, Deserialize)]
struct StoredIssue {
    #[serde(default)]
    number: Option<u64>,
    #[serde(default)]
    body: Option<String>,
    /// Null if the account was deleted.
    #[serde(default)]
    user: Option<User>,
    /// Present if the entry is a pull request, which GitHub lists among the issues.
    #[serde(default)]
    pull_request: Option<IgnoredAny>,
}

impl MarkedText for StoredIssue {
    fn text(&self) -> Option<&str> {
        let is_issue = self.pull_request.is_none();
        self.body.as_deref().filter(|_| is_issue)
    }

    fn user(&self) -> Option<&User> {
        self.user.as_ref()
    }
}

/// Finds the issue's result. Without permission to read issues, there is no result: most workflows have neither the
/// permission nor an issue.
pub(super) async fn find(
    client: &mut Client,
    identity: &mut Identity,
    query: &ResultQuery<'_>,
) -> Result<FoundResult, ClientError> {
    let mut found = FoundResult::default();
    let Some(repository) = &query.context.repository else {
        return Ok(found);
    };
    let marker = Marker::new(issue_marker(&issue_key(query.config, query.report_kind)));
    let list = List {
        path: format!(
            "/repos/{repository}/issues?labels={}&state=all&sort=updated&direction=desc",
            encode(query.issue_label)
        ),
        max_pages: MAX_PAGES,
    };
    match marker::find::<StoredIssue>(client, identity, &marker, &list).await {
        Ok(marker::OwnEntries::Found(issues)) => {
            for issue in &issues {
                found.take(issue.read());
            }
            Ok(found)
        }
        Ok(marker::OwnEntries::TooManyPages | marker::OwnEntries::AuthorUnknown) => Ok(found),
        Err(error) if error.is_final() && matches!(error.status(), Some(403 | 404 | 410)) => {
            Ok(found)
        }
        Err(error) => Err(error),
    }
}

impl StoredIssue {
    /// Reads the stored result. An issue without one is just being written.
    fn read(&self) -> FoundResult {
        let number = self.number.unwrap_or_default();
        FoundResult {
            earlier: FindingsSnapshot::find(self.text().unwrap_or_default()).map(|state| {
                PreviousSnapshot {
                    state,
                    source: format!("issue #{number}"),
                }
            }),
            ..FoundResult::default()
        }
    }
}
