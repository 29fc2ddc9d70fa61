//! Decodes Stripe's active entitlements, the summaries of them in events, and the features of products.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::{
    billing::{
        DecodeError, Entitlement,
        decoding::{Reference, check_kind, from_text, from_value},
        stripe::events::SUMMARY,
    },
    contract::CustomerId,
};

const ENTITLEMENT: &str = "entitlements.active_entitlement";
/// Number of features from which an event may leave some out.
const SHOWN_FEATURES: usize = 10;

const PRODUCT_FEATURE: &str = "product_feature";

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

pub(crate) fn listed_entitlement(text: &RawValue) -> Result<ListedEntitlement, DecodeError> {
    checked_entitlement(from_text(ENTITLEMENT, text)?)
}

/// Reads a listed entitlement from a parsed value.
pub(crate) fn listed_entitlement_from_value(
    value: &Value,
) -> Result<ListedEntitlement, DecodeError> {
    checked_entitlement(from_value(ENTITLEMENT, value)?)
}

fn checked_entitlement(wire: WireEntitlement) -> Result<ListedEntitlement, DecodeError> {
    check_kind(ENTITLEMENT, wire.object.as_deref(), &wire.id)?;
    Ok(ListedEntitlement {
        feature: feature_key(wire.lookup_key, wire.feature, Some(&wire.id))?,
        id: wire.id,
        livemode: wire.livemode,
    })
}

/// All entitlements of a customer, as an event shows them.
#[derive(Debug)]
pub(super) struct Summary {
    pub(super) customer: CustomerId,
    /// `None` if the event shows only the first ones.
    pub(super) features: Option<BTreeSet<String>>,
    /// Features before the event. `None` if the event does not show all of them.
    pub(super) before: Option<BTreeSet<String>>,
}

pub(super) fn summary(object: &Value, previous: Option<&Value>) -> Result<Summary, DecodeError> {
    let wire: WireSummary = from_value(SUMMARY, object)?;
    let before = previous.and_then(|previous| {
        let wire: WirePreviousSummary = from_value(SUMMARY, previous).ok()?;
        features(wire.entitlements.data).ok()
    });
    Ok(Summary {
        customer: CustomerId::from(wire.customer.0),
        features: Some(features(wire.entitlements.data)?).filter(|_| !wire.entitlements.has_more),
        before: before.filter(|before| before.len() < SHOWN_FEATURES),
    })
}

fn features(entitlements: Vec<WireEntitlement>) -> Result<BTreeSet<String>, DecodeError> {
    let features = entitlements.into_iter().map(|one| {
        let id = one.id;
        feature_key(one.lookup_key, one.feature, Some(&id))
    });
    features.collect()
}

/// A feature of a product.
#[derive(Debug)]
pub(super) struct ProductFeature {
    pub(super) id: String,
    pub(super) feature: String,
    pub(super) is_archived: bool,
}

pub(super) fn product_feature(text: &RawValue) -> Result<ProductFeature, DecodeError> {
    let wire: WireProductFeature = from_text(PRODUCT_FEATURE, text)?;
    check_kind(PRODUCT_FEATURE, wire.object.as_deref(), &wire.id)?;
    let WireAttachedFeature {
        id,
        lookup_key,
        active,
    } = wire.entitlement_feature;
    Ok(ProductFeature {
        feature: feature_key(lookup_key, Some(WireFeature::Id(id)), Some(&wire.id))?,
        is_archived: !active,
        id: wire.id,
    })
}

#[derive(Deserialize)]
#[serde(expecting = "a summary of entitlements")]
struct WireSummary {
    customer: Reference,
    entitlements: WireSummaryList,
}

#[derive(Deserialize)]
#[serde(expecting = "a list of entitlements")]
struct WireSummaryList {
    data: Vec<WireEntitlement>,
    has_more: bool,
}

#[derive(Deserialize)]
#[serde(expecting = "what a summary of entitlements said before")]
struct WirePreviousSummary {
    entitlements: WirePreviousList,
}

#[derive(Deserialize)]
#[serde(expecting = "a list of entitlements")]
struct WirePreviousList {
    data: Vec<WireEntitlement>,
}

#[derive(Deserialize)]
#[serde(expecting = "a feature of a product")]
struct WireProductFeature {
    object: Option<String>,
    id: String,
    entitlement_feature: WireAttachedFeature,
}

#[derive(Deserialize)]
#[serde(expecting = "a feature")]
struct WireAttachedFeature {
    id: String,
    lookup_key: Option<String>,
    active: bool,
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

    #[test]
    fn a_cut_summary_does_not_say_what_the_customer_has() {
        let features = |has_more: bool| {
            let data = json!([{"id": "ent_1", "lookup_key": "pro"}, {"id": "ent_2", "feature": {"id": "feat_2"}}]);
            let list = json!({"object": "list", "data": data, "has_more": has_more});
            let read = summary(&json!({"customer": "cus_1", "entitlements": list}), None);
            read.expect("a summary").features
        };
        let whole = ["feat_2".to_owned(), "pro".to_owned()].into();
        assert_eq!(features(false), Some(whole));
        assert_eq!(features(true), None);
        assert!(
            summary(
                &json!({"entitlements": {"data": [], "has_more": false}}),
                None
            )
            .is_err()
        );
    }

    #[test]
    fn a_summary_says_what_the_customer_had_before() {
        let now = json!({"customer": "cus_1", "entitlements": {"data": [], "has_more": false}});
        let before = |number: usize| {
            let one =
                |number| json!({"id": format!("ent_{number}"), "lookup_key": format!("{number}")});
            let data: Vec<_> = (0..number).map(one).collect();
            let previous = json!({"entitlements": {"data": data}});
            let read = summary(&now, Some(&previous)).expect("a summary");
            read.before.map(|before| before.len())
        };
        assert_eq!([0, 2, 9, 10].map(before), [Some(0), Some(2), Some(9), None]);
        let read = summary(&now, Some(&json!({"entitlements": {"has_more": true}})));
        assert_eq!(read.expect("a summary").before, None);
    }

    #[test]
    fn a_feature_of_a_product_has_the_key_of_its_entitlements() {
        let read = |key: Option<&str>, active: bool| {
            let feature = json!({"id": "feat_1", "lookup_key": key, "active": active});
            let object =
                json!({"id": "pf_1", "object": "product_feature", "entitlement_feature": feature});
            let text = RawValue::from_string(object.to_string()).expect("JSON");
            let read = product_feature(&text).expect("a feature");
            (read.feature, read.is_archived)
        };
        assert_eq!(read(Some("pro"), true), ("pro".to_owned(), false));
        assert_eq!(read(None, false), ("feat_1".to_owned(), true));
    }
}
