//! Shares each distinct `Price` among items, and equal terms among subscriptions, to save memory.

use std::{
    collections::HashSet,
    hash::{BuildHasher as _, Hash as _, Hasher as _},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::contract::{Price, Terms, Word};

/// The distinct prices, terms and words seen so far: a million subscriptions to ten prices need ten `Price` values.
#[derive(Debug, Default)]
pub struct PriceTable {
    prices: HashTable<Arc<Price>>,
    terms: HashTable<Arc<Terms>>,
    words: HashSet<Word>,
    hasher: DefaultHashBuilder,
}

impl PriceTable {
    /// Returns the shared copy of `price`. The key is id and currency, because a price may have several currencies. If
    /// two prices with the same key differ, earlier items keep theirs, and the latest is shared from then on.
    pub fn share(&mut self, price: Price) -> Arc<Price> {
        let hasher = &self.hasher;
        let hash = |price: &Price| hasher.hash_one((&price.id, &price.currency));
        let is_same = |known: &Arc<Price>| known.id == price.id && known.currency == price.currency;
        if let Some(known) = self.prices.find_mut(hash(&price), is_same) {
            if **known != price {
                *known = Arc::new(price);
            }
            return Arc::clone(known);
        }
        let shared = Arc::new(price);
        self.prices
            .insert_unique(hash(&shared), Arc::clone(&shared), |known| hash(known));
        shared
    }

    /// Returns the shared copy of `word`.
    pub(crate) fn word(&mut self, word: &str) -> Word {
        if let Some(known) = self.words.get(word) {
            return known.clone();
        }
        let shared = Word::from(word);
        self.words.insert(shared.clone());
        shared
    }

    /// Returns the shared copy of `terms`.
    pub fn share_terms(&mut self, terms: Terms) -> Arc<Terms> {
        let hasher = &self.hasher;
        let hash = |terms: &Terms| {
            let mut state = hasher.build_hasher();
            terms.status.hash(&mut state);
            for item in &terms.items {
                (&item.price.id, item.quantity).hash(&mut state);
            }
            state.finish()
        };
        let known = self
            .terms
            .entry(hash(&terms), |known| **known == terms, |known| hash(known));
        Arc::clone(known.or_insert_with(|| terms.into()).get())
    }
}

/// A table shared by pages that are read in parallel.
#[derive(Debug, Default)]
pub(crate) struct SharedPrices(Mutex<PriceTable>);

impl SharedPrices {
    /// Locks the table. Hold the lock only while decoding one object, which neither waits nor panics.
    pub(crate) fn locked(&self) -> MutexGuard<'_, PriceTable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Item, Pause, Status};

    #[test]
    fn equal_prices_are_shared_and_different_ones_are_not() {
        let mut prices = PriceTable::default();
        let first = prices.share(Price::bare("price_a"));
        assert!(Arc::ptr_eq(&first, &prices.share(Price::bare("price_a"))));
        let more_expensive = Price {
            unit_amount: Some(5),
            ..Price::bare("price_a")
        };
        assert_eq!(prices.share(more_expensive).unit_amount, Some(5));
        assert_eq!(first.unit_amount, None);
    }

    #[test]
    fn a_price_in_two_currencies_is_shared_in_each() {
        let mut prices = PriceTable::default();
        let mut share = |currency: &str| {
            prices.share(Price {
                currency: Some(currency.to_owned()),
                ..Price::bare("price_a")
            })
        };
        let (dollars, euros) = (share("usd"), share("eur"));
        for _ in 0..3 {
            assert!(Arc::ptr_eq(&dollars, &share("usd")));
            assert!(Arc::ptr_eq(&euros, &share("eur")));
        }
        assert_eq!(prices.prices.len(), 2);
    }

    #[test]
    fn equal_terms_are_shared_and_different_ones_are_not() {
        let mut prices = PriceTable::default();
        let mut share = |status, unit_amount, quantities: &[Option<u64>]| {
            let mut item = |quantity: &Option<u64>| Item {
                price: prices.share(Price {
                    unit_amount,
                    ..Price::bare("price_a")
                }),
                quantity: *quantity,
            };
            let terms = Terms {
                status,
                cancel_scheduled: None,
                only_cancel_at: false,
                pause: None,
                days_until_due: None,
                on_test_clock: false,
                items: quantities.iter().map(&mut item).collect(),
            };
            let shared = prices.share_terms(terms.clone());
            assert_eq!(*shared, terms);
            shared
        };
        let active = || Status::Active;
        let first = share(active(), None, &[Some(1), None]);
        assert!(Arc::ptr_eq(
            &first,
            &share(active(), None, &[Some(1), None])
        ));
        for other in [
            share(active(), None, &[None, Some(1)]),
            share(active(), None, &[Some(1)]),
            share(Status::PastDue, None, &[Some(1), None]),
            // Same ids and quantities, but another amount.
            share(active(), Some(5), &[Some(1), None]),
        ] {
            assert!(!Arc::ptr_eq(&first, &other));
        }
        let mut voided = (*first).clone();
        voided.pause = Some(Pause::Void);
        assert_eq!(prices.share_terms(voided).pause, Some(Pause::Void));
    }
}
