//! Numbers of objects read and problems found.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{BuildHasher as _, RandomState},
};

use hashbrown::{HashTable, hash_table::Entry};

use super::{
    Finding, Money, Rule, Severity,
    customers::{narrow, widen},
    rules::MoneySide,
};

/// Numbers of one contract.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    pub accounts: u64,
    pub linked: u64,
    pub exempt: u64,
    /// Number of subscriptions read, by status word.
    pub subscriptions: BTreeMap<String, u64>,
    /// Rules that were checked: those that are not off and have the columns and plans that they compare.
    pub judged: BTreeSet<Rule>,
    pub by_severity: BTreeMap<Severity, u64>,
    pub by_rule: BTreeMap<Rule, u64>,
    /// Number of findings of the first read that the second read did not confirm.
    pub settled: u64,
    pub provider_requests: u64,
    /// Number of customers on a test clock, who are not judged.
    pub on_test_clock: u64,
    /// Monthly amounts of customers who pay and have no access.
    pub paid_not_served: Money,
    /// Last known monthly amounts of accounts that have access and do not pay.
    pub served_not_paid: Money,
    /// Number of items behind those amounts that are metered or have no unit amount, and are therefore not included.
    pub items_without_amount: u64,
}

/// The sums and payers that were counted. Stores the position of each finding and share, which takes less space than ids.
#[derive(Default)]
struct Counted {
    table: HashTable<(u32, u32)>,
    hasher: RandomState,
}

impl Counted {
    /// Records a share of a finding, or all of it. Returns false if the money was recorded before.
    fn insert(&mut self, (finding, share): (usize, usize), findings: &[Finding]) -> bool {
        let position = (narrow(finding), narrow(share));
        let key_at = |(finding, share): (u32, u32)| {
            let finding = findings.get(widen(finding))?;
            let payer = match finding.shares.get(widen(share)) {
                Some(share) => Some(share.payer.as_str()),
                None => payer(finding),
            };
            payer.map(|payer| (side(finding.rule), payer))
        };
        // Money without a known payer cannot be recognized again.
        let key = key_at(position);
        if key.is_none() {
            return true;
        }
        let hash = |position: (u32, u32)| self.hasher.hash_one(key_at(position));
        let entry = self.table.entry(
            hash(position),
            |known| key_at(*known) == key,
            |known| hash(*known),
        );
        match entry {
            Entry::Occupied(_) => false,
            Entry::Vacant(vacant) => {
                vacant.insert(position);
                true
            }
        }
    }
}

/// Returns the sum that the money of a rule's findings belongs to.
fn side(rule: Rule) -> Option<MoneySide> {
    rule.definition().and_then(|definition| definition.money)
}

/// Returns the id that identifies the money of a finding without shares: the subscription's, or else the customer's.
fn payer(finding: &Finding) -> Option<&str> {
    let subject = &finding.subject;
    let subscription = subject.subscription.as_deref();
    subscription.or(subject.customer.as_deref())
}

impl Summary {
    /// Sets every number that follows from the findings.
    pub fn count_findings(&mut self, findings: &[Finding]) {
        self.by_severity.clear();
        self.by_rule.clear();
        self.paid_not_served = Money::default();
        self.served_not_paid = Money::default();
        self.items_without_amount = 0;
        // Two accounts of one customer are two findings about the same money, as are two whose customers overlap.
        let mut counted = Counted::default();
        for (position, finding) in findings.iter().enumerate() {
            *self.by_severity.entry(finding.severity).or_default() += 1;
            *self.by_rule.entry(finding.rule).or_default() += 1;
            let money = match side(finding.rule) {
                Some(MoneySide::ServedNotPaid) => &mut self.served_not_paid,
                Some(MoneySide::PaidNotServed) => &mut self.paid_not_served,
                None => continue,
            };
            let shares = finding.shares.iter();
            let mut parts: Vec<_> = shares
                .map(|share| (&share.amount, share.items_without_amount))
                .collect();
            if parts.is_empty() {
                parts.push((&finding.amount, finding.items_without_amount));
            }
            for (part, (amount, items_without_amount)) in parts.into_iter().enumerate() {
                if counted.insert((position, part), findings) {
                    self.items_without_amount += items_without_amount;
                    money.add_all(amount);
                }
            }
        }
    }

