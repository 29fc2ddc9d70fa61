//! Paddle's pages, each with a link to the next one and, on request, a count of all objects.

use serde::Deserialize;
use serde_json::value::RawValue;
use url::{Url, form_urlencoded};

use crate::billing::{
    pages::{ListPage, PageFormat},
    transport::{Endpoint, ExtraHeader, ReadFuture, ReadSession},
};

/// The largest number to which Paddle counts. A higher count only says that there are more objects.
const MAX_COUNT: u64 = 100_000;

/// Header that asks for no count, which makes the response faster.
const SKIP_COUNT: ExtraHeader = ("skip-count", "true");

/// The form of Paddle's pages. The variants differ in what the count on the first page proves.
#[derive(Debug)]
pub(super) enum PaddlePages {
    /// No object leaves the list while it is read, so that it has at least as many objects as were counted.
    Growing,
    /// Objects leave the list when they change, so that it may end with fewer objects than were counted.
    Changing,
    /// No count is requested.
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
    /// Negative if the server did not count.
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
                    .and_then(if_exact),
            })
        })
    }

    fn cursor(&self, page: &ListPage, last: &str) -> Result<(&'static str, String), &'static str> {
        let next = page.next.as_deref();
        let next = next.ok_or("a page says that there is more but not where")?;
        Ok(("after", cursor_in(next).unwrap_or_else(|| last.to_owned())))
    }
}

/// Returns the count if it is exact.
pub(super) fn if_exact(total: u64) -> Option<u64> {
    (total <= MAX_COUNT).then_some(total)
}

/// Returns the cursor in a URL. Nothing else of it is used: it may name a host other than the one requested, for
/// example behind a gateway, and the key must not be sent elsewhere.
fn cursor_in(next: &str) -> Option<String> {
    let (_, query) = next.split_once('?')?;
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let (_, cursor) = pairs.find(|(name, _)| name == "after")?;
    Some(cursor.into_owned())
}
