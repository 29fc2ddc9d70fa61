//! The names in the texts of a finding, as data, for searching a diff and resending events.

use super::Field;

/// The columns and events in the texts of a finding, apart from those of its rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mentions {
    pub fields: Vec<Field>,
    /// Events, the most relevant first.
    pub events: Vec<EventMention>,
}

/// An event of the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventMention {
    /// Event type, such as `customer.subscription.updated`.
    pub kind: String,
    /// Id in the provider's event log.
    pub id: Option<String>,
    /// True if it was delivered at an earlier step of the rehearsal.
    pub is_earlier: bool,
}
