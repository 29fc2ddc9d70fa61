//! Estimates the cost of reading Stripe from the first pages.

use tokio::time::Instant;

use super::{
    listing::{INVOICES, subscriptions, with_invoices},
    partitions::Partitions,
    test_clocks,
};
use crate::{
    billing::{
        BillingFacts, Error, ReadPlan, ReadStep,
        facts::FactsBuilder,
        pages::ListQuery,
        prices::SharedPrices,
        source::{BegunList, OnProgress, RestOfList},
        transport::{ReadFuture, ReadSession},
    },
    contract::{ListingScope, Status},
};

/// The partitions and clocks that are still to be read.
#[derive(Debug)]
struct RestOfPartitions<'a> {
    session: ReadSession<'a>,
    lists: Vec<Partitions<'a>>,
    /// Ids of test clocks.
    clocks: Vec<String>,
    prices: SharedPrices,
    builder: FactsBuilder,
}

/// Reads the first pages of the scope.
pub(super) async fn begin<'a>(
    session: ReadSession<'a>,
    scope: &ListingScope,
) -> Result<BegunList<'a>, Error> {
    let begun = session.requests();
    let prices = SharedPrices::default();
    let mut builder = FactsBuilder::default();
    let mut plan = ReadPlan::new(*scope == ListingScope::Everything);
    let mut lists = Vec::new();
    for (what, listing) in listings(session, scope) {
        let start = Instant::now();
        let first = Partitions::first_page(session, &listing, &prices, &mut builder).await?;
        plan.response_time = start.elapsed();
        let list = first.estimate(&prices, &mut builder).await?;
        plan.steps.push(ReadStep::new(&what, list.pages_left()));
        lists.push(list);
    }
    let clocks = test_clocks::clocks(session).await?;
    if !clocks.is_empty() {
        let number = u64::try_from(clocks.len()).unwrap_or(u64::MAX);
        plan.steps
            .push(ReadStep::new("subscriptions on test clocks", number));
    }
    plan.sent = session.requests().saturating_sub(begun);
    let rest = Box::new(RestOfPartitions {
        session,
        lists,
        clocks,
        prices,
        builder,
    });
    Ok(BegunList { plan, rest })
}

/// Returns the lists that make up a scope, each with its name in messages.
///
/// Of several statuses `active` comes last: a subscription that becomes active while the others are read is seen at
/// least once. If invoices are wanted, `past_due` is listed separately, even if another list includes it, so that no
/// other subscription is requested with its invoice.
fn listings(session: ReadSession<'_>, scope: &ListingScope) -> Vec<(String, ListQuery)> {
    let named = |status: &Status| {
        let listing = subscriptions(&[("status", status.as_str())]);
        let listing = if *status == Status::PastDue {
            with_invoices(session, listing)
        } else {
            listing
        };
        (format!("subscriptions that are `{status}`"), listing)
    };
    let mut listings = match scope {
        ListingScope::Everything => {
            let everything = subscriptions(&[("status", "all")]);
            vec![("every subscription".to_owned(), everything)]
        }
        ListingScope::NotCanceled { statuses } => {
            let open = (
                "subscriptions that are not canceled".to_owned(),
                subscriptions(&[]),
            );
            [open]
                .into_iter()
                .chain(statuses.iter().map(named))
                .collect()
        }
        ListingScope::Statuses(statuses) => {
            let mut statuses: Vec<_> = statuses.iter().collect();
            statuses.sort_by_key(|status| **status == Status::Active);
            statuses.into_iter().map(named).collect()
        }
    };
    let has_overdue = matches!(scope, ListingScope::Statuses(_));
    if session.extras().wants(INVOICES) && !has_overdue {
        let (_, listing) = named(&Status::PastDue);
        let what = "invoices of subscriptions that are `past_due`".to_owned();
        listings.push((what, listing));
    }
    listings
}

impl<'a> RestOfList<'a> for RestOfPartitions<'a> {
    fn read<'p>(self: Box<Self>, on_progress: OnProgress<'p>) -> ReadFuture<'p, BillingFacts>
    where
        'a: 'p,
        Self: 'p,
    {
        Box::pin(async move {
            let Self {
                session,
                lists,
                clocks,
                prices,
                mut builder,
            } = *self;
            on_progress(builder.count());
            for list in lists {
                list.read(&prices, &mut builder, on_progress).await?;
            }
            test_clocks::read(session, &clocks, &prices, &mut builder).await?;
            Ok(builder.finish())
        })
    }
}
