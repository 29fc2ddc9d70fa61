//! Rate and concurrency limits, for all endpoints together and for each.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::endpoint::Endpoint;

/// The exceeded limit, as in `Stripe-Rate-Limited-Reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LimitReason {
    GlobalRate,
    GlobalConcurrency,
    EndpointRate,
    EndpointConcurrency,
    ResourceSpecific,
}

impl LimitReason {
    pub const ALL: [Self; 5] = [
        Self::GlobalRate,
        Self::GlobalConcurrency,
        Self::EndpointRate,
        Self::EndpointConcurrency,
        Self::ResourceSpecific,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::GlobalRate => "global-rate",
            Self::GlobalConcurrency => "global-concurrency",
            Self::EndpointRate => "endpoint-rate",
            Self::EndpointConcurrency => "endpoint-concurrency",
            Self::ResourceSpecific => "resource-specific",
        }
    }
}

/// The limits of an account; `None` is unlimited. One second's worth of requests may come at once.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    pub per_second: Option<u32>,
    pub per_second_and_endpoint: Option<u32>,
    pub at_once: Option<u32>,
    pub at_once_and_endpoint: Option<u32>,
}

impl Limits {
    /// Returns Stripe's documented limits for live mode.
    pub fn live() -> Self {
        Self {
            per_second: Some(100),
            per_second_and_endpoint: Some(25),
            ..Self::default()
        }
    }

    /// Returns Stripe's documented limits for sandboxes.
    pub fn sandbox() -> Self {
        Self {
            per_second: Some(25),
            per_second_and_endpoint: Some(25),
            ..Self::default()
        }
    }
}

/// A counter of requests in flight and within the last second.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    limits: Limits,
    all: Load,
    endpoints: BTreeMap<Endpoint, Load>,
}

#[derive(Debug, Default)]
struct Load {
    at_once: u32,
    bucket: Option<Bucket>,
}

/// A token bucket measured in time: each request costs a fixed time, and is accepted once that much has passed.
#[derive(Debug)]
struct Bucket {
    filled: Duration,
    seen: Instant,
}

impl Limiter {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// Accepts a request, or returns the limit it exceeds. An accepted request must `leave` later.
    pub(crate) fn enter(&mut self, endpoint: Endpoint, now: Instant) -> Result<(), LimitReason> {
        let limits = self.limits;
        let load = self.endpoints.entry(endpoint).or_default();
        if limits
            .at_once
            .is_some_and(|limit| self.all.at_once >= limit)
        {
            return Err(LimitReason::GlobalConcurrency);
        }
        if limits
            .at_once_and_endpoint
            .is_some_and(|limit| load.at_once >= limit)
        {
            return Err(LimitReason::EndpointConcurrency);
        }
        if !self.all.has_time(limits.per_second, now) {
            return Err(LimitReason::GlobalRate);
        }
        if !load.has_time(limits.per_second_and_endpoint, now) {
            return Err(LimitReason::EndpointRate);
        }
        self.all.enter(limits.per_second);
        load.enter(limits.per_second_and_endpoint);
        Ok(())
    }

    pub(crate) fn leave(&mut self, endpoint: Endpoint) {
        self.all.at_once = self.all.at_once.saturating_sub(1);
        if let Some(load) = self.endpoints.get_mut(&endpoint) {
            load.at_once = load.at_once.saturating_sub(1);
        }
    }
}

impl Load {
    fn has_time(&mut self, limit: Option<u32>, now: Instant) -> bool {
        const FULL: Duration = Duration::from_secs(1);
        let Some(cost) = cost(limit) else {
            return true;
        };
        let bucket = self.bucket.get_or_insert(Bucket {
            filled: FULL,
            seen: now,
        });
        bucket.filled = FULL.min(
            bucket
                .filled
                .saturating_add(now.saturating_duration_since(bucket.seen)),
        );
        bucket.seen = now;
        bucket.filled >= cost
    }

    fn enter(&mut self, limit: Option<u32>) {
        self.at_once = self.at_once.saturating_add(1);
        if let (Some(cost), Some(bucket)) = (cost(limit), &mut self.bucket) {
            bucket.filled = bucket.filled.saturating_sub(cost);
        }
    }
}

/// Returns the time that one request costs. A limit of zero makes it unaffordable.
fn cost(limit: Option<u32>) -> Option<Duration> {
    limit.map(|limit| {
        Duration::from_secs(1)
            .checked_div(limit)
            .unwrap_or(Duration::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entered(limiter: &mut Limiter, endpoint: Endpoint, now: Instant, count: usize) -> usize {
        (0..count)
            .filter(|_| limiter.enter(endpoint, now).is_ok())
            .count()
    }

    #[test]
    fn a_second_takes_its_limit_and_time_refills_it() {
        let mut limiter = Limiter::new(Limits::sandbox());
        let start = Instant::now();
        assert_eq!(entered(&mut limiter, Endpoint::ListPrices, start, 40), 25);
        assert_eq!(
            limiter.enter(Endpoint::ListPrices, start),
            Err(LimitReason::GlobalRate)
        );
        let later = start + Duration::from_millis(200);
        assert_eq!(entered(&mut limiter, Endpoint::ListPrices, later, 40), 5);
        let much_later = later + Duration::from_mins(1);
        assert_eq!(
            entered(&mut limiter, Endpoint::ListPrices, much_later, 40),
            25
        );
    }

    #[test]
    fn each_endpoint_has_its_own_rate() {
        let mut limiter = Limiter::new(Limits::live());
        let start = Instant::now();
        assert_eq!(entered(&mut limiter, Endpoint::ListPrices, start, 40), 25);
        assert_eq!(
            limiter.enter(Endpoint::ListPrices, start),
            Err(LimitReason::EndpointRate)
        );
        assert_eq!(
            entered(&mut limiter, Endpoint::ListCustomers, start, 10),
            10
        );
    }

    #[test]
    fn finished_requests_free_their_slots() {
        let mut limiter = Limiter::new(Limits {
            at_once: Some(2),
            at_once_and_endpoint: Some(1),
            ..Limits::default()
        });
        let now = Instant::now();
        assert_eq!(limiter.enter(Endpoint::ListPrices, now), Ok(()));
        assert_eq!(
            limiter.enter(Endpoint::ListPrices, now),
            Err(LimitReason::EndpointConcurrency)
        );
        assert_eq!(limiter.enter(Endpoint::ListCustomers, now), Ok(()));
        assert_eq!(
            limiter.enter(Endpoint::ListProducts, now),
            Err(LimitReason::GlobalConcurrency)
        );
        limiter.leave(Endpoint::ListPrices);
        assert_eq!(limiter.enter(Endpoint::ListProducts, now), Ok(()));
    }
}
