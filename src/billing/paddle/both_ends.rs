//! Lists read from both ends at once, until they meet.
//!
//! Pages follow one another by cursor, and Paddle can filter by status but not by time. One cursor from each end of
//! each list is therefore the fastest way through all of them. Ends can meet only if ids show the order of both; if
//! they do not, the oldest end reads the whole list.

use std::mem;

use futures::{StreamExt as _, stream::FuturesUnordered};

use super::{
    listing::{ListOrder, PAGE_SIZE, count, next_page, subscriptions},
    page::{PaddlePages, if_exact},
};
use crate::{
    billing::{
        Decoded, Error,
        facts::FactsBuilder,
        pages::{ListQuery, Pages},
        prices::SharedPrices,
        source::OnProgress,
        transport::{Endpoint, ReadSession},
    },
    contract::SubscriptionId,
};

const LISTING: Endpoint = "subscriptions";

/// A list that is being read.
#[derive(Debug)]
pub(super) struct BothEnds<'a> {
    description: String,
    filter: Vec<(&'static str, String)>,
    /// Count on the first page.
    total: Option<u64>,
    oldest: ListEnd<'a>,
    newest: ListEnd<'a>,
    /// Number of subscriptions that both ends have read.
    shared: u64,
    have_met: bool,
}

/// One end of a list.
#[derive(Debug)]
struct ListEnd<'a> {
    order: ListOrder,
    state: EndState<'a>,
    /// The last id read.
    reached: Option<SubscriptionId>,
    read: u64,
    seen_order: SeenOrder,
}

#[derive(Debug)]
enum EndState<'a> {
    Idle(Box<Pages<'a>>),
    Requested,
    Ended,
}

/// The order of the ids read so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SeenOrder {
    /// There were not two yet.
    Unknown,
    AsRequested,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Oldest,
    Newest,
}

/// The response to a request for the next page of the list at `place`.
struct EndPage<'a> {
    place: usize,
    side: Side,
    pages: Pages<'a>,
    page: Result<Option<Vec<Decoded>>, Error>,
}

/// Reads the rest of the lists side by side.
pub(super) async fn read_lists<'a>(
    session: ReadSession<'a>,
    mut lists: Vec<BothEnds<'a>>,
    prices: &SharedPrices,
    builder: &mut FactsBuilder,
    on_progress: OnProgress<'_>,
) -> Result<(), Error> {
    let concurrency = session.rate_limit().concurrency;
    let mut in_flight = FuturesUnordered::new();
    loop {
        let places = lists.iter_mut().enumerate();
        for (place, list) in places {
            while in_flight.len() < concurrency
                && let Some((side, mut pages)) = list.next_request()
            {
                in_flight.push(async move {
                    let page = next_page(&mut pages, prices).await;
                    EndPage {
                        place,
                        side,
                        pages,
                        page,
                    }
                });
            }
        }
        let Some(answer) = in_flight.next().await else {
            break;
        };
        let page = answer.page?.unwrap_or_default();
        if let Some(list) = lists.get_mut(answer.place) {
            list.take(answer.side, answer.pages, &page);
        }
        builder.extend(page);
        on_progress(builder.count());
    }
    drop(in_flight);
    for list in &lists {
        list.verify(session, prices, builder).await?;
    }
    Ok(())
}

/// Returns the number of objects in a list if the provider states it exactly.
pub(super) async fn exact_count(
    session: ReadSession<'_>,
    listing: &ListQuery,
    prices: &SharedPrices,
) -> Result<Option<u64>, Error> {
    let mut pages = Pages::new(session, listing);
    next_page(&mut pages, prices).await?;
    Ok(pages.total.and_then(if_exact))
}

