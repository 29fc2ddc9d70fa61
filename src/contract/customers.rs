//! Who belongs to whom: every customer with its subscriptions and its accounts, found without sorting either side.

use std::{hash::BuildHasher as _, num::NonZeroU32};

use hashbrown::{DefaultHashBuilder, HashTable};

use super::{Account, Facts, MatchOn, Subscription};

/// A customer of the facts, by position. Counted from one, so that "no customer" takes no room of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CustomerNumber(NonZeroU32);

impl CustomerNumber {
    fn at(position: usize) -> Self {
        Self(NonZeroU32::MIN.saturating_add(narrow(position)))
    }

    fn position(self) -> usize {
        widen(self.0.get()) - 1
    }
}

/// How a customer is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key<'f> {
    Customer(&'f str),
    /// The customer of a subscription that the provider did not show.
    OfSubscription(&'f str),
}

/// Where the facts name each customer for the first time: a sixth of the room that its key takes.
#[derive(Debug)]
struct Places {
    positions: Vec<u32>,
    /// So many of them are those of subscriptions, which are numbered first; the others are those of accounts.
    of_subscriptions: usize,
}

impl Places {
    fn key<'f>(&self, naming: Naming<'f>, customer: CustomerNumber) -> Option<Key<'f>> {
        let position = widen(*self.positions.get(customer.position())?);
        if customer.position() < self.of_subscriptions {
            let subscription = naming.facts.subscriptions.get(position)?;
            Some(Key::Customer(subscription.customer.as_str()))
        } else {
            naming.link(naming.facts.accounts.get(position)?)
        }
    }
}

/// The facts, grouped by customer.
#[derive(Debug)]
pub(crate) struct Customers<'f> {
    naming: Naming<'f>,
    places: Places,
    of_account: Vec<Option<CustomerNumber>>,
    accounts: Groups,
    subscriptions: Groups,
}

impl<'f> Customers<'f> {
    pub(crate) fn of(facts: &'f Facts, match_on: MatchOn) -> Self {
        let naming = Naming { facts, match_on };
        let mut index = Index::of(naming);
        let subscriptions = facts.subscriptions.iter().enumerate();
        let of_subscription: Vec<_> = subscriptions
            .map(|(position, one)| {
                let key = Key::Customer(one.customer.as_str());
                Some(index.number(key, position))
            })
            .collect();
        index.end_of_subscriptions();
        let by_id = match match_on {
            MatchOn::CustomerId => None,
            MatchOn::SubscriptionId => Some(SubscriptionIndex::of(&facts.subscriptions)),
        };
        let accounts = facts.accounts.iter().enumerate();
        let of_account: Vec<_> = accounts
            .map(|(position, account)| {
                let key = naming.link(account)?;
                let found = match (&by_id, key) {
                    (Some(by_id), Key::OfSubscription(id)) => by_id.find(&facts.subscriptions, id),
                    _ => None,
                };
                found
                    .and_then(|position| of_subscription.get(position).copied().flatten())
                    .or_else(|| Some(index.number(key, position)))
            })
            .collect();
        let Index { places, table, .. } = index;
        // What follows takes about as much room again.
        drop(table);
        let customers = places.positions.len();
        let subscriptions = Groups::of(&of_subscription, customers);
        drop(of_subscription);
        Self {
            naming,
            subscriptions,
            accounts: Groups::of(&of_account, customers),
            of_account,
            places,
        }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = CustomerNumber> + use<> {
        (0..self.places.positions.len()).map(CustomerNumber::at)
    }

    /// Every account with its customer; none when it is not linked.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = (&'f Account, Option<CustomerNumber>)> {
        self.naming
            .facts
            .accounts
            .iter()
            .zip(self.of_account.iter().copied())
    }

    /// The provider's id of a customer; none when only a subscription id is known that the provider did not show.
    pub(crate) fn id(&self, customer: CustomerNumber) -> Option<&'f str> {
        match self.places.key(self.naming, customer)? {
            Key::Customer(id) => Some(id),
            Key::OfSubscription(_) => None,
        }
    }

    pub(crate) fn subscriptions(
        &self,
        customer: CustomerNumber,
    ) -> impl Iterator<Item = &'f Subscription> {
        let facts = self.naming.facts;
        let positions = self.subscriptions.members(customer).iter();
        positions.filter_map(|position| facts.subscriptions.get(widen(*position)))
    }

    pub(crate) fn accounts_of(
        &self,
        customer: CustomerNumber,
    ) -> impl Iterator<Item = &'f Account> {
        let facts = self.naming.facts;
        let positions = self.accounts.members(customer).iter();
        positions.filter_map(|position| facts.accounts.get(widen(*position)))
    }
}

/// How the facts name customers.
#[derive(Debug, Clone, Copy)]
struct Naming<'f> {
    facts: &'f Facts,
    match_on: MatchOn,
}

impl<'f> Naming<'f> {
    /// What links an account, unless it is null or blank.
    fn link(self, account: &'f Account) -> Option<Key<'f>> {
        let key = match self.match_on {
            MatchOn::CustomerId => Key::Customer(account.customer.as_ref()?.as_str()),
            MatchOn::SubscriptionId => {
                Key::OfSubscription(account.columns.as_ref()?.subscription_id.as_ref()?.as_str())
            }
        };
        let (Key::Customer(id) | Key::OfSubscription(id)) = key;
        (!id.trim().is_empty()).then_some(key)
    }
}

/// Numbers customers in order of appearance. The hash is seeded at random, so that hostile ids cannot be made to
/// collide; nothing iterates over the table, so the order of results does not depend on it.
struct Index<'f> {
    naming: Naming<'f>,
    hasher: DefaultHashBuilder,
    table: HashTable<CustomerNumber>,
    places: Places,
}

impl<'f> Index<'f> {
    fn of(naming: Naming<'f>) -> Self {
        let Facts {
            accounts,
            subscriptions,
            ..
        } = naming.facts;
        let about = accounts.len().max(subscriptions.len());
        Self {
            naming,
            hasher: DefaultHashBuilder::default(),
            table: HashTable::with_capacity(about),
            places: Places {
                positions: Vec::with_capacity(about),
                of_subscriptions: usize::MAX,
            },
        }
    }

    /// What is numbered from now on is first named by an account.
    fn end_of_subscriptions(&mut self) {
        self.places.of_subscriptions = self.places.positions.len();
    }

    fn number(&mut self, key: Key<'f>, position: usize) -> CustomerNumber {
        let Self {
            naming,
            hasher,
            table,
            places,
        } = self;
        let key_of = |number: &CustomerNumber| places.key(*naming, *number);
        let entry = table.entry(
            hasher.hash_one(key),
            |number| key_of(number) == Some(key),
            |number| key_of(number).map_or(0, |key| hasher.hash_one(key)),
        );
        let next = CustomerNumber::at(places.positions.len());
        let number = *entry.or_insert(next).get();
        if number == next {
            places.positions.push(narrow(position));
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
            if let Some(count) = starts.get_mut(customer.position()) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for end in &mut starts {
            sum += *end;
            *end = sum;
        }
        let mut positions = vec![0_u32; widen(sum)];
        // From the last to the first, every end moves back to its start.
        for (position, customer) in customer_of.iter().enumerate().rev() {
            if let Some(customer) = customer
                && let Some(slot) = starts.get_mut(customer.position())
            {
                *slot -= 1;
                if let Some(place) = positions.get_mut(widen(*slot)) {
                    *place = narrow(position);
                }
            }
        }
        Self { starts, positions }
    }

    fn members(&self, customer: CustomerNumber) -> &[u32] {
        let number = customer.position();
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
