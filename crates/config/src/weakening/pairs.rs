//! Matches contracts between the base and head file. Names may change, and unnamed contracts are numbered by position.

use super::super::{AccessContract, AccountsQuery};

/// Returns the position in `head` of each contract of `base`.
pub(super) fn matching(base: &[AccessContract], head: &[AccessContract]) -> Vec<Option<usize>> {
    let (base_plain, head_plain) = (in_fixed_order(base), in_fixed_order(head));
    let content = |contract: &AccessContract| AccessContract {
        name: String::new(),
        ..contract.clone()
    };
    let base_content: Vec<_> = base_plain.iter().map(content).collect();
    let head_content: Vec<_> = head_plain.iter().map(content).collect();
    let mut pairs = Pairing {
        partners: vec![None; base.len()],
        taken: vec![false; head.len()],
    };
    pairs.take(&base_plain, &head_plain, |a, b| a == b);
    pairs.take(&base_content, &head_content, |a, b| a == b);
    pairs.take(base, head, |a, b| a.name == b.name);
    pairs.take(base, head, |a, b| {
        a.contract.source == b.contract.source && reads_alike(a, b)
    });
    pairs.partners
}

struct Pairing {
    partners: Vec<Option<usize>>,
    taken: Vec<bool>,
}

impl Pairing {
    /// Matches each contract that has no partner yet with the first that fits.
    fn take<T>(&mut self, base: &[T], head: &[T], fits: impl Fn(&T, &T) -> bool) {
        for (partner, before) in self.partners.iter_mut().zip(base) {
            if partner.is_some() {
                continue;
            }
            let mut free = head.iter().zip(&mut self.taken).enumerate();
            if let Some((index, (_, taken))) =
                free.find(|(_, (now, taken))| !**taken && fits(before, now))
            {
                *taken = true;
                *partner = Some(index);
            }
        }
    }
}

/// Sorts the lists whose order has no meaning.
fn in_fixed_order(contracts: &[AccessContract]) -> Vec<AccessContract> {
    let sorted = |contract: &AccessContract| {
        let mut contract = contract.clone();
        contract.contract.statuses.grant.sort();
        contract
            .contract
            .ignore_prices
            .sort_by_key(|pattern| format!("{pattern:?}"));
        contract
    };
    contracts.iter().map(sorted).collect()
}

fn reads_alike(a: &AccessContract, b: &AccessContract) -> bool {
    match (&a.database.accounts, &b.database.accounts) {
        (AccountsQuery::Table { table: a, .. }, AccountsQuery::Table { table: b, .. }) => a == b,
        (AccountsQuery::Query { sql: a }, AccountsQuery::Query { sql: b }) => a == b,
        (AccountsQuery::Table { .. }, AccountsQuery::Query { .. })
        | (AccountsQuery::Query { .. }, AccountsQuery::Table { .. }) => false,
    }
}
