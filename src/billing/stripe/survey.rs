//! Estimates the cost of reading Stripe from the first pages.

use tokio::time::Instant;

use super::{Prices, pieces::Pieces, subscriptions, test_clocks, with_invoices};
use crate::{
    billing::{
        BillingFacts, Error,
        extras::Extra,
        facts::FactsBuilder,
        pages::ListQuery,
        plan::{ReadPlan, ReadStep},
        transport::ReadSession,
    },
    contract::{ListingScope, Status},
};

/// A started read.
#[derive(Debug)]
pub(crate) struct StripeSurvey<'a> {
    session: ReadSession<'a>,
    pieces: Vec<Pieces<'a>>,
    /// Ids of test clocks.
    clocks: Vec<String>,
    prices: Prices,
    gathering: FactsBuilder,
    pub(crate) plan: ReadPlan,
}

/// Reads the first pages of the scope given by `breadth`.
pub(crate) async fn survey<'a>(
    session: ReadSession<'a>,
    breadth: &ListingScope,
) -> Result<StripeSurvey<'a>, Error> {
    let begun = session.requests();
    let prices = Prices::default();
    let mut gathering = FactsBuilder::default();
    let mut plan = ReadPlan::new(*breadth == ListingScope::Everything);
    let mut pieces = Vec::new();
    for (what, listing) in listings(session, breadth) {
        let asked = Instant::now();
        let first = Pieces::first_page(session, &listing, &prices, &mut gathering).await?;
        plan.took = asked.elapsed();
        let part = first.survey(&prices, &mut gathering).await?;
        plan.steps.push(ReadStep::new(&what, part.pages_left()));
        pieces.push(part);
    }
    let clocks = test_clocks::clocks(session).await?;
    if !clocks.is_empty() {
        let number = u64::try_from(clocks.len()).unwrap_or(u64::MAX);
        plan.steps
            .push(ReadStep::new("subscriptions on test clocks", number));
    }
    plan.sent = session.requests().saturating_sub(begun);
    Ok(StripeSurvey {
        session,
        pieces,
        clocks,
        prices,
        gathering,
        plan,
    })
}

/// Returns the lists that make up a scope, with names for people.
///
/// Of several statuses `active` comes last: a subscription that becomes active while the others are read is seen at
/// least once. If invoices are wanted, `past_due` is listed separately, even if another list includes it, so that no
/// other subscription is requested with its invoice.
fn listings(session: ReadSession<'_>, breadth: &ListingScope) -> Vec<(String, ListQuery)> {
    let named = |status: &Status| {
        let listing = subscriptions(&[("status", status.as_str())]);
        let listing = if *status == Status::PastDue {
            with_invoices(session, listing)
        } else {
            listing
        };
        (format!("subscriptions that are `{status}`"), listing)
    };
    let mut listings = match breadth {
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
    let has_overdue = matches!(breadth, ListingScope::Statuses(_));
    if session.extras().wants(Extra::Invoices) && !has_overdue {
        let (_, listing) = named(&Status::PastDue);
        let what = "invoices of subscriptions that are `past_due`".to_owned();
        listings.push((what, listing));
    }
    listings
}

impl StripeSurvey<'_> {
    /// Reads the rest. `on_progress` receives the number of subscriptions after each page.
    pub(crate) async fn read(
        self,
        on_progress: &(dyn Fn(u64) + Sync),
    ) -> Result<BillingFacts, Error> {
        let Self {
            session,
            pieces,
            clocks,
            prices,
            mut gathering,
            plan: _,
        } = self;
        on_progress(gathering.count());
        for part in pieces {
            part.read(&prices, &mut gathering, on_progress).await?;
        }
        test_clocks::read(session, &clocks, &prices, &mut gathering).await?;
        Ok(gathering.finish())
    }
}
