//! Parses Stripe's error envelope.

use http::StatusCode;
use serde::Deserialize;

use super::{KEY_FORM, PROVIDER};
use crate::{
    billing::{ExceededLimit, ProviderRefusal, RefusalMeaning, answer::ProviderResponse},
    contract::Mode,
};

#[derive(Deserialize)]
struct StripeErrorEnvelope {
    error: StripeErrorBody,
}

#[derive(Deserialize, Default)]
struct StripeErrorBody {
    code: Option<String>,
    message: Option<String>,
    param: Option<String>,
}

/// Parses a response that is not a success.
pub(super) fn refusal(answer: &ProviderResponse<'_>) -> ProviderRefusal {
    let body =
        serde_json::from_slice::<StripeErrorEnvelope>(&answer.body).map(|envelope| envelope.error);
    let (meaning, message) = match &body {
        Ok(body) => (
            meaning(answer, body),
            answer.without_key(body.message.as_deref().unwrap_or("no message")),
        ),
        Err(_) => (without_envelope(answer), answer.excerpt()),
    };
    ProviderRefusal {
        provider: PROVIDER.name,
        status: answer.status.as_u16(),
        passing: is_passing(answer),
        hint: hint(&meaning, answer.key_page.unwrap_or(KEY_FORM)),
        meaning,
        message,
        request_id: answer.request_id(),
    }
}

/// Returns true if a retry may succeed. Stripe's own header takes precedence; without it, the statuses that Stripe's
/// libraries retry, and 429, which they leave to the caller.
fn is_passing(answer: &ProviderResponse<'_>) -> bool {
    match answer.header("stripe-should-retry") {
        Some("true") => true,
        Some("false") => false,
        Some(_) | None => answer.may_pass() || answer.status == StatusCode::CONFLICT,
    }
}

fn meaning(answer: &ProviderResponse<'_>, body: &StripeErrorBody) -> RefusalMeaning {
    let message = body.message.as_deref().unwrap_or_default();
    let parameter = || body.param.as_deref().map(|name| answer.without_key(name));
    match (answer.status.as_u16(), body.code.as_deref()) {
        (401, Some("api_key_expired")) => RefusalMeaning::ExpiredKey,
        (401, Some("secret_key_required")) => RefusalMeaning::PublishableKey,
        (401, _) if message.contains("IP address") => RefusalMeaning::AddressNotAllowed,
        (401, _) => RefusalMeaning::InvalidKey,
        (403, Some("account_invalid")) => RefusalMeaning::OtherAccount,
        (403, Some("more_permissions_required")) => {
            RefusalMeaning::MissingPermission(permission(message))
        }
        (403, _) => match permission(message) {
            Some(permission) => RefusalMeaning::MissingPermission(Some(permission)),
            None => RefusalMeaning::Other,
        },
        (_, Some("resource_missing")) => match other_mode(message) {
            Some(mode) => RefusalMeaning::OtherMode(mode),
            None => RefusalMeaning::NoSuchObject(parameter()),
        },
        (400, _) => RefusalMeaning::BadParameter(parameter()),
        (429, _) => RefusalMeaning::RateLimited(exceeded_limit(answer, body.code.as_deref())),
        (500.., _) => RefusalMeaning::ProviderFailure,
        _ => RefusalMeaning::Other,
    }
}

fn without_envelope(answer: &ProviderResponse<'_>) -> RefusalMeaning {
    let meaning = answer.meaning_without_envelope();
    if let RefusalMeaning::RateLimited(_) = meaning {
        return RefusalMeaning::RateLimited(exceeded_limit(answer, None));
    }
    meaning
}

/// Returns the limit named by Stripe's header, else by the error code.
fn exceeded_limit(answer: &ProviderResponse<'_>, code: Option<&str>) -> ExceededLimit {
    match answer.header("stripe-rate-limited-reason").or(code) {
        Some("global-rate") => ExceededLimit::AccountRate,
        Some("global-concurrency") => ExceededLimit::AccountConcurrency,
        Some("endpoint-rate") => ExceededLimit::EndpointRate,
        Some("endpoint-concurrency") => ExceededLimit::EndpointConcurrency,
        Some("lock_timeout") => ExceededLimit::Lock,
        Some(_) | None => ExceededLimit::Unknown,
    }
}

fn hint(meaning: &RefusalMeaning, key_page: &str) -> String {
    let invalid_key = format!(
        "the key is wrong or was revoked: create a new restricted one and store it in the secret: {key_page}"
    );
    meaning.hint(PROVIDER.name, &invalid_key, |permission| {
        let permission = permission.unwrap_or("subscription_read");
        let row = match permission {
            "subscription_read" => "Subscriptions",
            "customer_read" => "Customers",
            "entitlement_read" => "Entitlements",
            "event_read" => "Events",
            "plan_read" => "Prices",
            "product_read" => "Products",
            other => other.strip_suffix("_read").unwrap_or(other),
        };
        format!(
            "edit the key at https://dashboard.stripe.com/apikeys and set `{row}` to Read (`rak_{permission}`)"
        )
    })
}

