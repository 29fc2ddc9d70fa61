//! Splits facts about a few accounts and customers into one group per customer. A customer that pays for an account
//! linked to another customer is in the group of that account.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Account, AccountId, Contract, CustomerId, Facts, Subscription, UnixSeconds,
    case::Case,
    customers::{CustomerNumber, Customers},
    rules::Mismatches,
};

/// Facts of one customer with its accounts, or of one account without a customer.
#[derive(Debug)]
pub(super) struct FactGroup {
    pub(super) facts: Facts,
    /// Customer that the provider knows.
    pub(super) customer: Option<CustomerId>,
    /// An account of the group that is on more than one row, in this group or in another.
    pub(super) duplicate_account: Option<AccountId>,
}

/// Returns the groups: customers first, then the accounts that are not linked.
pub(super) fn collect(
    contract: &Contract,
    facts: &Facts,
    existing: &[CustomerId],
    now: UnixSeconds,
) -> Vec<FactGroup> {
    let case = Case::new(contract, facts, now);
    let customers = &case.customers;
    let paid_for: Vec<_> = Mismatches::find(&case).pairs().collect();
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
            duplicate_account: accounts
                .iter()
                .find(is_twice)
                .map(|account| account.id.clone()),
            facts: Facts {
                accounts,
                subscriptions,
                mapped: facts.mapped.clone(),
                seen_modes: facts.seen_modes.clone(),
                // The customers were looked up by id, so an unknown one does not indicate a wrong key.
                customer_known: true,
                stored_words: BTreeMap::new(),
                customer_metadata: facts.customer_metadata.clone(),
            },
            customer,
        }
    };
    let mut missing: Vec<_> = existing.to_vec();
    let mut groups = Vec::new();
    for together in connected(customers, &paid_for) {
        let ids: Vec<_> = together
            .iter()
            .filter_map(|customer| customers.id(*customer))
            .collect();
        let is_named = |customer: &CustomerId| ids.contains(&customer.as_str());
        let known = missing.iter().find(|customer| is_named(customer)).cloned();
        missing.retain(|customer| !is_named(customer));
        let mut rows: Vec<Account> = Vec::new();
        let linked = together
            .iter()
            .flat_map(|customer| customers.accounts_of(*customer));
        let named = paid_for
            .iter()
            .filter(|(customer, _)| together.contains(customer));
        for account in linked.chain(named.map(|(_, account)| *account)) {
            // An account of several customers is listed for each of them.
            let is_met = rows.iter().any(|row| row == account) && together.len() > 1;
            if !is_met {
                rows.push(account.clone());
            }
        }
        let bought = together
            .iter()
            .flat_map(|customer| customers.subscriptions(*customer));
        groups.push(group(rows, bought.cloned().collect(), known));
    }
    let nothing = missing.into_iter();
    groups.extend(nothing.map(|customer| group(Vec::new(), Vec::new(), Some(customer))));
    // Rows with the same id stay in one group, because that is the problem to explain.
    let mut unlinked: BTreeMap<&AccountId, Vec<Account>> = BTreeMap::new();
    for (account, link) in customers.accounts() {
        let is_paid_for = paid_for
            .iter()
            .any(|(_, paid_account)| paid_account.id == account.id);
        if link.is_none() && !is_paid_for {
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

/// Returns the sets of customers that belong together: they share an account, or one pays for another's account.
fn connected(
    customers: &Customers<'_>,
    paid_for: &[(CustomerNumber, &Account)],
) -> Vec<BTreeSet<CustomerNumber>> {
    let linked = customers.all().map(|customer| {
        let links = customers.links_of(customer);
        let others = links.flat_map(|link| link.holder.customers().collect::<Vec<_>>());
        others.chain([customer]).collect::<BTreeSet<_>>()
    });
    let paying = customers.accounts().map(|(account, link)| {
        let payers = paid_for
            .iter()
            .filter(|(_, paid_account)| paid_account.id == account.id);
        let payers: BTreeSet<_> = payers.map(|(payer, _)| *payer).collect();
        let linked = link.iter().flat_map(|link| link.holder.customers());
        let linked: Vec<_> = linked.filter(|_| !payers.is_empty()).collect();
        payers.into_iter().chain(linked).collect()
    });
    let mut sets: Vec<BTreeSet<CustomerNumber>> = Vec::new();
    for mut set in linked.chain(paying) {
        if set.is_empty() {
            continue;
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
