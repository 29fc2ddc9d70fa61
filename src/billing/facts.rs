//! The result of reading a provider, built up object by object.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{BuildHasher as _, RandomState},
    pin::pin,
};

use futures::{Stream, TryStreamExt as _};
use hashbrown::HashTable;

use super::{Decoded, Error};
use crate::contract::{CustomerId, Metadata, PriceId, SeenModes, Subscription};

/// The prices in the subscriptions of each customer.
pub(crate) type PricesOfCustomers = BTreeMap<CustomerId, BTreeSet<PriceId>>;

/// Everything that one read of a provider found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BillingFacts {
    /// Subscriptions ordered by id, without duplicates.
    pub subscriptions: Vec<Subscription>,
    pub seen_modes: SeenModes,
    /// Metadata of the customers that have any, as far as subscriptions included their customer.
    pub customer_metadata: BTreeMap<CustomerId, Metadata>,
    /// Customers whose facts follow from other objects than those that state them. Some may have no subscription.
    pub derived: BTreeSet<CustomerId>,
}

/// A builder of facts. If a subscription is read twice, the later read wins: its status may change while pages are
/// read.
#[derive(Debug, Default)]
pub(crate) struct FactsBuilder {
    facts: BillingFacts,
    /// Indexes into `facts.subscriptions` by id, so that no id is stored twice.
    places: HashTable<usize>,
    hasher: RandomState,
}

impl FactsBuilder {
    /// Combines the facts of all answers. Stops at the first error.
    pub(crate) async fn collect(
        answers: impl Stream<Item = Result<Vec<Decoded>, Error>>,
    ) -> Result<BillingFacts, Error> {
        let mut answers = pin!(answers);
        let mut builder = Self::default();
        while let Some(subscriptions) = answers.try_next().await? {
            builder.extend(subscriptions);
        }
        Ok(builder.finish())
    }

    fn add(&mut self, decoded: Decoded) {
        let Decoded {
            subscription,
            livemode,
            customer_metadata,
            may_have_more_items: _,
            currency: _,
            period: _,
        } = decoded;
        self.record_mode(livemode, subscription.id.as_str());
        if !customer_metadata.is_empty() {
            let customer = subscription.customer.clone();
            self.facts
                .customer_metadata
                .insert(customer, customer_metadata);
        }
        self.put(subscription);
    }

    pub(crate) fn extend(&mut self, page: impl IntoIterator<Item = Decoded>) {
        for decoded in page {
            self.add(decoded);
        }
    }

    /// Records the mode of an object; the first object of each mode is kept as an example.
    pub(crate) fn record_mode(&mut self, livemode: Option<bool>, example: &str) {
        self.facts.seen_modes.record(livemode, example);
    }

    pub(crate) fn put(&mut self, subscription: Subscription) {
        let (places, known, hasher) = (
            &mut self.places,
            &mut self.facts.subscriptions,
            &self.hasher,
        );
        let hash = hasher.hash_one(&subscription.id);
        let same = |place: &usize| {
            known
                .get(*place)
                .is_some_and(|known| known.id == subscription.id)
        };
        if let Some(place) = places.find(hash, same).copied() {
            if let Some(known) = known.get_mut(place) {
                *known = subscription;
            }
            return;
        }
        let place = known.len();
        known.push(subscription);
        places.insert_unique(hash, place, |place| {
            known
                .get(*place)
                .map_or(0, |known| hasher.hash_one(&known.id))
        });
    }

    /// Returns the subscriptions so far, in the order in which they were read.
    pub(crate) fn subscriptions(&self) -> &[Subscription] {
        &self.facts.subscriptions
    }

    /// Returns the number of subscriptions so far.
    pub(crate) fn count(&self) -> u64 {
        u64::try_from(self.facts.subscriptions.len()).unwrap_or(u64::MAX)
    }

    pub(crate) fn finish(mut self) -> BillingFacts {
        self.facts
            .subscriptions
            .sort_unstable_by(|a, b| a.id.cmp(&b.id));
        self.facts
    }
}