    /// Adds the numbers of another contract.
    pub fn add(&mut self, other: &Self) {
        self.judged.extend(&other.judged);
        self.accounts += other.accounts;
        self.linked += other.linked;
        self.exempt += other.exempt;
        for (status, count) in &other.subscriptions {
            *self.subscriptions.entry(status.clone()).or_default() += count;
        }
        for (severity, count) in &other.by_severity {
            *self.by_severity.entry(*severity).or_default() += count;
        }
        for (rule, count) in &other.by_rule {
            *self.by_rule.entry(*rule).or_default() += count;
        }
        self.settled += other.settled;
        self.provider_requests += other.provider_requests;
        self.on_test_clock += other.on_test_clock;
        self.paid_not_served.add_all(&other.paid_not_served);
        self.served_not_paid.add_all(&other.served_not_paid);
        self.items_without_amount += other.items_without_amount;
    }

    /// Returns the number of findings of that severity.
    pub fn count(&self, severity: Severity) -> u64 {
        self.by_severity.get(&severity).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::{
        AccountColumns, CustomerId,
        testing::{account, contract, facts, item, judge, subscription},
    };

    proptest! {
        #[test]
        fn overlapping_customer_lists_count_once(
            lists in vec(vec(0..5_u8, 1..4), 1..5),
            bought in vec((0..5_u8, 1..100_u64, any::<bool>()), 0..10),
        ) {
            let mut contract = contract();
            contract.severities.remove(&Rule::OrphanSubscription);
            let accounts = lists.iter().enumerate().map(|(number, list)| {
                let mut ids = list.iter().map(|id| CustomerId::from(format!("cus_{id}")));
                let mut row = account(&number.to_string());
                row.customer = ids.next();
                row.columns(AccountColumns {
                    other_customers: ids.collect(),
                    ..AccountColumns::default()
                })
            });
            let subscriptions = bought.iter().enumerate().map(|(number, (customer, units, is_newer))| {
                let bought = subscription(&customer.to_string(), "active", "")
                    .items([item("price_pro", *units)])
                    .id(&format!("sub_{number}"));
                if *is_newer { bought.newer() } else { bought }
            });
            let world = facts(accounts, subscriptions);
            let summary = judge(&contract, &world).unwrap().summary;
            let of_linked = bought.iter().filter(|(customer, ..)| lists.iter().flatten().any(|id| id == customer));
            let units: u64 = of_linked.map(|(_, units, _)| units).sum();
            let sums: Vec<_> = summary.paid_not_served.iter().map(|(_, sum)| sum).collect();
            let expected: Vec<_> = (units > 0).then(|| i64::try_from(2000 * units).unwrap()).into_iter().collect();
            prop_assert_eq!(sums, expected);
        }
    }

    #[test]
    fn adding_a_summary_to_itself_doubles_its_numbers() {
        let mut on_clock = subscription("4", "active", "price_pro");
        on_clock.on_test_clock = true;
        let mut world = facts(
            [
                account("1"),
                account("2").paid().plan("pro"),
                account("3").exempt(),
                account("4"),
            ],
            [
                subscription("1", "active", "price_pro"),
                subscription("2", "canceled", "price_pro"),
                on_clock,
            ],
        );
        world.accounts.push(account("5").customer(None));
        let mut once = judge(&contract(), &world).expect("an answer").summary;
        once.settled = 2;
        once.provider_requests = 7;
        once.items_without_amount = 3;
        let mut sum = once.clone();
        sum.add(&once);
        let twice = |counts: [u64; 7]| counts.map(|count| 2 * count);
        let counts = |summary: &Summary| {
            [
                summary.accounts,
                summary.linked,
                summary.exempt,
                summary.settled,
                summary.provider_requests,
                summary.on_test_clock,
                summary.items_without_amount,
            ]
        };
        assert_eq!(counts(&sum), twice(counts(&once)));
        assert!(counts(&once).iter().all(|count| *count > 0), "{once:?}");
        for (status, count) in &once.subscriptions {
            assert_eq!(sum.subscriptions.get(status), Some(&(2 * count)));
        }
        for (rule, count) in &once.by_rule {
            assert_eq!(sum.by_rule.get(rule), Some(&(2 * count)));
        }
        for (severity, count) in &once.by_severity {
            assert_eq!(sum.count(*severity), 2 * count);
        }
        let dollars = |money: &Money| money.iter().map(|(_, sum)| sum).sum::<i64>();
        assert_eq!(
            dollars(&sum.paid_not_served),
            2 * dollars(&once.paid_not_served)
        );
    }
}
