//! A list split by creation time into partitions that are paged in parallel, and split further while they are read.
//!
//! Each partition is a half-open range of seconds, so that together they hold every object once. The oldest is open below
//! and the newest above: the age of the account need not be known. Within a partition pages follow by cursor, which is the
//! only option for a second in which thousands were created.

use std::cmp::Reverse;

use futures::{StreamExt as _, stream::FuturesUnordered};

use super::listing::{PAGE_SIZE, next_page};
use crate::{
    billing::{
        Decoded, Error,
        facts::FactsBuilder,
        pages::{ListQuery, Pages},
        prices::SharedPrices,
        transport::ReadSession,
    },
    contract::UnixSeconds,
};

/// Start of 2010, before the oldest object of Stripe. It affects only where an open partition is split, not what the
/// partition contains.
const BEGINNING: i64 = 1_262_304_000;

/// Minimum number of pages left in a partition for a split, which costs half a page.
const WORTH_CUTTING: u64 = 3;

/// Factor between the ages at which the first splits are made.
const REACH: i64 = 8;

/// Number of equal parts into which the oldest partition is split, to find out when the account began.
const PARTS: i64 = 4;

const FROM: &str = "created[gte]";
const UNTIL: &str = "created[lt]";

/// The objects created from `from` on and before `until`.
#[derive(Debug)]
struct Partition<'a> {
    /// `None` while a page of it is being requested.
    pages: Option<Pages<'a>>,
    from: Option<i64>,
    until: Option<i64>,
    /// Creation time of its newest object, or the time at which it was split off.
    top: i64,
    /// Creation time of the last object read; `top` at first.
    reached: i64,
    objects: u64,
    is_done: bool,
}

/// A list that is being read.
#[derive(Debug)]
pub(crate) struct Partitions<'a> {
    session: ReadSession<'a>,
    listing: ListQuery,
    all: Vec<Partition<'a>>,
    order: ListOrder,
}

/// The order of a list, as far as its first partition shows. Only lists with the newest first can be split by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ListOrder {
    /// Not known yet, because everything so far was created in one second.
    Unknown,
    NewestFirst,
    Other,
}

impl ListOrder {
    fn new(page: &[Decoded]) -> Self {
        let created = |one: &Decoded| one.subscription.created;
        let (first, last) = (page.first().map(created), page.last().map(created));
        if !page.is_sorted_by_key(|one| Reverse(created(one))) {
            Self::Other
        } else if first == last {
            Self::Unknown
        } else {
            Self::NewestFirst
        }
    }
}

/// A page of the partition at this index, requested with these bounds.
struct PartitionPage<'a> {
    place: usize,
    pages: Pages<'a>,
    from: Option<i64>,
    page: Result<Option<Vec<Decoded>>, Error>,
}

impl<'a> Partitions<'a> {
    /// Reads the first page.
    pub(crate) async fn first_page(
        session: ReadSession<'a>,
        listing: &ListQuery,
        prices: &SharedPrices,
        builder: &mut FactsBuilder,
    ) -> Result<Self, Error> {
        let mut pages = Pages::new(session, listing);
        let page = next_page(session, &mut pages, prices).await?;
        let page = page.unwrap_or_default();
        let created = |one: Option<&Decoded>| one.map_or(0, |one| one.subscription.created.0);
        let order = ListOrder::new(&page);
        let first = Partition {
            is_done: !pages.has_more(),
            pages: Some(pages),
            from: None,
            until: None,
            top: created(page.first()),
            reached: created(page.last()),
            objects: count(&page),
        };
        builder.extend(page);
        Ok(Self {
            session,
            listing: listing.clone(),
            all: vec![first],
            order,
        })
    }

    /// Reads as many more pages as an estimate of the total needs.
    pub(crate) async fn estimate(
        mut self,
        prices: &SharedPrices,
        builder: &mut FactsBuilder,
    ) -> Result<Self, Error> {
        self.reach_back();
        self.run(prices, builder, &|_| {}, true).await?;
        // With a limit, the estimate decides if the rest is read at all, so it has to be good.
        if self.session.max_requests().is_some() {
            self.look_for_the_beginning();
            self.run(prices, builder, &|_| {}, true).await?;
        }
        Ok(self)
    }

