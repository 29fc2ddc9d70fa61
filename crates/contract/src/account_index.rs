//! Index of accounts by id.

use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashTable, hash_table::Entry};

use super::{Account, Facts};

/// Position of each account in the facts. The hash is seeded at random, so that hostile ids cannot be made to collide.
#[derive(Debug)]
pub(crate) struct AccountIndex<'f> {
    accounts: &'f [Account],
    hasher: DefaultHashBuilder,
    table: HashTable<usize>,
    twice: Option<&'f Account>,
}

impl<'f> AccountIndex<'f> {
    pub(crate) fn new(facts: &'f Facts) -> Self {
        let accounts = facts.accounts.as_slice();
        let hasher = DefaultHashBuilder::default();
        let hash = |position: &usize| {
            let account = accounts.get(*position);
            account.map_or(0, |account| hasher.hash_one(account.id.as_str()))
        };
        let mut table = HashTable::with_capacity(accounts.len());
        let mut twice: Option<&Account> = None;
        for (position, account) in accounts.iter().enumerate() {
            let is_same = |other: &usize| {
                let other = accounts.get(*other);
                other.is_some_and(|other| other.id == account.id)
            };
            match table.entry(hash(&position), is_same, hash) {
                Entry::Occupied(_) => {
                    if twice.is_none_or(|other| account.id < other.id) {
                        twice = Some(account);
                    }
                }
                Entry::Vacant(place) => {
                    place.insert(position);
                }
            }
        }
        Self {
            accounts,
            hasher,
            table,
            twice,
        }
    }

    /// Returns the position of the account with this id.
    pub(crate) fn find(&self, id: &str) -> Option<usize> {
        let has_id = |position: &usize| {
            let account = self.accounts.get(*position);
            account.is_some_and(|account| account.id.as_str() == id)
        };
        self.table.find(self.hasher.hash_one(id), has_id).copied()
    }

    /// Returns the account with the smallest id that is on more than one row.
    pub(crate) fn on_two_rows(&self) -> Option<&'f Account> {
        self.twice
    }
}
