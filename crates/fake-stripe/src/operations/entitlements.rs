//! Features that customers may use.

use compact_str::CompactString;

use super::{Impossible, events::EventObject};
use crate::world::{ActiveEntitlement, World};

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
        let event = "entitlements.active_entitlement_summary.updated";
        self.record_change(event, EventObject::Entitlements(customer), |world| {
            let theirs = world.entitlements.iter();
            let theirs: Vec<ActiveEntitlement> = theirs
                .filter(|one| one.customer == customer)
                .cloned()
                .collect();
            for one in theirs.iter().filter(|one| !features.contains(&one.feature)) {
                world.entitlements.remove(&one.id);
            }
            for feature in features {
                if !theirs.iter().any(|one| one.feature == *feature) {
                    world.entitle(customer, feature);
                }
            }
        });
        Ok(())
    }
}
