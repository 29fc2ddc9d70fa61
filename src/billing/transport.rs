//! The only way to a provider: sends GET requests with retries, and returns JSON or an error that explains the failure.

use std::{
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    time::Duration,
};

use backon::Retryable as _;
use futures::future::LocalBoxFuture;
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{self, InvalidHeaderValue},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use url::Url;

use super::{
    Error, KeyError, RateLimit, RefusalMeaning, RequestError, RetryPolicy,
    answer::{MAX_REFUSAL_BYTES, ProviderResponse},
    budget::RequestBudget,
    error::MAX_RESPONSE_BYTES,
    extras::Extras,
    provider::Provider,
    rate_limit::RequestLimiter,
};
use crate::{contract::UnixSeconds, http::scrub};

/// The result of a read behind a trait.
pub(crate) type ReadFuture<'a, T> = LocalBoxFuture<'a, Result<T, Error>>;

/// The destination of requests, with the key.
#[derive(Debug)]
pub(crate) struct Transport {
    client: reqwest::Client,
    base: Url,
    /// Never shown, and removed from the server's texts.
    key: SecretString,
    authorization: HeaderValue,
    provider: &'static Provider,
    retry_policy: RetryPolicy,
    limiter: RequestLimiter,
    budget: RequestBudget,
    /// True if the provider has answered at least once.
    has_answered: AtomicBool,
    extras: Extras,
    refunds: bool,
    now: Option<UnixSeconds>,
    key_page: Option<&'static str>,
}

/// A path as in the provider's documentation. The provider counts requests by these paths.
pub(crate) type Endpoint = &'static str;

/// Name and value of a header that not every request has.
pub(crate) type ExtraHeader = (&'static str, &'static str);

/// Limits of a transport and the extras it requests.
#[derive(Debug)]
pub(crate) struct ClientOptions {
    pub(crate) retry_policy: RetryPolicy,
    pub(crate) rate_limit: RateLimit,
    pub(crate) max_requests: Option<u64>,
    pub(crate) extras: Extras,
    /// True if refunds are wanted.
    pub(crate) refunds: bool,
    /// Time of the reads.
    pub(crate) now: Option<UnixSeconds>,
    /// Page that creates a key, for the hint of an error.
    pub(crate) key_page: Option<&'static str>,
}

impl Transport {
    pub(crate) fn new(
        provider: &'static Provider,
        client: reqwest::Client,
        base: Url,
        key: SecretString,
        options: ClientOptions,
    ) -> Result<Self, KeyError> {
        let bearer = format!("Bearer {}", key.expose_secret());
        let mut authorization =
            HeaderValue::try_from(bearer).map_err(|_says_nothing_more: InvalidHeaderValue| {
                KeyError::Characters {
                    provider: provider.name,
                }
            })?;
        authorization.set_sensitive(true);
        Ok(Self {
            client,
            base,
            key,
            authorization,
            provider,
            retry_policy: options.retry_policy,
            limiter: RequestLimiter::new(options.rate_limit),
            budget: RequestBudget::new(options.max_requests),
            has_answered: AtomicBool::new(false),
            extras: options.extras,
            refunds: options.refunds,
            now: options.now,
            key_page: options.key_page,
        })
    }

    pub(crate) fn extras(&self) -> &Extras {
        &self.extras
    }

    /// Returns the number of requests so far, including retries.
    pub(crate) fn requests(&self) -> u64 {
        self.budget.sent()
    }

    pub(crate) fn rate_limit(&self) -> RateLimit {
        self.limiter.limit()
    }

    pub(crate) fn max_requests(&self) -> Option<u64> {
        self.budget.max()
    }

