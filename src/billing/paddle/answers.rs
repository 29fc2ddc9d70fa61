//! Parses Paddle's error envelope.

use serde::Deserialize;

use super::PROVIDER;
use crate::billing::{
    Error, ExceededLimit, ProviderRefusal, RefusalMeaning, RequestError, answer::ProviderResponse,
};

#[derive(Deserialize)]
struct PaddleErrorEnvelope {
    error: PaddleErrorBody,
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct PaddleErrorBody {
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
pub(super) fn refusal(answer: &ProviderResponse<'_>) -> ProviderRefusal {
    let (meaning, message, request_id) =
        match serde_json::from_slice::<PaddleErrorEnvelope>(&answer.body) {
            Ok(envelope) => (
                meaning(answer, &envelope.error),
                described(answer, &envelope.error),
                envelope
                    .meta
                    .and_then(|meta| meta.request_id)
                    .map(|id| answer.without_key(&id)),
            ),
            Err(_) => (answer.meaning_without_envelope(), answer.excerpt(), None),
        };
    ProviderRefusal {
        provider: PROVIDER.name,
        status: answer.status.as_u16(),
        passing: answer.may_pass(),
        hint: hint(&meaning),
        meaning,
        message,
        request_id: request_id.or_else(|| answer.request_id()),
    }
}

/// Names the permission that a refused request needs, which Paddle does not.
pub(super) fn name_permission(mut error: Error, permission: &str) -> Error {
    if let Error::Request { error: request, .. } = &mut error
        && let RequestError::Refused { refusal, .. } = &mut **request
        && refusal.meaning == RefusalMeaning::MissingPermission(None)
    {
        refusal.meaning = RefusalMeaning::MissingPermission(Some(permission.to_owned()));
        refusal.hint = hint(&refusal.meaning);
    }
    error
}

fn hint(meaning: &RefusalMeaning) -> String {
    let invalid_key = "the key is wrong, revoked, or of the other environment: check the secret and `PADDLE_ENVIRONMENT`";
    meaning.hint(PROVIDER.name, invalid_key, |permission| {
        let permission = permission.unwrap_or("subscription.read");
        format!("give the key the permission `{permission}` under Developer tools > Authentication")
    })
}

fn described(answer: &ProviderResponse<'_>, body: &PaddleErrorBody) -> String {
    let detail = body.detail.as_deref().unwrap_or("no detail");
    match &body.code {
        Some(code) => answer.without_key(&format!("{detail} ({code})")),
        None => answer.without_key(detail),
    }
}

fn meaning(answer: &ProviderResponse<'_>, body: &PaddleErrorBody) -> RefusalMeaning {
    let field = || {
        let first = body.errors.as_ref()?.first()?.field.as_deref()?;
        Some(answer.without_key(first))
    };
    match (answer.status.as_u16(), body.code.as_deref()) {
        (401, _) | (403, Some("invalid_token" | "authentication_malformed")) => {
            RefusalMeaning::InvalidKey
        }
        // Paddle answers `forbidden` both for a missing permission and for a key of the other environment.
        (403, _) => RefusalMeaning::MissingPermission(None),
        (404, _) => RefusalMeaning::NoSuchObject(Some("id".to_owned())),
        (400, _) => RefusalMeaning::BadParameter(field()),
        (429, _) => RefusalMeaning::RateLimited(ExceededLimit::Unknown),
        (500.., _) => RefusalMeaning::ProviderFailure,
        _ => RefusalMeaning::Other,
    }
}
