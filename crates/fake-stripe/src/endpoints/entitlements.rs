//! `/v1/entitlements`: features and active entitlements.

use super::{Call, Endpoint, Listing, Route, matches_filter};
use crate::{
    error::ApiError,
    keys::Permission,
    shapes::{ActiveEntitlementShape, FeatureShape},
    world::{ActiveEntitlement, Feature, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route::list(
        Endpoint::ListActiveEntitlements,
        "/v1/entitlements/active_entitlements",
        Permission::EntitlementRead,
        list_active_entitlements,
    ),
    Route::list(
        Endpoint::ListFeatures,
        "/v1/entitlements/features",
        Permission::EntitlementRead,
        list_features,
    ),
    Route::retrieve(
        Endpoint::RetrieveFeature,
        "/v1/entitlements/features/{id}",
        Permission::EntitlementRead,
        retrieve_feature,
    ),
    Route::retrieve(
        Endpoint::RetrieveActiveEntitlement,
        "/v1/entitlements/active_entitlements/{id}",
        Permission::EntitlementRead,
        retrieve_active_entitlement,
    ),
];

/// Requires the customer: Stripe has no list of all entitlements.
fn list_active_entitlements(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let customer = call.form.optional_text("customer")?;
    let window = call.window()?;
    // An error in the other parameters comes before the missing customer.
    let customer = customer.ok_or_else(|| ApiError::missing_parameter("customer"))?;
    call.find_by_parameter((world, &world.customers), "customer", &customer, "customer")?;
    let listing = Listing::new(&world.entitlements, "active_entitlement", window);
    let wanted = |entitlement: &ActiveEntitlement| entitlement.customer == customer;
    call.list(world, &listing, wanted, |entitlement| {
        ActiveEntitlementShape::new(entitlement, call.view(world))
    })
}

fn list_features(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let archived = call.form.boolean("archived")?.unwrap_or(false);
    let lookup_key = call.form.optional_text("lookup_key")?;
    let window = call.window()?;
    let wanted = |feature: &Feature| {
        feature.active != archived
            && matches_filter(lookup_key.as_ref(), feature.lookup_key.as_str())
    };
    let listing = Listing::new(&world.features, "feature", window);
    call.list(world, &listing, wanted, |feature| {
        FeatureShape::new(feature, call.view(world))
    })
}

fn retrieve_feature(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let feature = call.find((world, &world.features), "feature", call.id)?;
    call.body(world, &FeatureShape::new(feature, call.view(world)))
}

fn retrieve_active_entitlement(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let entitlements = (world, &world.entitlements);
    let found = call.find(entitlements, "active_entitlement", call.id)?;
    call.body(world, &ActiveEntitlementShape::new(found, call.view(world)))
}