    /// Returns the number of requests still needed, extrapolated from the density of the partitions read. The account began
    /// somewhere within the oldest of them; the middle is assumed.
    pub(crate) fn pages_left(&self) -> u64 {
        let left = self.all.iter().map(Partition::pages_left).sum::<u64>();
        let beyond = self
            .oldest_unread()
            .map_or(0, |(_, partition)| partition.pages_left() / 2);
        left.saturating_sub(beyond)
    }

    fn oldest_unread(&self) -> Option<(usize, &Partition<'a>)> {
        let partitions = self.all.iter().enumerate();
        partitions
            .filter(|(_, partition)| !partition.is_done)
            .min_by_key(|(_, partition)| partition.reached)
    }

    /// Reads all that is left. `on_progress` receives the number of subscriptions so far.
    pub(crate) async fn read(
        mut self,
        prices: &SharedPrices,
        builder: &mut FactsBuilder,
        on_progress: &(dyn Fn(u64) + Sync),
    ) -> Result<(), Error> {
        self.run(prices, builder, on_progress, false).await
    }

    /// Splits the first partition at 8, 64, 512, … times the age that its first page spans.
    fn reach_back(&mut self) {
        let Some(first) = self.all.first().filter(|first| !first.is_done) else {
            return;
        };
        let newest = first.top;
        let mut age = (newest - first.reached).max(1);
        while self.order == ListOrder::NewestFirst {
            age = age.saturating_mul(REACH);
            let cut = newest.saturating_sub(age);
            if cut <= BEGINNING {
                break;
            }
            self.cut_at(self.all.len() - 1, cut);
        }
    }

    /// Splits the oldest unfinished partition to find out when the account began: its early part may be empty.
    fn look_for_the_beginning(&mut self) {
        let Some((place, partition)) = self.oldest_unread() else {
            return;
        };
        if self.order != ListOrder::NewestFirst || partition.pages_left() < WORTH_CUTTING {
            return;
        }
        let (reached, oldest) = (partition.reached, partition.oldest());
        let mut place = place;
        for part in 1..PARTS {
            place = self.cut_at(place, reached - (reached - oldest) / PARTS * part);
        }
    }

    /// Sends requests until nothing is left, or until enough is known.
    async fn run(
        &mut self,
        prices: &SharedPrices,
        builder: &mut FactsBuilder,
        on_progress: &(dyn Fn(u64) + Sync),
        is_estimate: bool,
    ) -> Result<(), Error> {
        let concurrency = self.session.rate_limit().concurrency;
        let mut in_flight = FuturesUnordered::new();
        loop {
            while in_flight.len() < concurrency {
                let Some(place) = self.next_place(is_estimate) else {
                    break;
                };
                if let Some(request) = self.request(place, prices) {
                    in_flight.push(request);
                }
            }
            let Some(answer) = in_flight.next().await else {
                return Ok(());
            };
            builder.extend(self.take(answer)?);
            on_progress(builder.count());
        }
    }

