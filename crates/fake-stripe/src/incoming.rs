//! An incoming request, with its form body if it has one.

use axum::extract::Request;
use http::request::Parts;

use super::{error::ApiError, form};

/// A completely received request.
#[derive(Debug)]
pub(crate) struct IncomingRequest {
    pub(crate) parts: Parts,
    /// Pairs of the body.
    pub(crate) body: Vec<(String, String)>,
    /// Error if the body could not be read.
    pub(crate) broken: Option<ApiError>,
}

impl IncomingRequest {
    pub(crate) fn without_body(parts: Parts) -> Self {
        Self {
            parts,
            body: Vec::new(),
            broken: None,
        }
    }

    pub(crate) async fn read(request: Request) -> Self {
        let (parts, body) = request.into_parts();
        let read = match axum::body::to_bytes(body, form::MAX_BODY_BYTES).await {
            Ok(bytes) => form::pairs_of_body(&parts.headers, &bytes),
            Err(_) => Err(form::body_too_large()),
        };
        let (body, broken) = match read {
            Ok(body) => (body, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        Self {
            parts,
            body,
            broken,
        }
    }
}
