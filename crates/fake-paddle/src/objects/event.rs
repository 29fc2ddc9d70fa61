//! Events, and their notifications.

use serde::Serialize;
use serde_json::Value;

/// Something that happened. Its time has six digits of fraction, as text, because that is how it is compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    pub event_id: String,
    pub event_type: String,
    pub occurred_at: String,
    pub data: Value,
}

/// One delivery of an event to one destination.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Notification {
    pub event_id: String,
    pub event_type: String,
    pub occurred_at: String,
    pub notification_id: String,
    pub data: Value,
}
