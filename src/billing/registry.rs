//! The table of providers: the only file outside their folders that names them.

use super::{SourceDefinition, entitlements, paddle, provider::Provider, stripe};
use crate::contract::Source;

/// All providers, in the order in which texts name them.
pub(crate) const PROVIDERS: [&Provider; 2] = [&stripe::PROVIDER, &paddle::PROVIDER];

/// Returns the definition of a source.
pub fn definition(source: Source) -> &'static SourceDefinition {
    match source {
        Source::Stripe => &stripe::SUBSCRIPTIONS,
        Source::Paddle => &paddle::SUBSCRIPTIONS,
        Source::StripeEntitlements => &entitlements::ENTITLEMENTS,
    }
}
