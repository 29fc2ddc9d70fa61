//! Paddle's pages, which have a count and a link to the next one.

use serde::Deserialize;
use serde_json::value::RawValue;
use url::{Url, form_urlencoded};

use crate::billing::{
    pages::{ListPage, PageFormat},
    transport::{Endpoint, ExtraHeader, ReadFuture, ReadSession},
};

/// Upper limit of Paddle's counts.
const MAX_COUNT: u64 = 100_000;

/// Header that saves the server a count, and the request time.
const SKIP_COUNT: ExtraHeader = ("skip-count", "true");

/// The form of Paddle's pages, according to the meaning of the count on the first of them.
#[derive(Debug)]
pub(super) enum PaddlePages {
    /// Nothing leaves the list, so that it cannot have fewer objects than it announced.
    Growing,
    /// Objects leave the list when they change.
    Changing,
    Uncounted,
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
    /// Negative if nobody counted.
    estimated_total: Option<i64>,
}

impl PageFormat for PaddlePages {
    fn page<'a>(
        &'a self,
        session: ReadSession<'a>,
        listing: Endpoint,
        address: &'a Url,
        is_first: bool,
    ) -> ReadFuture<'a, ListPage> {
        Box::pin(async move {
            let is_counted = is_first && !matches!(self, Self::Uncounted);
            let header = (!is_counted).then_some(SKIP_COUNT);
            let page: PaddlePage = session.get_with(listing, address, header).await?;
            let PaddlePagination {
                has_more,
                next,
                estimated_total,
            } = page.meta.pagination;
            let total = estimated_total.and_then(|total| u64::try_from(total).ok());
            Ok(ListPage {
                rows: page.data,
                has_more,
                next,
                total,
                exact_total: total
                    .filter(|_| matches!(self, Self::Growing))
                    .and_then(exact),
            })
        })
    }

    fn cursor(&self, page: &ListPage, last: &str) -> Result<(&'static str, String), &'static str> {
        let next = page.next.as_deref();
        let next = next.ok_or("a page says that there is more but not where")?;
        Ok(("after", cursor(next).unwrap_or_else(|| last.to_owned())))
    }
}

/// Returns the count if it is exact.
pub(super) fn exact(total: u64) -> Option<u64> {
    (total <= MAX_COUNT).then_some(total)
}

/// Returns the cursor of a URL. Nothing else of it is used: it may name a host other than the one requested, for
/// example behind a gateway, and the key must not be sent elsewhere.
fn cursor(next: &str) -> Option<String> {
    let (_, query) = next.split_once('?')?;
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let (_, cursor) = pairs.find(|(name, _)| name == "after")?;
    Some(cursor.into_owned())
}
