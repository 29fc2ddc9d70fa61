//! Reads Paddle's subscriptions: all of a scope, or those of some customers.

use std::{collections::BTreeSet, num::NonZeroUsize};

use futures::{StreamExt as _, stream};

use super::{
    estimate::begin,
    is_possible_id,
    listing::{ListOrder, next_page, subscriptions},
    page::PaddlePages,
    refunds,
};
use crate::{
    billing::{
        BillingFacts, Decoded, Error, RefusalMeaning,
        facts::FactsBuilder,
        lookup::{check_id, is_unknown_customer},
        pages::Pages,
        prices::SharedPrices,
        source::{BegunList, Lists},
        transport::{ReadFuture, ReadSession},
    },
    contract::{CustomerId, ListingScope},
};

/// Number of customers in one request. Most have at most four subscriptions, which fit on a page.
pub(super) const AT_ONCE: NonZeroUsize = NonZeroUsize::new(50).unwrap();

/// Paddle's lists of subscriptions.
#[derive(Debug)]
pub(super) struct PaddleLists;

impl Lists for PaddleLists {
    fn begin<'a>(
        &'a self,
        session: ReadSession<'a>,
        scope: &'a ListingScope,
        _: &'a [CustomerId],
    ) -> ReadFuture<'a, BegunList<'a>> {
        Box::pin(begin(session, scope))
    }

    fn customers<'a>(
        &'a self,
        session: ReadSession<'a>,
        customers: &'a BTreeSet<&'a CustomerId>,
    ) -> ReadFuture<'a, BillingFacts> {
        Box::pin(read_customers(session, customers))
    }
}

async fn read_customers(
    session: ReadSession<'_>,
    customers: &BTreeSet<&CustomerId>,
) -> Result<BillingFacts, Error> {
    let possible = customers.iter().filter(|customer| is_possible_id(customer));
    let ids: Vec<_> = possible.map(|customer| customer.as_str()).collect();
    let prices = SharedPrices::default();
    let answers = stream::iter(ids.chunks(AT_ONCE.get()))
        .map(|ids| subscriptions_of(session, ids, &prices))
        .buffered(session.rate_limit().concurrency);
    let mut facts = FactsBuilder::collect(answers).await?;
    refunds::mark(session, &mut facts).await?;
    Ok(facts)
}

/// Reads the subscriptions of several customers. If the request is refused because of one of them, splits them in
/// half and retries both halves.
async fn subscriptions_of(
    session: ReadSession<'_>,
    ids: &[&str],
    prices: &SharedPrices,
) -> Result<Vec<Decoded>, Error> {
    let mut left = vec![ids];
    let mut all = Vec::new();
    while let Some(ids) = left.pop() {
        match subscriptions_of_each(session, ids, prices).await {
            Ok(found) => all.extend(found),
            Err(error) if ids.len() > 1 && may_be_about_one(&error) => {
                let (first, second) = ids.split_at(ids.len() / 2);
                left.extend([second, first]);
            }
            Err(error) if is_no_customer(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

async fn subscriptions_of_each(
    session: ReadSession<'_>,
    ids: &[&str],
    prices: &SharedPrices,
) -> Result<Vec<Decoded>, Error> {
    let filter = [("customer_id", &*ids.join(","))];
    let listing = subscriptions(&filter, ListOrder::OldestFirst, &PaddlePages::Growing);
    let mut pages = Pages::new(session, &listing);
    let mut found = Vec::new();
    while let Some(page) = next_page(&mut pages, prices).await? {
        found.extend(page);
    }
    // A server that ignores the filter sends those of other customers, which would seem to have no account.
    for decoded in &found {
        let owner = decoded.subscription.customer.as_str();
        if !ids.contains(&owner) {
            check_id(session, ids.first().copied().unwrap_or_default(), owner)?;
        }
    }
    Ok(found)
}

/// Returns true if a request for fewer customers may succeed. How many a list may have is not published.
fn may_be_about_one(error: &Error) -> bool {
    error
        .refusal()
        .is_some_and(|refusal| matches!(refusal.status, 400 | 404 | 413 | 414))
}

/// Returns true if Paddle does not know the customer, or says that nobody can have the id.
fn is_no_customer(error: &Error) -> bool {
    let meaning = error.refusal().map(|refusal| &refusal.meaning);
    let parameter = match meaning {
        Some(RefusalMeaning::BadParameter(parameter)) => parameter.as_deref(),
        _ => None,
    };
    parameter == Some("customer_id") || is_unknown_customer(error)
}
