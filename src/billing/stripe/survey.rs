//! What reading Stripe will take: the first pages, and a guess at the rest before it is read.

use tokio::time::Instant;

use super::{Prices, pieces::Pieces, subscriptions};
use crate::{
    billing::{
        BillingFacts, Error,
        facts::Gathering,
        pages::Listing,
        plan::{Plan, Step},
        transport::Session,
    },
    contract::{Breadth, Status},
};

/// A read that has begun.
#[derive(Debug)]
pub(crate) struct Survey<'a> {
    pieces: Vec<Pieces<'a>>,
    prices: Prices,
    gathering: Gathering,
    pub(crate) plan: Plan,
}

/// Reads the first pages of what `breadth` says.
pub(crate) async fn survey<'a>(
    session: Session<'a>,
    breadth: &Breadth,
) -> Result<Survey<'a>, Error> {
    let begun = session.requests();
    let prices = Prices::default();
    let mut gathering = Gathering::default();
    let mut plan = Plan::new(*breadth == Breadth::Everything);
    let mut pieces = Vec::new();
    for (what, listing) in listings(breadth) {
        let asked = Instant::now();
        let first = Pieces::first_page(session, &listing, &prices, &mut gathering).await?;
        plan.took = asked.elapsed();
        let part = first.survey(&prices, &mut gathering).await?;
        plan.steps.push(Step::new(&what, part.pages_left()));
        pieces.push(part);
    }
    plan.sent = session.requests().saturating_sub(begun);
    Ok(Survey {
        pieces,
        prices,
        gathering,
        plan,
    })
}

/// The listings that a breadth consists of, with what people call them. Of several statuses `active` comes last: what becomes active
/// while the others are read is seen at least once.
fn listings(breadth: &Breadth) -> Vec<(String, Listing)> {
    let named = |status: &Status| {
        let listing = subscriptions(&[("status", status.as_str())]);
        (format!("subscriptions that are `{status}`"), listing)
    };
    match breadth {
        Breadth::Everything => {
            let everything = subscriptions(&[("status", "all")]);
            vec![("every subscription".to_owned(), everything)]
        }
        Breadth::NotCanceled { statuses } => {
            let open = (
                "subscriptions that are not canceled".to_owned(),
                subscriptions(&[]),
            );
            [open]
                .into_iter()
                .chain(statuses.iter().map(named))
                .collect()
        }
        Breadth::Statuses(statuses) => {
            let mut statuses: Vec<_> = statuses.iter().collect();
            statuses.sort_by_key(|status| **status == Status::Active);
            statuses.into_iter().map(named).collect()
        }
    }
}

impl Survey<'_> {
    /// Reads the rest. `on_progress` hears the number of subscriptions after each page.
    pub(crate) async fn read(
        self,
        on_progress: &(dyn Fn(u64) + Sync),
    ) -> Result<BillingFacts, Error> {
        let Self {
            pieces,
            prices,
            mut gathering,
            ..
        } = self;
        on_progress(gathering.count());
        for part in pieces {
            part.read(&prices, &mut gathering, on_progress).await?;
        }
        Ok(gathering.finish())
    }
}
