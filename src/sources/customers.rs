//! The customers that accounts are linked to, and their subscriptions.

use std::collections::BTreeSet;

use crate::contract::{Account, CustomerId, Facts, Subscription};

/// Replaces the known subscriptions of these customers.
pub(crate) fn replace_subscriptions(
    facts: &mut Facts,
    customers: &[CustomerId],
    subscriptions: Vec<Subscription>,
) {
    let customers: BTreeSet<_> = customers.iter().collect();
    facts
        .subscriptions
        .retain(|subscription| !customers.contains(&subscription.customer));
    facts.subscriptions.extend(subscriptions);
}

/// Number of ids that must be unknown before a key is considered wrong.
pub(super) const ASKED: usize = 3;

/// Returns a few customers. If the provider knows none of them, the key is considered wrong.
pub(crate) fn some_customers(accounts: &[Account]) -> Vec<CustomerId> {
    let mut customers = customers_of(accounts);
    customers.truncate(ASKED);
    customers
}

/// Returns the distinct customers that accounts are linked to.
pub(crate) fn customers_of(accounts: &[Account]) -> Vec<CustomerId> {
    let linked = accounts.iter().flat_map(|account| {
        let columns = account.columns.iter();
        let others = columns.flat_map(|columns| columns.other_customers.iter());
        account.customer.iter().chain(others).cloned()
    });
    let mut customers: Vec<_> = linked.filter(|id| !id.as_str().trim().is_empty()).collect();
    customers.sort();
    customers.dedup();
    customers
}
