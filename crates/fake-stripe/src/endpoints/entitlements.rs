//! `/v1/entitlements`: features and active entitlements.

use super::{Call, Endpoint, Listing, Route};
use crate::{
    error::ApiError,
    keys::Permission,
    parameters::{Kind, LIST, RETRIEVE, known},
    shapes::{ActiveEntitlementShape, FeatureShape},
    world::{ActiveEntitlement, Feature, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route {
        endpoint: Endpoint::ListActiveEntitlements,
        path: "/v1/entitlements/active_entitlements",
        permission: Permission::EntitlementRead,
        parameters: &[&LIST, &[known("customer", Kind::Text)]],
        answer: list_active_entitlements,
    },
    Route {
        endpoint: Endpoint::ListFeatures,
        path: "/v1/entitlements/features",
        permission: Permission::EntitlementRead,
        parameters: &[
            &LIST,
            &[
                known("archived", Kind::Boolean),
                known("lookup_key", Kind::Text),
            ],
        ],
        answer: list_features,
    },
    Route {
        endpoint: Endpoint::RetrieveFeature,
        path: "/v1/entitlements/features/{id}",
        permission: Permission::EntitlementRead,
        parameters: &[&RETRIEVE],
        answer: retrieve_feature,
    },
    Route {
        endpoint: Endpoint::RetrieveActiveEntitlement,
        path: "/v1/entitlements/active_entitlements/{id}",
        permission: Permission::EntitlementRead,
        parameters: &[&RETRIEVE],
        answer: retrieve_active_entitlement,
    },
];

/// Requires the customer: Stripe has no list of all entitlements.
fn list_active_entitlements(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let customer = call.parameters.required("customer")?;
    call.find(
        (world, &world.customers),
        "customer",
        (customer, "customer"),
    )?;
    let listing = Listing::new(&world.entitlements, "active_entitlement", call);
    let wanted = |entitlement: &ActiveEntitlement| entitlement.customer == customer;
    call.list(world, &listing, wanted, |entitlement| {
        ActiveEntitlementShape::new(entitlement, call.view(world))
    })
}

fn list_features(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let archived = call.parameters.boolean("archived").unwrap_or(false);
    let lookup_key = call.parameters.text("lookup_key");
    let wanted = |feature: &Feature| {
        feature.active != archived && lookup_key.is_none_or(|key| feature.lookup_key == key)
    };
    let listing = Listing::new(&world.features, "feature", call);
    call.list(world, &listing, wanted, |feature| {
        FeatureShape::new(feature, call.view(world))
    })
}

fn retrieve_feature(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let feature = call.find((world, &world.features), "feature", (call.id, "id"))?;
    call.body(world, &FeatureShape::new(feature, call.view(world)))
}

fn retrieve_active_entitlement(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let entitlements = (world, &world.entitlements);
    let found = call.find(entitlements, "active_entitlement", (call.id, "id"))?;
    call.body(world, &ActiveEntitlementShape::new(found, call.view(world)))
}
