//! Reads test clocks and their subscriptions, which no other list includes.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::listing::{listing, next_page, subscriptions, with_invoices};
use crate::billing::{
    Decoded, Error,
    decoding::from_text,
    extras::{Extra, is_refusal},
    facts::FactsBuilder,
    lookup::is_unknown,
    pages::{ListElement, Pages},
    prices::SharedPrices,
    transport::ReadSession,
};

/// Subscriptions on test clocks.
pub(super) const TEST_CLOCKS: Extra = Extra {
    message: "subscriptions on test clocks were not listed: the key may not read test clocks, or the server has none",
    hint: "set `Test clocks` to Read for the key (`rak_billing_clock_read`), or do not link accounts to customers on test clocks",
};

#[derive(Debug, Deserialize)]
#[serde(expecting = "a test clock")]
struct Clock {
    id: String,
}

impl ListElement for Clock {
    fn id(&self) -> &str {
        &self.id
    }
}

/// Returns the ids of all clocks if they are wanted; none if the key may not read them or the server has no clocks.
pub(super) async fn clocks(session: ReadSession<'_>) -> Result<Vec<String>, Error> {
    if !session.extras().wants(TEST_CLOCKS) {
        return Ok(Vec::new());
    }
    let mut pages = Pages::new(session, &listing("v1/test_helpers/test_clocks", &[]));
    let mut clocks = Vec::new();
    loop {
        let page =
            pages.next(|text: &RawValue| from_text::<Clock>("test_helpers.test_clock", text));
        match page.await {
            Ok(Some(page)) => clocks.extend(page.into_iter().map(|clock| clock.id)),
            Ok(None) => return Ok(clocks),
            Err(error) if is_refusal(&error) => {
                session.extras().refuse(TEST_CLOCKS);
                return Ok(Vec::new());
            }
            Err(error) => return Err(error),
        }
    }
}

/// Reads the subscriptions on these clocks.
pub(super) async fn read(
    session: ReadSession<'_>,
    clocks: &[String],
    prices: &SharedPrices,
    builder: &mut FactsBuilder,
) -> Result<(), Error> {
    let mut answers = stream::iter(clocks)
        .map(|clock| subscriptions_on_clock(session, clock, prices))
        .buffered(session.rate_limit().concurrency);
    while let Some(found) = answers.try_next().await? {
        builder.extend(found);
    }
    Ok(())
}

/// Reads the subscriptions on one clock. A clock deleted in the meantime took everything with it.
async fn subscriptions_on_clock(
    session: ReadSession<'_>,
    clock: &str,
    prices: &SharedPrices,
) -> Result<Vec<Decoded>, Error> {
    let filter = [("test_clock", clock), ("status", "all")];
    let listing = with_invoices(session, subscriptions(&filter));
    let mut pages = Pages::new(session, &listing);
    let mut found = Vec::new();
    loop {
        match next_page(session, &mut pages, prices).await {
            Ok(Some(page)) => found.extend(page),
            Ok(None) => break,
            Err(error) if is_unknown(&error) => break,
            Err(error) => return Err(error),
        }
    }
    for decoded in found
        .iter_mut()
        .filter(|one| !one.subscription.on_test_clock)
    {
        decoded.subscription.on_test_clock = true;
    }
    Ok(found)
}
