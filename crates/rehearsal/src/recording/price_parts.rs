//! Replaces the prices of a lifecycle by price roles, so that no id is kept.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Unplayable,
    stripped_event::{EventContent, StrippedEvent},
    subscription_state::{ItemState, SubscriptionState},
};
use crate::test_prices::PriceRole;
use contract::{Contract, PriceId};

/// Role and quantity of an item.
pub(super) type PricePart = (PriceRole, Option<u32>);

/// The roles in one lifecycle, assigned in the order in which prices appear.
#[derive(Debug)]
pub(super) struct PriceParts<'c> {
    contract: &'c Contract,
    main: Option<PriceId>,
    /// Plans of `main`, `other` and `third`.
    plans: Vec<String>,
    /// Prices that belong to another product: the contract maps none of them.
    addons: BTreeSet<PriceId>,
    quantities: BTreeMap<u64, u32>,
}

impl<'c> PriceParts<'c> {
    pub(super) fn new(contract: &'c Contract, events: &[StrippedEvent]) -> Self {
        Self {
            contract,
            main: None,
            plans: Vec::new(),
            addons: BTreeSet::new(),
            quantities: small_quantities(quantities(events)),
        }
    }

    /// Returns the parts of a new subscription. One without mapped prices is to another product, unless `ignore_prices`
    /// lists its prices.
    pub(super) fn bought(
        &mut self,
        state: &SubscriptionState,
    ) -> Result<Vec<PricePart>, Unplayable> {
        let parts = self.all_parts(state)?;
        if parts.is_empty() {
            return Err(Unplayable::NoItems);
        }
        let is_unknown = parts.iter().all(|(role, _)| *role == PriceRole::Unknown);
        if !is_unknown {
            return Ok(parts);
        }
        if !self.contract.ignore_prices.is_empty() {
            return Err(Unplayable::UnknownPriceBought);
        }
        let prices = state.items.iter().map(|item| item.price_id().clone());
        self.addons.extend(prices);
        self.all_parts(state)
    }

    pub(super) fn all_parts(
        &mut self,
        state: &SubscriptionState,
    ) -> Result<Vec<PricePart>, Unplayable> {
        state.items.iter().map(|item| self.part(item)).collect()
    }

    pub(super) fn part(&mut self, item: &ItemState) -> Result<PricePart, Unplayable> {
        let role = self.role(item)?;
        let quantity = item.quantity.filter(|_| role != PriceRole::Metered);
        let quantity = quantity.and_then(|quantity| self.quantities.get(&quantity));
        Ok((role, quantity.copied()))
    }

    fn role(&mut self, item: &ItemState) -> Result<PriceRole, Unplayable> {
        let (contract, price) = (self.contract, &item.price);
        let mut ignored = contract.ignore_prices.iter();
        let is_ignored = ignored.any(|pattern| pattern.matches(item.price_id()));
        if is_ignored || self.addons.contains(item.price_id()) {
            return Ok(PriceRole::Addon);
        }
        let plan = if !contract.plans.is_empty() {
            contract.plans.plan(price).map(|plan| {
                let mut words = plan.words();
                let is_free = words.any(|word| contract.free_plans.contains(word));
                (plan.name().to_owned(), is_free)
            })
        } else if price.metered {
            None
        } else {
            // Without plans, every price counts as a separate plan.
            Some((item.price_id().to_string(), false))
        };
        match plan {
            Some((_, true)) => Err(Unplayable::FreePlan),
            Some((plan, false)) => self.paid(plan, item.price_id()),
            None if price.metered => Ok(PriceRole::Metered),
            None => Ok(PriceRole::Unknown),
        }
    }

    fn paid(&mut self, plan: String, price: &PriceId) -> Result<PriceRole, Unplayable> {
        match self.plans.iter().position(|known| *known == plan) {
            Some(0) if self.main.as_ref() == Some(price) => Ok(PriceRole::Main),
            Some(0) => Ok(PriceRole::Yearly),
            Some(1) => Ok(PriceRole::Other),
            Some(_) => Ok(PriceRole::Third),
            None if self.plans.is_empty() => {
                self.plans.push(plan);
                self.main = Some(price.clone());
                Ok(PriceRole::Main)
            }
            None if self.plans.len() == 1 => {
                self.plans.push(plan);
                Ok(PriceRole::Other)
            }
            None if self.plans.len() == 2 => {
                self.plans.push(plan);
                Ok(PriceRole::Third)
            }
            None => Err(Unplayable::FourthPlan),
        }
    }
}

fn quantities(events: &[StrippedEvent]) -> impl Iterator<Item = u64> {
    let states = events.iter().flat_map(|event| match &event.content {
        EventContent::Subscription { now, before, .. } => [Some(now), before.as_ref()],
        EventContent::Checkout { .. }
        | EventContent::Invoice { .. }
        | EventContent::EmailChanged
        | EventContent::CustomerDeleted
        | EventContent::Refunded { .. } => [None, None],
    });
    let items = states.flatten().flat_map(|state| &state.items);
    items.filter_map(|item| item.quantity)
}

/// Maps quantities to small ones in the same order: 0 and 1 stay, and 7, 12, 7 becomes 2, 3, 2. An exact number of
/// seats can identify a customer, and would make equal lifecycles differ.
pub(super) fn small_quantities(quantities: impl Iterator<Item = u64>) -> BTreeMap<u64, u32> {
    let mut small: BTreeMap<u64, u32> = quantities.map(|quantity| (quantity, 0)).collect();
    let several = small.iter_mut().filter(|(quantity, _)| **quantity > 1);
    for (rank, (_, small)) in (2..).zip(several) {
        *small = rank;
    }
    if let Some(rank) = small.get_mut(&1) {
        *rank = 1;
    }
    small
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_order_of_quantities_is_kept() {
        let small = small_quantities([7, 12, 0, 1, 4_217].into_iter());
        let pairs: Vec<_> = small.into_iter().collect();
        assert_eq!(pairs, [(0, 0), (1, 1), (7, 2), (12, 3), (4_217, 4)]);
    }
}
