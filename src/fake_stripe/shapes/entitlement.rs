//! Features and active entitlements.

use serde::Serialize;

use super::View;
use crate::fake_stripe::world::{ActiveEntitlement, Feature, Metadata};

#[derive(Debug, Serialize)]
pub(crate) struct FeatureShape<'w> {
    id: &'w str,
    object: &'static str,
    active: bool,
    livemode: bool,
    lookup_key: &'w str,
    metadata: &'w Metadata,
    name: &'w str,
}

impl<'w> FeatureShape<'w> {
    pub(crate) fn new(feature: &'w Feature, view: View<'w>) -> Self {
        Self {
            id: &feature.id,
            object: "entitlements.feature",
            active: feature.active,
            livemode: view.world.livemode,
            lookup_key: &feature.lookup_key,
            metadata: &feature.metadata,
            name: &feature.name,
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct ActiveEntitlementShape<'w> {
    id: &'w str,
    object: &'static str,
    feature: &'w str,
    livemode: bool,
    lookup_key: &'w str,
}

impl<'w> ActiveEntitlementShape<'w> {
    pub(crate) fn new(entitlement: &'w ActiveEntitlement, view: View<'w>) -> Self {
        let feature = view.world.features.get(&entitlement.feature);
        Self {
            id: &entitlement.id,
            object: "entitlements.active_entitlement",
            feature: &entitlement.feature,
            livemode: view.world.livemode,
            lookup_key: feature.map_or("", |feature| &feature.lookup_key),
        }
    }
}
