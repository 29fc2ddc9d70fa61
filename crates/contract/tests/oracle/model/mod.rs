//! A naive second implementation of the access contract: it searches all facts again for every question.

use std::collections::{BTreeMap, BTreeSet};

use contract::{Contract, Facts, Rule, Severity, Subscription, UnixSeconds};

mod account_rules;
mod bought;
mod column_rules;
mod customer_rules;
mod guards;
mod mismatch;
mod party;
mod prices;
mod seats;
mod subscription;

pub(crate) use bought::{Bought, bought};
pub(crate) use guards::Refusal;
use prices::{Monthly, monthly};
use subscription::SubscriptionMeaning;

/// The parts of a finding that the specification determines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fixed {
    pub(crate) account: Option<String>,
    pub(crate) customer: Option<String>,
    pub(crate) subscription: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) price: Option<String>,
    pub(crate) plan_found: Option<String>,
    pub(crate) amount: BTreeMap<String, i64>,
    pub(crate) without_amount: u64,
    /// Number of subscriptions or accounts that the finding represents, if there are several.
    pub(crate) number: Option<u64>,
}

/// One finding, in the order of findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) severity: Severity,
    pub(crate) rule: Rule,
    pub(crate) entity: String,
    pub(crate) fixed: Fixed,
}

/// The numbers of the summary that the specification determines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) accounts: u64,
    pub(crate) linked: u64,
    pub(crate) exempt: u64,
    /// Number of customers on a test clock.
    pub(crate) on_test_clock: u64,
    pub(crate) subscriptions: BTreeMap<String, u64>,
    pub(crate) paid_not_served: BTreeMap<String, i64>,
    pub(crate) served_not_paid: BTreeMap<String, i64>,
    pub(crate) without_amount: u64,
}

/// The parts of the specification about account keys that no key of the contract turns off.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keys {
    pub(crate) are_learned: bool,
    pub(crate) are_vetoed: bool,
}

impl Keys {
    pub(crate) const AS_SPECIFIED: Self = Self {
        are_learned: true,
        are_vetoed: true,
    };
}

pub(crate) type Judged = Result<(Vec<Expected>, Numbers), BTreeSet<Refusal>>;

/// Returns the findings in order with the summary, or every refusal that applies.
pub(crate) fn judge(contract: &Contract, facts: &Facts, now: UnixSeconds) -> Judged {
    judge_with(contract, facts, now, Keys::AS_SPECIFIED)
}

pub(crate) fn judge_with(
    contract: &Contract,
    facts: &Facts,
    now: UnixSeconds,
    keys: Keys,
) -> Judged {
    let world = World {
        contract,
        facts,
        now,
        keys,
    };
    let mut refusals = world.guards();
    let mut collected = Collected::default();
    world.rules(&mut collected);
    if collected.missing {
        refusals.insert(Refusal::Missing);
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let mut findings = collected.findings;
    findings.sort_by(|a, b| {
        let key = |f: &Expected| (f.severity, f.rule, f.entity.clone().into_bytes());
        key(a).cmp(&key(b))
    });
    let numbers = world.numbers(&findings);
    Ok((findings, numbers))
}

/// The findings so far; `missing` is true if a value was needed and missing.
#[derive(Default)]
pub(crate) struct Collected {
    pub(crate) findings: Vec<Expected>,
    pub(crate) missing: bool,
}

pub(crate) struct World<'w> {
    pub(crate) contract: &'w Contract,
    pub(crate) facts: &'w Facts,
    pub(crate) now: UnixSeconds,
    pub(crate) keys: Keys,
}

impl World<'_> {
    pub(crate) fn on(&self, rule: Rule) -> Option<Severity> {
        self.contract.severities.get(&rule).copied()
    }

    fn rules(&self, collected: &mut Collected) {
        let mismatches = self.mismatches();
        for account in &self.facts.accounts {
            if !self.exempt(account) {
                self.judge_account(account, mismatches.get(account.id.as_str()), collected);
            }
        }
        if self.by_subscription() {
            self.duplicate_subscriptions(collected);
            self.orphans_by_subscription(collected);
        } else {
            self.duplicate_customers(collected);
            self.double_subscriptions(collected);
            self.orphans_by_customer(&mismatches, collected);
        }
        self.unmapped_prices(collected);
        self.unknown_statuses(collected);
        self.unlinked(collected);
    }

    pub(crate) fn report(
        &self,
        collected: &mut Collected,
        rule: Rule,
        entity: String,
        fixed: Fixed,
    ) {
        if let Some(severity) = self.on(rule) {
            collected.findings.push(Expected {
                severity,
                rule,
                entity,
                fixed,
            });
        }
    }

    fn numbers(&self, findings: &[Expected]) -> Numbers {
        let accounts = &self.facts.accounts;
        let mut subscriptions = BTreeMap::new();
        let all = self.facts.subscriptions.iter();
        for subscription in all.filter(|_| !self.entitled()) {
            *subscriptions
                .entry(subscription.status.to_string())
                .or_default() += 1;
        }
        let all = self.facts.subscriptions.iter();
        let on_test_clock: BTreeSet<_> = all
            .filter(|subscription| subscription.on_test_clock)
            .map(|subscription| &subscription.customer)
            .collect();
        let paid_not_served = self.money(findings, &[Rule::RevenueLeak, Rule::OrphanSubscription]);
        let served_not_paid = self.money(findings, &[Rule::WrongfulAccess]);
        Numbers {
            accounts: size(accounts.len()),
            linked: size(
                accounts
                    .iter()
                    .filter(|account| self.linked(account))
                    .count(),
            ),
            exempt: size(
                accounts
                    .iter()
                    .filter(|account| self.exempt(account))
                    .count(),
            ),
            on_test_clock: size(on_test_clock.len()),
            subscriptions,
            without_amount: paid_not_served.without_amount + served_not_paid.without_amount,
            paid_not_served: paid_not_served.amounts,
            served_not_paid: served_not_paid.amounts,
        }
    }

    /// Sums the subscriptions behind the findings of these rules, each of them once.
    fn money(&self, findings: &[Expected], rules: &[Rule]) -> Monthly {
        let of_rules = findings
            .iter()
            .filter(|finding| rules.contains(&finding.rule));
        let paying = of_rules.flat_map(|finding| self.subscriptions_behind(finding));
        let once: BTreeMap<_, _> = paying
            .map(|subscription| (subscription.id.as_str(), subscription))
            .collect();
        let once: Vec<_> = once.into_values().collect();
        monthly(self.contract, &once)
    }

    /// Lists the subscriptions whose money a finding is about.
    fn subscriptions_behind(&self, finding: &Expected) -> Vec<&Subscription> {
        let fixed = &finding.fixed;
        let mut accounts = self.facts.accounts.iter();
        let account =
            accounts.find(|account| fixed.account.as_deref() == Some(account.id.as_str()));
        let party = account.map(|account| self.party(account));
        match (finding.rule, party) {
            (Rule::RevenueLeak, Some(party)) => party.with_meaning(SubscriptionMeaning::Grants),
            (Rule::WrongfulAccess, Some(party)) => party.newest.into_iter().collect(),
            (Rule::OrphanSubscription, _) => self.orphaned(fixed),
            (_, _) => Vec::new(),
        }
    }
}

pub(crate) fn size(number: usize) -> u64 {
    u64::try_from(number).unwrap()
}
