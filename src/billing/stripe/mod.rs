//! Reads Stripe subscriptions: the whole account page by page, or those of some customers.

pub(crate) mod answers;
pub(crate) mod events;
pub mod objects;
mod pieces;
pub(crate) mod price_objects;
mod survey;
mod test_clocks;

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;
use serde_json::value::RawValue;

use self::objects::{DecodedItem, item_text, subscription_text};
use super::{
    BillingFacts, Decoded, Error, PriceTable, RefusalMeaning,
    decoding::{boxed, different},
    extras::{Extra, is_refusal},
    facts::FactsBuilder,
    owners::is_unknown,
    pages::{ListElement, ListQuery, Pages},
    transport::{Endpoint, ReadSession},
};
use crate::{
    contract::{CustomerId, Details, Period},
    http::scrub,
};
pub(crate) use survey::{StripeSurvey, survey};

/// Stripe's maximum number of objects per page.
const PAGE: &str = "100";
const PAGE_SIZE: u64 = 100;

/// The endpoint that requests for one customer count towards.
pub(crate) const CUSTOMER: Endpoint = "v1/customers/{id}";

/// Prices shared by pages that are read in parallel.
pub(crate) type Prices = Mutex<PriceTable>;

/// Parameter that replaces ids by objects.
const EXPAND: &str = "expand[]";

/// Longer than any id that Stripe creates or accepts.
const LONGEST_ID: usize = 255;

impl ListElement for Decoded {
    fn id(&self) -> &str {
        self.subscription.id.as_str()
    }
}

impl ListElement for DecodedItem {
    fn id(&self) -> &str {
        &self.id
    }
}

/// Adds the latest invoice to a list of subscriptions if it is wanted.
fn with_invoices(session: ReadSession<'_>, listing: ListQuery) -> ListQuery {
    if session.extras().wants(Extra::Invoices) {
        return listing.with(EXPAND, "data.latest_invoice");
    }
    listing
}

fn subscriptions(filter: &[(&'static str, &str)]) -> ListQuery {
    listing("v1/subscriptions", filter)
}

pub(crate) fn listing(path: &'static str, filter: &[(&'static str, &str)]) -> ListQuery {
    let limit = ("limit", PAGE);
    ListQuery {
        path,
        query: filter
            .iter()
            .chain([&limit])
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect(),
    }
}

/// Reads everything of `customers`. Customers unknown to Stripe have nothing.
pub(crate) async fn read_customers(
    session: ReadSession<'_>,
    customers: &BTreeSet<&CustomerId>,
) -> Result<BillingFacts, Error> {
    let prices = Prices::default();
    let mut answers = stream::iter(customers)
        .map(|customer| of_customer(session, customer, &prices))
        .buffered(session.pace().at_once);
    let mut gathering = FactsBuilder::default();
    while let Some(subscriptions) = answers.try_next().await? {
        gathering.extend(subscriptions);
    }
    Ok(gathering.finish())
}

async fn of_customer(
    session: ReadSession<'_>,
    customer: &CustomerId,
    prices: &Prices,
) -> Result<Vec<Decoded>, Error> {
    if !can_be_asked(customer) {
        return Ok(Vec::new());
    }
    let filter = [("customer", customer.as_str()), ("status", "all")];
    let listing = with_invoices(session, subscriptions(&filter));
    let mut pages = Pages::new(session, &listing);
    let mut found = Vec::new();
    loop {
        match next_page(session, &mut pages, prices).await {
            Ok(Some(page)) => found.extend(page),
            Ok(None) => break,
            Err(error) if found.is_empty() && is_unknown_customer(&error) => break,
            Err(error) => return Err(error),
        }
    }
    check_owner(session, customer, &found)?;
    Ok(found)
}

/// Checks that all subscriptions belong to the requested customer: with a server that ignores the filter, other
/// customers' subscriptions would seem to belong to nobody.
pub(crate) fn check_owner(
    session: ReadSession<'_>,
    asked: &CustomerId,
    found: &[Decoded],
) -> Result<(), Error> {
    match found
        .iter()
        .find(|decoded| decoded.subscription.customer != *asked)
    {
        Some(decoded) => Err(Error::ForeignObject {
            provider: session.provider().name(),
            asked: scrub::presentable(asked.as_str()),
            got: scrub::presentable(decoded.subscription.customer.as_str()),
        }),
        None => Ok(()),
    }
}

pub(crate) fn is_unknown_customer(error: &Error) -> bool {
    error
        .refusal()
        .is_some_and(super::ProviderRefusal::is_unknown_customer)
}

