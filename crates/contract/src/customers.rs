//! Groups subscriptions and accounts by customer, without sorting either side. If accounts are matched by subscription,
//! each subscription stands in for a customer.

use std::{hash::BuildHasher as _, num::NonZeroU32};

use hashbrown::{DefaultHashBuilder, HashTable};

use super::{Account, Facts, MatchOn, Subscription, SubscriptionId, UnixSeconds};

/// Number of a customer in the facts. Counted from one, so that an `Option` takes no extra space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CustomerNumber(NonZeroU32);

impl CustomerNumber {
    fn at(position: usize) -> Self {
        Self(NonZeroU32::MIN.saturating_add(narrow(position)))
    }

    fn position(self) -> usize {
        widen(self.0.get()) - 1
    }
}

/// For each customer, the position at which the facts first name it. It takes a sixth of the memory of the key itself.
#[derive(Debug)]
struct CustomerPositions {
    positions: Vec<u32>,
    /// Number of the positions that belong to subscriptions. Those of links follow.
    of_subscriptions: usize,
}

impl CustomerPositions {
    fn key<'f>(&self, naming: &Naming<'f>, customer: CustomerNumber) -> Option<&'f str> {
        let position = widen(*self.positions.get(customer.position())?);
        if customer.position() < self.of_subscriptions {
            Some(naming.key(naming.facts.subscriptions.get(position)?))
        } else {
            naming.link(position)
        }
    }
}

/// The facts, grouped by customer.
#[derive(Debug)]
pub(crate) struct Customers<'f> {
    naming: Naming<'f>,
    places: CustomerPositions,
    /// First customer of each account.
    first_of_accounts: Vec<Option<CustomerNumber>>,
    /// Further customers of accounts: pairs of the account's position and a customer, in the order of accounts.
    more: Vec<(u32, CustomerNumber)>,
    accounts: Groups,
    subscriptions: Groups,
}

/// The customers whose subscriptions are judged together, with the values of the account's row that affect the result.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holder<'c> {
    pub(crate) first: CustomerNumber,
    more: &'c [(u32, CustomerNumber)],
    /// Time since which payment is overdue, according to the row.
    pub(crate) past_due_since: Option<UnixSeconds>,
    /// The subscription whose id the row stores.
    pub(crate) names: Option<&'c SubscriptionId>,
}

impl Holder<'_> {
    pub(crate) fn customers(&self) -> impl Iterator<Item = CustomerNumber> + use<'_> {
        let more = self.more.iter().map(|(_, customer)| *customer);
        std::iter::once(self.first).chain(more)
    }

    /// Returns true if only one customer matters, so that all its accounts are in the same state.
    pub(crate) fn is_plain(&self) -> bool {
        self.more.is_empty() && self.past_due_since.is_none()
    }
}

impl From<CustomerNumber> for Holder<'_> {
    fn from(first: CustomerNumber) -> Self {
        Self {
            first,
            more: &[],
            past_due_since: None,
            names: None,
        }
    }
}

/// A linked account with its customers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link<'c, 'f> {
    pub(crate) account: &'f Account,
    pub(crate) holder: Holder<'c>,
}