    /// Returns the partition to read next; if all are busy, half of the one with the most left.
    fn next_place(&mut self, is_estimate: bool) -> Option<usize> {
        let waits = |partition: &Partition<'_>| {
            !partition.is_done
                && partition.pages.is_some()
                && (!is_estimate || partition.is_unseen())
        };
        if let Some(place) = self.all.iter().position(waits) {
            return Some(place);
        }
        if self.order != ListOrder::NewestFirst || is_estimate {
            return None;
        }
        let candidates = self.all.iter().enumerate();
        let (place, _) = candidates
            .filter(|(_, partition)| !partition.is_unseen())
            .filter_map(|(place, partition)| Some((place, partition.worth_cutting()?)))
            .max_by_key(|(place, left)| (*left, Reverse(*place)))?;
        let cut = self.all.get(place)?.middle();
        Some(self.cut_at(place, cut))
    }

    /// Moves objects older than `cut` to a new partition.
    fn cut_at(&mut self, place: usize, cut: i64) -> usize {
        let Some(partition) = self.all.get_mut(place) else {
            return place;
        };
        let from = partition.from.replace(cut);
        let mut listing = self.listing.with(UNTIL, &cut.to_string());
        if let Some(from) = from {
            listing = listing.with(FROM, &from.to_string());
        }
        self.all.push(Partition {
            pages: Some(Pages::new(self.session, &listing)),
            from,
            until: Some(cut),
            top: cut,
            reached: cut,
            objects: 0,
            is_done: false,
        });
        self.all.len() - 1
    }

    fn request<'p>(
        &mut self,
        place: usize,
        prices: &'p SharedPrices,
    ) -> Option<impl Future<Output = PartitionPage<'a>> + use<'a, 'p>> {
        let session = self.session;
        let partition = self.all.get_mut(place)?;
        let mut pages = partition.pages.take()?;
        let from = partition.from;
        if let Some(from) = from {
            pages.override_parameter(FROM, &from.to_string());
        }
        Some(async move {
            let page = next_page(session, &mut pages, prices).await;
            PartitionPage {
                place,
                pages,
                from,
                page,
            }
        })
    }

    fn take(&mut self, answer: PartitionPage<'a>) -> Result<Vec<Decoded>, Error> {
        let page = answer.page?.unwrap_or_default();
        let Some(partition) = self.all.get_mut(answer.place) else {
            return Ok(page);
        };
        let within = |created: UnixSeconds| {
            answer.from.is_none_or(|from| from <= created.0)
                && partition.until.is_none_or(|until| created.0 < until)
        };
        // A server that ignores the filter would list everything again in every partition.
        if let Some(other) = page.iter().find(|one| !within(one.subscription.created)) {
            return Err(Error::ForeignTime {
                provider: self.session.provider().name,
                id: other.subscription.id.to_string(),
            });
        }
        if self.order == ListOrder::Unknown {
            self.order = ListOrder::new(&page);
        }
        partition.objects += count(&page);
        if let Some(last) = page.last() {
            partition.reached = last.subscription.created.0;
        }
        // If the partition was split in the meantime, its older objects belong to another partition.
        let is_passed = partition.from.is_some_and(|from| partition.reached < from);
        partition.is_done = !answer.pages.has_more() || is_passed;
        partition.pages = Some(answer.pages);
        Ok(page)
    }
}

impl Partition<'_> {
    /// Returns true if nothing of the partition was read and no page of it is being requested.
    fn is_unseen(&self) -> bool {
        self.objects == 0 && !self.is_done
    }

    fn oldest(&self) -> i64 {
        self.from.unwrap_or(BEGINNING)
    }

    /// Returns the number of pages left if the rest is as dense as the part that was read.
    fn pages_left(&self) -> u64 {
        if self.is_done {
            return 0;
        }
        if self.reached == self.top {
            return 1;
        }
        let seconds = |from: i64, to: i64| u64::try_from(to.saturating_sub(from)).unwrap_or(0);
        let read = seconds(self.reached, self.top);
        let left = seconds(self.oldest(), self.reached);
        let objects = self
            .objects
            .saturating_mul(left)
            .checked_div(read)
            .unwrap_or_default();
        objects.div_ceil(PAGE_SIZE).max(1)
    }

    /// Returns the number of pages left, if that is enough for a split.
    fn worth_cutting(&self) -> Option<u64> {
        let left = self.pages_left();
        let is_divisible = self.reached.saturating_sub(self.oldest()) >= 2;
        (left >= WORTH_CUTTING && is_divisible).then_some(left)
    }

    fn middle(&self) -> i64 {
        let oldest = self.oldest();
        oldest + (self.reached - oldest) / 2
    }
}

fn count(page: &[Decoded]) -> u64 {
    u64::try_from(page.len()).unwrap_or(u64::MAX)
}
