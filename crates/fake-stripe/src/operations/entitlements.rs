//! Features that customers may use: those of the products that they subscribe to.

use std::collections::BTreeSet;

use compact_str::CompactString;
use serde_json::json;

use super::{
    Impossible,
    events::{EventObject, previous_attributes},
};
use crate::world::{ActiveEntitlement, GrantedFeatures, Status, Subscription, World};

impl World {
    /// Sets the features that a customer may use.
    pub fn change_entitlements(
        &mut self,
        customer: &str,
        features: &[CompactString],
    ) -> Result<(), Impossible> {
        if self.find_customer(customer).is_none() {
            return Err(Impossible::unknown("customer", customer));
        }
        for feature in features {
            if self.features.get(feature).is_none() {
                return Err(Impossible::unknown("feature", feature));
            }
        }
        self.begin_provider_operation();
        self.set_entitlements_and_record(customer, features);
        Ok(())
    }

    /// Attaches a feature to a product. Its subscribers get it with their next period.
    pub fn attach_feature(&mut self, product: &str, feature: &str) -> Result<(), Impossible> {
        if self.features.get(feature).is_none() {
            return Err(Impossible::unknown("feature", feature));
        }
        self.keep_features_of_subscribers(product);
        self.update_product(product, |product| {
            if !product.features.iter().any(|one| one == feature) {
                product.features.push(feature.into());
            }
        })
    }

    /// Detaches a feature from a product. Its subscribers lose it with their next period.
    pub fn detach_feature(&mut self, product: &str, feature: &str) -> Result<(), Impossible> {
        self.keep_features_of_subscribers(product);
        self.update_product(product, |product| {
            product.features.retain(|one| one != feature);
        })
    }

    /// Returns a customer's active entitlements, newest first as in lists.
    pub(crate) fn entitlements_of(&self, customer: &str) -> Vec<&ActiveEntitlement> {
        let all = self.entitlements.iter();
        let mut found: Vec<_> = all.filter(|one| one.customer == customer).collect();
        found.sort_by_key(|one| one.created);
        found.reverse();
        found
    }

    /// Entitles the customer of a subscription to the features of its products if the subscription began or ended, or if
    /// its items or its period changed. Other entitlements of the customer stay as they are.
    pub(super) fn entitle_by_subscription(&mut self, subscription_id: &str) {
        let Some(subscription) = self.find_subscription(subscription_id) else {
            return;
        };
        let customer = subscription.customer.clone();
        let now = self.features_granted_by(subscription);
        let before = self.granted_features.get(subscription_id).cloned();
        let is_unchanged = match (&before, &now) {
            (Some(before), Some(now)) => before.items == now.items,
            (None, Some(now)) => now.features.is_empty(),
            (Some(_), None) => false,
            (None, None) => self.features_of_products(subscription).is_empty(),
        };
        if is_unchanged {
            return;
        }
        match now {
            Some(now) => self.granted_features.insert(subscription_id.into(), now),
            None => self.granted_features.remove(subscription_id),
        };
        let wanted = self.features_granted_to(&customer);
        let attached = self.products.iter().flat_map(|product| &product.features);
        let lost = before.iter().flat_map(|before| &before.features);
        let from_products: BTreeSet<&CompactString> = attached.chain(lost).collect();
        let others = self.entitlements_of(&customer).into_iter().rev();
        let others = others
            .map(|one| &one.feature)
            .filter(|one| !from_products.contains(one));
        let all: Vec<CompactString> = others.chain(&wanted).cloned().collect();
        self.set_entitlements_and_record(&customer, &all);
    }

    /// Returns what a subscription would grant if it began now; `None` while its first payment is due, and after it has
    /// ended. Paused subscriptions, and those whose payment fails, keep their features.
    fn features_granted_by(&self, subscription: &Subscription) -> Option<GrantedFeatures> {
        let brings = match subscription.status {
            Status::Active
            | Status::Trialing
            | Status::PastDue
            | Status::Unpaid
            | Status::Paused => true,
            Status::Incomplete
            | Status::IncompleteExpired
            | Status::Canceled
            | Status::Other(_) => false,
        };
        let items = subscription.items.iter();
        brings.then(|| GrantedFeatures {
            items: items
                .map(|item| (item.price.clone(), item.period.map(|period| period.start)))
                .collect(),
            features: self.features_of_products(subscription),
        })
    }

    /// Lists the features that the products of a subscription have now.
    fn features_of_products(&self, subscription: &Subscription) -> Vec<CompactString> {
        let mut features = Vec::new();
        for item in &subscription.items {
            let price = self.prices.get(&item.price);
            let product = price.and_then(|price| self.products.get(&price.product));
            add_new(&mut features, product.map_or(&[], |one| &one.features));
        }
        features
    }

    /// Lists the features that all subscriptions of a customer bring.
    fn features_granted_to(&self, customer: &str) -> Vec<CompactString> {
        let mut features = Vec::new();
        for id in self.subscriptions_of(customer) {
            let known = self.granted_features.get(&id).cloned();
            let granted = known.or_else(|| self.features_granted_by(self.find_subscription(&id)?));
            add_new(
                &mut features,
                &granted.map_or(Vec::new(), |one| one.features),
            );
        }
        features
    }

    /// Remembers what the subscriptions to a product bring before its features change.
    fn keep_features_of_subscribers(&mut self, product: &str) {
        let is_sold_in = |subscription: &Subscription| {
            let mut items = subscription.items.iter();
            items.any(|item| {
                let price = self.prices.get(&item.price);
                price.is_some_and(|price| price.product == product)
            })
        };
        let subscriptions = self.subscriptions.iter();
        let kept: Vec<_> = subscriptions
            .filter(|one| !self.granted_features.contains_key(&one.id) && is_sold_in(one))
            .filter_map(|one| Some((one.id.clone(), self.features_granted_by(one)?)))
            .collect();
        self.granted_features.extend(kept);
    }

    /// Sets a customer's entitlements, and records an event if they differ.
    fn set_entitlements_and_record(&mut self, customer: &str, features: &[CompactString]) {
        let entitled = self.entitlements_of(customer).into_iter();
        let entitled: Vec<ActiveEntitlement> = entitled.cloned().collect();
        let lost = entitled
            .iter()
            .filter(|one| !features.contains(&one.feature));
        let gained = features
            .iter()
            .filter(|feature| !entitled.iter().any(|one| one.feature == **feature));
        let (lost, gained): (Vec<_>, Vec<_>) = (lost.collect(), gained.collect());
        if lost.is_empty() && gained.is_empty() {
            return;
        }
        let summary = EventObject::Entitlements(customer);
        let before = self.render(summary);
        for one in lost {
            self.entitlements.remove(&one.id);
        }
        for feature in gained {
            self.entitle(customer, feature);
        }
        let after = self.render(summary);
        // The change may be among the entitlements that the summary leaves out.
        let previous = previous_attributes(&before, &after).unwrap_or_else(
            || json!({"entitlements": {"data": before.pointer("/entitlements/data")}}),
        );
        let kind = "entitlements.active_entitlement_summary.updated";
        self.record_object(kind, after, Some(previous));
    }
}

/// Adds the features that the list does not have yet.
fn add_new(features: &mut Vec<CompactString>, more: &[CompactString]) {
    for feature in more {
        if !features.contains(feature) {
            features.push(feature.clone());
        }
    }
}
