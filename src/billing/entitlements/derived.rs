//! Reads the entitlements of many customers with few requests: from subscriptions with their latest invoices, the
//! features of their products, and Stripe's log of changes. Stripe is asked about each of the other customers.

use std::collections::{BTreeMap, BTreeSet};

use tokio::time::Instant;

use super::{
    asking::{Answers, ask, facts},
    changes::{ChangeLog, ChangePages, EVENT_RETENTION_SECONDS},
    decision::{
        Decision, LARGE_GROUP, Observed, day, decide, deciding_products, is_a_month, only_products,
        open_subscriptions, resolve_groups,
    },
    products::ProductFeatures,
    renewals::RenewedProducts,
    subscriptions::{SubscriptionPages, check_permission},
};
use crate::{
    billing::{
        BillingFacts, Error, ReadPlan, ReadStep,
        extras::{Extra, is_refusal},
        source::{OnProgress, RestOfList},
        stripe::PAGE_SIZE,
        transport::{ReadFuture, ReadSession},
    },
    contract::{CustomerId, Subscription, UnixSeconds, text::counted},
    notice,
};

/// Minimum number of customers: with fewer, little can be saved.
const FEWEST: usize = 50;

/// Approximate number of requests that it takes to find out whether deriving is cheaper.
const EXPLORATION: u64 = 10;

/// Number of days on which the periods of a month begin.
const DAYS_OF_MONTH: u64 = 31;

/// Seconds at the start of the log that are not relied upon.
const LOG_MARGIN: i64 = 3_600;

/// Smallest number of additional requests that is announced.
const MANY: usize = 20;

pub(super) const SUBSCRIPTIONS: Extra = Extra {
    message: "the key may not read subscriptions, so the entitlements of each customer were read separately",
    hint: "set `Subscriptions` to Read for the key (`rak_subscription_read`), and a check takes fewer requests",
};

pub(super) const INVOICES: Extra = Extra {
    message: "the key may not read invoices, so the entitlements of each customer were read separately",
    hint: "set `Invoices` to Read for the key (`rak_invoice_read`), and a check takes fewer requests",
};

pub(super) const PRODUCTS: Extra = Extra {
    message: "the key may not read products, so the entitlements of each customer were read separately",
    hint: "set `Products` to Read for the key (`rak_product_read`), and a check takes fewer requests",
};

pub(super) const EVENTS: Extra = Extra {
    message: "the key may not read events, so the entitlements of each customer were read separately",
    hint: "set `Events` to Read for the key (`rak_event_read`), and a check takes fewer requests",
};

/// A begun read of many customers' entitlements.
#[derive(Debug)]
pub(super) struct Derivation<'a> {
    session: ReadSession<'a>,
    customers: BTreeSet<CustomerId>,
    subscriptions: SubscriptionPages<'a>,
    changes: ChangePages<'a>,
    /// Maximum number of pages of changes to read.
    most_pages_of_changes: u64,
    products: ProductFeatures,
    now: UnixSeconds,
}

/// Begins to read, as far as an estimate needs. Returns `None` if asking about each customer takes fewer requests, if the
/// key may not read what else is needed, or if the first page shows none of the customers.
pub(super) async fn begin<'a>(
    session: ReadSession<'a>,
    customers: &BTreeSet<CustomerId>,
) -> Result<Option<(ReadPlan, Derivation<'a>)>, Error> {
    let Some(now) = session.now().filter(|_| is_worth_a_try(session, customers)) else {
        return Ok(None);
    };
    let start = Instant::now();
    let Some(subscriptions) = begin_subscriptions(session).await? else {
        return Ok(None);
    };
    let response_time = start.elapsed();
    let Some(sample) = Sample::new(customers, &subscriptions, now) else {
        return Ok(None);
    };
    let each = count(customers.len());
    if sample.pages_left.saturating_add(sample.asked) >= each {
        return Ok(None);
    }
    let first_page = ChangePages::begin(session).await;
    let Some(changes) = unless_refused(session, EVENTS, first_page)? else {
        return Ok(None);
    };
    let mut products = ProductFeatures::default();
    let first = sample.products.iter().take(1).cloned().collect();
    let read = products.read(session, &first).await;
    if unless_refused(session, PRODUCTS, read)?.is_none() {
        return Ok(None);
    }
    let pages_of_changes = changes.pages_left(now);
    let plan = ReadPlan {
        response_time,
        ..sample.plan(pages_of_changes)
    };
    let is_cheaper = plan.remaining_requests() < each;
    let other_lists = plan
        .remaining_requests()
        .saturating_sub(sample.asked)
        .saturating_sub(pages_of_changes);
    let most = most_pages_of_changes(session, each, other_lists);
    let derivation = Derivation {
        session,
        customers: customers.clone(),
        subscriptions,
        changes,
        most_pages_of_changes: most.unwrap_or_default(),
        products,
        now,
    };
    let is_bounded = most.is_some_and(|most| pages_of_changes <= most);
    Ok((is_cheaper && is_bounded).then_some((plan, derivation)))
}

