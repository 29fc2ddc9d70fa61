//! Chooses the lists of a scope, and estimates the cost of reading them from their first pages.

use futures::future::{try_join, try_join_all};
use tokio::time::Instant;

use super::{
    both_ends::{BothEnds, exact_count, read_lists},
    listing::count,
    page::PaddlePages,
    refunds,
};
use crate::{
    billing::{
        BillingFacts, Decoded, Error, ReadPlan, ReadStep,
        facts::FactsBuilder,
        prices::SharedPrices,
        source::{BegunList, OnProgress, RestOfList},
        transport::{ReadFuture, ReadSession},
    },
    contract::{ListingScope, Status},
};

/// Statuses that Paddle can filter by, except for `canceled`. `active` comes last: a subscription that becomes active
/// while the others are read is seen at least once.
const OPEN: [Status; 4] = [
    Status::Trialing,
    Status::PastDue,
    Status::Paused,
    Status::Active,
];

/// Number of pages up to which one list of everything is at most as expensive as a list for each status.
const FEW_PAGES: u64 = 5;

/// Usual number of requests for refunds and the transactions behind them.
const REFUND_REQUESTS: u64 = 2;

/// The lists that are still to be read.
#[derive(Debug)]
struct RestOfLists<'a> {
    session: ReadSession<'a>,
    lists: Vec<BothEnds<'a>>,
    prices: SharedPrices,
    builder: FactsBuilder,
}

/// A started list with its first page.
type FirstPage<'a> = (BothEnds<'a>, Vec<Decoded>);

/// Reads the first pages of the scope.
pub(super) async fn begin<'a>(
    session: ReadSession<'a>,
    scope: &ListingScope,
) -> Result<BegunList<'a>, Error> {
    let begun = session.requests();
    let prices = SharedPrices::default();
    let start = Instant::now();
    let everything = "every subscription".to_owned();
    let whole = BothEnds::begin(session, everything, &[], &PaddlePages::Growing, &prices).await?;
    let response_time = start.elapsed();
    let by_status = by_status(session, scope, &whole.0, &prices).await?;
    let mut plan = ReadPlan::new(by_status.is_none());
    plan.sent = session.requests().saturating_sub(begun);
    plan.response_time = response_time;
    let mut builder = FactsBuilder::default();
    let mut lists = Vec::new();
    for (list, page) in by_status.unwrap_or_else(|| vec![whole]) {
        builder.extend(page);
        let requests = list.requests_left();
        if requests > 0 {
            plan.steps.push(ReadStep::new(list.description(), requests));
            plan.is_lower_bound |= list.exact_total().is_none();
            plan.in_sequence = plan.in_sequence.max(requests.div_ceil(2));
        }
        lists.push(list);
    }
    if session.wants_refunds() {
        plan.steps.push(ReadStep::new("refunds", REFUND_REQUESTS));
    }
    let rest = Box::new(RestOfLists {
        session,
        lists,
        prices,
        builder,
    });
    Ok(BegunList { plan, rest })
}

/// Reads the first page of a list for each status of the scope. Returns `None` if the list of everything is needed, or
/// takes fewer requests.
async fn by_status<'a>(
    session: ReadSession<'a>,
    scope: &ListingScope,
    whole: &BothEnds<'_>,
    prices: &SharedPrices,
) -> Result<Option<Vec<FirstPage<'a>>>, Error> {
    let (left, is_exact) = (whole.requests_left(), whole.exact_total().is_some());
    if left == 0 || is_exact && left <= FEW_PAGES {
        return Ok(None);
    }
    match scope {
        ListingScope::Everything => Ok(None),
        ListingScope::Statuses(statuses) => {
            let statuses = OPEN.iter().filter(|status| statuses.contains(*status));
            let lists = try_join_all(statuses.map(|one| first_page(session, one, prices))).await?;
            Ok(cheaper(lists, whole))
        }
        ListingScope::NotCanceled { .. } => {
            let Some(total) = whole.exact_total() else {
                return Ok(None);
            };
            let lists = try_join_all(OPEN.iter().map(|one| first_page(session, one, prices)));
            let canceled = count(&[("status", Status::Canceled.as_str())]);
            let canceled = exact_count(session, &canceled, prices);
            let (lists, canceled) = try_join(lists, canceled).await?;
            let counts = lists.iter().map(|(list, _)| list.exact_total());
            let counted = counts.chain([canceled]).sum::<Option<u64>>();
            // Whatever is in none of the lists has a status that this version does not know.
            if counted.is_none_or(|counted| counted < total) {
                return Ok(None);
            }
            Ok(cheaper(lists, whole))
        }
    }
}

fn cheaper<'a>(lists: Vec<FirstPage<'a>>, whole: &BothEnds<'_>) -> Option<Vec<FirstPage<'a>>> {
    let requests: u64 = lists.iter().map(|(list, _)| list.requests_left()).sum();
    let is_cheaper = whole.exact_total().is_none() || requests <= whole.requests_left();
    is_cheaper.then_some(lists)
}

async fn first_page<'a>(
    session: ReadSession<'a>,
    status: &Status,
    prices: &SharedPrices,
) -> Result<FirstPage<'a>, Error> {
    let description = format!("subscriptions that are `{status}`");
    let filter = [("status", status.as_str())];
    BothEnds::begin(
        session,
        description,
        &filter,
        &PaddlePages::Changing,
        prices,
    )
    .await
}

impl<'a> RestOfList<'a> for RestOfLists<'a> {
    fn read<'p>(self: Box<Self>, on_progress: OnProgress<'p>) -> ReadFuture<'p, BillingFacts>
    where
        'a: 'p,
        Self: 'p,
    {
        Box::pin(async move {
            let Self {
                session,
                lists,
                prices,
                mut builder,
            } = *self;
            on_progress(builder.count());
            read_lists(session, lists, &prices, &mut builder, on_progress).await?;
            let mut facts = builder.finish();
            refunds::mark(session, &mut facts).await?;
            Ok(facts)
        })
    }
}
