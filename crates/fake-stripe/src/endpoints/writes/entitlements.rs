//! Features: create and update.

use super::WriteRequest;
use crate::{
    endpoint::Endpoint,
    endpoints::Route,
    error::ApiError,
    keys::Permission,
    shapes::FeatureShape,
    world::{Feature, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route::post(
        Endpoint::CreateFeature,
        "/v1/entitlements/features",
        Permission::EntitlementWrite,
        create,
    ),
    Route::post(
        Endpoint::UpdateFeature,
        "/v1/entitlements/features/{id}",
        Permission::EntitlementWrite,
        update,
    ),
];

fn create(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let form = &mut request.call.form;
    let lookup_key = form.required("lookup_key")?;
    let mut feature = Feature::new("", &lookup_key);
    feature.name = form.required("name")?;
    feature.metadata = super::customers::new_metadata(form)?;
    request.reject_unread_parameters()?;
    if world
        .features
        .iter()
        .any(|one| one.lookup_key == lookup_key)
    {
        return Err(ApiError::invalid(format!(
            "A feature with the lookup key `{lookup_key}` already exists."
        ))
        .param("lookup_key"));
    }
    let id = world.feature(feature);
    feature_response(request, world, &id)
}

fn update(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = request.call.id;
    let features = (&*world, &world.features);
    let mut feature = request.call.find(features, "feature", id)?.clone();
    let form = &mut request.call.form;
    feature.name = form.optional_text("name")?.unwrap_or(feature.name);
    feature.active = form.boolean("active")?.unwrap_or(feature.active);
    crate::form::merge(&mut feature.metadata, form.metadata()?);
    request.reject_unread_parameters()?;
    world.feature(feature);
    feature_response(request, world, id)
}

fn feature_response(
    request: &WriteRequest<'_>,
    world: &World,
    id: &str,
) -> Result<Vec<u8>, ApiError> {
    let features = (world, &world.features);
    let feature = request.call.find(features, "feature", id)?;
    request.body(world, &FeatureShape::new(feature, request.call.view(world)))
}