/// Returns the number of pages of changes to read at most, so that asking about each customer stays affordable, whatever
/// the other lists turn out to say. Returns `None` if they leave no room for it.
fn most_pages_of_changes(session: ReadSession<'_>, each: u64, other_lists: u64) -> Option<u64> {
    let half = each / 2;
    let Some(max) = session.max_requests() else {
        return Some(half);
    };
    let left = max.saturating_sub(session.requests());
    if left < each {
        // Only deriving can succeed.
        return Some(u64::MAX);
    }
    let most = left.checked_sub(each.saturating_add(other_lists))?;
    Some(most.min(half))
}

/// Reads the first page of subscriptions. Returns `None` after noting that the key may not read them or their invoices.
async fn begin_subscriptions(
    session: ReadSession<'_>,
) -> Result<Option<SubscriptionPages<'_>>, Error> {
    match SubscriptionPages::begin(session).await {
        // Stripe refuses the whole page if the key may not read one of the two.
        Err(error) if is_refusal(&error) => {
            let without_invoices = check_permission(session).await;
            if unless_refused(session, SUBSCRIPTIONS, without_invoices)?.is_some() {
                session.extras().refuse(INVOICES);
            }
            Ok(None)
        }
        first_page => first_page.map(Some),
    }
}

/// Returns false if there are too few customers, if the key was refused one of the lists before, or if the budget
/// suffices for asking but not for finding out if something else is cheaper.
fn is_worth_a_try(session: ReadSession<'_>, customers: &BTreeSet<CustomerId>) -> bool {
    let each = session.requests().saturating_add(count(customers.len()));
    let is_affordable = |max: u64| max < each || each.saturating_add(EXPLORATION) <= max;
    let was_refused = [SUBSCRIPTIONS, INVOICES, PRODUCTS, EVENTS]
        .into_iter()
        .any(|extra| !session.extras().wants(extra));
    customers.len() >= FEWEST && !was_refused && session.max_requests().is_none_or(is_affordable)
}

/// Returns the answer, or `None` after noting that the provider refuses it.
fn unless_refused<T>(
    session: ReadSession<'_>,
    extra: Extra,
    answer: Result<T, Error>,
) -> Result<Option<T>, Error> {
    match answer {
        Err(error) if is_refusal(&error) => {
            session.extras().refuse(extra);
            Ok(None)
        }
        answer => answer.map(Some),
    }
}

/// An estimate from the first page of subscriptions.
struct Sample {
    products: BTreeSet<String>,
    /// Approximate number of pages left.
    pages_left: u64,
    /// Approximate number of customers that Stripe will have to be asked about.
    asked: u64,
}

