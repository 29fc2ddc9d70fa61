//! Listings read page by page to their end, or not at all.

use std::{
    collections::HashSet,
    hash::{BuildHasher as _, RandomState},
};

use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use super::{DecodeError, Error, provider::Provider, redaction, transport::Session};

/// One query, whose pages must be read one after the other. A read of everything may be cut into several of them.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    /// The path under the base URL, without a leading slash.
    pub(crate) path: &'static str,
    pub(crate) query: Vec<(&'static str, String)>,
}

/// Something with an id of its own in a listing.
pub(crate) trait Listed {
    fn id(&self) -> &str;
}

/// The pages of one listing.
#[derive(Debug)]
pub(crate) struct Pages<'a> {
    session: Session<'a>,
    listing: &'static str,
    first: Url,
    next: Option<Url>,
    /// Every address asked so far.
    asked: HashSet<Url>,
    /// Hashes of the ids seen so far. Two ids with one hash would do harm only if a whole page consisted of such.
    seen: HashSet<u64>,
    hasher: RandomState,
}

/// A page, of whichever provider.
struct Page {
    rows: Vec<Box<RawValue>>,
    has_more: bool,
    /// Where the next page is, where the provider says so.
    next: Option<String>,
}

#[derive(Deserialize)]
#[serde(expecting = "a list object")]
struct StripePage {
    data: Vec<Box<RawValue>>,
    has_more: bool,
}

#[derive(Deserialize)]
#[serde(expecting = "a page")]
struct PaddlePage {
    data: Vec<Box<RawValue>>,
    meta: PaddleMeta,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct PaddleMeta {
    pagination: PaddlePagination,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct PaddlePagination {
    has_more: bool,
    next: Option<String>,
}

impl<'a> Pages<'a> {
    pub(crate) fn of(session: Session<'a>, listing: &Listing) -> Self {
        let query: Vec<_> = listing
            .query
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let first = session.address(listing.path.split('/'), &query);
        Self {
            session,
            listing: listing.path,
            next: Some(first.clone()),
            first,
            asked: HashSet::new(),
            seen: HashSet::new(),
            hasher: RandomState::new(),
        }
    }

    /// Whether there is another page to ask for.
    pub(crate) fn has_more(&self) -> bool {
        self.next.is_some()
    }

    /// The next page, read object by object; none after the last one.
    pub(crate) async fn next<T: Listed>(
        &mut self,
        mut decode: impl FnMut(&RawValue) -> Result<T, DecodeError>,
    ) -> Result<Option<Vec<T>>, Error> {
        let Some(address) = self.next.take() else {
            return Ok(None);
        };
        if !self.asked.insert(address.clone()) {
            return Err(self.stuck("a cursor repeats"));
        }
        let page = self.page(&address).await?;
        let objects = page
            .rows
            .iter()
            .map(|row| decode(row))
            .collect::<Result<Vec<T>, DecodeError>>()
            .map_err(|error| Error::Object {
                provider: self.session.provider().name(),
                error: Box::new(error),
            })?;
        let fresh = objects
            .iter()
            .filter(|object| self.seen.insert(self.hasher.hash_one(object.id())))
            .count();
        if fresh == 0 && !objects.is_empty() {
            return Err(self.stuck("a page holds only what earlier ones held"));
        }
        if page.has_more {
            let last = objects
                .last()
                .ok_or_else(|| self.stuck("a page is empty and says that there is more"))?;
            self.next = Some(self.after(last.id(), page.next)?);
        }
        Ok(Some(objects))
    }

    async fn page(&self, address: &Url) -> Result<Page, Error> {
        match self.session.provider() {
            Provider::Stripe => {
                let page: StripePage = self.session.get(address).await?;
                Ok(Page {
                    rows: page.data,
                    has_more: page.has_more,
                    next: None,
                })
            }
            Provider::Paddle => {
                let page: PaddlePage = self.session.get(address).await?;
                let PaddlePagination { has_more, next } = page.meta.pagination;
                Ok(Page {
                    rows: page.data,
                    has_more,
                    next,
                })
            }
        }
    }

    fn after(&self, last: &str, next: Option<String>) -> Result<Url, Error> {
        match self.session.provider() {
            Provider::Stripe => {
                let mut address = self.first.clone();
                address
                    .query_pairs_mut()
                    .append_pair("starting_after", last);
                Ok(address)
            }
            Provider::Paddle => {
                let next =
                    next.ok_or_else(|| self.stuck("a page says that there is more and not where"))?;
                self.same_place(&next)
            }
        }
    }

    /// `next` as an address, if it is the listing's own: the key goes nowhere else.
    fn same_place(&self, next: &str) -> Result<Url, Error> {
        let ours = |address: &Url| {
            address.origin() == self.first.origin()
                && address.path() == self.first.path()
                && address.username().is_empty()
                && address.password().is_none()
        };
        Url::parse(next)
            .ok()
            .filter(ours)
            .ok_or_else(|| Error::ForeignPage {
                listing: self.listing,
                next: redaction::presentable(next),
            })
    }

    fn stuck(&self, stuck: &'static str) -> Error {
        Error::NoProgress {
            listing: self.listing,
            stuck,
        }
    }
}
