//! `/v1/events`, `/v1/webhook_endpoints` and `/v1/test_helpers/test_clocks`.

use super::{Call, Endpoint, Listing, Route};
use crate::{
    error::ApiError,
    keys::Permission,
    parameters::{Kind, LIST, RETRIEVE, known},
    shapes::{EventShape, TestClockShape, WebhookEndpointShape},
    world::{Event, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route {
        endpoint: Endpoint::ListEvents,
        path: "/v1/events",
        permission: Permission::EventRead,
        parameters: &[
            &LIST,
            &[
                known("created", Kind::Times),
                known("delivery_success", Kind::Boolean),
                known("type", Kind::Text),
                known("types", Kind::Texts),
            ],
        ],
        answer: list_events,
    },
    Route {
        endpoint: Endpoint::RetrieveEvent,
        path: "/v1/events/{id}",
        permission: Permission::EventRead,
        parameters: &[&RETRIEVE],
        answer: retrieve_event,
    },
    Route {
        endpoint: Endpoint::ListWebhookEndpoints,
        path: "/v1/webhook_endpoints",
        permission: Permission::WebhookRead,
        parameters: &[&LIST],
        answer: list_webhook_endpoints,
    },
    Route {
        endpoint: Endpoint::RetrieveWebhookEndpoint,
        path: "/v1/webhook_endpoints/{id}",
        permission: Permission::WebhookRead,
        parameters: &[&RETRIEVE],
        answer: retrieve_webhook_endpoint,
    },
    Route {
        endpoint: Endpoint::ListTestClocks,
        path: "/v1/test_helpers/test_clocks",
        permission: Permission::TestClockRead,
        parameters: &[&LIST],
        answer: list_test_clocks,
    },
];

/// Age limit of listed events: Stripe lists those of 30 days.
const LISTED: i64 = 30 * 86_400;

fn list_events(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let one = call.parameters.text("type");
    let several = call.parameters.texts("types");
    let delivered = call.parameters.boolean("delivery_success");
    let oldest = world.clock.saturating_sub(LISTED);
    let wanted = |event: &Event| {
        event.created >= oldest
            && delivered.is_none_or(|asked| asked == (event.pending_webhooks == 0))
            && one.is_none_or(|asked| is_of(&event.kind, asked))
            && (several.is_empty() || several.iter().any(|asked| is_of(&event.kind, asked)))
    };
    let listing = Listing::new(&world.events, "event", call);
    call.list(world, &listing, wanted, |event| {
        EventShape::new(event, call.view(world))
    })
}

/// Returns true if `kind` matches `asked`, where `customer.subscription.*` matches every type with that prefix.
fn is_of(kind: &str, asked: &str) -> bool {
    asked
        .strip_suffix('*')
        .map_or(kind == asked, |start| kind.starts_with(start))
}

fn retrieve_event(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let event = call.find((world, &world.events), "event", (call.id, "id"))?;
    call.body(world, &EventShape::new(event, call.view(world)))
}

fn list_webhook_endpoints(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let listing = Listing::new(&world.webhook_endpoints, "webhook_endpoint", call);
    call.list(
        world,
        &listing,
        |_| true,
        |endpoint| WebhookEndpointShape::new(endpoint, call.view(world)),
    )
}

fn retrieve_webhook_endpoint(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let endpoints = (world, &world.webhook_endpoints);
    let endpoint = call.find(endpoints, "webhook endpoint", (call.id, "id"))?;
    call.body(
        world,
        &WebhookEndpointShape::new(endpoint, call.view(world)),
    )
}

fn list_test_clocks(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let listing = Listing::new(&world.test_clocks, "test_clock", call);
    call.list(
        world,
        &listing,
        |_| true,
        |clock| TestClockShape::new(clock, call.view(world)),
    )
}
