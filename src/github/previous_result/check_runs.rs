//! Finds results in the check runs of the default branch.

use serde::Deserialize;

use super::{FoundResult, ResultQuery, issue_key, key::result_marker};
use crate::{
    baseline::{FindingsSnapshot, PreviousSnapshot},
    github::{
        check_run::{Known, Listing, list},
        client::{Call, Client, ClientError, encode},
        context::{Repository, is_sha},
    },
};

/// Maximum number of commits to search. Each takes a request, and a repository has 1,000 requests an hour.
const MAX_COMMITS: usize = 10;

/// Page size. Each check run may have 130 KB of text.
const PER_PAGE: usize = 50;

/// Maximum number of pages for a commit. Older check runs of the same name are outdated.
const MAX_PAGES: usize = 2;

#[derive(Debug, Deserialize)]
struct Commit {
    #[serde(default)]
    sha: Option<String>,
}

/// Finds the result on the newest commit that has one.
pub(super) async fn find(
    client: &mut Client,
    query: &ResultQuery<'_>,
    app: &str,
) -> Result<FoundResult, ClientError> {
    let mut found = FoundResult::default();
    let Some(repository) = &query.context.repository else {
        return Ok(found);
    };
    for sha in commits(client, repository, query).await? {
        found.take(on_commit(client, repository, query, (&sha, app)).await?);
        if found.earlier.is_some() {
            break;
        }
    }
    Ok(found)
}

/// Lists the latest commits of the default branch and the base of the change, because a change to another branch may be
/// far from them.
async fn commits(
    client: &mut Client,
    repository: &Repository,
    query: &ResultQuery<'_>,
) -> Result<Vec<String>, ClientError> {
    let base = query.context.commits.base.as_deref();
    let Some(branch) = query.context.default_branch.as_deref().or(base) else {
        return Ok(Vec::new());
    };
    let path = format!(
        "/repos/{repository}/commits?sha={}&per_page={MAX_COMMITS}",
        encode(branch)
    );
    let listed: Vec<Commit> = client.read(Call::get(path)).await?;
    let listed = listed.into_iter().filter_map(|commit| commit.sha);
    let mut commits: Vec<_> = listed.filter(|sha| is_sha(sha)).take(MAX_COMMITS).collect();
    if let Some(base) = base
        && !commits.iter().any(|sha| sha == base)
    {
        commits.push(base.to_owned());
    }
    Ok(commits)
}

async fn on_commit(
    client: &mut Client,
    repository: &Repository,
    query: &ResultQuery<'_>,
    (sha, app): (&str, &str),
) -> Result<FoundResult, ClientError> {
    let marker = result_marker(&issue_key(query.config, query.report_kind));
    let listing = Listing {
        repository,
        sha,
        name: query.check_name,
        status: Some("completed"),
        per_page: PER_PAGE,
        max_pages: MAX_PAGES,
    };
    let mut found = FoundResult::default();
    for run in list(client, &listing).await? {
        let source = || source(sha, query.context.default_branch.as_deref());
        found.take(read(&run, (query.check_name, &marker, app), source));
    }
    Ok(found)
}

/// Reads the stored result. A run that was cancelled, or that has no conclusion, has no result.
fn read(
    run: &Known,
    (name, marker, app): (&str, &str, &str),
    source: impl Fn() -> String,
) -> FoundResult {
    let is_ended = run.is_completed()
        && matches!(
            run.conclusion.as_deref(),
            Some("success" | "neutral" | "failure")
        );
    let external_id = run.external_id.as_deref().unwrap_or_default();
    let summary = run.output.as_ref().and_then(|it| it.summary.as_deref());
    let kept = summary.and_then(|summary| Some(summary.rsplit_once(marker)?.1));
    let (true, true, true, Some(kept)) = (
        is_ended,
        run.name.as_deref() == Some(name),
        external_id.starts_with("prodverdict/"),
        kept,
    ) else {
        return FoundResult::default();
    };
    if run.app() != Some(app) {
        return FoundResult {
            other_app: Some(run.app().unwrap_or("an unknown app").to_owned()),
            ..FoundResult::default()
        };
    }
    let state = FindingsSnapshot::find(kept);
    FoundResult {
        is_damaged: state.is_none(),
        earlier: state.map(|state| PreviousSnapshot {
            state,
            source: source(),
        }),
        other_app: None,
    }
}

fn source(sha: &str, branch: Option<&str>) -> String {
    let short: String = sha.chars().take(7).collect();
    let branch = branch.map_or_else(String::new, |branch| format!(" on `{branch}`"));
    format!("the check run of `{short}`{branch}")
}
