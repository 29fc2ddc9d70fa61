//! The pairs of a form-encoded body.

use http::{HeaderMap, StatusCode, header};

use crate::error::ApiError;

/// Maximum length of a body.
pub(crate) const MAX_BODY_BYTES: usize = 1 << 20;

/// Maximum number of pairs; real requests have fewer.
const MAX_PAIRS: usize = 1000;

/// Returns the pairs of a body in their original order.
pub(crate) fn pairs_of_body(
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Vec<(String, String)>, ApiError> {
    const FORM: &str = "application/x-www-form-urlencoded";
    if body.is_empty() {
        return Ok(Vec::new());
    }
    let kind = headers
        .get(header::CONTENT_TYPE)
        .map_or("", |kind| kind.to_str().unwrap_or_default());
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.is_empty() && !kind.eq_ignore_ascii_case(FORM) {
        return Err(ApiError::invalid(format!(
            "Invalid request (check that your POST content type is {FORM}). If you have any questions, we can help at \
             https://support.stripe.com/."
        )));
    }
    let pairs: Vec<_> = url::form_urlencoded::parse(body)
        .into_owned()
        .take(MAX_PAIRS.saturating_add(1))
        .collect();
    if pairs.len() > MAX_PAIRS {
        return Err(body_too_large());
    }
    Ok(pairs)
}

pub(crate) fn body_too_large() -> ApiError {
    ApiError::invalid("Request body is too large.").status(StatusCode::PAYLOAD_TOO_LARGE)
}
