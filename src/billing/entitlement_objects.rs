//! Stripe's active entitlements: one row each, combined into one synthetic subscription per customer.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{
    DecodeError, PriceTable,
    decoding::{Reference, check_kind, from_text, from_value},
};
use crate::contract::{
    CustomerId, Item, Price, Status, Subscription, SubscriptionId, Terms, UnixSeconds,
};

const ENTITLEMENT: &str = "entitlements.active_entitlement";

/// An active entitlement of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlement {
    pub customer: CustomerId,
    /// The feature's `lookup_key`, or its id if it has none.
    pub feature: String,
}

/// Reads `{customer, lookup_key, feature}`, where `feature` is an id or an expanded feature.
pub fn entitlement(value: &Value) -> Result<Entitlement, DecodeError> {
    let wire: WireRow = from_value(ENTITLEMENT, value)?;
    Ok(Entitlement {
        customer: CustomerId::from(wire.customer.0),
        feature: feature_key(wire.lookup_key, wire.feature, None)?,
    })
}

/// Returns one synthetic subscription for each customer with an entitlement, ordered by customer.
pub fn standing_in(
    entitlements: impl IntoIterator<Item = Entitlement>,
    prices: &mut PriceTable,
) -> Vec<Subscription> {
    let mut features: BTreeMap<CustomerId, BTreeSet<String>> = BTreeMap::new();
    for Entitlement { customer, feature } in entitlements {
        features.entry(customer).or_default().insert(feature);
    }
    let stand_in = |(customer, features): (CustomerId, BTreeSet<String>)| Subscription {
        id: SubscriptionId::from(customer.as_str()),
        customer,
        // Entitlements carry no timestamps.
        created: UnixSeconds::default(),
        ended_at: None,
        period: None,
        details: None,
        terms: {
            let item = |feature: &String| Item {
                price: prices.share(Price::bare(feature)),
                quantity: None,
            };
            let items = features.iter().map(item).collect();
            prices.share_terms(Terms {
                status: Status::Active,
                cancel_scheduled: None,
                only_cancel_at: false,
                pause: None,
                days_until_due: None,
                on_test_clock: false,
                items,
            })
        },
    };
    features.into_iter().map(stand_in).collect()
}

/// An element of the API's list, which does not repeat the customer of the request.
#[derive(Debug)]
pub(crate) struct ListedEntitlement {
    pub(crate) id: String,
    pub(crate) feature: String,
    pub(crate) livemode: Option<bool>,
}

pub(crate) fn listed(text: &RawValue) -> Result<ListedEntitlement, DecodeError> {
    let wire: WireEntitlement = from_text(ENTITLEMENT, text)?;
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

    #[test]
    fn rows_become_one_subscription_a_customer_whatever_their_order() {
        let row = |customer: &str, feature: &str| Entitlement {
            customer: CustomerId::from(customer),
            feature: feature.to_owned(),
        };
        let rows = [
            row("cus_2", "pro"),
            row("cus_1", "pro"),
            row("cus_2", "beta"),
            row("cus_2", "pro"),
        ];
        let forwards = standing_in(rows.clone(), &mut PriceTable::default());
        let backwards = standing_in(rows.into_iter().rev(), &mut PriceTable::default());
        assert_eq!(forwards, backwards);
        let features: Vec<_> = forwards
            .iter()
            .map(|read| {
                let features: Vec<_> = read
                    .items
                    .iter()
                    .map(|item| item.price.id.as_str())
                    .collect();
                (read.id.as_str(), features.join("+"))
            })
            .collect();
        assert_eq!(
            features,
            [
                ("cus_1", "pro".to_owned()),
                ("cus_2", "beta+pro".to_owned())
            ]
        );
    }
}
