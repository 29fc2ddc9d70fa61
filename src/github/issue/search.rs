//! Finds our issue by its label, or else among the latest issues of the token's account.

use serde::{Deserialize, de::IgnoredAny};

use super::target::IssueTarget;
use crate::github::{
    author::{Identity, User},
    client::{Client, ClientError, encode},
    marker::{self, List, MarkedText, Marker, OwnEntries},
};

/// Maximum number of pages. An issue beyond the first 5,000 could not be found again, so none is opened.
const MAX_PAGES: usize = 50;

/// Maximum number of pages of the account's issues, most recently updated first.
const MAX_PAGES_OF_AUTHOR: usize = 3;

#[derive(Debug, Deserialize)]
pub(super) struct ListedIssue {
    pub number: u64,
    #[serde(default)]
    pub state: Option<String>,
    #[serde(default)]
    pub body: Option<String>,
    /// Null if the account was deleted.
    #[serde(default)]
    user: Option<User>,
    #[serde(default)]
    pub html_url: Option<String>,
    /// Present if the entry is a pull request, which GitHub lists among the issues.
    #[serde(default)]
    pull_request: Option<IgnoredAny>,
}

impl ListedIssue {
    pub(super) fn is_open(&self) -> bool {
        self.state.as_deref() != Some("closed")
    }
}

impl MarkedText for ListedIssue {
    fn text(&self) -> Option<&str> {
        let is_issue = self.pull_request.is_none();
        self.body.as_deref().filter(|_| is_issue)
    }

    fn user(&self) -> Option<&User> {
        self.user.as_ref()
    }
}

/// Finds our issues, open or closed, oldest first.
pub(super) async fn find_own_issues(
    client: &mut Client,
    identity: &mut Identity,
    target: &IssueTarget<'_>,
    marker: &Marker,
) -> Result<OwnEntries<ListedIssue>, ClientError> {
    let list = |filter: &str, max_pages| List {
        path: format!("/repos/{}/issues?state=all&{filter}", target.repository),
        max_pages,
    };
    let labelled = format!("labels={}&sort=created&direction=asc", encode(target.label));
    let found = marker::find(client, identity, marker, &list(&labelled, MAX_PAGES)).await?;
    if !matches!(&found, OwnEntries::Found(issues) if issues.is_empty()) {
        return Ok(sorted(found));
    }
    // A person may have removed the label, and GitHub drops labels that the token may not set.
    let author = identity.author(client).await;
    let creator = if author.is_assumed() {
        String::new()
    } else {
        format!("creator={}&", encode(author.login()))
    };
    let latest = list(
        &format!("{creator}sort=updated&direction=desc"),
        MAX_PAGES_OF_AUTHOR,
    );
    match marker::find(client, identity, marker, &latest).await {
        // An issue of ours would be among the latest.
        Ok(OwnEntries::TooManyPages) => Ok(OwnEntries::Found(Vec::new())),
        // An account that GitHub does not know has no issues.
        Err(error) if matches!(error.status(), Some(404 | 422)) => {
            Ok(OwnEntries::Found(Vec::new()))
        }
        found => found.map(sorted),
    }
}

fn sorted(found: OwnEntries<ListedIssue>) -> OwnEntries<ListedIssue> {
    match found {
        OwnEntries::Found(mut issues) => {
            issues.sort_by_key(|issue| issue.number);
            OwnEntries::Found(issues)
        }
        other @ (OwnEntries::AuthorUnknown | OwnEntries::TooManyPages) => other,
    }
}
