//! The billing provider of a rehearsal.

use contract::Source;
use serde::Deserialize;

/// A provider that can be rehearsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    Stripe,
    Paddle,
}

impl Provider {
    /// Returns the provider of a contract.
    pub fn for_source(source: Source) -> Self {
        match source {
            Source::Paddle => Self::Paddle,
            Source::Stripe | Source::StripeEntitlements => Self::Stripe,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Stripe => "Stripe",
            Self::Paddle => "Paddle",
        }
    }

    /// Returns the event that links an account to its customer.
    pub(crate) fn linking_event(self) -> &'static str {
        match self {
            Self::Stripe => "checkout.session.completed",
            Self::Paddle => "subscription.created",
        }
    }

    /// Returns the event that ends a subscription.
    pub(crate) fn ending_event(self) -> &'static str {
        match self {
            Self::Stripe => "customer.subscription.deleted",
            Self::Paddle => "subscription.canceled",
        }
    }
}
