//! Limits the rate of requests, for each endpoint and for the account, and their number in parallel. The limits fall
//! when the provider refuses requests.

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};

use super::{ExceededLimit, minute_window::MinuteWindow};

/// The request rate allowed by configuration: the provider's own limits, unless lower ones are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    pub pace: Pace,
    /// Requests in flight.
    pub concurrency: usize,
}

/// The number of requests in a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    PerSecond {
        /// Requests to one endpoint.
        endpoint: NonZeroU32,
        /// Requests in total.
        account: NonZeroU32,
    },
    /// Requests in any minute, as fast as they are answered.
    PerMinute(NonZeroU32),
}

/// Time within which several refusals count as one, because parallel requests are refused together.
const REFUSAL_WINDOW: Duration = Duration::from_millis(500);

/// Time without a refusal after which the rate increases a little.
const RECOVERY: Duration = Duration::from_secs(2);

impl RateLimit {
    /// Creates a limit of at least one request per second.
    pub(crate) const fn per_second(endpoint: u32, account: u32, concurrency: usize) -> Self {
        Self {
            pace: Pace::PerSecond {
                endpoint: at_least_one(endpoint),
                account: at_least_one(account),
            },
            concurrency,
        }
    }

    /// Creates a limit of at least one request per minute.
    pub(crate) const fn per_minute(requests: u32, concurrency: usize) -> Self {
        Self {
            pace: Pace::PerMinute(at_least_one(requests)),
            concurrency,
        }
    }

    /// Overrides the documented rate, for an account with raised limits or one that shares them with others. Only the
    /// unit of the documented rate counts.
    pub(crate) fn with_rate(
        self,
        per_second: Option<NonZeroU32>,
        per_minute: Option<NonZeroU32>,
    ) -> Self {
        let pace = match self.pace {
            Pace::PerSecond { endpoint, account } => {
                let endpoint = per_second.unwrap_or(endpoint);
                let account = account.max(endpoint);
                Pace::PerSecond { endpoint, account }
            }
            Pace::PerMinute(requests) => Pace::PerMinute(per_minute.unwrap_or(requests)),
        };
        Self { pace, ..self }
    }
}

const fn at_least_one(number: u32) -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(number.saturating_sub(1))
}

/// A rate limiter that enforces a [`RateLimit`].
#[derive(Debug)]
pub(crate) struct RequestLimiter {
    limit: RateLimit,
    pacer: Pacer,
    in_flight: Semaphore,
    /// Number of requests currently allowed in flight.
    concurrency: AtomicUsize,
    last_narrowed: Mutex<Option<Instant>>,
}

#[derive(Debug)]
enum Pacer {
    Buckets(Buckets),
    Minute(MinuteWindow),
}

/// The limits per second of an account and of its endpoints.
#[derive(Debug)]
struct Buckets {
    account: Bucket,
    endpoints: Mutex<BTreeMap<&'static str, Arc<Bucket>>>,
    rate: NonZeroU32,
}

impl RequestLimiter {
    pub(crate) fn new(limit: RateLimit) -> Self {
        Self {
            pacer: match limit.pace {
                Pace::PerSecond { endpoint, account } => Pacer::Buckets(Buckets {
                    account: Bucket::new(account),
                    endpoints: Mutex::default(),
                    rate: endpoint,
                }),
                Pace::PerMinute(requests) => Pacer::Minute(MinuteWindow::new(requests)),
            },
            in_flight: Semaphore::new(limit.concurrency),
            concurrency: AtomicUsize::new(limit.concurrency),
            last_narrowed: Mutex::default(),
            limit,
        }
    }

    pub(crate) fn limit(&self) -> RateLimit {
        self.limit
    }

