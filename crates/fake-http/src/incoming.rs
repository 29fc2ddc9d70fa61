//! An incoming request, with its body if it has one.

use http::request::Parts;

/// A completely received request.
#[derive(Debug)]
pub struct IncomingRequest<B> {
    pub parts: Parts,
    pub body: B,
}

impl<B: Default> IncomingRequest<B> {
    pub(crate) fn without_body(parts: Parts) -> Self {
        Self {
            parts,
            body: B::default(),
        }
    }
}
