//! Events, webhook endpoints and test clocks.

use compact_str::CompactString;
use serde_json::Value;

use super::{Metadata, collection::implement_object};

/// An event with a snapshot of its object, rendered when the event happened.
#[derive(Debug, Clone)]
pub struct Event {
    pub id: CompactString,
    pub created: i64,
    pub kind: CompactString,
    pub api_version: CompactString,
    pub object: Value,
    pub previous_attributes: Option<Value>,
    pub request: Option<CompactString>,
    pub idempotency_key: Option<CompactString>,
    /// Number of endpoints that have not answered it with 2xx.
    pub pending_webhooks: u32,
}

#[derive(Debug, Clone)]
pub struct WebhookEndpoint {
    pub id: CompactString,
    pub created: i64,
    pub url: CompactString,
    pub enabled_events: Vec<CompactString>,
    pub api_version: Option<CompactString>,
    pub enabled: bool,
    pub metadata: Metadata,
}

/// A clock that freezes the time of the objects attached to it.
#[derive(Debug, Clone)]
pub struct TestClock {
    pub id: CompactString,
    pub created: i64,
    pub frozen_time: i64,
    pub name: Option<CompactString>,
}

implement_object!(Event, WebhookEndpoint, TestClock);
