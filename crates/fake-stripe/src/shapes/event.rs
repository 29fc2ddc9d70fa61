//! Events, webhook endpoints and test clocks.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Null, View};
use crate::world::{Event, Metadata, TestClock, WebhookEndpoint};

#[derive(Debug, Serialize)]
pub(crate) struct EventShape<'w> {
    id: &'w str,
    object: &'static str,
    api_version: &'w str,
    created: i64,
    data: EventData<'w>,
    livemode: bool,
    pending_webhooks: u32,
    request: EventRequest<'w>,
    #[serde(rename = "type")]
    kind: &'w str,
}

#[derive(Debug, Serialize)]
struct EventData<'w> {
    object: &'w Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_attributes: Option<&'w Value>,
}

#[derive(Debug, Serialize)]
struct EventRequest<'w> {
    id: Option<&'w str>,
    idempotency_key: Option<&'w str>,
}

impl<'w> EventShape<'w> {
    pub(crate) fn new(event: &'w Event, view: View<'w>) -> Self {
        Self {
            id: &event.id,
            object: "event",
            api_version: &event.api_version,
            created: event.created,
            data: EventData {
                object: &event.object,
                previous_attributes: event.previous_attributes.as_ref(),
            },
            livemode: view.world.livemode,
            pending_webhooks: event.pending_webhooks,
            request: EventRequest {
                id: event.request.as_deref(),
                idempotency_key: event.idempotency_key.as_deref(),
            },
            kind: &event.kind,
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct WebhookEndpointShape<'w> {
    id: &'w str,
    object: &'static str,
    api_version: Option<&'w str>,
    application: Null,
    created: i64,
    description: Null,
    enabled_events: Vec<&'w str>,
    livemode: bool,
    metadata: &'w Metadata,
    status: &'static str,
    url: &'w str,
}

impl<'w> WebhookEndpointShape<'w> {
    pub(crate) fn new(endpoint: &'w WebhookEndpoint, view: View<'w>) -> Self {
        Self {
            id: &endpoint.id,
            object: "webhook_endpoint",
            api_version: endpoint.api_version.as_deref(),
            application: Null,
            created: endpoint.created,
            description: Null,
            enabled_events: endpoint
                .enabled_events
                .iter()
                .map(|event| &**event)
                .collect(),
            livemode: view.world.livemode,
            metadata: &endpoint.metadata,
            status: if endpoint.enabled {
                "enabled"
            } else {
                "disabled"
            },
            url: &endpoint.url,
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct TestClockShape<'w> {
    id: &'w str,
    object: &'static str,
    created: i64,
    deletes_after: i64,
    frozen_time: i64,
    livemode: bool,
    name: Option<&'w str>,
    status: &'static str,
    status_details: Map<String, Value>,
}

impl<'w> TestClockShape<'w> {
    pub(crate) fn new(clock: &'w TestClock, _: View<'w>) -> Self {
        /// Stripe deletes a clock after 30 days.
        const KEPT: i64 = 30 * 86_400;
        Self {
            id: &clock.id,
            object: "test_helpers.test_clock",
            created: clock.created,
            deletes_after: clock.created.saturating_add(KEPT),
            frozen_time: clock.frozen_time,
            livemode: false,
            name: clock.name.as_deref(),
            status: "ready",
            status_details: Map::new(),
        }
    }
}
