//! Client for GitHub's REST API: octocrab on the shared HTTP client, with retries that never repeat a write by
//! accident.

use std::time::Duration;

use backon::BackoffBuilder as _;
use github_transport::{Body, Transport, TransportError};
use http::{
    HeaderValue, Method, Request, Response,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::{DeserializeOwned, Error as _};
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use super::{context::Context, limits::Limits, mask::mask_body};
use crate::{
    http::{base_url, scrub},
    report::Mask,
};

mod budget;
mod contents;
mod failure;

use budget::Budget;
pub use budget::Share;
pub(super) use contents::encode;
pub use failure::{ClientError, Limit};

const JSON: &str = "application/vnd.github+json";

/// API version that this client was written for.
const API_VERSION: &str = "2022-11-28";

/// Maximum size of a response: a page of a hundred comments of the maximum length, in their largest encoding.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// A client for one token. It makes one call at a time, as GitHub asks for. Clones share the budget.
#[derive(Debug, Clone)]
pub struct Client {
    transport: Transport,
    api_url: String,
    authorization: HeaderValue,
    /// The token, which is removed from the server's messages.
    token: SecretString,
    mask: Mask,
    limits: Limits,
    budget: Budget,
}

/// A request. `path` begins with a slash and is already encoded.
#[derive(Debug)]
pub(super) struct Call {
    method: Method,
    path: String,
    accept: &'static str,
    body: Option<Value>,
    /// True if sending it twice has the same effect as sending it once.
    repeatable: bool,
}

/// A successful response.
#[derive(Debug)]
pub(super) struct Answer {
    call: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    token: SecretString,
}

impl Client {
    /// Creates a client. Must be called inside a tokio runtime. The texts in `mask` are never sent.
    pub fn new(
        http: &reqwest::Client,
        context: &Context,
        token: Option<&SecretString>,
        mask: Mask,
        limits: Limits,
    ) -> Result<Self, ClientError> {
        let token = token
            .map(|token| token.expose_secret().trim())
            .filter(|token| !token.is_empty());
        let token = token.ok_or(ClientError::NoToken)?;
        let authorization = HeaderValue::from_str(&format!("Bearer {token}"));
        let mut authorization = authorization.ok().ok_or(ClientError::Token)?;
        authorization.set_sensitive(true);
        Ok(Self {
            transport: Transport::new(http.clone()),
            api_url: base_url(&context.server.api_url).map_err(ClientError::Address)?,
            authorization,
            token: SecretString::from(token),
            mask,
            budget: Budget::new(limits.budget),
            limits,
        })
    }

    /// Replaces the texts that are never sent.
    #[must_use]
    pub fn masking(self, mask: Mask) -> Self {
        Self { mask, ..self }
    }

    /// Limits the next requests to a share of the remaining time, until the result is dropped.
    pub fn limit_to_share(&self) -> Share {
        self.budget.limit_to_share()
    }

    /// Keeps a share of the remaining time for later requests, until the result is dropped.
    pub fn keep_share(&self) -> Share {
        self.budget.keep_share()
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) fn mask(&self) -> &Mask {
        &self.mask
    }

    /// Switches to a single attempt without pauses and to a new, short budget, because the process is about to be
    /// killed.
    pub(super) fn hurry(&mut self) {
        let closed = self.budget.closed_for();
        self.limits.write_interval = Duration::ZERO;
        self.limits.attempts = 1;
        self.budget = Budget::new(self.limits.cancel_budget);
        self.budget.close_for(closed);
    }

    /// Sends a request. Retries it if it was certainly not processed, or if processing it twice does no harm.
    pub(super) async fn send(&mut self, call: Call) -> Result<Answer, ClientError> {
        let began = Instant::now();
        let deadline = began + self.budget.left();
        let answer = self.send_before(deadline, &call).await;
        self.budget.spend(began.elapsed());
        answer
    }

    async fn send_before(&self, deadline: Instant, call: &Call) -> Result<Answer, ClientError> {
        let mut pauses = backon::ExponentialBuilder::default()
            .with_min_delay(self.limits.backoff)
            .with_max_times(usize::try_from(self.limits.attempts.saturating_sub(1)).unwrap_or(0))
            .with_jitter()
            .build();
        let mut unhinted = self.limits.unhinted_wait;
        self.wait_until_open(deadline, call).await?;
        loop {
            self.pause_between_writes(deadline, call).await?;
            let error = match self.once(deadline, call).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let pause = self.pause_after(&error, call, pauses.next(), &mut unhinted);
            let Some(pause) = pause.filter(|pause| *pause < time_left(deadline)) else {
                return Err(error);
            };
            self.wait(pause, &error.to_string()).await;
        }
    }

    /// Waits until GitHub accepts requests again. An error if no time is left for that.
    async fn wait_until_open(&self, deadline: Instant, call: &Call) -> Result<(), ClientError> {
        let wait = self.budget.closed_for();
        if wait.is_zero() {
            return Ok(());
        }
        if wait >= time_left(deadline) {
            let call = call.name();
            return Err(ClientError::Closed { call, wait });
        }
        let reason = "GitHub asked for a pause before the next request";
        self.wait(wait, reason).await;
        Ok(())
    }

    async fn wait(&self, pause: Duration, reason: &str) {
        let reason = self.mask.text(reason);
        let seconds = pause.as_secs_f64();
        tracing::warn!("waiting {seconds:.1} s before the next request to GitHub: {reason}");
        sleep(pause).await;
    }

    /// Returns the pause before the same request may be sent again, or `None` if it must not be. A rate limit holds for
    /// every request.
    fn pause_after(
        &self,
        error: &ClientError,
        call: &Call,
        planned: Option<Duration>,
        unhinted: &mut Duration,
    ) -> Option<Duration> {
        if let ClientError::Refused {
            limit: Some(limit), ..
        } = error
        {
            let wait = limit.wait.unwrap_or(*unhinted);
            *unhinted = unhinted.saturating_mul(2);
            self.budget.close_for(wait);
            return planned.map(|_more_attempts| wait);
        }
        let was_not_sent = matches!(error, ClientError::Unreachable { .. });
        let again = was_not_sent || (call.repeatable && error.is_ambiguous());
        planned.filter(|_| again)
    }

    /// Sends a request and parses the response as JSON.
    pub(super) async fn read<T: DeserializeOwned>(&mut self, call: Call) -> Result<T, ClientError> {
        self.send(call).await?.json()
    }

    async fn pause_between_writes(
        &self,
        deadline: Instant,
        call: &Call,
    ) -> Result<(), ClientError> {
        if call.method == Method::GET {
            return Ok(());
        }
        if let Some(since) = self.budget.since_last_write() {
            let pause = self.limits.write_interval.saturating_sub(since);
            if pause >= time_left(deadline) {
                return Err(ClientError::OutOfTime { call: call.name() });
            }
            sleep(pause).await;
        }
        self.budget.record_write();
        Ok(())
    }

    async fn once(&self, deadline: Instant, call: &Call) -> Result<Answer, ClientError> {
        let left = time_left(deadline).min(self.limits.request_timeout);
        if left.is_zero() {
            return Err(ClientError::OutOfTime { call: call.name() });
        }
        let request = self.request(call)?;
        let exchange = async {
            let response = self.transport.send(request, MAX_BYTES).await;
            let response = response.map_err(|error| broken(call, error))?;
            received(call, response, &self.token)
        };
        match timeout(left, exchange).await {
            Ok(answer) => answer,
            Err(_elapsed) => Err(ClientError::TimedOut { call: call.name() }),
        }
    }

    fn request(&self, call: &Call) -> Result<Request<Option<String>>, ClientError> {
        let request = Request::builder()
            .method(call.method.clone())
            .uri(self.address(&call.path))
            .header(ACCEPT, call.accept)
            .header("x-github-api-version", API_VERSION)
            .header(AUTHORIZATION, self.authorization.clone());
        let request = match &call.body {
            Some(body) => {
                let mut body = body.clone();
                mask_body(&self.mask, &mut body);
                request
                    .header(CONTENT_TYPE, "application/json")
                    .body(Some(body.to_string()))
            }
            None => request.body(None),
        };
        request.map_err(|source| ClientError::Request {
            call: call.name(),
            source,
        })
    }

    /// Returns the URL of a path. On github.com, GraphQL is next to the REST paths; on GitHub Enterprise Server it is
    /// next to `/v3`.
    fn address(&self, path: &str) -> String {
        match self.api_url.strip_suffix("/v3") {
            Some(root) if path == "/graphql" => format!("{root}{path}"),
            _ => format!("{}{path}", self.api_url),
        }
    }
}

impl Call {
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path.into(), None, true)
    }

    /// Builds a request that creates something. It is retried only if the first attempt certainly was not processed.
    pub(super) fn post(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::POST, path.into(), Some(body), false)
    }

    /// Builds a request that changes something. `repeatable` means that a second attempt changes nothing more.
    pub(super) fn patch(path: impl Into<String>, body: Value, repeatable: bool) -> Self {
        Self::new(Method::PATCH, path.into(), Some(body), repeatable)
    }

    pub(super) fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path.into(), None, true)
    }

    /// Builds a GraphQL query. GraphQL takes queries as POST.
    pub(super) fn graphql(query: &str) -> Self {
        Self::new(
            Method::POST,
            "/graphql".to_owned(),
            Some(serde_json::json!({"query": query})),
            true,
        )
    }

    fn new(method: Method, path: String, body: Option<Value>, repeatable: bool) -> Self {
        Self {
            method,
            path,
            accept: JSON,
            body,
            repeatable,
        }
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

impl Answer {
    /// Returns a description of the request that was answered.
    pub(super) fn call(&self) -> &str {
        &self.call
    }

    /// Returns true if the list continues on another page.
    pub(super) fn has_next(&self) -> bool {
        let link = self.headers.get("link").and_then(|link| link.to_str().ok());
        link.is_some_and(|link| link.contains("rel=\"next\""))
    }

    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        serde_json::from_slice(&self.body).map_err(|source| ClientError::Unreadable {
            call: self.call.clone(),
            // The error may quote the response.
            source: serde_json::Error::custom(scrub::without_key(&source.to_string(), &self.token)),
        })
    }
}

fn time_left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

fn received(
    call: &Call,
    response: Response<Body>,
    token: &SecretString,
) -> Result<Answer, ClientError> {
    let (parts, body) = response.into_parts();
    if !parts.status.is_success() {
        // The status decides; the body only adds a message, so failing to read it does not matter.
        return Err(ClientError::refused(
            call.name(),
            parts.status.as_u16(),
            &parts.headers,
            &body.unwrap_or_default(),
            token,
        ));
    }
    let body = body.map_err(|source| ClientError::Broken {
        call: call.name(),
        source,
    })?;
    Ok(Answer {
        call: call.name(),
        headers: parts.headers,
        body,
        token: token.clone(),
    })
}

/// Converts a transport error. A failure to connect means that nothing was sent, so even a write may be retried.
fn broken(call: &Call, error: TransportError) -> ClientError {
    let call = call.name();
    match error {
        TransportError::Http(source) if source.is_connect() => {
            ClientError::Unreachable { call, source }
        }
        TransportError::Http(source) => ClientError::Broken {
            call,
            source: source.into(),
        },
        TransportError::Other(source) => ClientError::Broken { call, source },
    }
}
