//! Finds our issue by its label, or else among the latest issues of the token's account.

use serde::{Deserialize, de::IgnoredAny};

use super::{Place, body::Draft};
use crate::github::{
    client::{Call, Client, ClientError, encode},
    comment::author::{Author, User},
};

const PER_PAGE: usize = 100;

/// Maximum number of pages. An issue beyond the first 5,000 could not be found again, so none is opened.
const MOST_PAGES: usize = 50;

/// Maximum number of pages of the account's issues, most recently updated first.
const MOST_PAGES_OF_AUTHOR: usize = 3;

#[derive(Debug, Deserialize)]
pub(super) struct Issue {
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

impl Issue {
    pub(super) fn is_open(&self) -> bool {
        self.state.as_deref() != Some("closed")
    }

    pub(super) fn text(&self) -> &str {
        self.body.as_deref().unwrap_or_default()
    }
}

/// Outcome of a search.
pub(super) enum Found {
    /// Our issues, oldest first.
    Ours(Vec<Issue>),
    /// There are too many issues to be sure that ours is not among them.
    TooMany,
}

/// A search that looks up the token's account only once.
#[derive(Debug)]
pub(super) struct Search<'a> {
    place: &'a Place<'a>,
    author: Option<Author>,
}

impl<'a> Search<'a> {
    pub(super) fn new(place: &'a Place<'a>) -> Self {
        Self {
            place,
            author: None,
        }
    }

    /// Finds our issues, open or closed. They must have our marker and our account, because anybody can write the
    /// marker.
    pub(super) async fn ours(
        &mut self,
        client: &mut Client,
        draft: &Draft,
    ) -> Result<Found, ClientError> {
        let labelled = format!(
            "labels={}&sort=created&direction=asc",
            encode(self.place.label)
        );
        let (marked, is_complete) = self.marked(client, draft, &labelled, MOST_PAGES).await?;
        let ours = self.own(client, marked).await;
        if !ours.is_empty() {
            return Ok(Found::Ours(ours));
        }
        if !is_complete {
            return Ok(Found::TooMany);
        }
        // A person may have removed the label, and GitHub drops labels that the token may not set.
        let login = encode(self.author(client).await.login());
        let written = format!("creator={login}&sort=updated&direction=desc");
        match self
            .marked(client, draft, &written, MOST_PAGES_OF_AUTHOR)
            .await
        {
            Ok((marked, _)) => Ok(Found::Ours(self.own(client, marked).await)),
            // An account that GitHub does not know has no issues.
            Err(error) if matches!(error.status(), Some(404 | 422)) => Ok(Found::Ours(Vec::new())),
            Err(error) => Err(error),
        }
    }

    /// Returns the issues with our marker, and true if the list was complete.
    async fn marked(
        &self,
        client: &mut Client,
        draft: &Draft,
        filter: &str,
        most_pages: usize,
    ) -> Result<(Vec<Issue>, bool), ClientError> {
        let mut marked = Vec::new();
        for page in 1..=most_pages {
            let path = format!(
                "/repos/{}/issues?state=all&{filter}&per_page={PER_PAGE}&page={page}",
                self.place.repository
            );
            let answer = client.send(Call::get(path)).await?;
            let issues: Vec<Issue> = answer.json()?;
            let is_last = issues.len() < PER_PAGE && !answer.has_next();
            marked.extend(
                issues
                    .into_iter()
                    .filter(|issue| issue.pull_request.is_none() && draft.marks(issue.text())),
            );
            if is_last {
                return Ok((marked, true));
            }
        }
        Ok((marked, false))
    }

    async fn own(&mut self, client: &mut Client, mut marked: Vec<Issue>) -> Vec<Issue> {
        if marked.is_empty() {
            return marked;
        }
        let author = self.author(client).await;
        marked.retain(|issue| issue.user.as_ref().is_some_and(|user| author.is(user)));
        marked.sort_by_key(|issue| issue.number);
        marked
    }

    async fn author(&mut self, client: &mut Client) -> &Author {
        let author = match self.author.take() {
            Some(author) => author,
            None => Author::find(client, self.place.app).await,
        };
        self.author.insert(author)
    }
}
