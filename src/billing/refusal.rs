//! An error response of a provider: its meaning, and how to fix it.

use super::{keys::prefilled, provider::Provider};
use crate::contract::{Mode, Source};

/// A provider's error response. The texts come from the server, with anything that looks like a key removed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{provider} answered {status}: {message}{}", .request_id.as_ref().map(|id| format!(" (request {id})")).unwrap_or_default())]
pub struct ProviderRefusal {
    pub provider: &'static str,
    pub status: u16,
    pub meaning: RefusalMeaning,
    pub message: String,
    pub request_id: Option<String>,
    /// True if a retry may succeed.
    pub(crate) passing: bool,
}

/// The meaning of a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefusalMeaning {
    /// Wrong, revoked, or of the other environment.
    InvalidKey,
    ExpiredKey,
    PublishableKey,
    AddressNotAllowed,
    /// The missing permission in the provider's spelling, if it says so.
    MissingPermission(Option<String>),
    /// The key belongs to another account.
    OtherAccount,
    /// The object has this mode, and the key has the other one.
    OtherMode(Mode),
    /// No such object; the parameter that named it.
    NoSuchObject(Option<String>),
    /// A parameter that the provider does not accept.
    BadParameter(Option<String>),
    /// Too many requests; Stripe's word for the limit.
    RateLimited(Option<String>),
    Redirect,
    /// The provider, or an intermediary, has a problem.
    Trouble,
    /// Something other than the provider's API answered.
    NotTheApi,
    Other,
}

impl ProviderRefusal {
    /// Returns true if the requested customer does not exist here.
    pub(crate) fn is_unknown_customer(&self) -> bool {
        match &self.meaning {
            RefusalMeaning::NoSuchObject(parameter) => {
                matches!(parameter.as_deref(), None | Some("customer" | "id"))
            }
            RefusalMeaning::OtherMode(_) => true,
            RefusalMeaning::BadParameter(parameter) => {
                self.provider == Provider::Paddle.name()
                    && parameter.as_deref() == Some("customer_id")
            }
            RefusalMeaning::InvalidKey
            | RefusalMeaning::ExpiredKey
            | RefusalMeaning::PublishableKey
            | RefusalMeaning::AddressNotAllowed
            | RefusalMeaning::MissingPermission(_)
            | RefusalMeaning::OtherAccount
            | RefusalMeaning::RateLimited(_)
            | RefusalMeaning::Redirect
            | RefusalMeaning::Trouble
            | RefusalMeaning::NotTheApi
            | RefusalMeaning::Other => false,
        }
    }

    /// Returns a suggestion for a fix.
    pub fn hint(&self) -> String {
        let provider = self.provider;
        let stripe = provider == Provider::Stripe.name();
        match &self.meaning {
            RefusalMeaning::InvalidKey if stripe => format!(
                "the key is wrong or was revoked: create a new restricted one and store it in the secret: {}",
                prefilled(Source::Stripe)
            ),
            RefusalMeaning::InvalidKey => "the key is wrong, revoked, or of the other environment: check the secret and `PADDLE_ENVIRONMENT`".to_owned(),
            RefusalMeaning::ExpiredKey => "create a new key and store it in the secret".to_owned(),
            RefusalMeaning::PublishableKey => "use a restricted key (`rk_…`) instead of the publishable one".to_owned(),
            RefusalMeaning::AddressNotAllowed => "the key allows only certain addresses: add the runner's, or use a runner with a fixed one".to_owned(),
            RefusalMeaning::MissingPermission(permission) => missing_permission(stripe, permission.as_deref()),
            RefusalMeaning::OtherAccount => "use a key of the account whose customers the database contains".to_owned(),
            RefusalMeaning::OtherMode(mode) => format!(
                "the database contains {} mode ids, but the key is of the other mode: use a {} mode key, or the other \
                 database",
                mode.as_str(),
                mode.as_str()
            ),
            RefusalMeaning::RateLimited(reason) => rate_limited(provider, reason.as_deref()),
            RefusalMeaning::Redirect => "redirects are not followed, because they could carry the key elsewhere: check the base URL and the proxy".to_owned(),
            RefusalMeaning::Trouble => format!("{provider} or a proxy in between is failing: run again later"),
            RefusalMeaning::NotTheApi => format!("something other than {provider}'s API answered: check the base URL \
                                                  and the proxy"),
            RefusalMeaning::NoSuchObject(_) | RefusalMeaning::BadParameter(_) | RefusalMeaning::Other => String::new(),
        }
    }
}

fn missing_permission(stripe: bool, permission: Option<&str>) -> String {
    if !stripe {
        let permission = permission.unwrap_or("subscription.read");
        return format!(
            "give the key the permission `{permission}` under Developer tools > Authentication"
        );
    }
    let permission = permission.unwrap_or("subscription_read");
    let row = match permission {
        "subscription_read" => "Subscriptions",
        "customer_read" => "Customers",
        "entitlement_read" => "Entitlements",
        "event_read" => "Events",
        "plan_read" => "Prices",
        other => other.strip_suffix("_read").unwrap_or(other),
    };
    format!(
        "edit the key at https://dashboard.stripe.com/apikeys and set `{row}` to Read (`rak_{permission}`)"
    )
}

fn rate_limited(provider: &str, reason: Option<&str>) -> String {
    let limit = match reason {
        Some("global-rate") => "the account's requests per second",
        Some("global-concurrency") => "the account's concurrent requests",
        Some("endpoint-rate") => "the requests per second of this endpoint",
        Some("endpoint-concurrency") => "the concurrent requests of this endpoint",
        Some(_) | None => "a rate limit",
    };
    format!(
        "something else is using up {limit} at {provider}: run at a quieter time, or one check at a time"
    )
}
