//! Features, and which customers may use them now.

use compact_str::CompactString;

use super::{Metadata, collection::Object};

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

/// That a customer may use a feature now. The provider's object carries no time; `created` is for the order only.
#[derive(Debug, Clone)]
pub struct ActiveEntitlement {
    pub id: CompactString,
    pub created: i64,
    pub customer: CompactString,
    pub feature: CompactString,
}

impl Object for Feature {
    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> i64 {
        self.created
    }
}

impl Object for ActiveEntitlement {
    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> i64 {
        self.created
    }
}
