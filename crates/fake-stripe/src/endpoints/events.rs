//! `/v1/events`, `/v1/webhook_endpoints` and `/v1/test_helpers/test_clocks`.

use super::{Call, Endpoint, Listing, Route};
use crate::{
    error::ApiError,
    keys::Permission,
    shapes::{EventShape, TestClockShape, WebhookEndpointShape},
    world::{Event, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route::list(
        Endpoint::ListEvents,
        "/v1/events",
        Permission::EventRead,
        list_events,
    ),
    Route::retrieve(
        Endpoint::RetrieveEvent,
        "/v1/events/{id}",
        Permission::EventRead,
        retrieve_event,
    ),
    Route::list(
        Endpoint::ListWebhookEndpoints,
        "/v1/webhook_endpoints",
        Permission::WebhookRead,
        list_webhook_endpoints,
    ),
    Route::retrieve(
        Endpoint::RetrieveWebhookEndpoint,
        "/v1/webhook_endpoints/{id}",
        Permission::WebhookRead,
        retrieve_webhook_endpoint,
    ),
    Route::list(
        Endpoint::ListTestClocks,
        "/v1/test_helpers/test_clocks",
        Permission::TestClockRead,
        list_test_clocks,
    ),
];

/// Age limit of listed events: Stripe lists those of 30 days.
const LISTED_SECONDS: i64 = 30 * 86_400;

fn list_events(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let created = call.form.times("created")?;
    let one = call.form.optional_text("type")?;
    let several = call.form.texts("types")?;
    let delivered = call.form.boolean("delivery_success")?;
    let window = call.window()?;
    let oldest = world.clock.saturating_sub(LISTED_SECONDS);
    let wanted = |event: &Event| {
        event.created >= oldest
            && delivered.is_none_or(|requested| requested == (event.pending_webhooks == 0))
            && one
                .as_deref()
                .is_none_or(|requested| is_of(&event.kind, requested))
            && (several.is_empty()
                || several
                    .iter()
                    .any(|requested| is_of(&event.kind, requested)))
    };
    let listing = Listing::new(&world.events, "event", window).created(created);
    call.list(world, &listing, wanted, |event| {
        EventShape::new(event, call.view(world))
    })
}

/// Returns true if `kind` matches `requested`, where `customer.subscription.*` matches every type with that prefix.
fn is_of(kind: &str, requested: &str) -> bool {
    requested
        .strip_suffix('*')
        .map_or(kind == requested, |start| kind.starts_with(start))
}

fn retrieve_event(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let event = call.find((world, &world.events), "event", call.id)?;
    call.body(world, &EventShape::new(event, call.view(world)))
}

fn list_webhook_endpoints(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let window = call.window()?;
    let listing = Listing::new(&world.webhook_endpoints, "webhook_endpoint", window);
    call.list(
        world,
        &listing,
        |_| true,
        |endpoint| WebhookEndpointShape::new(endpoint, call.view(world)),
    )
}

fn retrieve_webhook_endpoint(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let endpoints = (world, &world.webhook_endpoints);
    let endpoint = call.find(endpoints, "webhook endpoint", call.id)?;
    call.body(
        world,
        &WebhookEndpointShape::new(endpoint, call.view(world)),
    )
}

fn list_test_clocks(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let window = call.window()?;
    let listing = Listing::new(&world.test_clocks, "test_clock", window);
    call.list(
        world,
        &listing,
        |_| true,
        |clock| TestClockShape::new(clock, call.view(world)),
    )
}
