//! One shared `Price` for all the items that carry it, and one shared list for all the subscriptions that have its items.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, Hash as _, Hasher as _, RandomState},
    sync::Arc,
};

use hashbrown::HashTable;

use crate::contract::{Item, Price, PriceId};

/// The prices and lists of items met so far. A million subscriptions to ten prices hold ten prices.
#[derive(Debug, Default)]
pub struct PriceTable {
    prices: HashMap<PriceId, Arc<Price>>,
    lists: HashTable<Arc<[Item]>>,
    hasher: RandomState,
}

impl PriceTable {
    /// The shared copy of `price`. Where one id comes with different contents, each item keeps its own, and the
    /// latest is the one shared from then on.
    pub fn share(&mut self, price: Price) -> Arc<Price> {
        match self.prices.get(&price.id) {
            Some(known) if **known == price => Arc::clone(known),
            Some(_) | None => {
                let id = price.id.clone();
                let shared = Arc::new(price);
                self.prices.insert(id, Arc::clone(&shared));
                shared
            }
        }
    }

    /// The shared copy of a list.
    pub fn share_items(&mut self, items: Vec<Item>) -> Arc<[Item]> {
        let hasher = &self.hasher;
        let hash = |items: &[Item]| {
            let mut state = hasher.build_hasher();
            for item in items {
                (&item.price.id, item.quantity).hash(&mut state);
            }
            state.finish()
        };
        let known = self
            .lists
            .entry(hash(&items), |known| **known == *items, |known| hash(known));
        Arc::clone(known.or_insert_with(|| items.into()).get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_prices_are_one_and_different_ones_stay_different() {
        let mut prices = PriceTable::default();
        let first = prices.share(Price::bare("price_a"));
        assert!(Arc::ptr_eq(&first, &prices.share(Price::bare("price_a"))));
        let dearer = Price {
            unit_amount: Some(5),
            ..Price::bare("price_a")
        };
        assert_eq!(prices.share(dearer).unit_amount, Some(5));
        assert_eq!(first.unit_amount, None);
    }

    #[test]
    fn equal_lists_are_one_and_different_ones_stay_different() {
        let mut prices = PriceTable::default();
        let item = |prices: &mut PriceTable, unit_amount, quantity| Item {
            price: prices.share(Price {
                unit_amount,
                ..Price::bare("price_a")
            }),
            quantity,
        };
        let mut share = |unit_amount, quantities: &[Option<u64>]| {
            let items: Vec<_> = quantities
                .iter()
                .map(|quantity| item(&mut prices, unit_amount, *quantity))
                .collect();
            let shared = prices.share_items(items.clone());
            assert_eq!(*shared, *items);
            shared
        };
        let first = share(None, &[Some(1), None]);
        assert!(Arc::ptr_eq(&first, &share(None, &[Some(1), None])));
        assert!(!Arc::ptr_eq(&first, &share(None, &[None, Some(1)])));
        assert!(!Arc::ptr_eq(&first, &share(None, &[Some(1)])));
        // The same ids and quantities, but another amount.
        assert!(!Arc::ptr_eq(&first, &share(Some(5), &[Some(1), None])));
        assert!(share(None, &[]).is_empty());
    }
}