impl Sample {
    /// Returns the estimate, or `None` if the page has no subscription of any of the customers. It assumes one subscription
    /// per customer, and the same shares of products and kinds of subscriptions on every page.
    fn new(
        customers: &BTreeSet<CustomerId>,
        subscriptions: &SubscriptionPages<'_>,
        now: UnixSeconds,
    ) -> Option<Self> {
        let (seen, renewed) = (subscriptions.seen(), subscriptions.renewed());
        let since = since(now, seen);
        let open = open_subscriptions(customers, seen);
        let scaled = |number: usize| {
            let all = count(number).saturating_mul(count(customers.len()));
            all.checked_div(count(open.len()))
        };
        let mut undecided = 0;
        let mut groups: BTreeMap<_, Vec<i64>> = BTreeMap::new();
        for open in open.values() {
            match estimated_products(open, renewed, since) {
                Some((products, start)) => groups.entry(products).or_default().push(day(start)),
                None => undecided += 1,
            }
        }
        let pages = scaled(seen.len())?.div_ceil(PAGE_SIZE);
        let witnesses = groups.into_values().filter_map(|mut days| {
            if scaled(days.len())? >= count(LARGE_GROUP) {
                return Some(1);
            }
            days.sort_unstable();
            days.dedup();
            Some(scaled(days.len())?.min(DAYS_OF_MONTH))
        });
        Some(Self {
            products: products_of(open.values().flatten().copied()),
            pages_left: if subscriptions.has_more() {
                pages.saturating_sub(1).max(1)
            } else {
                0
            },
            asked: scaled(undecided)?.saturating_add(witnesses.sum()),
        })
    }

    /// Returns what is left to read after the first pages and the features of one product.
    fn plan(&self, pages_of_changes: u64) -> ReadPlan {
        let products = count(self.products.len());
        ReadPlan {
            steps: vec![
                // Once more the first page: see `SubscriptionPages::read`.
                ReadStep::new(
                    "subscriptions that are not canceled",
                    self.pages_left.saturating_add(1),
                ),
                ReadStep::new(
                    "changes of entitlements in the last 30 days",
                    pages_of_changes,
                ),
                ReadStep::new("features of products", products.saturating_sub(1)),
                ReadStep::new(
                    "entitlements of customers that these lists do not decide",
                    self.asked,
                ),
            ],
            in_sequence: self.pages_left.max(pages_of_changes),
            is_derived: true,
            ..ReadPlan::new(true)
        }
    }
}

/// Returns the products that decide what a customer has, or will decide it when its subscription is older than the log,
/// and the start of its period.
fn estimated_products<'o>(
    open: &[&'o Subscription],
    renewed: &RenewedProducts,
    since: UnixSeconds,
) -> Option<(BTreeSet<&'o str>, UnixSeconds)> {
    let (subscription, products) = only_products(open)?;
    if subscription.created < since {
        return deciding_products(open, renewed, since);
    }
    let period = subscription.period.filter(|period| is_a_month(*period))?;
    Some((products, period.start()))
}

/// Returns the time since which Stripe's log is complete. `now` may be behind Stripe's clock, so a later time in the
/// subscriptions counts instead.
fn since(now: UnixSeconds, seen: &[Subscription]) -> UnixSeconds {
    let times = seen
        .iter()
        .flat_map(|subscription| [Some(subscription.created), subscription.period_start()]);
    let newest = times.flatten().max().map_or(now, |newest| newest.max(now));
    newest.plus(LOG_MARGIN - EVENT_RETENTION_SECONDS)
}

