//! Stripe's lists of subscriptions and their pages.

use serde_json::value::RawValue;

use super::{
    objects::{DecodedItem, decode_live_item, decode_live_text},
    page::StripePages,
};
use crate::{
    billing::{
        Decoded, Error,
        decoding::{boxed, different},
        extras::{Extra, is_refusal},
        pages::{ListElement, ListQuery, Pages},
        prices::SharedPrices,
        transport::ReadSession,
    },
    contract::{CustomerId, Details, Period},
};

/// Stripe's maximum number of objects per page.
pub(crate) const PAGE_SIZE: u64 = 100;

/// Parameter that replaces ids with objects.
pub(crate) const EXPAND: &str = "expand[]";

/// Longer than any id that Stripe creates or accepts.
const MAX_ID_LENGTH: usize = 255;

/// Due date of the latest invoice of a `past_due` subscription.
pub(super) const INVOICES: Extra = Extra {
    message: "the key may not read invoices, so the check cannot see since when payment is overdue",
    hint: "set `Invoices` to Read for the key (`rak_invoice_read`), or map `past_due_since`",
};

impl ListElement for DecodedItem {
    fn id(&self) -> &str {
        &self.id
    }
}

/// Adds the latest invoice to a list of subscriptions if it is wanted.
pub(super) fn with_invoices(session: ReadSession<'_>, listing: ListQuery) -> ListQuery {
    if session.extras().wants(INVOICES) {
        return listing.with(EXPAND, "data.latest_invoice");
    }
    listing
}

pub(crate) fn subscriptions(filter: &[(&'static str, &str)]) -> ListQuery {
    listing("v1/subscriptions", filter)
}

/// Returns the list of active recurring prices, with their products.
pub(super) fn active_prices() -> ListQuery {
    let filter = [
        ("active", "true"),
        ("type", "recurring"),
        (EXPAND, "data.product"),
    ];
    listing("v1/prices", &filter)
}

pub(crate) fn listing(path: &'static str, filter: &[(&'static str, &str)]) -> ListQuery {
    let limit = PAGE_SIZE.to_string();
    let limit = ("limit", limit.as_str());
    ListQuery {
        path,
        id: None,
        query: filter
            .iter()
            .chain([&limit])
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect(),
        format: &StripePages,
    }
}

/// Returns the list under `path`, in which `id` replaces `{id}`.
pub(crate) fn listing_of(path: &'static str, id: &str) -> ListQuery {
    ListQuery {
        id: Some(id.to_owned()),
        ..listing(path, &[])
    }
}

/// Returns true if `customer` can be an id of Stripe. Ids come from the database and may be anything; invalid ones are
/// not sent, since nobody can have them.
pub(crate) fn is_possible_id(customer: &CustomerId) -> bool {
    let id = customer.as_str();
    let is_dots = id.chars().all(|character| character == '.');
    (1..=MAX_ID_LENGTH).contains(&id.len()) && !is_dots && !id.chars().any(char::is_control)
}

/// Reads the next page, with all items of its subscriptions. If the key may not read invoices, reads it without them.
pub(super) async fn next_page(
    session: ReadSession<'_>,
    pages: &mut Pages<'_>,
    prices: &SharedPrices,
) -> Result<Option<Vec<Decoded>>, Error> {
    let decode = |text: &RawValue| decode_live_text(text, &mut prices.locked());
    let mut page = pages.next(decode).await;
    if let Err(error) = &page
        && is_refusal(error)
        && pages.remove_parameter(EXPAND)
    {
        page = pages.next(decode).await;
        if page.is_ok() {
            session.extras().refuse(INVOICES);
        }
    }
    let Some(mut page) = page? else {
        return Ok(None);
    };
    let truncated = page.iter_mut().filter(|one| one.may_have_more_items);
    for decoded in truncated {
        complete(session, decoded, prices).await?;
    }
    Ok(Some(page))
}

/// Reads all items of a subscription that includes only its first ones.
pub(super) async fn complete(
    session: ReadSession<'_>,
    decoded: &mut Decoded,
    prices: &SharedPrices,
) -> Result<(), Error> {
    let filter = [("subscription", decoded.subscription.id.as_str())];
    let mut pages = Pages::new(session, &listing("v1/subscription_items", &filter));
    let currency = decoded.currency.as_deref();
    let mut items = Vec::new();
    while let Some(page) = pages
        .next(|text: &RawValue| decode_live_item(text, currency, &mut prices.locked()))
        .await?
    {
        items.extend(page);
    }
    let subscription_period = decoded.period;
    let periods: Vec<_> = items
        .iter()
        .map(|listed| listed.period.or(subscription_period))
        .collect();
    let subscription = &mut decoded.subscription;
    subscription.period = Period::of_items(periods.iter().copied().flatten());
    let details = subscription.details.take().map(|details| *details);
    subscription.details = boxed(Details {
        item_periods: different(periods),
        ..details.unwrap_or_default()
    });
    decoded.subscription.items = items.into_iter().map(|listed| listed.item).collect();
    decoded.may_have_more_items = false;
    Ok(())
}
