//! Stripe's errors: the envelope and the messages. Those that are gaps of this fake are marked.

use fake_http::Unsupported;
use http::StatusCode;
use serde::Serialize;

/// An error response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) kind: &'static str,
    pub(crate) code: Option<&'static str>,
    pub(crate) message: String,
    pub(crate) param: Option<String>,
    /// Gap of this fake that caused the error; Stripe may have answered the request.
    pub(crate) unsupported: Option<Unsupported>,
}

const INVALID_REQUEST: &str = "invalid_request_error";

impl ApiError {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            kind: INVALID_REQUEST,
            code: None,
            message: message.into(),
            param: None,
            unsupported: None,
        }
    }

    pub(crate) fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    pub(crate) fn param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    pub(crate) fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    pub(crate) fn unsupported(mut self, unsupported: Unsupported) -> Self {
        self.unsupported = Some(unsupported);
        self
    }

    /// Returns the error for parameters that were not read.
    pub(crate) fn unknown_parameters(first: &str, all: &[String]) -> Self {
        let word = if all.len() == 1 {
            "parameter"
        } else {
            "parameters"
        };
        Self::invalid(format!("Received unknown {word}: {}", all.join(", ")))
            .code("parameter_unknown")
            .param(first)
            .unsupported(Unsupported::Parameter(first.to_owned()))
    }

    pub(crate) fn missing_parameter(name: &str) -> Self {
        Self::invalid(format!("Missing required param: {name}."))
            .code("parameter_missing")
            .param(name)
    }

    /// Returns the error for an empty text that would unset a parameter.
    pub(crate) fn empty(name: &str) -> Self {
        Self::invalid(format!(
            "You passed an empty string for '{name}'. We assume empty values are an attempt to unset a field; however \
             '{name}' cannot be unset. You should remove '{name}' from your request or supply a non-empty value."
        ))
        .code("parameter_invalid_empty")
        .param(name)
    }

    /// Returns the error for a value other than these, listed as `a, b, or c`.
    pub(crate) fn none_of(name: &str, values: &[&str]) -> Self {
        let listed = match values {
            [] => String::new(),
            [one] => (*one).to_owned(),
            [one, other] => format!("{one} or {other}"),
            [firsts @ .., last] => format!("{}, or {last}", firsts.join(", ")),
        };
        Self::invalid(format!("Invalid {name}: must be one of {listed}")).param(name)
    }

    /// Returns the error for a missing object: 400 if a parameter refers to it, 404 if the path does.
    pub(crate) fn missing(object: &str, id: &str, param: &str) -> Self {
        let status = if param == "id" {
            StatusCode::NOT_FOUND
        } else {
            StatusCode::BAD_REQUEST
        };
        Self::invalid(format!("No such {object}: '{id}'"))
            .status(status)
            .code("resource_missing")
            .param(param)
    }

    /// Turns `missing` into the error for an object that exists in the other mode.
    pub(crate) fn in_other_mode(self, key_is_live: bool) -> Self {
        let (there, here) = if key_is_live {
            ("test", "live")
        } else {
            ("live", "test")
        };
        Self {
            message: format!(
                "{}; a similar object exists in {there} mode, but a {here} mode key was used to make this request.",
                self.message
            ),
            ..self
        }
    }

    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        Self::invalid(message).status(StatusCode::UNAUTHORIZED)
    }

    /// Returns an error about an idempotency key.
    pub(crate) fn idempotency(message: impl Into<String>) -> Self {
        Self {
            kind: "idempotency_error",
            ..Self::invalid(message)
        }
    }

    pub(crate) fn server(status: StatusCode) -> Self {
        Self {
            kind: "api_error",
            ..Self::invalid("An unknown error occurred")
        }
        .status(status)
    }

    /// Returns the body of the response.
    pub(crate) fn body(&self, log_url: &str) -> Vec<u8> {
        let envelope = Envelope {
            error: Body {
                code: self.code,
                doc_url: self.code.map(doc_url),
                message: &self.message,
                param: self.param.as_deref(),
                request_log_url: log_url,
                kind: self.kind,
            },
        };
        serde_json::to_vec_pretty(&envelope).unwrap_or_default()
    }
}

/// Returns a URL such as `https://stripe.com/docs/error-codes/resource-missing`.
fn doc_url(code: &str) -> String {
    format!(
        "https://stripe.com/docs/error-codes/{}",
        code.replace('_', "-")
    )
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: Body<'a>,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    doc_url: Option<String>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<&'a str>,
    request_log_url: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_envelope_is_byte_for_byte_the_providers() {
        let error = ApiError::missing("subscription", "sub_x", "id");
        let expected = r#"{
  "error": {
    "code": "resource_missing",
    "doc_url": "https://stripe.com/docs/error-codes/resource-missing",
    "message": "No such subscription: 'sub_x'",
    "param": "id",
    "request_log_url": "https://dashboard.stripe.com/test/logs/req_1",
    "type": "invalid_request_error"
  }
}"#;
        let body = error.body("https://dashboard.stripe.com/test/logs/req_1");
        assert_eq!(String::from_utf8(body).unwrap(), expected);
        assert_eq!(error.status, StatusCode::NOT_FOUND);
    }

    #[test]
    fn choices_are_listed_with_commas_and_or() {
        let message = |values: &[&str]| ApiError::none_of("x", values).message;
        assert_eq!(
            message(&["a", "b", "c"]),
            "Invalid x: must be one of a, b, or c"
        );
        assert_eq!(message(&["a", "b"]), "Invalid x: must be one of a or b");
    }
}
