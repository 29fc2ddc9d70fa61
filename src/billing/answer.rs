//! A complete provider response, and what it means regardless of the provider.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use secrecy::SecretString;
use serde::de::DeserializeOwned;

use super::{DecodeError, ExceededLimit, RefusalMeaning, RequestError};
use crate::http::scrub;

/// Number of bytes read from an error response.
pub(crate) const MAX_REFUSAL_BYTES: usize = 64 * 1024;

/// A complete response, with the API key that must never be shown.
#[derive(Debug)]
pub(crate) struct ProviderResponse<'a> {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) key: &'a SecretString,
    /// Header with the request id, which support can look up.
    pub(crate) request_id_header: &'static str,
    /// Page that creates a key for the source.
    pub(crate) key_page: Option<&'static str>,
}

impl ProviderResponse<'_> {
    /// Parses the body. A success without valid JSON was truncated or came from an intermediary; both are worth a
    /// retry.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, RequestError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            if error.is_data() {
                let reason = self.without_key(&error.to_string());
                return RequestError::Unexpected(DecodeError::new("answer", None, ".", &reason));
            }
            let (bytes, excerpt) = (self.body.len(), self.excerpt());
            let first = self.body.trim_ascii_start().first();
            if matches!(first, Some(b'{' | b'[')) {
                RequestError::NotJson { bytes, excerpt }
            } else {
                RequestError::NoJson { bytes, excerpt }
            }
        })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the server's text with keys replaced.
    pub(crate) fn without_key(&self, text: &str) -> String {
        scrub::without_key(text, self.key)
    }

    /// Returns the start of an unexpected body.
    pub(crate) fn excerpt(&self) -> String {
        if self.status.is_redirection() {
            let location = self.header("location").unwrap_or("nowhere");
            return self.without_key(&format!("a redirect to `{location}`"));
        }
        let text = String::from_utf8_lossy(&self.body);
        if text.trim().is_empty() {
            return "an empty body".to_owned();
        }
        self.without_key(&text.chars().take(MAX_REFUSAL_BYTES).collect::<String>())
    }

    pub(crate) fn request_id(&self) -> Option<String> {
        let id = self.header(self.request_id_header)?;
        Some(self.without_key(&id.chars().take(80).collect::<String>()))
    }

    /// Returns true if the status alone suggests that a retry may succeed.
    pub(crate) fn may_pass(&self) -> bool {
        self.status.is_server_error()
            || self.status == StatusCode::TOO_MANY_REQUESTS
            || self.status == StatusCode::REQUEST_TIMEOUT
    }

    /// Returns the meaning of a response without the provider's error envelope.
    pub(crate) fn meaning_without_envelope(&self) -> RefusalMeaning {
        match self.status.as_u16() {
            300..=399 => RefusalMeaning::Redirect,
            401 => RefusalMeaning::InvalidKey,
            429 => RefusalMeaning::RateLimited(ExceededLimit::Unknown),
            500.. => RefusalMeaning::ProviderFailure,
            _ => RefusalMeaning::NotTheApi,
        }
    }

    /// Returns `Retry-After` in seconds. No provider uses its date form.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let seconds = self.header("retry-after")?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    }
}
