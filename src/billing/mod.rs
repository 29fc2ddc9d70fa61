//! Readers of the billing providers: they turn API objects into facts, completely or not at all.
//!
//! Stripe omits subscriptions on test clocks from every list that is not filtered by clock or customer. In test mode
//! each clock is listed separately, and its subscriptions are marked.

mod answer;
mod by_id;
mod decoding;
pub mod entitlement_objects;
mod entitlements;
mod error;
mod extras;
mod facts;
mod keys;
mod metadata;
mod owners;
mod pace;
mod paddle;
mod pages;
mod patience;
mod plan;
mod prices;
mod provider;
mod reader;
mod refusal;
mod stripe;
mod transport;

pub use decoding::{DecodeError, Decoded};
pub use error::{Error, RequestError};
pub use facts::BillingFacts;
pub use keys::{KeyError, key_advice};
pub use pace::RateLimit;
pub use paddle::objects as paddle_objects;
pub use patience::RetryPolicy;
pub use plan::{ReadPlan, ReadStep};
pub use prices::PriceTable;
pub use provider::PaddleEnvironment;
pub use reader::{BillingReader, Settings, Survey};
pub use refusal::{ProviderRefusal, RefusalMeaning};
pub use stripe::objects as stripe_objects;

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests;
