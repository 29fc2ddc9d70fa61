//! Features, and the customers that may use them now.

use compact_str::CompactString;

use super::{Metadata, collection::implement_object};

#[derive(Debug, Clone)]
pub struct Feature {
    pub id: CompactString,
    pub created: i64,
    pub lookup_key: CompactString,
    pub name: CompactString,
    pub active: bool,
    pub metadata: Metadata,
}

impl Feature {
    pub fn new(id: &str, lookup_key: &str) -> Self {
        Self {
            id: id.into(),
            created: 0,
            lookup_key: lookup_key.into(),
            name: lookup_key.into(),
            active: true,
            metadata: Metadata::new(),
        }
    }
}

/// A customer's current entitlement to a feature. Stripe's object has no timestamp; `created` only determines the
/// order.
#[derive(Debug, Clone)]
pub struct ActiveEntitlement {
    pub id: CompactString,
    pub created: i64,
    pub customer: CompactString,
    pub feature: CompactString,
}

/// The features that a subscription brings to its customer. They are those that its products had when it began, when its
/// items last changed, or when its current period began, whichever was last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GrantedFeatures {
    /// Price and start of the period of each item at that time.
    pub(crate) items: Vec<(CompactString, Option<i64>)>,
    pub(crate) features: Vec<CompactString>,
}

implement_object!(Feature, ActiveEntitlement);
