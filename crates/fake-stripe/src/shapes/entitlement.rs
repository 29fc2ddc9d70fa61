//! Features and active entitlements.

use serde::Serialize;
use serde_json::{Value, json};

use super::View;
use crate::world::{ActiveEntitlement, Feature, Metadata};

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

/// Renders a customer's active entitlements as in their event: the ten newest, each with its feature.
pub(crate) fn entitlement_summary(customer: &str, view: View<'_>) -> Value {
    /// Maximum length of an embedded list.
    const MAX_SHOWN: usize = 10;
    let all = view.world.entitlements_of(customer);
    let data: Vec<Value> = all
        .iter()
        .take(MAX_SHOWN)
        .map(|entitlement| {
            let feature = view.world.features.get(&entitlement.feature);
            json!({
                "id": entitlement.id.as_str(),
                "object": "entitlements.active_entitlement",
                "feature": feature.map(|feature| FeatureShape::new(feature, view)),
                "livemode": view.world.livemode,
                "lookup_key": feature.map_or("", |feature| &feature.lookup_key),
            })
        })
        .collect();
    json!({
        "object": "entitlements.active_entitlement_summary",
        "customer": customer,
        "entitlements": {
            "object": "list",
            "data": data,
            "has_more": all.len() > MAX_SHOWN,
            "url": format!("/v1/customer/{customer}/entitlements"),
        },
        "livemode": view.world.livemode,
    })
}
