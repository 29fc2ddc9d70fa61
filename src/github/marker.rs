//! Finds the comments and issues that this job wrote before, by their first line and their author.

use serde::de::DeserializeOwned;

use super::{
    author::{Identity, User},
    client::{Call, Client, ClientError},
};

const PER_PAGE: usize = 100;

/// First line of the texts that this job writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marker(String);

/// A comment or an issue.
pub(super) trait MarkedText: DeserializeOwned {
    /// Returns the text, or `None` for an entry of another kind.
    fn text(&self) -> Option<&str>;

    /// Returns the author, or `None` if the account was deleted.
    fn user(&self) -> Option<&User>;
}

/// A list of entries: the path without the page, and the maximum number of pages.
#[derive(Debug)]
pub(super) struct List {
    pub path: String,
    pub max_pages: usize,
}

/// Outcome of a search.
#[derive(Debug)]
pub(super) enum OwnEntries<T> {
    /// Our entries, in the order of the list.
    Found(Vec<T>),
    /// There are entries with our marker, but our own account is unknown.
    AuthorUnknown,
    /// The list has more pages than are read, so our entries may be on a later one.
    TooManyPages,
}

impl Marker {
    pub(super) fn new(line: String) -> Self {
        Self(line)
    }

    pub(super) fn line(&self) -> &str {
        &self.0
    }

    /// Returns true if the text begins with the marker.
    pub(super) fn is_on(&self, text: &str) -> bool {
        text.lines()
            .next()
            .is_some_and(|line| line.trim_end() == self.0)
    }
}

/// Finds this job's earlier entries. They must have its marker and its author, because anybody can write the marker.
pub(super) async fn find<T: MarkedText>(
    client: &mut Client,
    identity: &mut Identity,
    marker: &Marker,
    list: &List,
) -> Result<OwnEntries<T>, ClientError> {
    let (mut entries, is_complete) = marked::<T>(client, marker, list).await?;
    if !entries.is_empty() {
        let author = identity.author(client).await;
        entries.retain(|entry| entry.user().is_some_and(|user| author.is(user)));
        if entries.is_empty() && author.is_assumed() {
            return Ok(OwnEntries::AuthorUnknown);
        }
    }
    Ok(if is_complete || !entries.is_empty() {
        OwnEntries::Found(entries)
    } else {
        OwnEntries::TooManyPages
    })
}

/// Returns the entries with the marker, and true if the list was complete.
async fn marked<T: MarkedText>(
    client: &mut Client,
    marker: &Marker,
    list: &List,
) -> Result<(Vec<T>, bool), ClientError> {
    let mut marked = Vec::new();
    let separator = if list.path.contains('?') { '&' } else { '?' };
    for page in 1..=list.max_pages {
        let path = format!("{}{separator}per_page={PER_PAGE}&page={page}", list.path);
        let answer = client.send(Call::get(path)).await?;
        let entries: Vec<T> = answer.json()?;
        let is_last = entries.len() < PER_PAGE && !answer.has_next();
        let is_marked = |entry: &T| entry.text().is_some_and(|text| marker.is_on(text));
        marked.extend(entries.into_iter().filter(is_marked));
        if is_last {
            return Ok((marked, true));
        }
    }
    Ok((marked, false))
}
