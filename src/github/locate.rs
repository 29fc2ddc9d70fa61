//! Looks up the pull request or its head if the event does not name it.

use serde::Deserialize;

use super::{
    client::{Call, Client, ClientError, encode},
    context::{Context, Repository, Search, Trust, is_sha},
};

#[derive(Debug, Deserialize)]
pub(super) struct Pull {
    pub number: u64,
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    pub head: Option<PullEnd>,
    #[serde(default)]
    base: Option<PullEnd>,
    /// True if only collaborators may comment.
    #[serde(default)]
    pub locked: bool,
}

/// The head or the base of a pull request.
#[derive(Debug, Deserialize)]
pub(super) struct PullEnd {
    #[serde(default)]
    pub sha: Option<String>,
    #[serde(default)]
    repo: Option<RepositoryName>,
}

#[derive(Debug, Deserialize)]
struct RepositoryName {
    #[serde(default)]
    full_name: Option<String>,
}

impl Context {
    /// Looks up the facts that the event does not contain, if any.
    pub async fn locate(&mut self, client: &mut Client) -> Result<(), ClientError> {
        let Some(repository) = self.repository.clone() else {
            return Ok(());
        };
        match &self.search {
            Search::Nothing => {}
            Search::Commit(sha) => {
                let path = format!("/repos/{repository}/commits/{sha}/pulls?per_page=100");
                if let Some(pull) = open_at(client, path, &repository, sha).await? {
                    self.pull_request = Some(pull.number);
                    self.commits.base = pull.base_sha();
                }
            }
            Search::Head { owner, branch, sha } => {
                let head = encode(&format!("{owner}:{branch}"));
                let path = format!("/repos/{repository}/pulls?state=open&head={head}&per_page=100");
                let pull = open_at(client, path, &repository, sha).await?;
                self.pull_request = pull.map(|pull| pull.number);
            }
            Search::Number(number) => {
                let pull = pull(client, &repository, *number).await?;
                self.take_commits(&repository, pull);
            }
            Search::Named(number) => {
                let pull = pull(client, &repository, *number).await?;
                // Untrusted, unless the pull request turns out to come from this repository.
                self.origin.is_fork = true;
                self.take_commits(&repository, pull);
                if !self.origin.is_fork {
                    self.trust = Trust::Ordinary;
                }
            }
        }
        self.search = Search::Nothing;
        Ok(())
    }

    fn take_commits(&mut self, repository: &Repository, pull: Pull) {
        let found = pull.base_sha();
        if let Some(head) = pull.head {
            self.commits.head = head.sha.filter(|sha| is_sha(sha));
            let name = head.repo.and_then(|repo| repo.full_name);
            self.origin.is_fork = !name.is_some_and(|name| repository.has_name(&name));
        }
        if let Trust::BaseOnly { base_sha } = &mut self.trust {
            *base_sha = found.clone().or(base_sha.take());
        }
        self.commits.base = found.or(self.commits.base.take());
    }
}

impl Pull {
    fn base_sha(&self) -> Option<String> {
        let sha = self.base.as_ref()?.sha.as_ref()?;
        is_sha(sha).then(|| sha.clone())
    }
}

pub(super) async fn pull(
    client: &mut Client,
    repository: &Repository,
    number: u64,
) -> Result<Pull, ClientError> {
    client
        .read(Call::get(format!("/repos/{repository}/pulls/{number}")))
        .await
}

/// Returns the open pull request into this repository whose head is the commit. GitHub also lists closed pull requests,
/// ones that merely contain the commit, and ones between forks.
async fn open_at(
    client: &mut Client,
    path: String,
    repository: &Repository,
    sha: &str,
) -> Result<Option<Pull>, ClientError> {
    let pulls: Vec<Pull> = client.read(Call::get(path)).await?;
    let is_match = |pull: &Pull| {
        let base = pull
            .base
            .as_ref()
            .and_then(|base| base.repo.as_ref()?.full_name.as_deref());
        pull.state.as_deref() == Some("open")
            && pull.head.as_ref().and_then(|head| head.sha.as_deref()) == Some(sha)
            && base.is_some_and(|name| repository.has_name(name))
    };
    Ok(pulls.into_iter().find(is_match))
}