fn products_of<'s>(subscriptions: impl IntoIterator<Item = &'s Subscription>) -> BTreeSet<String> {
    let items = subscriptions
        .into_iter()
        .flat_map(|subscription| subscription.items.iter());
    items
        .filter_map(|item| item.price.product.clone())
        .collect()
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

impl<'a> RestOfList<'a> for Derivation<'a> {
    fn read<'p>(self: Box<Self>, on_progress: OnProgress<'p>) -> ReadFuture<'p, BillingFacts>
    where
        'a: 'p,
        Self: 'p,
    {
        Box::pin(async move {
            let Self {
                session,
                customers,
                subscriptions,
                changes,
                most_pages_of_changes,
                mut products,
                now,
            } = *self;
            let each = count(customers.len());
            let ((listed, renewed), changes) = futures::try_join!(
                subscriptions.read(on_progress),
                changes.read(most_pages_of_changes)
            )?;
            let open = open_subscriptions(&customers, &listed.subscriptions);
            let used = products_of(open.values().flatten().copied());
            let asking = Asking {
                session,
                on_progress,
                before: count(listed.subscriptions.len()),
            };
            // Stripe is asked about at least one customer of each product.
            let number = count(used.len());
            let is_dearer = number.saturating_mul(2) >= each;
            let may_fail = !asking.can_afford(each.saturating_add(number));
            let is_better_to_ask = asking.can_afford(each) && (is_dearer || may_fail);
            // If the lists show nobody, only asking shows if the key has the wrong mode.
            let shows_somebody = |changes: &ChangeLog| {
                !open.is_empty()
                    || customers
                        .iter()
                        .any(|customer| changes.latest(customer).is_some())
            };
            let decisive = changes.filter(|changes| !is_better_to_ask && shows_somebody(changes));
            let Some(changes) = decisive else {
                let answers = asking.ask(&customers).await?;
                return Ok(answers.reject_other_mode()?.into_facts());
            };
            products.read(session, &used).await?;
            let observed = Observed {
                subscriptions: &listed.subscriptions,
                renewed: &renewed,
                changes: &changes,
                products: &products,
                since: since(now, &listed.subscriptions),
                in_test_mode: listed.seen_modes.test.is_some(),
            };
            let decision = decide(&customers, &observed);
            if !changes.is_readable() {
                say_how_many(decision.asked.len(), "an event cannot be read");
            }
            let is_log_empty = changes.is_empty();
            let mut facts = asking.complete(customers, decision, is_log_empty).await?;
            let (listed, seen) = (listed.seen_modes, &mut facts.seen_modes);
            seen.live = seen.live.take().or(listed.live);
            seen.test = seen.test.take().or(listed.test);
            Ok(facts)
        })
    }
}

/// The requests for single customers, after everything else was read.
struct Asking<'a, 'p> {
    session: ReadSession<'a>,
    on_progress: OnProgress<'p>,
    /// Number of objects that were read before.
    before: u64,
}

impl Asking<'_, '_> {
    /// Asks about the customers whose entitlements are not decided, and about the witnesses of each group. If one has other
    /// features than its products, their features changed during its period, and Stripe is asked about the rest of the
    /// group too.
    async fn complete(
        &self,
        customers: BTreeSet<CustomerId>,
        decision: Decision,
        is_log_empty: bool,
    ) -> Result<BillingFacts, Error> {
        let Decision {
            mut known,
            mut asked,
            unlogged,
            groups,
        } = decision;
        asked.extend(
            groups
                .iter()
                .flat_map(|group| group.witnesses.iter().cloned()),
        );
        let mut answers = self.ask(&asked).await?;
        let is_entitled = |customer: &CustomerId| answers.features.contains_key(customer);
        let (unresolved, reason) = if is_log_empty && unlogged.iter().any(is_entitled) {
            let others = customers.difference(&asked).cloned().collect();
            (others, "Stripe's log shows no changes of entitlements")
        } else {
            let unresolved = resolve_groups(groups, &answers.features, &mut known);
            (unresolved, "the features of their products changed")
        };
        say_how_many(unresolved.len(), reason);
        answers.add_all(self.ask(&unresolved).await?);
        known.extend(answers.features);
        let mut derived = customers;
        derived.retain(|customer| !asked.contains(customer) && !unresolved.contains(customer));
        Ok(BillingFacts {
            derived,
            ..facts(known, answers.seen_modes)
        })
    }

    async fn ask(&self, customers: &BTreeSet<CustomerId>) -> Result<Answers, Error> {
        let session = self.session;
        let number = count(customers.len());
        if !self.can_afford(number)
            && let Some(max) = session.max_requests()
        {
            return Err(Error::BudgetTooSmall {
                provider: session.provider().name,
                needed: session.requests().saturating_add(number),
                max,
            });
        }
        let on_progress = |number| (self.on_progress)(self.before.saturating_add(number));
        ask(session, customers, &on_progress).await
    }

    /// Returns true if the budget allows this many more requests.
    fn can_afford(&self, requests: u64) -> bool {
        let needed = self.session.requests().saturating_add(requests);
        self.session.max_requests().is_none_or(|max| needed <= max)
    }
}

fn say_how_many(customers: usize, reason: &str) {
    let requests = counted(count(customers), "more request");
    let line = format!("Stripe: {requests}, one for each customer, because {reason}");
    match customers {
        0 => {}
        1..MANY => tracing::info!("{line}"),
        _ => notice::say(&line),
    }
}
