//! Parses Paddle's error envelope.

use serde::Deserialize;

use crate::billing::{
    answer::Answer,
    provider::Provider,
    refusal::{Meaning, Refusal},
};

#[derive(Deserialize)]
struct Envelope {
    error: Body,
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Body {
    code: Option<String>,
    detail: Option<String>,
    errors: Option<Vec<FieldError>>,
}

#[derive(Deserialize)]
struct FieldError {
    field: Option<String>,
}

#[derive(Deserialize)]
struct Meta {
    request_id: Option<String>,
}

/// Parses a response that is not a success.
pub(crate) fn refusal(answer: &Answer<'_>) -> Refusal {
    let (meaning, message, request_id) = match serde_json::from_slice::<Envelope>(&answer.body) {
        Ok(envelope) => (
            meaning(answer, &envelope.error),
            described(answer, &envelope.error),
            envelope
                .meta
                .and_then(|meta| meta.request_id)
                .map(|id| answer.shown(&id)),
        ),
        Err(_) => (answer.meaning_without_envelope(), answer.beginning(), None),
    };
    Refusal {
        provider: Provider::Paddle.name(),
        status: answer.status.as_u16(),
        passing: answer.may_pass(),
        meaning,
        message,
        request_id: request_id.or_else(|| answer.request_id()),
    }
}

fn described(answer: &Answer<'_>, body: &Body) -> String {
    let detail = body.detail.as_deref().unwrap_or("no detail");
    match &body.code {
        Some(code) => answer.shown(&format!("{detail} ({code})")),
        None => answer.shown(detail),
    }
}

fn meaning(answer: &Answer<'_>, body: &Body) -> Meaning {
    let field = || {
        let first = body.errors.as_ref()?.first()?.field.as_deref()?;
        Some(answer.shown(first))
    };
    match (answer.status.as_u16(), body.code.as_deref()) {
        (401, _) | (403, Some("invalid_token" | "authentication_malformed")) => Meaning::InvalidKey,
        // Paddle answers `forbidden` both for a missing permission and for a key of the other environment.
        (403, _) => Meaning::MissingPermission(None),
        (404, _) => Meaning::NoSuchObject(Some("id".to_owned())),
        (400, _) => Meaning::BadParameter(field()),
        (429, _) => Meaning::RateLimited(None),
        (500.., _) => Meaning::Trouble,
        _ => Meaning::Other,
    }
}