impl<'a> BothEnds<'a> {
    /// Reads the first page, with the oldest subscriptions.
    pub(super) async fn begin(
        session: ReadSession<'a>,
        description: String,
        filter: &[(&'static str, &str)],
        format: &'static PaddlePages,
        prices: &SharedPrices,
    ) -> Result<(Self, Vec<Decoded>), Error> {
        let oldest = subscriptions(filter, ListOrder::OldestFirst, format);
        let newest = subscriptions(filter, ListOrder::NewestFirst, &PaddlePages::Uncounted);
        let mut pages = Pages::new(session, &oldest);
        let page = next_page(&mut pages, prices).await?.unwrap_or_default();
        let mut list = Self {
            description,
            filter: filter
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
            total: pages.total,
            oldest: ListEnd::new(ListOrder::OldestFirst, EndState::Requested),
            newest: ListEnd::new(
                ListOrder::NewestFirst,
                EndState::Idle(Box::new(Pages::new(session, &newest))),
            ),
            shared: 0,
            have_met: false,
        };
        list.take(Side::Oldest, pages, &page);
        Ok((list, page))
    }

    pub(super) fn description(&self) -> &str {
        &self.description
    }

    pub(super) fn exact_total(&self) -> Option<u64> {
        self.total.and_then(if_exact)
    }

    /// Returns the number of requests still needed, as far as the count tells.
    pub(super) fn requests_left(&self) -> u64 {
        if self.is_done() {
            return 0;
        }
        self.unread().unwrap_or(1).div_ceil(PAGE_SIZE).max(1)
    }

    fn unread(&self) -> Option<u64> {
        Some(self.total?.saturating_sub(self.read()))
    }

    /// Returns the number of distinct subscriptions read.
    fn read(&self) -> u64 {
        if self.can_meet() {
            return (self.oldest.read + self.newest.read).saturating_sub(self.shared);
        }
        // The oldest end reads again what the newest has read.
        self.oldest.read
    }

    /// Returns true unless an end was seen to have another order than requested.
    fn can_meet(&self) -> bool {
        self.oldest.seen_order != SeenOrder::Other && self.newest.seen_order != SeenOrder::Other
    }

    fn is_done(&self) -> bool {
        self.have_met || matches!(self.oldest.state, EndState::Ended) && !self.newest.has_read()
    }

    /// Returns the next page to request, if there is one that is not likely to be on its way already.
    fn next_request(&mut self) -> Option<(Side, Pages<'a>)> {
        let ends = [&self.oldest, &self.newest];
        let is_busy = ends.iter().any(|end| end.is_requested());
        let is_on_its_way = is_busy && self.unread().is_some_and(|unread| unread <= PAGE_SIZE);
        if self.have_met || is_on_its_way {
            return None;
        }
        if let Some(pages) = self.oldest.request() {
            return Some((Side::Oldest, pages));
        }
        // A list that ended before the newest end began has been read.
        if !self.can_meet() || !(self.newest.has_read() || is_busy) {
            return None;
        }
        Some((Side::Newest, self.newest.request()?))
    }

    /// Takes in a page, which may be the one with which the ends meet.
    fn take(&mut self, side: Side, pages: Pages<'a>, page: &[Decoded]) {
        let (end, other) = match side {
            Side::Oldest => (&mut self.oldest, &self.newest),
            Side::Newest => (&mut self.newest, &self.oldest),
        };
        let has_more = pages.has_more();
        end.take(page);
        end.state = if has_more {
            EndState::Idle(Box::new(pages))
        } else {
            EndState::Ended
        };
        let are_ordered = [&*end, other]
            .iter()
            .all(|end| end.seen_order == SeenOrder::AsRequested);
        if self.have_met || !are_ordered {
            return;
        }
        let passed = |one: &&Decoded| {
            other
                .reached
                .as_ref()
                .is_some_and(|limit| !end.order.is_before(&one.subscription.id, limit))
        };
        let shared = page.iter().filter(passed).count();
        self.shared = u64::try_from(shared).unwrap_or(u64::MAX);
        self.have_met = shared > 0;
    }

    /// Checks that the whole list was read. What has left it meanwhile need not be found.
    async fn verify(
        &self,
        session: ReadSession<'_>,
        prices: &SharedPrices,
        builder: &mut FactsBuilder,
    ) -> Result<(), Error> {
        let has_ended = matches!(self.oldest.state, EndState::Ended);
        if !self.have_met && (self.newest.has_read() && self.can_meet() || !has_ended) {
            return Err(Error::NoProgress {
                listing: LISTING,
                stuck: "its two ends do not meet",
            });
        }
        let Some(total) = self.exact_total().filter(|total| *total > self.read()) else {
            return Ok(());
        };
        let cut_short = |read, total| Error::CutShort {
            listing: LISTING,
            read,
            total,
        };
        let filter = self.filter.iter().map(|(name, value)| (*name, &**value));
        let filter: Vec<_> = filter.collect();
        if filter.is_empty() {
            return Err(cut_short(self.read(), total));
        }
        let now = exact_count(session, &count(&filter), prices).await?;
        if now.is_some_and(|now| now <= self.read()) {
            return Ok(());
        }
        let listing = subscriptions(&filter, ListOrder::OldestFirst, &PaddlePages::Growing);
        let mut pages = Pages::new(session, &listing);
        while let Some(page) = next_page(&mut pages, prices).await? {
            builder.extend(page);
        }
        Ok(())
    }
}

impl<'a> ListEnd<'a> {
    fn new(order: ListOrder, state: EndState<'a>) -> Self {
        Self {
            order,
            state,
            reached: None,
            read: 0,
            seen_order: SeenOrder::Unknown,
        }
    }

    fn is_requested(&self) -> bool {
        matches!(self.state, EndState::Requested)
    }

    fn has_read(&self) -> bool {
        self.read > 0 || self.is_requested()
    }

    fn request(&mut self) -> Option<Pages<'a>> {
        match mem::replace(&mut self.state, EndState::Requested) {
            EndState::Idle(pages) => Some(*pages),
            other @ (EndState::Requested | EndState::Ended) => {
                self.state = other;
                None
            }
        }
    }

    fn take(&mut self, page: &[Decoded]) {
        for one in page {
            let id = &one.subscription.id;
            if let Some(last) = &self.reached {
                let is_as_requested = self.order.is_before(last, id);
                self.seen_order = match (self.seen_order, is_as_requested) {
                    (SeenOrder::Other, _) | (_, false) => SeenOrder::Other,
                    (_, true) => SeenOrder::AsRequested,
                };
            }
            self.reached = Some(id.clone());
        }
        self.read += u64::try_from(page.len()).unwrap_or(u64::MAX);
    }
}

impl ListOrder {
    /// Returns true if an object with the id `one` comes before `other`.
    fn is_before(self, one: &SubscriptionId, other: &SubscriptionId) -> bool {
        match self {
            Self::OldestFirst => one < other,
            Self::NewestFirst => one > other,
        }
    }
}
