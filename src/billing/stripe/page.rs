//! Stripe's pages, which follow one another by the id of the last object.

use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use crate::billing::{
    pages::{ListPage, PageFormat},
    transport::{Endpoint, ReadFuture, ReadSession},
};

/// The form of Stripe's pages.
#[derive(Debug)]
pub(super) struct StripePages;

#[derive(Deserialize)]
#[serde(expecting = "a list object")]
struct StripePage {
    data: Vec<Box<RawValue>>,
    has_more: bool,
}

impl PageFormat for StripePages {
    fn page<'a>(
        &'a self,
        session: ReadSession<'a>,
        listing: Endpoint,
        address: &'a Url,
        _: bool,
    ) -> ReadFuture<'a, ListPage> {
        Box::pin(async move {
            let page: StripePage = session.get(listing, address).await?;
            Ok(ListPage {
                rows: page.data,
                has_more: page.has_more,
                next: None,
                total: None,
                exact_total: None,
            })
        })
    }

    fn cursor(&self, _: &ListPage, last: &str) -> Result<(&'static str, String), &'static str> {
        Ok(("starting_after", last.to_owned()))
    }
}
