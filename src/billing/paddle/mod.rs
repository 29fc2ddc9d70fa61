//! Reads Paddle subscriptions: the whole account page by page, or those of some customers.

pub(crate) mod answers;
pub mod objects;

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;
use serde_json::value::RawValue;

use self::objects::subscription_text;
use super::{
    BillingFacts, Decoded, Error, PriceTable, RefusalMeaning,
    by_id::Enveloped,
    facts::FactsBuilder,
    pages::{COUNTED, ListQuery, Pages},
    plan::{ReadPlan, ReadStep},
    stripe::{Prices, check_owner, is_unknown_customer, locked},
    transport::ReadSession,
};
use crate::contract::CustomerId;

/// Paddle's maximum number of objects per page.
const PAGE: &str = "200";
const PAGE_SIZE: u64 = 200;

/// Twice the length of Paddle's ids.
const LONGEST_ID: usize = 60;

/// Returns a list of subscriptions in every status (Paddle's default), in the only order available.
fn subscriptions(filter: &[(&'static str, &str)]) -> ListQuery {
    let fixed = [("order_by", "id[ASC]"), ("per_page", PAGE)];
    ListQuery {
        path: "subscriptions",
        query: filter
            .iter()
            .chain(&fixed)
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect(),
    }
}

/// A started read.
#[derive(Debug)]
pub(crate) struct PaddleSurvey<'a> {
    pages: Pages<'a>,
    prices: PriceTable,
    gathering: FactsBuilder,
    pub(crate) plan: ReadPlan,
}

/// Reads the first page, which includes the total count.
pub(crate) async fn survey(session: ReadSession<'_>) -> Result<PaddleSurvey<'_>, Error> {
    let mut pages = Pages::new(session, &subscriptions(&[]));
    let (mut prices, mut gathering) = (PriceTable::default(), FactsBuilder::default());
    let begun = session.requests();
    gathering.extend(
        next_page(&mut pages, &mut prices)
            .await?
            .unwrap_or_default(),
    );
    let mut plan = ReadPlan::new(true);
    plan.sent = session.requests().saturating_sub(begun);
    if pages.has_more() {
        plan.at_least = pages.total.is_none_or(|total| total > COUNTED);
        let left = pages
            .total
            .unwrap_or_default()
            .saturating_sub(gathering.count());
        plan.steps.push(ReadStep::new(
            "every subscription",
            left.div_ceil(PAGE_SIZE).max(1),
        ));
    }
    Ok(PaddleSurvey {
        pages,
        prices,
        gathering,
        plan,
    })
}

impl PaddleSurvey<'_> {
    /// Reads the rest. `on_progress` receives the number of subscriptions after each page.
    pub(crate) async fn read(
        mut self,
        on_progress: &(dyn Fn(u64) + Sync),
    ) -> Result<BillingFacts, Error> {
        on_progress(self.gathering.count());
        while let Some(page) = next_page(&mut self.pages, &mut self.prices).await? {
            self.gathering.extend(page);
            on_progress(self.gathering.count());
        }
        Ok(self.gathering.finish())
    }
}

/// Reads everything of `customers`. Customers unknown to Paddle have nothing.
pub(crate) async fn read_customers(
    session: ReadSession<'_>,
    customers: &BTreeSet<&CustomerId>,
) -> Result<BillingFacts, Error> {
    let mut answers = stream::iter(customers)
        .map(|customer| of_customer(session, customer))
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
) -> Result<Vec<Decoded>, Error> {
    if !can_be_asked(customer) {
        return Ok(Vec::new());
    }
    let filter = [("customer_id", customer.as_str())];
    let mut pages = Pages::new(session, &subscriptions(&filter));
    let mut prices = PriceTable::default();
    let mut found = Vec::new();
    loop {
        match next_page(&mut pages, &mut prices).await {
            Ok(Some(page)) => found.extend(page),
            Ok(None) => break,
            Err(error) if found.is_empty() && is_unknown_customer(&error) => break,
            Err(error) => return Err(error),
        }
    }
    check_owner(session, customer, &found)?;
    Ok(found)
}

/// Reads one subscription.
pub(crate) async fn retrieve(
    session: ReadSession<'_>,
    id: &str,
    prices: &Prices,
) -> Result<Decoded, Error> {
    let address = session.address(["subscriptions", id], &[]);
    let found: Enveloped = session.get("subscriptions/{id}", &address).await?;
    subscription_text(&found.data, &mut locked(prices)).map_err(|error| Error::Object {
        provider: session.provider().name(),
        error: Box::new(error),
    })
}

async fn next_page(
    pages: &mut Pages<'_>,
    prices: &mut PriceTable,
) -> Result<Option<Vec<Decoded>>, Error> {
    pages
        .next(|text: &RawValue| subscription_text(text, prices))
        .await
}

/// Returns true if `customer` can be an id of Paddle. Ids come from the database and may be anything; invalid ones are
/// not sent, since nobody can have them. A comma would select two customers at once.
pub(crate) fn can_be_asked(customer: &CustomerId) -> bool {
    let id = customer.as_str();
    (1..=LONGEST_ID).contains(&id.len())
        && id
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '_')
}

#[derive(Deserialize)]
struct CustomerEnvelope {
    data: PaddleCustomer,
}

#[derive(Deserialize)]
struct PaddleCustomer {
    id: String,
}

/// Returns true if Paddle knows one of `customers`; false if the key may not read them.
pub(crate) async fn any_customer_exists(
    session: ReadSession<'_>,
    customers: &[CustomerId],
) -> Result<bool, Error> {
    for customer in customers.iter().filter(|customer| can_be_asked(customer)) {
        let address = session.address(["customers", customer.as_str()], &[]);
        let error = match session
            .get::<CustomerEnvelope>("customers/{id}", &address)
            .await
        {
            Ok(found) if found.data.id == customer.as_str() => return Ok(true),
            Ok(_) => continue,
            Err(error) => error,
        };
        match error.refusal().map(|refusal| &refusal.meaning) {
            Some(RefusalMeaning::NoSuchObject(_) | RefusalMeaning::BadParameter(_)) => {}
            Some(RefusalMeaning::MissingPermission(_)) => return Ok(false),
            _ => return Err(error),
        }
    }
    Ok(false)
}