/// Returns true if `customer` can be an id of Stripe. Ids come from the database and may be anything; invalid ones are
/// not sent, since nobody can have them.
pub(crate) fn can_be_asked(customer: &CustomerId) -> bool {
    let id = customer.as_str();
    let is_dots = id.chars().all(|character| character == '.');
    (1..=LONGEST_ID).contains(&id.len()) && !is_dots && !id.chars().any(char::is_control)
}

async fn next_page(
    session: ReadSession<'_>,
    pages: &mut Pages<'_>,
    prices: &Prices,
) -> Result<Option<Vec<Decoded>>, Error> {
    let decode = |text: &RawValue| subscription_text(text, &mut locked(prices));
    let mut page = pages.next(decode).await;
    if let Err(error) = &page
        && is_refusal(error)
        && pages.widen(EXPAND)
    {
        page = pages.next(decode).await;
        if page.is_ok() {
            session.extras().refuse(Extra::Invoices);
        }
    }
    let Some(mut page) = page? else {
        return Ok(None);
    };
    for decoded in page.iter_mut().filter(|decoded| decoded.more_items) {
        complete(session, decoded, prices).await?;
    }
    Ok(Some(page))
}

/// Reads one subscription.
pub(crate) async fn retrieve(
    session: ReadSession<'_>,
    id: &str,
    prices: &Prices,
) -> Result<Decoded, Error> {
    const ENDPOINT: Endpoint = "v1/subscriptions/{id}";
    let address = |query: &[_]| session.address(["v1", "subscriptions", id], query);
    let mut text = None;
    if session.extras().wants(Extra::Invoices) {
        let expanded = address(&[(EXPAND, "latest_invoice")]);
        match session.get::<Box<RawValue>>(ENDPOINT, &expanded).await {
            Ok(found) => text = Some(found),
            Err(error) if is_unknown(&error) || !is_refusal(&error) => return Err(error),
            Err(_) => {}
        }
    }
    let text = match text {
        Some(text) => text,
        None => {
            session
                .get::<Box<RawValue>>(ENDPOINT, &address(&[]))
                .await?
        }
    };
    let decoded = subscription_text(&text, &mut locked(prices));
    let mut decoded = decoded.map_err(|error| Error::Object {
        provider: session.provider().name(),
        error: Box::new(error),
    })?;
    if decoded.more_items {
        complete(session, &mut decoded, prices).await?;
    }
    Ok(decoded)
}

/// Reads all items of a subscription that includes only its first ones.
async fn complete(
    session: ReadSession<'_>,
    decoded: &mut Decoded,
    prices: &Prices,
) -> Result<(), Error> {
    let filter = [("subscription", decoded.subscription.id.as_str())];
    let mut pages = Pages::new(session, &listing("v1/subscription_items", &filter));
    let currency = decoded.currency.as_deref();
    let mut items = Vec::new();
    while let Some(page) = pages
        .next(|text: &RawValue| item_text(text, currency, &mut locked(prices)))
        .await?
    {
        items.extend(page);
    }
    let own = decoded.period;
    let periods: Vec<_> = items.iter().map(|listed| listed.period.or(own)).collect();
    let subscription = &mut decoded.subscription;
    subscription.period = Period::of_items(periods.iter().copied().flatten());
    let details = subscription.details.take().map(|details| *details);
    subscription.details = boxed(Details {
        item_periods: different(periods),
        ..details.unwrap_or_default()
    });
    decoded.subscription.items = items.into_iter().map(|listed| listed.item).collect();
    decoded.more_items = false;
    Ok(())
}

/// Locks the table. Decoding one object neither waits nor panics.
pub(crate) fn locked(prices: &Prices) -> std::sync::MutexGuard<'_, PriceTable> {
    prices.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Deserialize)]
struct StripeCustomer {
    id: String,
}

/// Returns true if Stripe knows one of `customers`, including deleted ones; false if the key may not read them.
pub(crate) async fn any_customer_exists(
    session: ReadSession<'_>,
    customers: &[CustomerId],
) -> Result<bool, Error> {
    let mut of_the_other_mode = None;
    for customer in customers.iter().filter(|customer| can_be_asked(customer)) {
        let address = session.address(["v1", "customers", customer.as_str()], &[]);
        let error = match session.get::<StripeCustomer>(CUSTOMER, &address).await {
            Ok(found) if found.id == customer.as_str() => return Ok(true),
            Ok(_) => continue,
            Err(error) => error,
        };
        match error.refusal().map(|refusal| &refusal.meaning) {
            Some(RefusalMeaning::OtherMode(_)) => of_the_other_mode = Some(error),
            Some(RefusalMeaning::NoSuchObject(_)) => {}
            Some(RefusalMeaning::MissingPermission(_)) => return Ok(false),
            _ => return Err(error),
        }
    }
    of_the_other_mode.map_or(Ok(false), Err)
}