impl<'f> Customers<'f> {
    pub(crate) fn new(facts: &'f Facts, match_on: MatchOn) -> Self {
        let naming = Naming::new(facts, match_on);
        let mut index = Index::new(&naming);
        let subscriptions = facts.subscriptions.iter().enumerate();
        let subscription_customers: Vec<_> = subscriptions
            .map(|(position, subscription)| Some(index.number(naming.key(subscription), position)))
            .collect();
        index.end_of_subscriptions();
        let accounts = 0..facts.accounts.len();
        let mut first_of_accounts: Vec<_> = accounts
            .map(|position| Some(index.number(naming.link(position)?, position)))
            .collect();
        let mut more: Vec<(u32, CustomerNumber)> = Vec::new();
        for (number, (account, _)) in naming.further.iter().enumerate() {
            let position = facts.accounts.len().saturating_add(number);
            let Some(key) = naming.link(position) else {
                continue;
            };
            let customer = index.number(key, position);
            let first = first_of_accounts.get(widen(*account)).copied().flatten();
            let link = (*account, customer);
            let is_known = first == Some(customer)
                || more
                    .iter()
                    .rev()
                    .take_while(|pair| pair.0 == *account)
                    .any(|pair| *pair == link);
            if first.is_none() {
                if let Some(first) = first_of_accounts.get_mut(widen(*account)) {
                    *first = Some(customer);
                }
            } else if !is_known {
                more.push(link);
            }
        }
        let Index { places, table, .. } = index;
        // The next step takes about as much memory again.
        drop(table);
        let customers = places.positions.len();
        let subscriptions = Groups::new(members(&subscription_customers), customers);
        drop(subscription_customers);
        let further = more
            .iter()
            .map(|(account, customer)| (widen(*account), *customer));
        let accounts = Groups::new(members(&first_of_accounts).chain(further), customers);
        Self {
            naming,
            places,
            first_of_accounts,
            more,
            accounts,
            subscriptions,
        }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = CustomerNumber> + use<> {
        (0..self.places.positions.len()).map(CustomerNumber::at)
    }

    /// Returns every account with its link, or `None` if it is not linked.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = (&'f Account, Option<Link<'_, 'f>>)> {
        let accounts = self.naming.facts.accounts.iter().enumerate();
        accounts.map(|(position, account)| (account, self.link(position)))
    }

    /// Returns the link of the account at that position.
    pub(crate) fn link(&self, position: usize) -> Option<Link<'_, 'f>> {
        let first = self.first_of_accounts.get(position).copied().flatten()?;
        let account = self.naming.facts.accounts.get(position)?;
        let number = narrow(position);
        let start = self.more.partition_point(|(other, _)| *other < number);
        let end = self.more.partition_point(|(other, _)| *other <= number);
        let columns = account.columns.as_deref();
        Some(Link {
            account,
            holder: Holder {
                first,
                more: self.more.get(start..end).unwrap_or_default(),
                past_due_since: columns.and_then(|columns| columns.past_due_since),
                names: columns.and_then(|columns| columns.subscription_id.as_ref()),
            },
        })
    }

    /// Returns the provider's id of a customer, or `None` if only the id of an unlisted subscription is known.
    pub(crate) fn id(&self, customer: CustomerNumber) -> Option<&'f str> {
        match self.naming.match_on {
            MatchOn::CustomerId => self.key(customer),
            MatchOn::SubscriptionId => {
                let subscription = self.subscriptions(customer).next()?;
                Some(subscription.customer.as_str())
            }
        }
    }

    /// Returns the id by which accounts are linked to the customer: its own, or that of a subscription.
    pub(crate) fn key(&self, customer: CustomerNumber) -> Option<&'f str> {
        self.places.key(&self.naming, customer)
    }

    pub(crate) fn subscriptions(
        &self,
        customer: CustomerNumber,
    ) -> impl Iterator<Item = &'f Subscription> {
        let facts = self.naming.facts;
        let positions = self.subscriptions.members(customer).iter();
        positions.filter_map(|position| facts.subscriptions.get(widen(*position)))
    }

    /// Returns the accounts linked to a customer.
    pub(crate) fn links_of(&self, customer: CustomerNumber) -> impl Iterator<Item = Link<'_, 'f>> {
        let positions = self.accounts.members(customer).iter();
        positions.filter_map(|position| self.link(widen(*position)))
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

/// Keys by which the facts name customers.
#[derive(Debug)]
struct Naming<'f> {
    facts: &'f Facts,
    match_on: MatchOn,
    /// Links of an account after the first: the position of the account, and the index among its other customers.
    further: Vec<(u32, u32)>,
}