    /// Waits for a turn. The request counts as in flight until the permit is dropped.
    pub(crate) async fn enter(&self, endpoint: &'static str) -> Option<SemaphorePermit<'_>> {
        self.widen();
        // The semaphore is never closed.
        let permit = self.in_flight.acquire().await.ok();
        match &self.pacer {
            Pacer::Buckets(buckets) => {
                buckets.bucket(endpoint).wait().await;
                buckets.account.wait().await;
            }
            Pacer::Minute(window) => window.wait().await,
        }
        permit
    }

    /// Slows down after the provider rejected a request because of a limit.
    pub(crate) fn refused(
        &self,
        endpoint: &'static str,
        limit: ExceededLimit,
        retry_after: Option<Duration>,
    ) {
        let buckets = match &self.pacer {
            Pacer::Buckets(buckets) => buckets,
            Pacer::Minute(window) => return window.refused(retry_after),
        };
        match limit {
            ExceededLimit::AccountRate => buckets.account.slow_down(),
            ExceededLimit::AccountConcurrency | ExceededLimit::EndpointConcurrency => self.narrow(),
            // A lower rate would not help here.
            ExceededLimit::Lock => {}
            ExceededLimit::EndpointRate | ExceededLimit::Unknown => {
                buckets.bucket(endpoint).slow_down();
            }
        }
    }

    /// Allows one fewer request in flight.
    fn narrow(&self) {
        let mut last = unpoisoned(&self.last_narrowed);
        if last.is_some_and(|last| last.elapsed() < REFUSAL_WINDOW) {
            return;
        }
        *last = Some(Instant::now());
        if self.concurrency.load(Ordering::Relaxed) > 1 && self.in_flight.forget_permits(1) == 1 {
            self.concurrency.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Allows one more request in flight, a while after the last reduction.
    fn widen(&self) {
        let mut last = unpoisoned(&self.last_narrowed);
        if last.is_some_and(|last| last.elapsed() > RECOVERY) {
            let now = self.concurrency.fetch_add(1, Ordering::Relaxed) + 1;
            self.in_flight.add_permits(1);
            *last = (now < self.limit.concurrency).then(Instant::now);
        }
    }
}

impl Buckets {
    fn bucket(&self, endpoint: &'static str) -> Arc<Bucket> {
        let mut endpoints = unpoisoned(&self.endpoints);
        let bucket = endpoints
            .entry(endpoint)
            .or_insert_with(|| Arc::new(Bucket::new(self.rate)));
        Arc::clone(bucket)
    }
}

/// One limit of requests per second.
#[derive(Debug)]
struct Bucket {
    full_rate: NonZeroU32,
    state: Mutex<BucketState>,
}

#[derive(Debug)]
struct BucketState {
    limiter: Arc<DefaultDirectRateLimiter>,
    /// Thousandths of a request per second.
    rate: u64,
    changed: Option<Instant>,
}

impl Bucket {
    fn new(full_rate: NonZeroU32) -> Self {
        // A small burst, far below the one-second burst that a provider accepts.
        let burst = NonZeroU32::MIN.saturating_add(full_rate.get() / 4);
        Self {
            full_rate,
            state: Mutex::new(BucketState {
                limiter: Arc::new(RateLimiter::direct(
                    Quota::per_second(full_rate).allow_burst(burst),
                )),
                rate: u64::from(full_rate.get()) * 1000,
                changed: None,
            }),
        }
    }

    async fn wait(&self) {
        loop {
            let limiter = self.recovered();
            match limiter.check() {
                Ok(()) => return,
                Err(not_yet) => {
                    let wait = not_yet.wait_time_from(DefaultClock::default().now());
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    fn slow_down(&self) {
        let mut state = unpoisoned(&self.state);
        if state
            .changed
            .is_none_or(|changed| changed.elapsed() >= REFUSAL_WINDOW)
        {
            let rate = (state.rate / 5 * 4).max(500);
            tracing::debug!("slowing down to {} requests in 1000 s", rate);
            state.set_rate(rate);
        }
    }

    /// Returns the limiter, raised by a twentieth of the full rate if nothing was refused for a while.
    fn recovered(&self) -> Arc<DefaultDirectRateLimiter> {
        let full_rate = u64::from(self.full_rate.get()) * 1000;
        let mut state = unpoisoned(&self.state);
        let is_due = state
            .changed
            .is_some_and(|changed| changed.elapsed() >= RECOVERY);
        if is_due && state.rate < full_rate {
            let rate = full_rate.min(state.rate + full_rate / 20);
            state.set_rate(rate);
        }
        Arc::clone(&state.limiter)
    }
}

impl BucketState {
    /// Sets the rate, without bursts.
    fn set_rate(&mut self, rate: u64) {
        let nanoseconds = 1_000_000_000_000_u64.checked_div(rate).unwrap_or(u64::MAX);
        if let Some(quota) = Quota::with_period(Duration::from_nanos(nanoseconds)) {
            self.limiter = Arc::new(RateLimiter::direct(quota));
        }
        self.rate = rate;
        self.changed = Some(Instant::now());
    }
}

/// Locks the mutex. Nothing can panic while one of these locks is held.
fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(endpoint: u32) -> RateLimit {
        RateLimit::per_second(25, 100, 8).with_rate(NonZeroU32::new(endpoint), None)
    }

    /// Returns the limits per second of an endpoint and of the account.
    fn rates(limit: RateLimit) -> (u32, u32) {
        match limit.pace {
            Pace::PerSecond { endpoint, account } => (endpoint.get(), account.get()),
            Pace::PerMinute(_) => (0, 0),
        }
    }

    fn rate(bucket: &Bucket) -> u64 {
        unpoisoned(&bucket.state).rate
    }

    #[tokio::test(start_paused = true)]
    async fn the_rate_recovers_from_a_refusal() {
        let bucket = Bucket::new(at_least_one(25));
        bucket.slow_down();
        assert_eq!(rate(&bucket), 20_000);
        // Other requests in flight are refused for the same reason.
        bucket.slow_down();
        assert_eq!(rate(&bucket), 20_000);
        tokio::time::advance(REFUSAL_WINDOW).await;
        bucket.slow_down();
        assert_eq!(rate(&bucket), 16_000);
        for _ in 0..20 {
            tokio::time::advance(RECOVERY).await;
            drop(bucket.recovered());
        }
        assert_eq!(rate(&bucket), 25_000);
        for _ in 0..40 {
            tokio::time::advance(REFUSAL_WINDOW).await;
            bucket.slow_down();
        }
        assert_eq!(rate(&bucket), 500, "never zero");
    }

    #[tokio::test(start_paused = true)]
    async fn each_reason_slows_down_the_right_limit() {
        let limiter = RequestLimiter::new(limit(25));
        let Pacer::Buckets(buckets) = &limiter.pacer else {
            panic!("the limit is one per second");
        };
        let endpoint = |name| rate(&buckets.bucket(name));
        limiter.refused("v1/subscriptions", ExceededLimit::EndpointRate, None);
        assert_eq!(endpoint("v1/subscriptions"), 20_000);
        assert_eq!(endpoint("v1/events"), 25_000);
        assert_eq!(rate(&buckets.account), 100_000);
        limiter.refused("v1/events", ExceededLimit::AccountRate, None);
        assert_eq!(rate(&buckets.account), 80_000);
        limiter.refused("v1/events", ExceededLimit::Lock, None);
        assert_eq!(endpoint("v1/events"), 25_000);

        for _ in 0..20 {
            limiter.refused("v1/events", ExceededLimit::AccountConcurrency, None);
            tokio::time::advance(REFUSAL_WINDOW).await;
        }
        assert_eq!(
            limiter.in_flight.available_permits(),
            1,
            "one is always allowed"
        );
        for _ in 0..20 {
            tokio::time::advance(RECOVERY + REFUSAL_WINDOW).await;
            drop(limiter.enter("v1/subscriptions").await);
        }
        assert_eq!(limiter.in_flight.available_permits(), 8);
    }

    #[test]
    fn a_configured_rate_applies_per_endpoint() {
        assert_eq!(rates(limit(5)), (5, 100));
        assert_eq!(rates(limit(500)), (500, 500));
    }

    #[test]
    fn a_rate_in_the_other_unit_changes_nothing() {
        let of_paddle = RateLimit::per_minute(240, 8);
        let rate = |number| NonZeroU32::new(number);
        assert_eq!(of_paddle.with_rate(rate(5), None), of_paddle);
        let lower = of_paddle.with_rate(rate(5), rate(100));
        assert_eq!(lower, RateLimit::per_minute(100, 8));
        assert_eq!(rates(limit(25).with_rate(None, rate(1))), (25, 100));
    }
}
