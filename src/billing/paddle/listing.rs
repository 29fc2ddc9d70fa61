//! Paddle's lists of subscriptions and of prices, and their pages.

use serde_json::value::RawValue;

use super::{objects::decode_live_text, page::PaddlePages};
use crate::billing::{
    Decoded, Error,
    pages::{ListQuery, Pages},
    prices::SharedPrices,
};

/// Paddle's maximum number of objects per page.
const PAGE: &str = "200";
pub(super) const PAGE_SIZE: u64 = 200;

/// The order of a list by id, and so by time of creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListOrder {
    OldestFirst,
    NewestFirst,
}

impl ListOrder {
    fn parameter(self) -> (&'static str, &'static str) {
        match self {
            Self::OldestFirst => ("order_by", "id[ASC]"),
            Self::NewestFirst => ("order_by", "id[DESC]"),
        }
    }
}

/// Returns a list of subscriptions. Without a filter they have any status.
pub(super) fn subscriptions(
    filter: &[(&'static str, &str)],
    order: ListOrder,
    format: &'static PaddlePages,
) -> ListQuery {
    listing(
        "subscriptions",
        filter,
        &[order.parameter(), ("per_page", PAGE)],
        format,
    )
}

/// Returns the shortest list that states the number of subscriptions.
pub(super) fn count(filter: &[(&'static str, &str)]) -> ListQuery {
    listing(
        "subscriptions",
        filter,
        &[("per_page", "1")],
        &PaddlePages::Changing,
    )
}

/// Returns the list of active prices, with their products.
pub(super) fn active_prices() -> ListQuery {
    listing(
        "prices",
        &[("status", "active"), ("include", "product")],
        &[ListOrder::OldestFirst.parameter(), ("per_page", PAGE)],
        &PaddlePages::Growing,
    )
}

fn listing(
    path: &'static str,
    filter: &[(&'static str, &str)],
    fixed: &[(&'static str, &str)],
    format: &'static PaddlePages,
) -> ListQuery {
    let query = filter.iter().chain(fixed);
    ListQuery {
        path,
        id: None,
        query: query
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect(),
        format,
    }
}

pub(super) async fn next_page(
    pages: &mut Pages<'_>,
    prices: &SharedPrices,
) -> Result<Option<Vec<Decoded>>, Error> {
    pages
        .next(|text: &RawValue| decode_live_text(text, &mut prices.locked()))
        .await
}