impl<'f> Naming<'f> {
    fn new(facts: &'f Facts, match_on: MatchOn) -> Self {
        let mut further = Vec::new();
        if match_on == MatchOn::CustomerId {
            for (position, account) in facts.accounts.iter().enumerate() {
                let others = account
                    .columns
                    .as_ref()
                    .map_or(0, |column| column.other_customers.len());
                further.extend((0..narrow(others)).map(|other| (narrow(position), other)));
            }
        }
        Self {
            facts,
            match_on,
            further,
        }
    }

    /// Returns the key by which a subscription is found.
    fn key(&self, subscription: &'f Subscription) -> &'f str {
        match self.match_on {
            MatchOn::CustomerId => subscription.customer.as_str(),
            MatchOn::SubscriptionId => subscription.id.as_str(),
        }
    }

    /// Returns the key of a link unless it is NULL or blank: the first of each account by its position, then the
    /// further ones.
    fn link(&self, position: usize) -> Option<&'f str> {
        let accounts = &self.facts.accounts;
        let key = if let Some(account) = accounts.get(position) {
            match self.match_on {
                MatchOn::CustomerId => account.customer.as_ref()?.as_str(),
                MatchOn::SubscriptionId => {
                    account.columns.as_ref()?.subscription_id.as_ref()?.as_str()
                }
            }
        } else {
            let further = position.checked_sub(accounts.len())?;
            let (account, other) = *self.further.get(further)?;
            let columns = accounts.get(widen(account))?.columns.as_ref()?;
            columns.other_customers.get(widen(other))?.as_str()
        };
        (!key.trim().is_empty()).then_some(key)
    }
}

/// Numbers customers in order of appearance. The hash is seeded at random, so that hostile ids cannot be made to
/// collide; nothing iterates over the table, so the order of results does not depend on it.
struct Index<'n, 'f> {
    naming: &'n Naming<'f>,
    hasher: DefaultHashBuilder,
    table: HashTable<CustomerNumber>,
    places: CustomerPositions,
}

impl<'n, 'f> Index<'n, 'f> {
    fn new(naming: &'n Naming<'f>) -> Self {
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
            places: CustomerPositions {
                positions: Vec::with_capacity(about),
                of_subscriptions: usize::MAX,
            },
        }
    }

    /// Marks the end of subscriptions: customers numbered from now on are first named by a link.
    fn end_of_subscriptions(&mut self) {
        self.places.of_subscriptions = self.places.positions.len();
    }

    fn number(&mut self, key: &'f str, position: usize) -> CustomerNumber {
        let Self {
            naming,
            hasher,
            table,
            places,
        } = self;
        let key_of = |number: &CustomerNumber| places.key(naming, *number);
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

/// Returns each position that has a customer, with the customer.
fn members(
    customer_of: &[Option<CustomerNumber>],
) -> impl DoubleEndedIterator<Item = (usize, CustomerNumber)> + Clone {
    let all = customer_of.iter().enumerate();
    all.filter_map(|(position, customer)| Some((position, (*customer)?)))
}

/// Positions grouped by customer in two flat lists, four bytes per entry.
#[derive(Debug)]
struct Groups {
    /// Start of each customer's positions, and one more entry for the end.
    starts: Vec<u32>,
    positions: Vec<u32>,
}

impl Groups {
    /// Groups positions by customer.
    fn new(
        members: impl DoubleEndedIterator<Item = (usize, CustomerNumber)> + Clone,
        customers: usize,
    ) -> Self {
        let mut starts = vec![0_u32; customers.saturating_add(1)];
        for (_, customer) in members.clone() {
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
        // Going backwards, each end moves to its start.
        for (position, customer) in members.rev() {
            if let Some(slot) = starts.get_mut(customer.position()) {
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
pub(crate) const fn widen(number: u32) -> usize {
    number as usize
}

/// Narrows a position. Four billion accounts exceed the memory of any machine, so the limit is never reached.
pub(crate) fn narrow(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
