//! Who belongs to whom: every customer with its subscriptions and its accounts, found without sorting either side.

use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::{Account, Facts, MatchOn, Subscription};

/// A customer of the facts, by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CustomerNumber(u32);

/// How a customer is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key<'f> {
    Customer(&'f str),
    /// The customer of a subscription that the provider did not show.
    OfSubscription(&'f str),
}

/// The facts, grouped by customer.
#[derive(Debug)]
pub(crate) struct Customers<'f> {
    facts: &'f Facts,
    keys: Vec<Key<'f>>,
    of_account: Vec<Option<CustomerNumber>>,
    accounts: Groups,
    subscriptions: Groups,
}

impl<'f> Customers<'f> {
    pub(crate) fn of(facts: &'f Facts, match_on: MatchOn) -> Self {
        let mut index = Index::default();
        let of_subscription: Vec<_> = facts
            .subscriptions
            .iter()
            .map(|subscription| Some(index.number(Key::Customer(subscription.customer.as_str()))))
            .collect();
        let by_id = match match_on {
            MatchOn::CustomerId => None,
            MatchOn::SubscriptionId => Some(SubscriptionIndex::of(&facts.subscriptions)),
        };
        let of_account: Vec<_> = facts
            .accounts
            .iter()
            .map(|account| {
                let Some(by_id) = &by_id else {
                    let id = customer_link(account)?;
                    return Some(index.number(Key::Customer(id)));
                };
                let id = subscription_link(account)?;
                let found = by_id.find(&facts.subscriptions, id);
                found
                    .and_then(|position| of_subscription.get(position).copied().flatten())
                    .or_else(|| Some(index.number(Key::OfSubscription(id))))
            })
            .collect();
        let customers = index.keys.len();
        Self {
            facts,
            accounts: Groups::of(&of_account, customers),
            subscriptions: Groups::of(&of_subscription, customers),
            of_account,
            keys: index.keys,
        }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = CustomerNumber> + use<> {
        (0..narrow(self.keys.len())).map(CustomerNumber)
    }

    /// Every account with its customer; none when it is not linked.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = (&'f Account, Option<CustomerNumber>)> {
        self.facts
            .accounts
            .iter()
            .zip(self.of_account.iter().copied())
    }

    /// The provider's id of a customer; none when only a subscription id is known that the provider did not show.
    pub(crate) fn id(&self, customer: CustomerNumber) -> Option<&'f str> {
        match self.keys.get(widen(customer.0))? {
            Key::Customer(id) => Some(id),
            Key::OfSubscription(_) => None,
        }
    }

    pub(crate) fn subscriptions(
        &self,
        customer: CustomerNumber,
    ) -> impl Iterator<Item = &'f Subscription> {
        let facts = self.facts;
        let positions = self.subscriptions.members(customer).iter();
        positions.filter_map(|position| facts.subscriptions.get(widen(*position)))
    }

    pub(crate) fn accounts_of(
        &self,
        customer: CustomerNumber,
    ) -> impl Iterator<Item = &'f Account> {
        let facts = self.facts;
        let positions = self.accounts.members(customer).iter();
        positions.filter_map(|position| facts.accounts.get(widen(*position)))
    }
}

/// The id that links an account by customer, unless it is null or blank.
pub(crate) fn customer_link(account: &Account) -> Option<&str> {
    let id = account.customer.as_ref()?.as_str();
    (!id.trim().is_empty()).then_some(id)
}

/// The id that links an account by subscription, unless it is null or blank.
fn subscription_link(account: &Account) -> Option<&str> {
    let id = account.columns.as_ref()?.subscription_id.as_ref()?.as_str();
    (!id.trim().is_empty()).then_some(id)
}

/// Numbers customers in order of appearance. The hash is seeded at random, so that hostile ids cannot be made to
/// collide; nothing iterates over the table, so the order of results does not depend on it.
#[derive(Default)]
struct Index<'f> {
    hasher: DefaultHashBuilder,
    table: HashTable<CustomerNumber>,
    keys: Vec<Key<'f>>,
}

impl<'f> Index<'f> {
    fn number(&mut self, key: Key<'f>) -> CustomerNumber {
        let Self {
            hasher,
            table,
            keys,
        } = self;
        let entry = table.entry(
            hasher.hash_one(key),
            |number| keys.get(widen(number.0)) == Some(&key),
            |number| {
                keys.get(widen(number.0))
                    .map_or(0, |key| hasher.hash_one(key))
            },
        );
        let next = CustomerNumber(narrow(keys.len()));
        let number = *entry.or_insert(next).get();
        if number == next {
            keys.push(key);
        }
        number
    }
}

/// Subscriptions by id.
struct SubscriptionIndex {
    hasher: DefaultHashBuilder,
    table: HashTable<u32>,
}

impl SubscriptionIndex {
    fn of(subscriptions: &[Subscription]) -> Self {
        let hasher = DefaultHashBuilder::default();
        let hash = |id: &str| hasher.hash_one(id);
        let mut table = HashTable::with_capacity(subscriptions.len());
        for (position, subscription) in subscriptions.iter().enumerate() {
            table.insert_unique(
                hash(subscription.id.as_str()),
                narrow(position),
                |other: &u32| {
                    subscriptions
                        .get(widen(*other))
                        .map_or(0, |other| hash(other.id.as_str()))
                },
            );
        }
        Self { hasher, table }
    }

    fn find(&self, subscriptions: &[Subscription], id: &str) -> Option<usize> {
        let is_it = |position: &u32| {
            let subscription = subscriptions.get(widen(*position));
            subscription.is_some_and(|subscription| subscription.id.as_str() == id)
        };
        self.table
            .find(self.hasher.hash_one(id), is_it)
            .map(|position| widen(*position))
    }
}

/// Positions grouped by customer in two flat lists, four bytes an entry.
#[derive(Debug)]
struct Groups {
    /// Where each customer's positions start; one more entry than customers.
    starts: Vec<u32>,
    positions: Vec<u32>,
}

impl Groups {
    fn of(customer_of: &[Option<CustomerNumber>], customers: usize) -> Self {
        let mut starts = vec![0_u32; customers.saturating_add(1)];
        for customer in customer_of.iter().flatten() {
            if let Some(count) = starts.get_mut(widen(customer.0).saturating_add(1)) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut positions = vec![0_u32; widen(sum)];
        let mut next = starts.clone();
        for (position, customer) in customer_of.iter().enumerate() {
            if let Some(customer) = customer
                && let Some(slot) = next.get_mut(widen(customer.0))
                && let Some(place) = positions.get_mut(widen(*slot))
            {
                *place = narrow(position);
                *slot += 1;
            }
        }
        Self { starts, positions }
    }

    fn members(&self, customer: CustomerNumber) -> &[u32] {
        let number = widen(customer.0);
        let start = self.starts.get(number).copied().unwrap_or_default();
        let end = self
            .starts
            .get(number.saturating_add(1))
            .copied()
            .unwrap_or_default();
        self.positions
            .get(widen(start)..widen(end))
            .unwrap_or_default()
    }
}

#[expect(
    clippy::as_conversions,
    reason = "no platform we build for has a smaller usize than u32"
)]
const fn widen(number: u32) -> usize {
    number as usize
}

/// Four billion accounts take more memory than any machine this runs on has, so the end of the range is never met.
fn narrow(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
