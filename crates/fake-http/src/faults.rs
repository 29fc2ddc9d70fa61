//! Faults that can be injected, and the requests they apply to.

use std::{
    ops::RangeInclusive,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{ids::mix, limits::LimitReason};

/// A fault in one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// 429 with or without a reason.
    RateLimited(Option<LimitReason>),
    /// 429 with a `Retry-After` in seconds.
    RetryAfter(u32),
    /// 429 because another request holds the object.
    LockTimeout,
    /// A 5xx response in the provider's envelope, optionally with Stripe's `Stripe-Should-Retry`.
    ServerError {
        status: u16,
        should_retry: Option<bool>,
    },
    /// The HTML page of an intermediate proxy, with this status.
    HtmlBody(u16),
    /// This status with an empty body.
    EmptyBody(u16),
    /// The key is treated as revoked for this request.
    KeyRevoked,
    /// The connection is reset before any byte of the response.
    ResetBeforeAnswer,
    /// The connection is reset in the middle of the body.
    ResetInBody,
    /// A complete response with truncated JSON.
    TruncatedJson,
    /// The response is delayed by this time.
    SlowFirstByte(Duration),
    /// The body is sent in chunks of this many bytes with this pause before each.
    SlowTrickle { bytes: usize, pause: Duration },
    /// The list is wrong.
    MalformedList(MalformedList),
    /// The format of the objects is wrong.
    MalformedObject(MalformedObject),
}

/// A deviation of objects from the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MalformedObject {
    /// Every number is a string.
    NumbersAsText,
    /// Items have neither a price nor a plan.
    WithoutPrices,
    /// Each object has unknown fields and nested objects.
    UnknownFields,
}

/// A malformed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MalformedList {
    /// The first page again, whatever the cursor says, and `has_more` is always true.
    RepeatedPage,
    /// No objects, although `has_more` is true.
    HasMoreWithoutData,
    /// The first page again for every cursor, as if the cursor were unknown.
    UnknownCursor,
    /// Oldest first instead of newest first.
    OldestFirst,
    /// Each page starts with the last object of the previous one. No effect on a first page.
    ObjectTwice,
}

/// The matching requests that a rule affects, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Times {
    Always,
    Nth(u64),
    First(u64),
    From(u64),
    Between(RangeInclusive<u64>),
    Every(u64),
    /// A random share per thousand, the same in every run with this seed.
    Rate {
        per_thousand: u64,
        seed: u64,
    },
}

impl Times {
    fn includes(&self, number: u64) -> bool {
        match self {
            Self::Always => true,
            Self::Nth(nth) => number == *nth,
            Self::First(count) => number <= *count,
            Self::From(first) => number >= *first,
            Self::Between(numbers) => numbers.contains(&number),
            Self::Every(step) => number.checked_rem(*step) == Some(0),
            Self::Rate { per_thousand, seed } => mix(seed ^ mix(number)) % 1000 < *per_thousand,
        }
    }
}

/// Rules for injected faults. Each counts its matching requests from the moment it was added; if several apply, the one
/// added first wins.
#[derive(Debug)]
pub(crate) struct Faults<E>(Vec<Rule<E>>);

impl<E> Default for Faults<E> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

#[derive(Debug)]
struct Rule<E> {
    filter: RequestFilter<E>,
    fault: Fault,
    times: Times,
    seen: u64,
    armed: FaultHandle,
}

/// The requests that a rule matches.
#[derive(Debug, Clone)]
pub(crate) enum RequestFilter<E> {
    All,
    Endpoint(E),
    /// Requests that mention one of these ids.
    Ids(Vec<String>),
}

/// A handle of an injected fault that reports whether it has occurred.
#[derive(Debug, Clone, Default)]
pub struct FaultHandle(Arc<AtomicU64>);

impl FaultHandle {
    pub fn has_fired(&self) -> bool {
        self.times_fired() > 0
    }

    pub fn times_fired(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

impl<E: PartialEq> Faults<E> {
    pub(crate) fn add(
        &mut self,
        filter: RequestFilter<E>,
        fault: Fault,
        times: Times,
    ) -> FaultHandle {
        let armed = FaultHandle::default();
        self.0.push(Rule {
            filter,
            fault,
            times,
            seen: 0,
            armed: armed.clone(),
        });
        armed
    }

    pub(crate) fn remove(&mut self, armed: &FaultHandle) {
        self.0.retain(|rule| !Arc::ptr_eq(&rule.armed.0, &armed.0));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns the fault for a request, if any. `mentions` checks if the request contains one of some ids.
    pub(crate) fn next(
        &mut self,
        endpoint: &E,
        mentions: impl Fn(&[String]) -> bool,
    ) -> Option<Fault> {
        let mut next = None;
        for rule in &mut self.0 {
            let is_match = match &rule.filter {
                RequestFilter::All => true,
                RequestFilter::Endpoint(only) => only == endpoint,
                RequestFilter::Ids(ids) => mentions(ids),
            };
            if is_match {
                rule.seen = rule.seen.saturating_add(1);
                if next.is_none() && rule.times.includes(rule.seen) {
                    rule.armed.0.fetch_add(1, Ordering::AcqRel);
                    next = Some(rule.fault.clone());
                }
            }
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn affected(times: &Times) -> Vec<u64> {
        (1..=8).filter(|number| times.includes(*number)).collect()
    }

    #[test]
    fn every_fault_schedule_fires_on_time() {
        assert_eq!(affected(&Times::Nth(3)), [3]);
        assert_eq!(affected(&Times::First(2)), [1, 2]);
        assert_eq!(affected(&Times::From(7)), [7, 8]);
        assert_eq!(affected(&Times::Between(4..=5)), [4, 5]);
        assert_eq!(affected(&Times::Every(3)), [3, 6]);
        assert_eq!(affected(&Times::Every(0)), [0; 0]);
        let rate = |seed| Times::Rate {
            per_thousand: 500,
            seed,
        };
        assert_eq!(affected(&rate(7)), affected(&rate(7)));
        assert_ne!(affected(&rate(7)), affected(&rate(8)));
    }

    #[test]
    fn a_rule_counts_only_its_endpoint_and_the_first_rule_wins() {
        let next = |faults: &mut Faults<char>, endpoint| faults.next(&endpoint, |_| false);
        let mut faults = Faults::default();
        let filter = RequestFilter::Endpoint('p');
        faults.add(filter, Fault::LockTimeout, Times::Nth(2));
        faults.add(RequestFilter::All, Fault::KeyRevoked, Times::From(3));
        assert_eq!(next(&mut faults, 'p'), None);
        assert_eq!(next(&mut faults, 'c'), None);
        assert_eq!(next(&mut faults, 'p'), Some(Fault::LockTimeout));
        assert_eq!(next(&mut faults, 'c'), Some(Fault::KeyRevoked));
    }
    #[test]
    fn a_rule_about_ids_fires_only_on_requests_that_mention_them() {
        let mut faults = Faults::default();
        let ids = vec!["cus_a".to_owned(), "sub_a".to_owned()];
        let armed = faults.add(RequestFilter::Ids(ids), Fault::LockTimeout, Times::Nth(1));
        let mut next =
            |mentioned: &str| faults.next(&'p', |ids| ids.iter().any(|id| id == mentioned));
        assert_eq!(next("cus_b"), None);
        assert!(!armed.has_fired());
        assert_eq!(next("sub_a"), Some(Fault::LockTimeout));
        assert_eq!(next("sub_a"), None);
        assert_eq!(armed.times_fired(), 1);
        faults.remove(&armed);
        assert!(faults.0.is_empty());
    }
}
