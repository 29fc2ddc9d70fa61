//! Webhook endpoints: create, with the secret shown only once; update and delete.

use compact_str::CompactString;
use fake_http::Unsupported;
use serde_json::Value;

use super::{WriteRequest, customers::new_metadata};
use crate::{
    endpoint::Endpoint,
    endpoints::Route,
    error::ApiError,
    form::merge,
    keys::Permission,
    shapes::WebhookEndpointShape,
    version::{ApiVersion, UnknownVersion},
    world::{WebhookEndpoint, World, identifier},
};

pub(super) const ROUTES: &[Route] = &[
    Route::post(
        Endpoint::CreateWebhookEndpoint,
        "/v1/webhook_endpoints",
        Permission::WebhookWrite,
        create,
    ),
    Route::post(
        Endpoint::UpdateWebhookEndpoint,
        "/v1/webhook_endpoints/{id}",
        Permission::WebhookWrite,
        update,
    ),
    Route::delete(
        Endpoint::DeleteWebhookEndpoint,
        "/v1/webhook_endpoints/{id}",
        Permission::WebhookWrite,
        delete,
    ),
];

fn create(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let form = &mut request.call.form;
    let url = form.required("url")?;
    let enabled_events = form.texts("enabled_events")?;
    if enabled_events.is_empty() {
        return Err(form.missing("enabled_events"));
    }
    let api_version = form.optional_text("api_version")?;
    let metadata = new_metadata(form)?;
    form.ignore(&["connect", "description"]);
    request.reject_unread_parameters()?;
    check_url(&url)?;
    if let Some(version) = &api_version {
        version
            .parse::<ApiVersion>()
            .map_err(|UnknownVersion(unknown)| {
                ApiError::invalid(format!("Invalid Stripe API version: {version}"))
                    .param("api_version")
                    .unsupported(Unsupported::Version(unknown))
            })?;
    }
    let id = world.webhook_endpoint(WebhookEndpoint {
        id: CompactString::default(),
        created: 0,
        url,
        enabled_events,
        api_version,
        enabled: true,
        metadata,
    });
    // Nothing is signed with this secret: a rehearsal uses the one that the application verifies with.
    let number = u64::try_from(world.webhook_endpoints.len()).unwrap_or_default();
    endpoint_response(request, world, &id, Some(&identifier("whsec_", number, 32)))
}

fn update(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = request.call.id;
    let mut endpoint = find(request, world, id)?.clone();
    let form = &mut request.call.form;
    endpoint.url = form.optional_text("url")?.unwrap_or(endpoint.url);
    let enabled_events = form.texts("enabled_events")?;
    if !enabled_events.is_empty() {
        endpoint.enabled_events = enabled_events;
    }
    if let Some(disabled) = form.boolean("disabled")? {
        endpoint.enabled = !disabled;
    }
    merge(&mut endpoint.metadata, form.metadata()?);
    form.ignore(&["description"]);
    request.reject_unread_parameters()?;
    check_url(&endpoint.url)?;
    world.webhook_endpoint(endpoint);
    endpoint_response(request, world, id, None)
}

fn delete(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = request.call.id;
    request.reject_unread_parameters()?;
    find(request, world, id)?;
    world.webhook_endpoints.remove(id);
    request.deleted(world, "webhook_endpoint")
}

fn check_url(written: &str) -> Result<(), ApiError> {
    let url = url::Url::parse(written);
    if url.is_ok_and(|url| ["http", "https"].contains(&url.scheme()) && url.has_host()) {
        Ok(())
    } else {
        Err(
            ApiError::invalid("Invalid URL: An explicit scheme (such as https) must be provided.")
                .code("url_invalid")
                .param("url"),
        )
    }
}

fn find<'w>(
    request: &WriteRequest<'_>,
    world: &'w World,
    id: &str,
) -> Result<&'w WebhookEndpoint, ApiError> {
    let endpoints = (world, &world.webhook_endpoints);
    request.call.find(endpoints, "webhook endpoint", id)
}

fn endpoint_response(
    request: &WriteRequest<'_>,
    world: &World,
    id: &str,
    secret: Option<&str>,
) -> Result<Vec<u8>, ApiError> {
    let shape = WebhookEndpointShape::new(find(request, world, id)?, request.call.view(world));
    let mut value = serde_json::to_value(shape).unwrap_or_default();
    if let (Some(secret), Some(fields)) = (secret, value.as_object_mut()) {
        fields.insert("secret".to_owned(), Value::from(secret));
    }
    request.body(world, &value)
}
