//! Features that a customer is entitled to, combined into one synthetic subscription per customer.

use std::collections::{BTreeMap, BTreeSet};

use super::PriceTable;
use crate::contract::{
    CustomerId, Item, Price, Status, Subscription, SubscriptionId, Terms, UnixSeconds,
};

/// An active entitlement of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlement {
    pub customer: CustomerId,
    /// The feature's `lookup_key`, or its id if it has none.
    pub feature: String,
}

/// Returns one synthetic subscription for each customer with an entitlement, ordered by customer.
pub fn combine_entitlements(
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

#[cfg(test)]
mod tests {
    use super::*;

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
        let forwards = combine_entitlements(rows.clone(), &mut PriceTable::default());
        let backwards = combine_entitlements(rows.into_iter().rev(), &mut PriceTable::default());
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
