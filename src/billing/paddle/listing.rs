//! Lists Paddle's subscriptions: all of them page by page, or those of some customers.

use std::collections::BTreeSet;

use futures::{StreamExt as _, stream};
use serde_json::value::RawValue;

use super::{
    is_possible_id,
    objects::decode_live_text,
    page::{MAX_COUNT, PaddlePages},
};
use crate::{
    billing::{
        BillingFacts, Decoded, Error, PriceTable, ReadPlan, ReadStep, RefusalMeaning,
        facts::FactsBuilder,
        lookup::{check_owner, is_unknown_customer},
        pages::{ListQuery, Pages},
        source::{BegunList, Lists, OnProgress, RestOfList},
        transport::{ReadFuture, ReadSession},
    },
    contract::{CustomerId, ListingScope},
};

/// Paddle's maximum number of objects per page.
const PAGE: &str = "200";
const PAGE_SIZE: u64 = 200;

/// Paddle's lists of subscriptions.
#[derive(Debug)]
pub(super) struct PaddleLists;

impl Lists for PaddleLists {
    fn begin<'a>(
        &'a self,
        session: ReadSession<'a>,
        _: &'a ListingScope,
        _: &'a [CustomerId],
    ) -> ReadFuture<'a, BegunList<'a>> {
        Box::pin(begin(session))
    }

    fn customers<'a>(
        &'a self,
        session: ReadSession<'a>,
        customers: &'a BTreeSet<&'a CustomerId>,
    ) -> ReadFuture<'a, BillingFacts> {
        Box::pin(read_customers(session, customers))
    }
}

/// Returns a list of subscriptions in every status (Paddle's default), in the only order available.
fn subscriptions(filter: &[(&'static str, &str)]) -> ListQuery {
    listing("subscriptions", filter)
}

/// Returns the list of active prices, with their products.
pub(super) fn active_prices() -> ListQuery {
    listing("prices", &[("status", "active"), ("include", "product")])
}

fn listing(path: &'static str, filter: &[(&'static str, &str)]) -> ListQuery {
    let fixed = [("order_by", "id[ASC]"), ("per_page", PAGE)];
    ListQuery {
        path,
        query: filter
            .iter()
            .chain(&fixed)
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect(),
        format: &PaddlePages,
    }
}

/// The pages after the first.
#[derive(Debug)]
struct RestOfPages<'a> {
    pages: Pages<'a>,
    prices: PriceTable,
    builder: FactsBuilder,
}

/// Reads the first page, which includes the total count.
async fn begin(session: ReadSession<'_>) -> Result<BegunList<'_>, Error> {
    let mut pages = Pages::new(session, &subscriptions(&[]));
    let (mut prices, mut builder) = (PriceTable::default(), FactsBuilder::default());
    let begun = session.requests();
    builder.extend(
        next_page(&mut pages, &mut prices)
            .await?
            .unwrap_or_default(),
    );
    let mut plan = ReadPlan::new(true);
    plan.sent = session.requests().saturating_sub(begun);
    if pages.has_more() {
        plan.is_lower_bound = pages.total.is_none_or(|total| total > MAX_COUNT);
        let left = pages
            .total
            .unwrap_or_default()
            .saturating_sub(builder.count());
        plan.steps.push(ReadStep::new(
            "every subscription",
            left.div_ceil(PAGE_SIZE).max(1),
        ));
    }
    let rest = Box::new(RestOfPages {
        pages,
        prices,
        builder,
    });
    Ok(BegunList { plan, rest })
}

impl<'a> RestOfList<'a> for RestOfPages<'a> {
    fn read<'p>(mut self: Box<Self>, on_progress: OnProgress<'p>) -> ReadFuture<'p, BillingFacts>
    where
        'a: 'p,
        Self: 'p,
    {
        Box::pin(async move {
            on_progress(self.builder.count());
            while let Some(page) = next_page(&mut self.pages, &mut self.prices).await? {
                self.builder.extend(page);
                on_progress(self.builder.count());
            }
            Ok(self.builder.finish())
        })
    }
}

async fn read_customers(
    session: ReadSession<'_>,
    customers: &BTreeSet<&CustomerId>,
) -> Result<BillingFacts, Error> {
    let answers = stream::iter(customers)
        .map(|customer| subscriptions_of_customer(session, customer))
        .buffered(session.rate_limit().concurrency);
    FactsBuilder::collect(answers).await
}

async fn subscriptions_of_customer(
    session: ReadSession<'_>,
    customer: &CustomerId,
) -> Result<Vec<Decoded>, Error> {
    if !is_possible_id(customer) {
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
            Err(error) if found.is_empty() && is_no_customer(&error) => break,
            Err(error) => return Err(error),
        }
    }
    check_owner(session, customer, &found)?;
    Ok(found)
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

async fn next_page(
    pages: &mut Pages<'_>,
    prices: &mut PriceTable,
) -> Result<Option<Vec<Decoded>>, Error> {
    pages
        .next(|text: &RawValue| decode_live_text(text, prices))
        .await
}
