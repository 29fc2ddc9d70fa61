//! Prices that were derived for customers, and not yet stated by the provider.

use std::{collections::BTreeSet, mem};

use crate::{
    billing::PricesOfCustomers,
    contract::{CustomerId, Facts, PriceId},
};

/// What was derived for each customer about whom the provider was not asked.
#[derive(Debug)]
pub(super) struct DerivedPrices(PricesOfCustomers);

impl DerivedPrices {
    /// Takes the prices of these customers from the facts.
    pub(super) fn new(facts: &Facts, customers: &BTreeSet<CustomerId>) -> Self {
        let prices = prices_of(customers.iter(), facts);
        Self(prices)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn contains(&self, customer: &CustomerId) -> bool {
        self.0.contains_key(customer)
    }

    /// Removes the customers whose facts the provider has stated by now, and returns what had been derived for those of
    /// them who have something else.
    pub(super) fn take_wrong(
        &mut self,
        facts: &Facts,
        read: &BTreeSet<CustomerId>,
    ) -> PricesOfCustomers {
        let mut wrong = self.take(|customer, _| read.contains(customer));
        let stated = prices_of(wrong.keys(), facts);
        wrong.retain(|customer, derived| stated.get(customer) != Some(derived));
        wrong
    }

    /// Removes the customers for whom one of these sets was derived, and returns them in order.
    pub(super) fn take_alike(&mut self, wrong: &PricesOfCustomers) -> Vec<CustomerId> {
        let sets: BTreeSet<_> = wrong.values().collect();
        let alike = self.take(|_, prices| sets.contains(prices));
        alike.into_keys().collect()
    }

    fn take(
        &mut self,
        is_taken: impl Fn(&CustomerId, &BTreeSet<PriceId>) -> bool,
    ) -> PricesOfCustomers {
        let all = mem::take(&mut self.0).into_iter();
        let (taken, left) = all.partition(|(customer, prices)| is_taken(customer, prices));
        self.0 = left;
        taken
    }
}

/// Returns the prices in the subscriptions of these customers, of whom some have none.
fn prices_of<'c>(
    customers: impl Iterator<Item = &'c CustomerId>,
    facts: &Facts,
) -> PricesOfCustomers {
    let mut prices: PricesOfCustomers = customers
        .map(|customer| (customer.clone(), BTreeSet::new()))
        .collect();
    for subscription in &facts.subscriptions {
        if let Some(prices) = prices.get_mut(&subscription.customer) {
            prices.extend(subscription.items.iter().map(|item| item.price.id.clone()));
        }
    }
    prices
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(prices: &[(&str, &str)]) -> Facts {
        let subscriptions = prices.iter().map(|(customer, feature)| {
            contract::testing::subscription(customer, "active", feature)
        });
        let subscriptions: Vec<_> = subscriptions.collect();
        contract::testing::facts([], subscriptions)
    }

    fn customers(numbers: &[&str]) -> BTreeSet<CustomerId> {
        let subscriptions = numbers.iter().map(|number| (*number, ""));
        let subscriptions: Vec<_> = subscriptions.collect();
        let facts = facts(&subscriptions);
        facts
            .subscriptions
            .into_iter()
            .map(|one| one.customer)
            .collect()
    }

    /// Returns the customers who are in doubt after these answers about the first two of five customers.
    fn in_doubt(stated: &[(&str, &str)]) -> Vec<CustomerId> {
        let before = [("1", "pro"), ("3", "pro"), ("4", "team")];
        let all = customers(&["1", "2", "3", "4", "5"]);
        let mut derived = DerivedPrices::new(&facts(&before), &all);
        let wrong = derived.take_wrong(&facts(stated), &customers(&["1", "2"]));
        let alike = derived.take_alike(&wrong);
        let left = all.iter().filter(|one| derived.contains(one));
        assert_eq!(left.count() + alike.len(), 3);
        alike
    }

    #[test]
    fn a_wrong_answer_puts_those_in_doubt_who_seemed_alike() {
        assert_eq!(in_doubt(&[("1", "pro")]), []);
        assert_eq!(
            in_doubt(&[("1", "team")]),
            Vec::from_iter(customers(&["3"]))
        );
        // The second was thought to have nothing, as was the fifth.
        let bought_once = in_doubt(&[("1", "pro"), ("2", "pro")]);
        assert_eq!(bought_once, Vec::from_iter(customers(&["5"])));
        assert_eq!(in_doubt(&[]), Vec::from_iter(customers(&["3"])));
    }
}
