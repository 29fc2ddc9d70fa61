//! Lists read page by page to their end, or not at all.

use std::{
    collections::HashSet,
    fmt,
    hash::{BuildHasher as _, RandomState},
};

use serde_json::value::RawValue;
use url::Url;

use super::{
    DecodeError, Decoded, Error,
    transport::{Endpoint, ReadFuture, ReadSession},
};

/// Number of attempts at a page that makes no progress.
const MAX_TRIES: u32 = 3;

/// A query for a list, whose pages must be read in sequence. A full read may be split into several queries.
#[derive(Debug, Clone)]
pub(crate) struct ListQuery {
    /// Path under the base URL, without a leading slash.
    pub(crate) path: &'static str,
    /// Replaces `{id}` in the path: the object whose parts are listed.
    pub(crate) id: Option<String>,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) format: &'static dyn PageFormat,
}

/// The form of a provider's pages.
pub(crate) trait PageFormat: fmt::Debug + Sync {
    /// Requests the page at `address`. Only the first page of a list has to count it.
    fn page<'a>(
        &'a self,
        session: ReadSession<'a>,
        listing: Endpoint,
        address: &'a Url,
        is_first: bool,
    ) -> ReadFuture<'a, ListPage>;

    /// Returns the parameter that requests the page after `page`, whose last object has the id `last`. The error says
    /// why the provider's page has no such parameter.
    fn cursor(&self, page: &ListPage, last: &str) -> Result<(&'static str, String), &'static str>;
}

impl ListQuery {
    /// Returns the query narrowed by one more parameter.
    pub(crate) fn with(&self, name: &'static str, value: &str) -> Self {
        let mut part = self.clone();
        part.query.push((name, value.to_owned()));
        part
    }
}

/// An element of a list with its own id.
pub(crate) trait ListElement {
    fn id(&self) -> &str;
}

/// The pages of one list.
#[derive(Debug)]
pub(crate) struct Pages<'a> {
    session: ReadSession<'a>,
    listing: Endpoint,
    format: &'static dyn PageFormat,
    first: Url,
    next: Option<Url>,
    /// Hashes of the cursors so far. A collision would only end the read with an error.
    cursors: HashSet<u64>,
    /// Hashes of the ids on the last page.
    last: HashSet<u64>,
    hasher: RandomState,
    /// Number of objects according to the first page, if the page states it.
    pub(crate) total: Option<u64>,
    /// Exact number of objects according to the first page, if the page states it.
    expected: Option<u64>,
    read: u64,
}

/// A page of any provider.
#[derive(Debug)]
pub(crate) struct ListPage {
    pub(crate) rows: Vec<Box<RawValue>>,
    pub(crate) has_more: bool,
    /// URL of the next page, if the provider sends it.
    pub(crate) next: Option<String>,
    /// Number of objects on all pages, if the provider sends it.
    pub(crate) total: Option<u64>,
    /// The same number if it is exact.
    pub(crate) exact_total: Option<u64>,
}

impl ListElement for Decoded {
    fn id(&self) -> &str {
        self.subscription.id.as_str()
    }
}

impl<'a> Pages<'a> {
    pub(crate) fn new(session: ReadSession<'a>, listing: &ListQuery) -> Self {
        let query: Vec<_> = listing
            .query
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let segments = listing.path.split('/');
        let segments = segments.map(|segment| match &listing.id {
            Some(id) if segment == "{id}" => id.as_str(),
            _ => segment,
        });
        let first = session.address(segments, &query);
        Self {
            session,
            listing: listing.path,
            format: listing.format,
            next: Some(first.clone()),
            first,
            cursors: HashSet::new(),
            last: HashSet::new(),
            hasher: RandomState::new(),
            total: None,
            expected: None,
            read: 0,
        }
    }

    /// Overrides a parameter for the remaining pages.
    pub(crate) fn override_parameter(&mut self, name: &str, value: &str) {
        self.remove_parameter(name);
        for address in self.addresses() {
            address.query_pairs_mut().append_pair(name, value);
        }
    }

