//! Changes around subscriptions: prices, entitlements, and events of unknown types.

use compact_str::CompactString;
use serde_json::json;

use super::{Impossible, events::EventObject};
use crate::world::{ActiveEntitlement, Price, World};

impl World {
    /// Replaces a price by a new one, which takes over its lookup key; the old one is archived, and these subscriptions
    /// move to the new one.
    pub fn migrate_price(
        &mut self,
        old: &str,
        new: Price,
        subscriptions: &[CompactString],
    ) -> Result<CompactString, Impossible> {
        let known = self.prices.get(old).cloned();
        let mut archived = known.ok_or_else(|| Impossible::unknown("price", old))?;
        for subscription in subscriptions {
            self.find_active(subscription, "moving it to another price")?;
        }
        self.begin_for_person();
        let lookup_key = archived.lookup_key.take();
        let new = self.price(Price {
            lookup_key: new.lookup_key.clone().or(lookup_key),
            product: if new.product.is_empty() {
                archived.product.clone()
            } else {
                new.product.clone()
            },
            ..new
        });
        self.record_event("price.created", EventObject::Price(&new));
        self.record_change("price.updated", EventObject::Price(old), |world| {
            world.prices.put(archived.clone());
        });
        self.record_change("price.updated", EventObject::Price(old), |world| {
            archived.active = false;
            world.prices.put(archived);
        });
        for subscription in subscriptions {
            self.update_subscription_and_record(subscription, |subscription| {
                for item in subscription
                    .items
                    .iter_mut()
                    .filter(|item| item.price == old)
                {
                    item.price.clone_from(&new);
                }
            });
        }
        Ok(new)
    }

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
        self.begin_for_stripe();
        let event = "entitlements.active_entitlement_summary.updated";
        self.record_change(event, EventObject::Entitlements(customer), |world| {
            let theirs = world.entitlements.iter();
            let theirs: Vec<ActiveEntitlement> = theirs
                .filter(|one| one.customer == customer)
                .cloned()
                .collect();
            for one in theirs.iter().filter(|one| !features.contains(&one.feature)) {
                world.entitlements.forget(&one.id);
            }
            for feature in features {
                if !theirs.iter().any(|one| one.feature == *feature) {
                    world.entitle(customer, feature);
                }
            }
        });
        Ok(())
    }

    /// Records an event with a new type and object that no application can know. It may name a customer.
    pub fn unknown_event(&mut self, customer: Option<&str>) -> CompactString {
        self.begin_for_stripe();
        let id = self.numbers.next("nvl_1", 19);
        let object = json!({
            "id": id.as_str(),
            "object": "billing.novelty",
            "created": self.clock,
            "customer": customer,
            "livemode": self.livemode,
            "quality": {"grade": 7, "parts": [{"kind": "unheard_of", "value": null}]},
            "status": "unheard_of",
        });
        self.record_object("billing.novelty.materialized", object, None)
    }
}
