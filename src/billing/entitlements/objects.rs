//! Decodes Stripe's active entitlements, one row each.

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::{
    billing::{
        DecodeError, Entitlement,
        decoding::{Reference, check_kind, from_text, from_value},
    },
    contract::CustomerId,
};

const ENTITLEMENT: &str = "entitlements.active_entitlement";

/// Reads `{customer, lookup_key, feature}`, where `feature` is an id or an expanded feature.
pub(crate) fn entitlement(value: &Value) -> Result<Entitlement, DecodeError> {
    let wire: WireRow = from_value(ENTITLEMENT, value)?;
    Ok(Entitlement {
        customer: CustomerId::from(wire.customer.0),
        feature: feature_key(wire.lookup_key, wire.feature, None)?,
    })
}

/// An element of the API's list, which does not repeat the customer of the request.
#[derive(Debug)]
pub(crate) struct ListedEntitlement {
    pub(crate) id: String,
    pub(crate) feature: String,
    pub(crate) livemode: Option<bool>,
}

pub(crate) fn listed(text: &RawValue) -> Result<ListedEntitlement, DecodeError> {
    decoded(from_text(ENTITLEMENT, text)?)
}

/// Reads the same from a value.
pub(crate) fn listed_value(value: &Value) -> Result<ListedEntitlement, DecodeError> {
    decoded(from_value(ENTITLEMENT, value)?)
}

fn decoded(wire: WireEntitlement) -> Result<ListedEntitlement, DecodeError> {
    check_kind(ENTITLEMENT, wire.object.as_deref(), &wire.id)?;
    Ok(ListedEntitlement {
        feature: feature_key(wire.lookup_key, wire.feature, Some(&wire.id))?,
        id: wire.id,
        livemode: wire.livemode,
    })
}

#[derive(Deserialize)]
#[serde(expecting = "a row of `customer`, `lookup_key` and `feature`")]
struct WireRow {
    customer: Reference,
    lookup_key: Option<String>,
    feature: Option<WireFeature>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected an id or a feature with an id")]
enum WireFeature {
    Id(String),
    Expanded {
        id: String,
        lookup_key: Option<String>,
    },
}

#[derive(Deserialize)]
#[serde(expecting = "an entitlement")]
struct WireEntitlement {
    object: Option<String>,
    id: String,
    lookup_key: Option<String>,
    feature: Option<WireFeature>,
    livemode: Option<bool>,
}

fn feature_key(
    lookup_key: Option<String>,
    feature: Option<WireFeature>,
    entitlement: Option<&str>,
) -> Result<String, DecodeError> {
    let (inner_key, id) = match feature {
        Some(WireFeature::Id(id)) => (None, Some(id)),
        Some(WireFeature::Expanded { id, lookup_key }) => (lookup_key, Some(id)),
        None => (None, None),
    };
    [lookup_key, inner_key, id]
        .into_iter()
        .flatten()
        .find(|key| !key.trim().is_empty())
        .ok_or_else(|| {
            let reason = "neither `lookup_key` nor `feature`";
            DecodeError::new(ENTITLEMENT, entitlement, ".", reason)
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_key_of_a_feature_is_its_lookup_key_or_else_its_id() {
        for (row, expected) in [
            (
                json!({"customer": "cus_1", "lookup_key": "pro", "feature": "feat_1"}),
                Some("pro"),
            ),
            (
                json!({"customer": "cus_1", "lookup_key": null, "feature": "feat_1"}),
                Some("feat_1"),
            ),
            (
                json!({"customer": "cus_1", "lookup_key": "", "feature": "feat_1"}),
                Some("feat_1"),
            ),
            (
                json!({"customer": "cus_1", "feature": {"id": "feat_1", "lookup_key": "pro"}}),
                Some("pro"),
            ),
            (
                json!({"customer": "cus_1", "feature": {"id": "feat_1", "lookup_key": null}}),
                Some("feat_1"),
            ),
            (
                json!({"customer": "cus_1", "lookup_key": "pro"}),
                Some("pro"),
            ),
            (json!({"customer": "cus_1"}), None),
            (json!({"customer": "cus_1", "feature": 7}), None),
            (json!({"lookup_key": "pro"}), None),
        ] {
            let read = entitlement(&row).ok();
            assert_eq!(
                read.as_ref().map(|read| read.feature.as_str()),
                expected,
                "{row}"
            );
        }
    }
}
