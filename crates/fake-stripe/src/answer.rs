//! A response, the effect of faults on it, and its delivery.

use std::{io, time::Duration};

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use compact_str::CompactString;
use futures::{StreamExt as _, stream};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::{
    connection::ConnectionReset,
    error::{ApiError, Unsupported},
    faults::{Fault, MalformedObject},
    idempotency::Saved,
    limits::LimitReason,
    malformed_object,
};

/// A complete response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) unsupported: Option<Unsupported>,
    headers: HeaderMap,
    body: Bytes,
}

/// The delivery of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    Whole,
    Reset,
    ResetInBody,
    Trickle { bytes: usize, pause: Duration },
}

/// A marker of responses that are sent exactly as they are, without compression.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Uncompressed;

impl Answer {
    pub(crate) fn json(status: StatusCode, body: Vec<u8>) -> Self {
        let answer = Self {
            status,
            unsupported: None,
            headers: HeaderMap::new(),
            body: body.into(),
        };
        answer.with(header::CONTENT_TYPE, "application/json")
    }

    pub(crate) fn error(error: &ApiError, log_url: &str) -> Self {
        let answer = Self {
            unsupported: error.unsupported.clone(),
            ..Self::json(error.status, error.body(log_url))
        };
        if error.status == StatusCode::UNAUTHORIZED {
            return answer.with(header::WWW_AUTHENTICATE, "Basic realm=\"Stripe\"");
        }
        answer
    }

    /// Returns the saved response for a repeated idempotency key.
    pub(crate) fn replayed(saved: &Saved) -> Self {
        let answer = Self::json(saved.status, Vec::new());
        Self {
            body: saved.body.clone(),
            ..answer
        }
        .with(HeaderName::from_static("idempotent-replayed"), "true")
        .with(HeaderName::from_static("original-request"), &saved.request)
    }

    /// Returns the response to save for later requests with the same idempotency key.
    pub(crate) fn saved(&self, request: &CompactString) -> Saved {
        Saved {
            status: self.status,
            body: self.body.clone(),
            request: request.clone(),
        }
    }

    /// Returns a 429 response for a request over the limit.
    pub(crate) fn rate_limited(reason: Option<LimitReason>, log_url: &str) -> Self {
        let error = ApiError::invalid(
            "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
        )
        .status(StatusCode::TOO_MANY_REQUESTS)
        .code("rate_limit");
        let answer = Self::error(&error, log_url);
        match reason {
            Some(reason) => answer.with(
                HeaderName::from_static("stripe-rate-limited-reason"),
                reason.as_str(),
            ),
            None => answer,
        }
    }

    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// Returns the response that a fault puts in place of the real one, or `None` if the real one is needed.
    pub(crate) fn instead(fault: &Fault, log_url: &str) -> Option<Self> {
        let error = |error: ApiError| Some(Self::error(&error, log_url));
        match fault {
            Fault::RateLimited(reason) => Some(Self::rate_limited(*reason, log_url)),
            Fault::RetryAfter(seconds) => {
                Some(Self::rate_limited(None, log_url).with(header::RETRY_AFTER, &seconds.to_string()))
            }
            Fault::LockTimeout => error(
                ApiError::invalid(
                    "This object cannot be accessed right now because another API request or Stripe process is currently \
                     accessing it. If you see this error intermittently, retry the request.",
                )
                .status(StatusCode::TOO_MANY_REQUESTS)
                .code("lock_timeout"),
            ),
            Fault::ServerError { status, should_retry } => {
                let answer = Self::error(&ApiError::server(status_of(*status)), log_url);
                Some(match should_retry {
                    Some(retry) => answer.with(HeaderName::from_static("stripe-should-retry"), &retry.to_string()),
                    None => answer,
                })
            }
            Fault::HtmlBody(status) => {
                let body = "<html>\r\n<head><title>Bad Gateway</title></head>\r\n<body><center><h1>Bad Gateway</h1></center>\
                            <hr><center>nginx</center></body>\r\n</html>\r\n";
                Some(Self::json(status_of(*status), body.into()).with(header::CONTENT_TYPE, "text/html"))
            }
            Fault::EmptyBody(status) => Some(Self::json(status_of(*status), Vec::new())),
            Fault::KeyRevoked
            | Fault::ResetBeforeAnswer
            | Fault::ResetInBody
            | Fault::TruncatedJson
            | Fault::SlowFirstByte(_)
            | Fault::SlowTrickle { .. }
            | Fault::MalformedList(_)
            | Fault::MalformedObject(_) => None,
        }
    }

    /// Cuts off the second half of the body.
    pub(crate) fn halved(mut self) -> Self {
        self.body.truncate(self.body.len() / 2);
        self
    }

    /// Changes the objects in the body.
    pub(crate) fn with_malformed_objects(mut self, how: MalformedObject) -> Self {
        self.body = malformed_object::with_malformed_objects(&self.body, how).into();
        self
    }

    /// Sends the response.
    pub(crate) fn send(self, delivery: Delivery, reset: ConnectionReset) -> Response {
        let length = self.body.len();
        let body = match delivery {
            Delivery::Whole => Body::from(self.body),
            Delivery::Reset => {
                reset.trigger();
                Body::empty()
            }
            Delivery::ResetInBody => half_and_reset(&self.body, reset),
            Delivery::Trickle { bytes, pause } => trickle(self.body, bytes.max(1), pause),
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        if delivery != Delivery::Whole {
            response
                .headers_mut()
                .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
            response.extensions_mut().insert(Uncompressed);
        }
        response
    }
}

/// Returns the status, or 500 for an invalid one.
fn status_of(number: u16) -> StatusCode {
    StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn half_and_reset(body: &Bytes, reset: ConnectionReset) -> Body {
    /// Long enough for the first half to leave this machine's buffers.
    const FLUSH_TIME: Duration = Duration::from_millis(20);
    let half = body.slice(..body.len() / 2);
    let first = stream::once(async move { Ok(half) });
    let reset = stream::once(async move {
        tokio::time::sleep(FLUSH_TIME).await;
        reset.trigger();
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    Body::from_stream(first.chain(reset))
}

fn trickle(body: Bytes, bytes: usize, pause: Duration) -> Body {
    Body::from_stream(stream::unfold(body, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let piece = rest.split_to(bytes.min(rest.len()));
        Some((Ok::<_, io::Error>(piece), rest))
    }))
}