    /// Starts one read and its deadline.
    pub(crate) fn session(&self) -> ReadSession<'_> {
        self.session_of(self.retry_policy.deadline)
    }

    /// Starts one read with a shorter deadline than usual.
    pub(crate) fn session_of(&self, at_most: Duration) -> ReadSession<'_> {
        let (now, policy) = (Instant::now(), &self.retry_policy);
        ReadSession {
            transport: self,
            until: now + policy.deadline.min(at_most),
            first_answer_until: now + policy.first_answer,
        }
    }
}

/// One read of a provider, with one deadline for all of its requests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadSession<'a> {
    transport: &'a Transport,
    until: Instant,
    /// Deadline for the provider's first response.
    first_answer_until: Instant,
}

impl ReadSession<'_> {
    pub(crate) fn provider(&self) -> &'static Provider {
        self.transport.provider
    }

    pub(crate) fn rate_limit(&self) -> RateLimit {
        self.transport.rate_limit()
    }

    pub(crate) fn extras(&self) -> &Extras {
        &self.transport.extras
    }

    pub(crate) fn wants_refunds(&self) -> bool {
        self.transport.refunds
    }

    /// Returns the time of the read, if it is known.
    pub(crate) fn now(&self) -> Option<UnixSeconds> {
        self.transport.now
    }

    pub(crate) fn max_requests(&self) -> Option<u64> {
        self.transport.max_requests()
    }

    /// Returns the number of requests so far, including retries and other reads.
    pub(crate) fn requests(&self) -> u64 {
        self.transport.requests()
    }

    /// Returns the URL of `segments` under the base URL, each escaped so that it remains one segment.
    pub(crate) fn address<'s>(
        &self,
        segments: impl IntoIterator<Item = &'s str>,
        query: &[(&str, &str)],
    ) -> Url {
        let mut address = self.transport.base.clone();
        if let Ok(mut path) = address.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        if !query.is_empty() {
            address.query_pairs_mut().extend_pairs(query);
        }
        address
    }

    /// Sends a GET to `address` and parses the JSON response.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        endpoint: Endpoint,
        address: &Url,
    ) -> Result<T, Error> {
        self.get_with(endpoint, address, None).await
    }

    /// Sends a GET with one more header.
    pub(crate) async fn get_with<T: DeserializeOwned>(
        &self,
        endpoint: Endpoint,
        address: &Url,
        header: Option<ExtraHeader>,
    ) -> Result<T, Error> {
        let (policy, provider) = (self.transport.retry_policy, self.provider().name);
        let tries = AtomicU32::new(0);
        let attempt = || {
            tries.fetch_add(1, Ordering::Relaxed);
            self.attempt(endpoint, address, header)
        };
        let may_pass = |error: &RequestError| {
            error.may_pass_after(tries.load(Ordering::Relaxed), self.has_answered())
        };
        attempt
            .retry(policy.waits(self.has_answered()).into_iter())
            .when(may_pass)
            .adjust(|error, planned| self.wait(error, planned?))
            .notify(|error, wait| {
                let seconds = wait.as_secs_f64();
                tracing::warn!("{provider}: {error}; retrying in {seconds:.1} s");
            })
            .await
            .map_err(|error| {
                let tries = tries.load(Ordering::Relaxed);
                self.failure(address, tries, error)
            })
    }

    fn has_answered(&self) -> bool {
        self.transport.has_answered.load(Ordering::Relaxed)
    }

    fn until(&self) -> Instant {
        if self.has_answered() {
            return self.until;
        }
        self.until.min(self.first_answer_until)
    }

    /// Returns the wait before the next try, or `None` if that would exceed the deadline.
    fn wait(&self, error: &RequestError, planned: Duration) -> Option<Duration> {
        let requested = error
            .retry_after()
            .map(|wait| wait.min(self.transport.retry_policy.retry_after));
        let wait = planned.max(requested.unwrap_or_default());
        (Instant::now() + wait < self.until()).then_some(wait)
    }

    fn failure(&self, address: &Url, tries: u32, error: RequestError) -> Error {
        let request = format!("GET {}", scrub::presentable(address.path()));
        let policy = self.transport.retry_policy;
        let is_out_of_time =
            error.may_pass_after(tries, self.has_answered()) && tries < policy.tries;
        if is_out_of_time && self.until() == self.until {
            return Error::Deadline {
                provider: self.provider().name,
                seconds: policy.deadline.as_secs(),
                request,
                last: Box::new(error),
            };
        }
        Error::Request {
            request,
            tries,
            error: Box::new(error),
        }
    }

    async fn attempt<T: DeserializeOwned>(
        &self,
        endpoint: Endpoint,
        address: &Url,
        header: Option<ExtraHeader>,
    ) -> Result<T, RequestError> {
        let transport = self.transport;
        let _under_way = transport.limiter.enter(endpoint).await;
        transport.budget.spend()?;
        let begun = Instant::now();
        let exchanged = self.exchange(address, header).await;
        let path = scrub::presentable(address.path());
        let took = begun.elapsed();
        let (status, headers, body) = exchanged.inspect_err(|error| {
            tracing::debug!("GET {path}: {error} after {} ms", took.as_millis());
        })?;
        tracing::debug!(
            "GET {path}: {}, {} bytes in {} ms",
            status.as_u16(),
            body.len(),
            took.as_millis()
        );
        let answer = ProviderResponse {
            status,
            headers,
            body,
            key: &self.transport.key,
            request_id_header: self.provider().request_id_header,
            key_page: transport.key_page,
        };
        if !status.is_success() {
            let refusal = (self.provider().refusal)(&answer);
            if let RefusalMeaning::RateLimited(limit) = refusal.meaning {
                transport.has_answered.store(true, Ordering::Relaxed);
                let wait = answer.retry_after();
                let wait = wait.map(|wait| wait.min(transport.retry_policy.retry_after));
                transport.limiter.refused(endpoint, limit, wait);
            }
            return Err(RequestError::Refused {
                retry_after: answer.retry_after(),
                refusal: Box::new(refusal),
            });
        }
        let read = answer.json();
        if read.is_ok() {
            transport.has_answered.store(true, Ordering::Relaxed);
        }
        read
    }

    async fn exchange(
        &self,
        address: &Url,
        header: Option<ExtraHeader>,
    ) -> Result<(StatusCode, HeaderMap, Vec<u8>), RequestError> {
        let transport = self.transport;
        let left = self.until().saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(RequestError::NoTimeLeft);
        }
        let within = transport.retry_policy.request.min(left);
        let failed = |error| self.broken(error, within);
        let (version, dated) = transport.provider.version_header;
        let mut request = transport.client.get(address.clone());
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let mut response = request
            .header(header::AUTHORIZATION, &transport.authorization)
            .header(header::ACCEPT, "application/json")
            .header(version, dated)
            .timeout(within)
            .send()
            .await
            .map_err(failed)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let largest = if status.is_success() {
            MAX_RESPONSE_BYTES
        } else {
            MAX_REFUSAL_BYTES
        };
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= largest => {
                    body.extend_from_slice(&chunk);
                }
                // The status is enough for an error, even if the body is truncated.
                Ok(Some(_)) | Err(_) if !status.is_success() => break,
                Ok(Some(_)) => return Err(RequestError::TooLarge),
                Ok(None) => break,
                Err(error) => return Err(failed(error)),
            }
        }
        Ok((status, headers, body))
    }

    fn broken(&self, error: reqwest::Error, within: Duration) -> RequestError {
        // The URL may hold customer ids.
        let error = error.without_url();
        if error.is_timeout() {
            return RequestError::TimedOut {
                milliseconds: within.as_millis(),
            };
        }
        if !error.is_connect() {
            return RequestError::BrokenOff(error);
        }
        let host = self.transport.base.host_str().unwrap_or_default();
        RequestError::Unreachable {
            host: scrub::presentable(host),
            error,
        }
    }
}