/// Finds the permission in `Having the 'rak_subscription_read' permission would allow …` and its newer wordings.
fn permission(message: &str) -> Option<String> {
    message
        .split(|character: char| !(character.is_ascii_alphanumeric() || character == '_'))
        .map(|word| word.strip_prefix("rak_").unwrap_or(word))
        .find(|word| {
            let resource = word
                .strip_suffix("_read")
                .or_else(|| word.strip_suffix("_write"));
            resource.is_some_and(|resource| !resource.is_empty() && resource.len() <= 60)
        })
        .map(str::to_owned)
}

/// Finds the mode of the object in `a similar object exists in test mode, but a live mode key was used …`.
fn other_mode(message: &str) -> Option<Mode> {
    [Mode::Live, Mode::Test]
        .into_iter()
        .find(|mode| message.contains(&format!("similar object exists in {} mode", mode.as_str())))
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use secrecy::SecretString;
    use serde_json::{Value, json};

    use super::*;

    fn read(status: u16, headers: &[(&'static str, &str)], error: &Value) -> ProviderRefusal {
        let key = SecretString::from("rk_live_canary");
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        refusal(&ProviderResponse {
            request_id_header: PROVIDER.request_id_header,
            key_page: Some("the page"),
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            body: json!({ "error": error }).to_string().into_bytes(),
            key: &key,
        })
    }

    #[test]
    fn each_documented_text_has_its_meaning() {
        let mixed = "No such customer: 'cus_1'; a similar object exists in test mode, but a live mode key was used to make this request.";
        for (status, error, expected) in [
            (
                401,
                json!({"message": "Invalid API Key provided: sk_test_****"}),
                RefusalMeaning::InvalidKey,
            ),
            (
                401,
                json!({"code": "api_key_expired"}),
                RefusalMeaning::ExpiredKey,
            ),
            (
                401,
                json!({"code": "secret_key_required"}),
                RefusalMeaning::PublishableKey,
            ),
            (
                401,
                json!({"message": "The API key provided does not allow requests from your IP address. (1.2.3.4)"}),
                RefusalMeaning::AddressNotAllowed,
            ),
            (
                403,
                json!({"message": "The provided key 'rk_live_****' does not have the required permissions for this endpoint on account 'acct_1'. Having the 'rak_subscription_read' permission would allow this request to continue."}),
                RefusalMeaning::MissingPermission(Some("subscription_read".to_owned())),
            ),
            (
                403,
                json!({"code": "more_permissions_required", "message": "Permission denied. Enabling \"Prices Read\" ('plan_read') permissions on this key would allow this request to continue."}),
                RefusalMeaning::MissingPermission(Some("plan_read".to_owned())),
            ),
            (
                403,
                json!({"code": "account_invalid"}),
                RefusalMeaning::OtherAccount,
            ),
            (
                404,
                json!({"code": "resource_missing", "message": mixed}),
                RefusalMeaning::OtherMode(Mode::Test),
            ),
            (
                400,
                json!({"code": "resource_missing", "param": "customer", "message": "No such customer: 'cus_1'"}),
                RefusalMeaning::NoSuchObject(Some("customer".to_owned())),
            ),
            (
                400,
                json!({"message": "Invalid status: must be one of active", "param": "status"}),
                RefusalMeaning::BadParameter(Some("status".to_owned())),
            ),
            (
                429,
                json!({"code": "lock_timeout"}),
                RefusalMeaning::RateLimited(ExceededLimit::Lock),
            ),
            (
                503,
                json!({"type": "api_error"}),
                RefusalMeaning::ProviderFailure,
            ),
        ] {
            assert_eq!(read(status, &[], &error).meaning, expected, "{error}");
        }
    }

    #[test]
    fn stripes_word_on_retrying_wins_over_the_status() {
        let should = |word| [("stripe-should-retry", word)];
        assert!(read(429, &[], &json!({})).passing);
        assert!(read(409, &[], &json!({"code": "lock_timeout"})).passing);
        assert!(!read(400, &[], &json!({})).passing);
        assert!(read(400, &should("true"), &json!({})).passing);
        assert!(!read(503, &should("false"), &json!({})).passing);
    }

    #[test]
    fn texts_are_free_of_keys_and_name_the_request() {
        let refusal = read(
            401,
            &[("request-id", "req_1")],
            &json!({"message": "Invalid API Key provided: rk_live_****nary and rk_live_canary"}),
        );
        assert_eq!(
            refusal.to_string(),
            "Stripe answered 401: Invalid API Key provided: [key] and [key] (request req_1)"
        );
    }
}
