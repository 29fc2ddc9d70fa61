//! The names in the texts of a finding, as data: what a diff is searched for, and what is sent again.

use super::Field;

/// Columns and events that the texts of a finding name, beside what its rule is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mentions {
    pub fields: Vec<Field>,
    /// The weightiest first.
    pub events: Vec<EventMention>,
}

/// An event of the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventMention {
    /// Such as `customer.subscription.updated`.
    pub kind: String,
    /// Where the provider's log holds it.
    pub id: Option<String>,
    /// It was delivered at an earlier step of the rehearsal.
    pub is_earlier: bool,
}
