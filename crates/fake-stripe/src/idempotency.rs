//! `Idempotency-Key`: a repeated request gets the response of the first one.

use std::collections::BTreeMap;

use axum::body::Bytes;
use compact_str::CompactString;
use http::StatusCode;

use super::error::ApiError;

/// Maximum length of a key at Stripe.
const MAX_KEY_LENGTH: usize = 255;

/// The requests with idempotency keys. Nothing expires: the fake does not live as long as a key does.
#[derive(Debug, Default)]
pub(crate) struct Idempotency(BTreeMap<String, Entry>);

#[derive(Debug)]
struct Entry {
    identity: RequestIdentity,
    /// `None` while the first request is in progress.
    saved: Option<SavedResponse>,
}

/// The parts of a request that must match to count as a repetition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestIdentity {
    pub(crate) path: String,
    pub(crate) body: Vec<(String, String)>,
}

/// The response to the first request.
#[derive(Debug, Clone)]
pub(crate) struct SavedResponse {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
    pub(crate) request: CompactString,
}

/// The result of claiming a key.
#[derive(Debug)]
pub(crate) enum Claim {
    /// First request with the key, or no key at all.
    First,
    Again(SavedResponse),
    Refused(ApiError),
}

impl Idempotency {
    /// Claims a key for a request. `First` requires a later `finish`.
    pub(crate) fn claim(&mut self, key: &str, identity: RequestIdentity) -> Claim {
        if key.is_empty() || key.len() > MAX_KEY_LENGTH {
            return Claim::Refused(ApiError::idempotency(format!(
                "Idempotency keys have between 1 and {MAX_KEY_LENGTH} characters."
            )));
        }
        let Some(entry) = self.0.get(key) else {
            self.0.insert(
                key.to_owned(),
                Entry {
                    identity,
                    saved: None,
                },
            );
            return Claim::First;
        };
        match &entry.saved {
            _ if entry.identity != identity => Claim::Refused(ApiError::idempotency(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. Try \
                 using a key other than the one you used, if you meant to execute a different request.",
            )),
            Some(saved) => Claim::Again(saved.clone()),
            None => Claim::Refused(
                ApiError::idempotency(
                    "There is currently another in-progress request using this Idempotency Key (that probably means you \
                     submitted twice, and the other request is still going through). Please try again later.",
                )
                .status(StatusCode::CONFLICT)
                .code("idempotency_key_in_use"),
            ),
        }
    }

    /// Finishes the first request. Without a saved response the key is free again.
    pub(crate) fn finish(&mut self, key: &str, saved: Option<SavedResponse>) {
        match saved {
            Some(saved) => {
                if let Some(entry) = self.0.get_mut(key) {
                    entry.saved = Some(saved);
                }
            }
            None => {
                self.0.remove(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(value: &str) -> RequestIdentity {
        RequestIdentity {
            path: "/v1/customers".to_owned(),
            body: vec![("email".to_owned(), value.to_owned())],
        }
    }

    #[test]
    fn a_key_is_bound_to_its_first_request() {
        let mut keys = Idempotency::default();
        assert!(matches!(keys.claim("k", identity("a")), Claim::First));
        let Claim::Refused(error) = keys.claim("k", identity("a")) else {
            panic!("two at once");
        };
        assert_eq!(
            (error.status, error.code),
            (StatusCode::CONFLICT, Some("idempotency_key_in_use"))
        );
        keys.finish("k", None);
        assert!(matches!(keys.claim("k", identity("b")), Claim::First));
        let saved = SavedResponse {
            status: StatusCode::OK,
            body: Bytes::from_static(b"{}"),
            request: "req_1".into(),
        };
        keys.finish("k", Some(saved));
        assert!(matches!(keys.claim("k", identity("b")), Claim::Again(_)));
        let Claim::Refused(error) = keys.claim("k", identity("a")) else {
            panic!("other parameters");
        };
        assert_eq!(
            (error.status, error.kind),
            (StatusCode::BAD_REQUEST, "idempotency_error")
        );
        assert!(matches!(
            keys.claim(&"x".repeat(256), identity("a")),
            Claim::Refused(_)
        ));
    }
}
