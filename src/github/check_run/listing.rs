//! Lists the check runs of a commit.

use serde::Deserialize;

use crate::github::{
    client::{Call, Client, ClientError, encode},
    context::Repository,
};

/// The check runs of one name on one commit, re-runs included, the newest first.
#[derive(Debug)]
pub(in crate::github) struct Listing<'a> {
    pub repository: &'a Repository,
    pub sha: &'a str,
    pub name: &'a str,
    /// If set, only check runs of this status are listed.
    pub status: Option<&'static str>,
    pub per_page: usize,
    pub max_pages: usize,
}

/// A check run in a response of GitHub.
#[derive(Debug, Deserialize)]
pub(in crate::github) struct Known {
    pub id: u64,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub status: Option<String>,
    #[serde(default)]
    pub conclusion: Option<String>,
    #[serde(default)]
    pub html_url: Option<String>,
    #[serde(default)]
    pub external_id: Option<String>,
    #[serde(default)]
    pub app: Option<App>,
    #[serde(default)]
    pub output: Option<KnownOutput>,
}

#[derive(Debug, Deserialize)]
pub(in crate::github) struct App {
    #[serde(default)]
    pub slug: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(in crate::github) struct KnownOutput {
    #[serde(default)]
    pub summary: Option<String>,
    #[serde(default)]
    pub annotations_count: Option<usize>,
}

#[derive(Debug, Deserialize)]
struct Page {
    #[serde(default)]
    check_runs: Vec<Known>,
}

impl Known {
    pub(in crate::github) fn is_completed(&self) -> bool {
        self.status.as_deref() == Some("completed")
    }

    /// Returns the name of the app that wrote it.
    pub(in crate::github) fn app(&self) -> Option<&str> {
        self.app.as_ref()?.slug.as_deref()
    }
}

pub(in crate::github) async fn list(
    client: &mut Client,
    listing: &Listing<'_>,
) -> Result<Vec<Known>, ClientError> {
    let status = listing
        .status
        .map_or_else(String::new, |status| format!("&status={status}"));
    let mut all = Vec::new();
    for page in 1..=listing.max_pages {
        let path = format!(
            "/repos/{}/commits/{}/check-runs?check_name={}{status}&filter=all&per_page={}&page={page}",
            listing.repository,
            listing.sha,
            encode(listing.name),
            listing.per_page
        );
        let Page { check_runs } = client.read(Call::get(path)).await?;
        let is_last = check_runs.len() < listing.per_page;
        all.extend(check_runs);
        if is_last {
            break;
        }
    }
    Ok(all)
}
