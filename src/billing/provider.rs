//! The provider's name, its base URL, and the headers that fix the shape of its responses.

use crate::contract::{Mode, Source};

/// A billing provider, regardless of which of its objects are the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provider {
    Stripe,
    Paddle,
}

/// Paddle's host; each has separate keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PaddleEnvironment {
    #[default]
    Sandbox,
    Production,
}

impl PaddleEnvironment {
    /// Returns the value used in `PADDLE_ENVIRONMENT`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Production => "production",
        }
    }

    /// Parses the value, ignoring case. Also accepts the words for a mode.
    pub fn parse(word: &str) -> Option<Self> {
        match word.trim().to_lowercase().as_str() {
            "sandbox" | "test" => Some(Self::Sandbox),
            "production" | "live" => Some(Self::Production),
            _ => None,
        }
    }

    /// Returns the environment whose objects have that mode.
    pub(crate) fn for_mode(mode: Mode) -> Self {
        match mode {
            Mode::Test => Self::Sandbox,
            Mode::Live => Self::Production,
        }
    }
}

impl Provider {
    pub(crate) fn for_source(source: Source) -> Self {
        match source {
            Source::Stripe | Source::StripeEntitlements => Self::Stripe,
            Source::Paddle => Self::Paddle,
        }
    }

    /// Returns the name, for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Stripe => "Stripe",
            Self::Paddle => "Paddle",
        }
    }

    pub(crate) fn default_base(self, environment: PaddleEnvironment) -> &'static str {
        match (self, environment) {
            (Self::Stripe, _) => "https://api.stripe.com",
            (Self::Paddle, PaddleEnvironment::Sandbox) => "https://sandbox-api.paddle.com",
            (Self::Paddle, PaddleEnvironment::Production) => "https://api.paddle.com",
        }
    }

    /// Returns the header that pins the API version. Without it the account's default applies: some versions reject
    /// `status=all`, others carry periods elsewhere.
    pub(crate) fn version_header(self) -> (&'static str, &'static str) {
        match self {
            Self::Stripe => ("stripe-version", "2026-10-28.endive"),
            Self::Paddle => ("paddle-version", "1"),
        }
    }

    /// Returns the header with the request id, which support can look up.
    pub(crate) fn request_id_header(self) -> &'static str {
        match self {
            Self::Stripe => "request-id",
            Self::Paddle => "x-request-id",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_an_environment_are_understood_in_any_case() {
        for (word, expected) in [
            ("sandbox", Some(PaddleEnvironment::Sandbox)),
            (" Production ", Some(PaddleEnvironment::Production)),
            ("LIVE", Some(PaddleEnvironment::Production)),
            ("test", Some(PaddleEnvironment::Sandbox)),
            ("staging", None),
            ("", None),
        ] {
            assert_eq!(PaddleEnvironment::parse(word), expected, "{word}");
        }
    }
}
