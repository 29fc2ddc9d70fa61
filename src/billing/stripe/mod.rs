//! Reads Stripe subscriptions: the whole account page by page, or just what some customers have.

pub(crate) mod answers;
pub(crate) mod events;
pub mod objects;

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;
use serde_json::value::RawValue;

use self::objects::{DecodedItem, item_text, subscription_text};
use super::{
    BillingFacts, Decoded, Error, Meaning, PriceTable,
    facts::Gathering,
    pages::{Listed, Listing, Pages},
    transport::Session,
};
use crate::contract::CustomerId;

/// Stripe answers with at most as many objects a page.
const PAGE: &str = "100";

/// Questions about customers that are under way at the same time. Sandboxes allow about four, live accounts more.
pub(crate) const AT_ONCE: usize = 4;

/// Longer than any id that Stripe gives out or takes.
const LONGEST_ID: usize = 255;

impl Listed for Decoded {
    fn id(&self) -> &str {
        self.subscription.id.as_str()
    }
}

impl Listed for DecodedItem {
    fn id(&self) -> &str {
        &self.id
    }
}

/// The listings that together hold every subscription of the account. The status is always said: what is listed
/// without one is not documented in full.
fn everything() -> Vec<Listing> {
    vec![subscriptions(&[("status", "all")])]
}

fn subscriptions(filter: &[(&'static str, &str)]) -> Listing {
    listing("v1/subscriptions", filter)
}

pub(crate) fn listing(path: &'static str, filter: &[(&'static str, &str)]) -> Listing {
    let limit = ("limit", PAGE);
    Listing {
        path,
        query: filter
            .iter()
            .chain([&limit])
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect(),
    }
}

/// Everything. `on_progress` hears the number of subscriptions after each page.
pub(crate) async fn read_all(
    session: Session<'_>,
    on_progress: &(dyn Fn(u64) + Sync),
) -> Result<BillingFacts, Error> {
    let mut gathering = Gathering::default();
    let mut prices = PriceTable::default();
    for listing in everything() {
        let mut pages = Pages::of(session, &listing);
        while let Some(page) = next_page(session, &mut pages, &mut prices).await? {
            for decoded in page {
                gathering.add(decoded);
            }
            on_progress(gathering.count());
        }
    }
    Ok(gathering.finish())
}

/// Everything that `customers` have. One that Stripe does not know has nothing.
pub(crate) async fn read_customers(
    session: Session<'_>,
    customers: &BTreeSet<&CustomerId>,
) -> Result<BillingFacts, Error> {
    let mut answers = stream::iter(customers)
        .map(|customer| of_customer(session, customer))
        .buffered(AT_ONCE);
    let mut gathering = Gathering::default();
    while let Some(subscriptions) = answers.try_next().await? {
        for decoded in subscriptions {
            gathering.add(decoded);
        }
    }
    Ok(gathering.finish())
}

async fn of_customer(session: Session<'_>, customer: &CustomerId) -> Result<Vec<Decoded>, Error> {
    if !can_be_asked(customer) {
        return Ok(Vec::new());
    }
    let filter = [("customer", customer.as_str()), ("status", "all")];
    let mut pages = Pages::of(session, &subscriptions(&filter));
    let mut prices = PriceTable::default();
    let mut found = Vec::new();
    loop {
        match next_page(session, &mut pages, &mut prices).await {
            Ok(Some(page)) => found.extend(page),
            Ok(None) => break,
            Err(error) if found.is_empty() && is_unknown_customer(&error) => break,
            Err(error) => return Err(error),
        }
    }
    check_owner(session, customer, &found)?;
    Ok(found)
}

/// A server that ignores the filter would make others' subscriptions look like nobody's.
pub(crate) fn check_owner(
    session: Session<'_>,
    asked: &CustomerId,
    found: &[Decoded],
) -> Result<(), Error> {
    match found
        .iter()
        .find(|decoded| decoded.subscription.customer != *asked)
    {
        Some(decoded) => Err(Error::ForeignObject {
            provider: session.provider().name(),
            asked: super::redaction::presentable(asked.as_str()),
            got: super::redaction::presentable(decoded.subscription.customer.as_str()),
        }),
        None => Ok(()),
    }
}

pub(crate) fn is_unknown_customer(error: &Error) -> bool {
    error
        .refusal()
        .is_some_and(super::Refusal::is_unknown_customer)
}

/// Ids come from the database and may be anything. What cannot be an id of Stripe's is not sent to it: nobody has it.
pub(crate) fn can_be_asked(customer: &CustomerId) -> bool {
    let id = customer.as_str();
    let is_dots = id.chars().all(|character| character == '.');
    (1..=LONGEST_ID).contains(&id.len()) && !is_dots && !id.chars().any(char::is_control)
}

async fn next_page(
    session: Session<'_>,
    pages: &mut Pages<'_>,
    prices: &mut PriceTable,
) -> Result<Option<Vec<Decoded>>, Error> {
    let Some(mut page) = pages
        .next(|text: &RawValue| subscription_text(text, prices))
        .await?
    else {
        return Ok(None);
    };
    for decoded in page.iter_mut().filter(|decoded| decoded.more_items) {
        complete(session, decoded, prices).await?;
    }
    Ok(Some(page))
}

/// Replaces the items of a subscription that shows only its first ones.
async fn complete(
    session: Session<'_>,
    decoded: &mut Decoded,
    prices: &mut PriceTable,
) -> Result<(), Error> {
    let filter = [("subscription", decoded.subscription.id.as_str())];
    let mut pages = Pages::of(session, &listing("v1/subscription_items", &filter));
    let mut items = Vec::new();
    let period = decoded.period;
    while let Some(page) = pages
        .next(|text: &RawValue| item_text(text, period, prices))
        .await?
    {
        items.extend(page);
    }
    decoded.subscription.items = items.into_iter().map(|listed| listed.item).collect();
    decoded.more_items = false;
    Ok(())
}

#[derive(Deserialize)]
struct Customer {
    id: String,
}

/// Whether Stripe knows one of `customers`; a deleted one is known. A key that may not ask cannot tell, which is a no.
pub(crate) async fn any_customer_exists(
    session: Session<'_>,
    customers: &[CustomerId],
) -> Result<bool, Error> {
    let mut of_the_other_mode = None;
    for customer in customers.iter().filter(|customer| can_be_asked(customer)) {
        let address = session.address(["v1", "customers", customer.as_str()], &[]);
        let error = match session.get::<Customer>(&address).await {
            Ok(found) if found.id == customer.as_str() => return Ok(true),
            Ok(_) => continue,
            Err(error) => error,
        };
        match error.refusal().map(|refusal| &refusal.meaning) {
            Some(Meaning::OtherMode(_)) => of_the_other_mode = Some(error),
            Some(Meaning::NoSuchObject(_)) => {}
            Some(Meaning::MissingPermission(_)) => return Ok(false),
            _ => return Err(error),
        }
    }
    of_the_other_mode.map_or(Ok(false), Err)
}
