//! Readers of the billing providers: they turn API objects into facts, completely or not at all.
//!
//! Each provider has a folder, and `registry` is the only other file that names one.

mod amount;
mod answer;
mod budget;
mod catalog;
mod decoding;
mod entitlements;
mod error;
mod extras;
mod facts;
mod features;
mod keys;
mod lookup;
mod metadata;
mod minute_window;
mod paddle;
mod pages;
mod permissions;
mod prices;
mod provider;
mod rate_limit;
mod read_plan;
mod reader;
mod refusal;
mod registry;
mod retry_policy;
mod settings;
mod source;
mod stripe;
mod transport;

pub use catalog::CatalogPrice;
pub use decoding::{DecodeError, Decoded};
pub use error::{Error, RequestError};
pub use facts::BillingFacts;
pub use features::{Entitlement, combine_entitlements};
pub use keys::{KeyError, KeyFormat, ModeHost, ModeHosts};
pub use permissions::KeyPermission;
pub use prices::PriceTable;
pub use rate_limit::{Pace, RateLimit};
pub use read_plan::{ReadPlan, ReadStep};
pub use reader::{
    BillingReader, ProviderEvidence, StartedRead, creation_advice, key_advice, key_kind,
};
pub use refusal::{ExceededLimit, ProviderRefusal, RefusalMeaning};
pub use registry::definition;
pub use retry_policy::RetryPolicy;
pub use settings::Settings;
pub use source::{RecordedForm, RecordedObjects, RecordedRefunds, SourceDefinition};
// A rehearsal decodes the objects of the fake providers.
pub(crate) use entitlements::objects as entitlement_objects;
pub(crate) use facts::PricesOfCustomers;
pub(crate) use paddle::objects as paddle_objects;
pub use stripe::objects as stripe_objects;

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests;
