//! An error response of a provider: its meaning, and how to fix it.

use crate::{contract::Mode, problem::ErrorCode};

/// A provider's error response. The texts come from the server, with anything that looks like a key removed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{provider} answered {status}: {message}{}", .request_id.as_ref().map(|id| format!(" (request {id})")).unwrap_or_default())]
pub struct ProviderRefusal {
    pub provider: &'static str,
    pub status: u16,
    pub meaning: RefusalMeaning,
    pub message: String,
    pub request_id: Option<String>,
    /// Suggested action; empty if the message is enough.
    pub hint: String,
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
    /// The key lacks a permission. The value is its name in the provider's spelling, if the error states it.
    MissingPermission(Option<String>),
    /// The key belongs to another account.
    OtherAccount,
    /// The object has this mode, and the key has the other one.
    OtherMode(Mode),
    /// The object does not exist. The value is the parameter that named it.
    NoSuchObject(Option<String>),
    /// A parameter that the provider does not accept.
    BadParameter(Option<String>),
    /// Too many requests.
    RateLimited(ExceededLimit),
    Redirect,
    /// The provider, or an intermediary, has a problem.
    ProviderFailure,
    /// Something other than the provider's API answered.
    NotTheApi,
    Other,
}

/// The limit that a request exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExceededLimit {
    AccountRate,
    AccountConcurrency,
    EndpointRate,
    EndpointConcurrency,
    /// Another request holds the object.
    Lock,
    /// The provider does not say.
    Unknown,
}

impl RefusalMeaning {
    /// Returns true if the requested customer does not exist in the mode of the key.
    pub(crate) fn is_unknown_customer(&self) -> bool {
        match self {
            Self::NoSuchObject(parameter) => {
                matches!(parameter.as_deref(), None | Some("customer" | "id"))
            }
            Self::OtherMode(_) => true,
            Self::BadParameter(_)
            | Self::InvalidKey
            | Self::ExpiredKey
            | Self::PublishableKey
            | Self::AddressNotAllowed
            | Self::MissingPermission(_)
            | Self::OtherAccount
            | Self::RateLimited(_)
            | Self::Redirect
            | Self::ProviderFailure
            | Self::NotTheApi
            | Self::Other => false,
        }
    }

    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::InvalidKey
            | Self::ExpiredKey
            | Self::PublishableKey
            | Self::AddressNotAllowed
            | Self::OtherAccount => ErrorCode::KeyRejected,
            Self::MissingPermission(_) => ErrorCode::KeyPermission,
            Self::OtherMode(_) => ErrorCode::ModeMismatch,
            Self::RateLimited(_) => ErrorCode::ProviderRateLimit,
            Self::ProviderFailure => ErrorCode::ProviderUnreachable,
            Self::NoSuchObject(_)
            | Self::BadParameter(_)
            | Self::Redirect
            | Self::NotTheApi
            | Self::Other => ErrorCode::ProviderResponse,
        }
    }

    /// Returns the suggested action for a refusal of this provider. `invalid_key` and `missing_permission` are the
    /// provider's own advice.
    pub(crate) fn hint(
        &self,
        provider: &str,
        invalid_key: &str,
        missing_permission: fn(Option<&str>) -> String,
    ) -> String {
        match self {
            Self::InvalidKey => invalid_key.to_owned(),
            Self::ExpiredKey => "create a new key and store it in the secret".to_owned(),
            Self::PublishableKey => "use a restricted key (`rk_…`) instead of the publishable one".to_owned(),
            Self::AddressNotAllowed => "the key allows only certain addresses: add the runner's, or use a runner with a fixed one".to_owned(),
            Self::MissingPermission(permission) => missing_permission(permission.as_deref()),
            Self::OtherAccount => "use a key of the account whose customers the database contains".to_owned(),
            Self::OtherMode(mode) => format!(
                "the database contains {} mode ids, but the key is of the other mode: use a {} mode key, or the other \
                 database",
                mode.as_str(),
                mode.as_str()
            ),
            Self::RateLimited(limit) => rate_limited(provider, *limit),
            Self::Redirect => "redirects are not followed, because they could carry the key elsewhere: check the base URL and the proxy".to_owned(),
            Self::ProviderFailure => format!("{provider} or a proxy in between is failing: run again later"),
            Self::NotTheApi => format!("something other than {provider}'s API answered: check the base URL \
                                                  and the proxy"),
            Self::NoSuchObject(_) | Self::BadParameter(_) | Self::Other => String::new(),
        }
    }
}

fn rate_limited(provider: &str, limit: ExceededLimit) -> String {
    let limit = match limit {
        ExceededLimit::AccountRate => "the account's requests per second",
        ExceededLimit::AccountConcurrency => "the account's concurrent requests",
        ExceededLimit::EndpointRate => "the requests per second of this endpoint",
        ExceededLimit::EndpointConcurrency => "the concurrent requests of this endpoint",
        ExceededLimit::Lock | ExceededLimit::Unknown => "a rate limit",
    };
    format!(
        "something else is using up {limit} at {provider}: run at a quieter time, or one check at a time"
    )
}
