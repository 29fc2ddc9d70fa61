//! The responses of the API: objects, errors, and what faults and limits put in their place.

use compact_str::CompactString;
use fake_http::{Answer, Fault, LimitReason};
use http::{HeaderName, StatusCode, header};

use super::{error::ApiError, idempotency::SavedResponse};

pub(crate) fn error_answer(error: &ApiError, log_url: &str) -> Answer {
    let mut answer = Answer::json(error.status, error.body(log_url));
    answer.unsupported.clone_from(&error.unsupported);
    if error.status == StatusCode::UNAUTHORIZED {
        return answer.with(header::WWW_AUTHENTICATE, "Basic realm=\"Stripe\"");
    }
    answer
}

/// Returns the saved response for a repeated idempotency key.
pub(crate) fn replayed(saved: &SavedResponse) -> Answer {
    let mut answer = Answer::json(saved.status, Vec::new());
    answer.body = saved.body.clone();
    answer
        .with(HeaderName::from_static("idempotent-replayed"), "true")
        .with(HeaderName::from_static("original-request"), &saved.request)
}

/// Returns the response to save for later requests with the same idempotency key.
pub(crate) fn saved(answer: &Answer, request: &CompactString) -> SavedResponse {
    SavedResponse {
        status: answer.status,
        body: answer.body.clone(),
        request: request.clone(),
    }
}

/// Returns a 429 response for a request over the limit.
pub(crate) fn rate_limited(reason: Option<LimitReason>, log_url: &str) -> Answer {
    let error = ApiError::invalid(
        "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
    )
    .status(StatusCode::TOO_MANY_REQUESTS)
    .code("rate_limit");
    let answer = error_answer(&error, log_url);
    match reason {
        Some(reason) => answer.with(
            HeaderName::from_static("stripe-rate-limited-reason"),
            reason.as_str(),
        ),
        None => answer,
    }
}

/// Returns the response that a fault puts in place of the real one, or `None` if the real one is needed.
pub(crate) fn instead(fault: &Fault, log_url: &str) -> Option<Answer> {
    let error = |error: ApiError| Some(error_answer(&error, log_url));
    match fault {
        Fault::RateLimited(reason) => Some(rate_limited(*reason, log_url)),
        Fault::RetryAfter(seconds) => {
            Some(rate_limited(None, log_url).with(header::RETRY_AFTER, &seconds.to_string()))
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
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let answer = error_answer(&ApiError::server(status), log_url);
            Some(match should_retry {
                Some(retry) => answer.with(HeaderName::from_static("stripe-should-retry"), &retry.to_string()),
                None => answer,
            })
        }
        Fault::HtmlBody(_)
        | Fault::EmptyBody(_)
        | Fault::KeyRevoked
        | Fault::ResetBeforeAnswer
        | Fault::ResetInBody
        | Fault::TruncatedJson
        | Fault::SlowFirstByte(_)
        | Fault::SlowTrickle { .. }
        | Fault::MalformedList(_)
        | Fault::MalformedObject(_) => Answer::of_intermediary(fault),
    }
}
