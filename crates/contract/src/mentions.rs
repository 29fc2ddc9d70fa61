//! Names in the texts of a finding, as data: used to search a diff and to resend events.

use super::Field;

/// Columns and events that the texts of a finding name, apart from those of its rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mentions {
    pub fields: Vec<Field>,
    /// Events, the weightiest first.
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
