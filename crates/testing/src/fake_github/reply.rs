//! A response before it is sent.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header::HeaderName},
    response::Response,
};
use serde_json::{Value, json};

#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub status: u16,
    pub body: String,
    pub headers: Vec<(&'static str, String)>,
}

impl Reply {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json; charset=utf-8", body.to_string())
    }

    pub(super) fn text(status: u16, kind: &str, body: String) -> Self {
        Self {
            status,
            body,
            headers: vec![("content-type", kind.to_owned())],
        }
    }

    pub(super) fn error(status: u16, message: &str) -> Self {
        let body = json!({
            "message": message,
            "documentation_url": "https://docs.github.com/rest",
            "status": status.to_string(),
        });
        Self::json(status, &body)
    }

    /// Returns GitHub's response to a read-only token.
    pub(super) fn forbidden() -> Self {
        Self::error(403, "Resource not accessible by integration")
    }

    /// Returns GitHub's response for missing resources, and for those that the token may not see.
    pub(super) fn missing() -> Self {
        Self::error(404, "Not Found")
    }

    pub(super) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).expect("a status");
        for (name, value) in self.headers {
            let value = HeaderValue::from_str(&value).expect("a header's value");
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
        response
    }
}
