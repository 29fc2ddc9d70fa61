//! One shared `Price` for all the items that carry it.

use std::{collections::HashMap, sync::Arc};

use crate::contract::{Price, PriceId};

/// The prices met so far. A million items of ten prices hold ten prices.
#[derive(Debug, Default)]
pub struct PriceTable(HashMap<PriceId, Arc<Price>>);

impl PriceTable {
    /// The shared copy of `price`. Where one id comes with different contents, each item keeps its own, and the
    /// latest is the one shared from then on.
    pub fn share(&mut self, price: Price) -> Arc<Price> {
        match self.0.get(&price.id) {
            Some(known) if **known == price => Arc::clone(known),
            Some(_) | None => {
                let id = price.id.clone();
                let shared = Arc::new(price);
                self.0.insert(id, Arc::clone(&shared));
                shared
            }
        }
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
}
