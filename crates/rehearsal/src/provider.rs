//! The billing source that a rehearsal imitates.

use contract::Source;
use serde::Deserialize;

/// A billing source that can be rehearsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    Stripe,
    /// Stripe, with contracts about its entitlements.
    Entitlements,
    Paddle,
}

/// The event about a change of a customer's entitlements.
pub(crate) const ENTITLEMENTS_CHANGED: &str = "entitlements.active_entitlement_summary.updated";

impl Provider {
    /// Returns the provider of a contract.
    pub fn for_source(source: Source) -> Self {
        match source {
            Source::Paddle => Self::Paddle,
            Source::Stripe => Self::Stripe,
            Source::StripeEntitlements => Self::Entitlements,
        }
    }

    /// Returns true if it plays what a file has for this one alone. Entitlements come with Stripe's subscriptions.
    pub(crate) fn plays(self, only: Self) -> bool {
        self == only || (self, only) == (Self::Entitlements, Self::Stripe)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Stripe | Self::Entitlements => "Stripe",
            Self::Paddle => "Paddle",
        }
    }

    /// Returns the event that links an account to its customer.
    pub(crate) fn linking_event(self) -> &'static str {
        match self {
            Self::Stripe | Self::Entitlements => "checkout.session.completed",
            Self::Paddle => "subscription.created",
        }
    }

    /// Returns the event that ends access.
    pub(crate) fn ending_event(self) -> &'static str {
        match self {
            Self::Stripe => "customer.subscription.deleted",
            Self::Entitlements => ENTITLEMENTS_CHANGED,
            Self::Paddle => "subscription.canceled",
        }
    }
}
