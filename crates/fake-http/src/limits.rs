//! Rate and concurrency limits, for all endpoints together and for each.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

/// The exceeded limit.
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
    /// Requests in any 60 seconds.
    pub per_minute: Option<u32>,
    pub per_second_and_endpoint: Option<u32>,
    pub at_once: Option<u32>,
    pub at_once_and_endpoint: Option<u32>,
}

impl Limits {
    /// No limits.
    pub const NONE: Self = Self {
        per_second: None,
        per_minute: None,
        per_second_and_endpoint: None,
        at_once: None,
        at_once_and_endpoint: None,
    };
}

/// The refusal of a request over a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverLimit {
    pub reason: LimitReason,
    /// Seconds until a request will be accepted again, if that is known.
    pub retry_after: Option<u64>,
}

impl From<LimitReason> for OverLimit {
    fn from(reason: LimitReason) -> Self {
        Self {
            reason,
            retry_after: None,
        }
    }
}

/// A counter of requests in flight and within the last second.
#[derive(Debug)]
pub(crate) struct Limiter<E> {
    limits: Limits,
    all: Load,
    endpoints: BTreeMap<E, Load>,
    /// The accepted requests of the last minute, oldest first, if they are limited.
    last_minute: VecDeque<Instant>,
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

impl<E> Default for Limiter<E> {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl<E> Limiter<E> {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            all: Load::default(),
            endpoints: BTreeMap::new(),
            last_minute: VecDeque::new(),
        }
    }
}

impl<E: Copy + Ord> Limiter<E> {
    /// Accepts a request, or returns the limit it exceeds. An accepted request must `leave` later.
    pub(crate) fn enter(&mut self, endpoint: E, now: Instant) -> Result<(), OverLimit> {
        let limits = self.limits;
        self.enter_minute(now)?;
        let load = self.endpoints.entry(endpoint).or_default();
        if limits
            .at_once
            .is_some_and(|limit| self.all.at_once >= limit)
        {
            return Err(LimitReason::GlobalConcurrency.into());
        }
        if limits
            .at_once_and_endpoint
            .is_some_and(|limit| load.at_once >= limit)
        {
            return Err(LimitReason::EndpointConcurrency.into());
        }
        if !self.all.has_time(limits.per_second, now) {
            return Err(LimitReason::GlobalRate.into());
        }
        if !load.has_time(limits.per_second_and_endpoint, now) {
            return Err(LimitReason::EndpointRate.into());
        }
        if limits.per_minute.is_some() {
            self.last_minute.push_back(now);
        }
        self.all.enter(limits.per_second);
        load.enter(limits.per_second_and_endpoint);
        Ok(())
    }

    /// Forgets requests older than a minute, and refuses one that would be too many.
    fn enter_minute(&mut self, now: Instant) -> Result<(), OverLimit> {
        const MINUTE: Duration = Duration::from_mins(1);
        let Some(limit) = self.limits.per_minute else {
            return Ok(());
        };
        let age = |then: &Instant| now.saturating_duration_since(*then);
        while self
            .last_minute
            .front()
            .is_some_and(|then| age(then) >= MINUTE)
        {
            self.last_minute.pop_front();
        }
        if u32::try_from(self.last_minute.len()).is_ok_and(|count| count < limit) {
            return Ok(());
        }
        let left = self.last_minute.front().map(age);
        let left = MINUTE.saturating_sub(left.unwrap_or_default());
        Err(OverLimit {
            reason: LimitReason::GlobalRate,
            retry_after: Some(left.as_secs().saturating_add(1)),
        })
    }

    pub(crate) fn leave(&mut self, endpoint: E) {
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

    fn rates(all: u32, endpoint: u32) -> Limits {
        Limits {
            per_second: Some(all),
            per_second_and_endpoint: Some(endpoint),
            ..Limits::default()
        }
    }

    fn entered(limiter: &mut Limiter<char>, endpoint: char, now: Instant, count: usize) -> usize {
        (0..count)
            .filter(|_| limiter.enter(endpoint, now).is_ok())
            .count()
    }

    #[test]
    fn a_second_takes_its_limit_and_time_refills_it() {
        let mut limiter = Limiter::new(rates(25, 25));
        let start = Instant::now();
        assert_eq!(entered(&mut limiter, 'p', start, 40), 25);
        assert_eq!(
            limiter.enter('p', start),
            Err(LimitReason::GlobalRate.into())
        );
        let later = start + Duration::from_millis(200);
        assert_eq!(entered(&mut limiter, 'p', later, 40), 5);
        let much_later = later + Duration::from_mins(1);
        assert_eq!(entered(&mut limiter, 'p', much_later, 40), 25);
    }

    #[test]
    fn each_endpoint_has_its_own_rate() {
        let mut limiter = Limiter::new(rates(100, 25));
        let start = Instant::now();
        assert_eq!(entered(&mut limiter, 'p', start, 40), 25);
        assert_eq!(
            limiter.enter('p', start),
            Err(LimitReason::EndpointRate.into())
        );
        assert_eq!(entered(&mut limiter, 'c', start, 10), 10);
    }

    #[test]
    fn finished_requests_free_their_slots() {
        let mut limiter = Limiter::new(Limits {
            at_once: Some(2),
            at_once_and_endpoint: Some(1),
            ..Limits::default()
        });
        let now = Instant::now();
        assert_eq!(limiter.enter('p', now), Ok(()));
        assert_eq!(
            limiter.enter('p', now),
            Err(LimitReason::EndpointConcurrency.into())
        );
        assert_eq!(limiter.enter('c', now), Ok(()));
        assert_eq!(
            limiter.enter('r', now),
            Err(LimitReason::GlobalConcurrency.into())
        );
        limiter.leave('p');
        assert_eq!(limiter.enter('r', now), Ok(()));
    }

    #[test]
    fn a_minute_takes_its_limit_at_once_and_says_when_to_return() {
        let mut limiter = Limiter::new(Limits {
            per_minute: Some(240),
            ..Limits::default()
        });
        let start = Instant::now();
        assert_eq!(entered(&mut limiter, 'p', start, 300), 240);
        let later = start + Duration::from_secs(40);
        let refused = limiter.enter('c', later).expect_err("too many");
        assert_eq!(refused.retry_after, Some(21));
        assert_eq!(
            entered(&mut limiter, 'p', start + Duration::from_mins(1), 300),
            240
        );
    }
}
