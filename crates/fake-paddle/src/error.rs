//! Paddle's errors, in its envelope.

use fake_http::{Answer, Fault, OverLimit, Unsupported};
use http::{StatusCode, header};
use serde_json::json;

use crate::operations::Impossible;

/// An error response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    detail: String,
    /// The parameter that is wrong.
    field: Option<String>,
    /// Gap of this fake that caused the error; Paddle may have answered the request.
    unsupported: Option<Unsupported>,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            field: None,
            unsupported: None,
        }
    }

    pub(crate) fn forbidden(code: &'static str, detail: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    pub(crate) fn conflict(code: &'static str, detail: String) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    pub(crate) fn not_found(id: &str) -> Self {
        let detail = format!("Entity {id} not found");
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// Returns the error for a path or method that this fake does not know.
    pub(crate) fn unknown_path() -> Self {
        let detail = "The requested URL does not exist";
        Self {
            unsupported: Some(Unsupported::Endpoint),
            ..Self::new(StatusCode::NOT_FOUND, "invalid_url", detail)
        }
    }

    pub(crate) fn invalid_field(field: &str, detail: impl Into<String>) -> Self {
        Self {
            field: Some(field.to_owned()),
            ..Self::new(StatusCode::BAD_REQUEST, "invalid_field", detail)
        }
    }

    /// Returns the error for a parameter that this fake does not know.
    pub(crate) fn unknown_parameter(name: &str) -> Self {
        Self {
            unsupported: Some(Unsupported::Parameter(name.to_owned())),
            ..Self::invalid_field(name, "Unknown query parameter")
        }
    }

    /// Returns the error for a part of the response that this fake cannot include.
    pub(crate) fn cannot_include(part: &str) -> Self {
        Self {
            unsupported: Some(Unsupported::Expansion(part.to_owned())),
            ..Self::invalid_field("include", format!("Cannot include {part}"))
        }
    }

    pub(crate) fn bad_json() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", "Invalid JSON")
    }

    fn too_many_requests() -> Self {
        let detail = "IP address exceeded the allowed rate limit. Retry after the number of seconds in the Retry-After \
                      header.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail)
    }

    pub(crate) fn answer(&self, request: &str) -> Answer {
        let is_ours = self.status.is_server_error() || self.status == StatusCode::TOO_MANY_REQUESTS;
        let mut error = json!({
            "type": if is_ours { "api_error" } else { "request_error" },
            "code": self.code,
            "detail": self.detail,
            "documentation_url": format!("https://developer.paddle.com/v1/errors/shared/{}", self.code),
        });
        if let (Some(field), Some(error)) = (&self.field, error.as_object_mut()) {
            let errors = json!([{"field": field, "message": self.detail}]);
            error.insert("errors".to_owned(), errors);
        }
        let body = json!({"error": error, "meta": {"request_id": request}});
        let mut answer = Answer::json(self.status, body.to_string().into_bytes());
        answer.unsupported.clone_from(&self.unsupported);
        answer
    }
}

impl From<Impossible> for ApiError {
    fn from(impossible: Impossible) -> Self {
        match &impossible {
            Impossible::Unknown { id, .. } => Self::not_found(id),
            Impossible::Status { .. } => Self::new(
                StatusCode::BAD_REQUEST,
                "subscription_update_when_canceled",
                impossible.to_string(),
            ),
            Impossible::NotPaddle(what) => Self::new(StatusCode::BAD_REQUEST, "bad_request", *what),
        }
    }
}

/// Returns the response to a request over the limit.
pub(crate) fn over_limit(over: OverLimit, request: &str) -> Answer {
    retry_after(over.retry_after.unwrap_or(1), request)
}

fn retry_after(seconds: u64, request: &str) -> Answer {
    let answer = ApiError::too_many_requests().answer(request);
    answer.with(header::RETRY_AFTER, &seconds.to_string())
}

/// Returns the response that a fault puts in place of the real one, or `None` if the real one is needed.
pub(crate) fn instead(fault: &Fault, request: &str) -> Option<Answer> {
    match fault {
        Fault::RateLimited(_) => Some(retry_after(1, request)),
        Fault::RetryAfter(seconds) => Some(retry_after((*seconds).into(), request)),
        Fault::LockTimeout => {
            let code = "subscription_locked_processing";
            let detail = "The subscription is being changed by another request";
            Some(ApiError::new(StatusCode::CONFLICT, code, detail).answer(request))
        }
        Fault::ServerError { status, .. } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let detail = "An internal error occurred";
            Some(ApiError::new(status, "internal_error", detail).answer(request))
        }
        Fault::KeyRevoked => {
            let error = ApiError::forbidden("invalid_token", "The API key is not valid");
            Some(error.answer(request))
        }
        Fault::HtmlBody(_)
        | Fault::EmptyBody(_)
        | Fault::ResetBeforeAnswer
        | Fault::ResetInBody
        | Fault::TruncatedJson
        | Fault::SlowFirstByte(_)
        | Fault::SlowTrickle { .. }
        | Fault::MalformedList(_)
        | Fault::MalformedObject(_) => Answer::of_intermediary(fault),
    }
}