    /// Removes a parameter for the remaining pages. Returns true if it was set.
    pub(crate) fn remove_parameter(&mut self, name: &str) -> bool {
        let mut was_there = false;
        for address in self.addresses() {
            let pairs: Vec<_> = address.query_pairs().into_owned().collect();
            let has_name = |(other, _): &&(String, String)| other == name;
            was_there |= pairs.iter().any(|pair| has_name(&pair));
            let others = pairs.iter().filter(|pair| !has_name(pair));
            address.query_pairs_mut().clear().extend_pairs(others);
        }
        was_there
    }

    fn addresses(&mut self) -> impl Iterator<Item = &mut Url> {
        [Some(&mut self.first), self.next.as_mut()]
            .into_iter()
            .flatten()
    }

    /// Returns true if there is another page.
    pub(crate) fn has_more(&self) -> bool {
        self.next.is_some()
    }

    /// Reads the next page, object by object. Returns `None` after the last one.
    pub(crate) async fn next<T: ListElement>(
        &mut self,
        mut decode: impl FnMut(&RawValue) -> Result<T, DecodeError>,
    ) -> Result<Option<Vec<T>>, Error> {
        let Some(address) = self.next.take() else {
            return Ok(None);
        };
        let mut tries = 1;
        loop {
            match self.read_page(&address, &mut decode).await {
                // A page may be wrong once and right on the next attempt.
                Err(error @ (Error::NoProgress { .. } | Error::CutShort { .. }))
                    if tries < max_tries(&error) =>
                {
                    tracing::warn!("{error}: retrying");
                    tries += 1;
                }
                Ok(objects) => return Ok(Some(objects)),
                Err(error) => {
                    self.next = Some(address);
                    return Err(error);
                }
            }
        }
    }

    /// Reads the page at `address` and checks that it makes progress.
    async fn read_page<T: ListElement>(
        &mut self,
        address: &Url,
        decode: &mut impl FnMut(&RawValue) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, Error> {
        let page = self
            .format
            .page(self.session, self.listing, address, self.read == 0)
            .await?;
        if self.read == 0 {
            self.total = page.total;
        }
        let objects = page
            .rows
            .iter()
            .map(|row| decode(row))
            .collect::<Result<Vec<T>, DecodeError>>()
            .map_err(|error| Error::Object {
                provider: self.session.provider().name,
                error: Box::new(error),
            })?;
        let hash = |object: &T| self.hasher.hash_one(object.id());
        let ids: HashSet<u64> = objects.iter().map(hash).collect();
        if !ids.is_empty() && ids.is_subset(&self.last) {
            return Err(self.stuck("a page repeats the one before it"));
        }
        let read = u64::try_from(objects.len()).unwrap_or(u64::MAX);
        let read = self.read.saturating_add(read);
        let expected = if self.read == 0 {
            page.exact_total
        } else {
            self.expected
        };
        if !page.has_more
            && let Some(total) = expected.filter(|total| *total > read)
        {
            return Err(Error::CutShort {
                listing: self.listing,
                read,
                total,
            });
        }
        if page.has_more {
            let last = objects
                .last()
                .ok_or_else(|| self.stuck("a page is empty but says that there is more"))?;
            let (name, cursor) = self
                .format
                .cursor(&page, last.id())
                .map_err(|reason| self.stuck(reason))?;
            let mut next = self.first.clone();
            next.query_pairs_mut().append_pair(name, &cursor);
            // A server that does not know a cursor may restart the list forever.
            if !self.cursors.insert(self.hasher.hash_one(last.id())) {
                return Err(self.stuck("a cursor repeats"));
            }
            self.next = Some(next);
        }
        self.last = ids;
        self.read = read;
        self.expected = expected;
        Ok(objects)
    }

    fn stuck(&self, reason: &'static str) -> Error {
        Error::NoProgress {
            listing: self.listing,
            stuck: reason,
        }
    }
}

fn max_tries(error: &Error) -> u32 {
    // A list that contradicts its own count twice is not a temporary failure.
    if matches!(error, Error::CutShort { .. }) {
        2
    } else {
        MAX_TRIES
    }
}
