//! Splits facts about a few accounts and customers into one group per customer.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Account, AccountId, Contract, CustomerId, Facts, Subscription,
    customers::{CustomerNumber, Customers},
};

/// Facts of one customer with its accounts, or of one account without a customer.
#[derive(Debug)]
pub(super) struct FactGroup {
    pub(super) facts: Facts,
    /// Customer that the provider knows.
    pub(super) customer: Option<CustomerId>,
    /// An account of the group that is on more than one row, here or elsewhere.
    pub(super) twice: Option<AccountId>,
}

/// Returns the groups: customers first, then the accounts that are not linked.
pub(super) fn collect(
    contract: &Contract,
    facts: &Facts,
    existing: &[CustomerId],
) -> Vec<FactGroup> {
    let customers = Customers::new(facts, contract.match_on);
    let mut rows: BTreeMap<&AccountId, usize> = BTreeMap::new();
    for account in &facts.accounts {
        *rows.entry(&account.id).or_default() += 1;
    }
    let group = |mut accounts: Vec<Account>,
                 subscriptions: Vec<Subscription>,
                 customer: Option<CustomerId>| {
        accounts.sort_by(|a, b| a.id.cmp(&b.id));
        let is_twice = |account: &&Account| rows.get(&account.id).is_some_and(|rows| *rows > 1);
        FactGroup {
            twice: accounts
                .iter()
                .find(is_twice)
                .map(|account| account.id.clone()),
            facts: Facts {
                accounts,
                subscriptions,
                mapped: facts.mapped.clone(),
                seen_modes: facts.seen_modes.clone(),
                // They were looked up by id, so an unknown customer does not indicate a wrong key.
                customer_known: true,
                stored_words: BTreeMap::new(),
                customer_metadata: BTreeMap::new(),
            },
            customer,
        }
    };
    let mut missing: Vec<_> = existing.to_vec();
    let mut groups = Vec::new();
    for together in connected(&customers) {
        let ids: Vec<_> = together
            .iter()
            .filter_map(|one| customers.id(*one))
            .collect();
        let is_it = |one: &CustomerId| ids.contains(&one.as_str());
        let known = missing.iter().find(|one| is_it(one)).cloned();
        missing.retain(|one| !is_it(one));
        let mut rows: Vec<Account> = Vec::new();
        for account in together.iter().flat_map(|one| customers.accounts_of(*one)) {
            // An account of several customers is listed for each of them.
            let is_met = rows.iter().any(|one| one == account) && together.len() > 1;
            if !is_met {
                rows.push(account.clone());
            }
        }
        let bought = together
            .iter()
            .flat_map(|one| customers.subscriptions(*one));
        groups.push(group(rows, bought.cloned().collect(), known));
    }
    let nothing = missing.into_iter();
    groups.extend(nothing.map(|customer| group(Vec::new(), Vec::new(), Some(customer))));
    // Keep one id on two rows together: that is the problem to explain.
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

/// Returns sets of customers that accounts link together.
fn connected(customers: &Customers<'_>) -> Vec<BTreeSet<CustomerNumber>> {
    let mut sets: Vec<BTreeSet<CustomerNumber>> = Vec::new();
    for customer in customers.all() {
        let mut set = BTreeSet::from([customer]);
        for link in customers.links_of(customer) {
            set.extend(link.holder.customers());
        }
        let (joined, apart): (Vec<_>, Vec<_>) =
            sets.into_iter().partition(|other| !other.is_disjoint(&set));
        set.extend(joined.into_iter().flatten());
        sets = apart;
        sets.push(set);
    }
    sets.sort_by_key(|set| set.first().copied());
    sets
}
