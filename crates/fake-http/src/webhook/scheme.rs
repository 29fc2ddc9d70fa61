//! The differences between the providers' deliveries.

use std::time::Duration;

use reqwest::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderName, USER_AGENT};

/// A provider's form of deliveries and their signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Stripe,
    Paddle,
}

impl Scheme {
    pub(super) fn signature_header(self) -> HeaderName {
        HeaderName::from_static(match self {
            Self::Stripe => "stripe-signature",
            Self::Paddle => "paddle-signature",
        })
    }

    /// Returns the other headers of a delivery.
    pub(super) fn headers(self) -> Vec<(HeaderName, &'static str)> {
        match self {
            Self::Stripe => vec![
                (CONTENT_TYPE, "application/json; charset=utf-8"),
                (USER_AGENT, "Stripe/1.0 (+https://stripe.com/docs/webhooks)"),
                (ACCEPT, "*/*; q=0.5, application/xml"),
                (CACHE_CONTROL, "no-cache"),
            ],
            Self::Paddle => vec![(CONTENT_TYPE, "application/json"), (USER_AGENT, "Paddle")],
        }
    }

    /// Returns the character between the time and the body in the signed text.
    pub(super) fn separator(self) -> &'static [u8] {
        match self {
            Self::Stripe => b".",
            Self::Paddle => b":",
        }
    }

    /// Writes the header's value.
    pub(super) fn render(self, time: i64, signatures: &[String]) -> String {
        match self {
            Self::Stripe => format!("t={time},v1={}", signatures.join(",v1=")),
            Self::Paddle => format!("ts={time};h1={}", signatures.join(";h1=")),
        }
    }

    /// Returns another secret in the provider's format. It belongs to no endpoint.
    pub(super) fn other_secret(self) -> &'static str {
        match self {
            Self::Stripe => "whsec_prodverdict_is_not_the_secret_of_this_endpoint",
            Self::Paddle => "pdl_ntfset_01prodverdictisnotthesecret0_thisendpointhasanother00000",
        }
    }

    /// Returns the time in which the provider expects a response, if it is shorter than that of a usual client.
    pub fn response_limit(self) -> Option<Duration> {
        match self {
            Self::Stripe => None,
            Self::Paddle => Some(Duration::from_secs(5)),
        }
    }
}
