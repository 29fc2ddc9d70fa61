//! Reads Stripe's subscriptions: all of a scope, or those of some customers.

use std::collections::BTreeSet;

use futures::{StreamExt as _, stream};

use super::{
    estimate::begin,
    listing::{is_possible_id, next_page, subscriptions, with_invoices},
};
use crate::{
    billing::{
        BillingFacts, Decoded, Error,
        facts::FactsBuilder,
        lookup::{check_owner, is_unknown_customer},
        pages::Pages,
        prices::SharedPrices,
        source::{BegunList, Lists},
        transport::{ReadFuture, ReadSession},
    },
    contract::{CustomerId, ListingScope},
};

/// Stripe's lists of subscriptions.
#[derive(Debug)]
pub(super) struct StripeLists;

impl Lists for StripeLists {
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
    let prices = SharedPrices::default();
    let answers = stream::iter(customers)
        .map(|customer| subscriptions_of_customer(session, customer, &prices))
        .buffered(session.rate_limit().concurrency);
    FactsBuilder::collect(answers).await
}

async fn subscriptions_of_customer(
    session: ReadSession<'_>,
    customer: &CustomerId,
    prices: &SharedPrices,
) -> Result<Vec<Decoded>, Error> {
    if !is_possible_id(customer) {
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
