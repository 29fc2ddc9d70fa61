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
            let entitlements_before = world.entitlements.iter();
            let entitlements_before: Vec<ActiveEntitlement> = entitlements_before
                .filter(|one| one.customer == customer)
                .cloned()
                .collect();
            for one in entitlements_before
                .iter()
                .filter(|one| !features.contains(&one.feature))
            {
                world.entitlements.remove(&one.id);
            }
            for feature in features {
                if !entitlements_before
                    .iter()
                    .any(|one| one.feature == *feature)
                {
                    world.entitle(customer, feature);
                }
            }
        });
        Ok(())
    }
}
