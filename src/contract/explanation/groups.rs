//! Facts about a few accounts and customers, one group for each customer.

use std::collections::BTreeMap;

use crate::contract::{
    Account, AccountId, Contract, CustomerId, Facts, Subscription, customers::Customers,
};

/// The facts of one customer with its accounts, or of one account that has none.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) facts: Facts,
    /// A customer that the provider knows.
    pub(super) customer: Option<CustomerId>,
    /// An account of it that is on more than one row, here or elsewhere.
    pub(super) twice: Option<AccountId>,
}

/// Customers first, then the accounts that are not linked.
pub(super) fn of(contract: &Contract, facts: &Facts, existing: &[CustomerId]) -> Vec<Group> {
    let customers = Customers::of(facts, contract.match_on);
    let mut rows: BTreeMap<&AccountId, usize> = BTreeMap::new();
    for account in &facts.accounts {
        *rows.entry(&account.id).or_default() += 1;
    }
    let group = |mut accounts: Vec<Account>,
                 subscriptions: Vec<Subscription>,
                 customer: Option<CustomerId>| {
        accounts.sort_by(|a, b| a.id.cmp(&b.id));
        let is_twice = |account: &&Account| rows.get(&account.id).is_some_and(|rows| *rows > 1);
        Group {
            twice: accounts
                .iter()
                .find(is_twice)
                .map(|account| account.id.clone()),
            facts: Facts {
                accounts,
                subscriptions,
                mapped: facts.mapped.clone(),
                seen_modes: facts.seen_modes.clone(),
                // Asked for by id, so that a stranger is no sign of a wrong key.
                customer_known: true,
                stored_words: BTreeMap::new(),
                customer_metadata: BTreeMap::new(),
            },
            customer,
        }
    };
    let mut missing: Vec<_> = existing.to_vec();
    let mut groups = Vec::new();
    for customer in customers.all() {
        let id = customers.id(customer);
        let place = missing.iter().position(|one| Some(one.as_str()) == id);
        groups.push(group(
            customers.accounts_of(customer).cloned().collect(),
            customers.subscriptions(customer).cloned().collect(),
            place.map(|place| missing.remove(place)),
        ));
    }
    let nothing = missing.into_iter();
    groups.extend(nothing.map(|customer| group(Vec::new(), Vec::new(), Some(customer))));
    // One id on two rows stays together: that is what there is to say about it.
    let mut unlinked: BTreeMap<&AccountId, Vec<Account>> = BTreeMap::new();
    for (account, customer) in customers.accounts() {
        if customer.is_none() {
            unlinked
                .entry(&account.id)
                .or_default()
                .push(account.clone());
        }
    }
    groups.extend(
        unlinked
            .into_values()
            .map(|accounts| group(accounts, Vec::new(), None)),
    );
    groups
}
