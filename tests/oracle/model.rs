//! A naive second reading of the access contract: every question is asked of all the facts again.

use std::collections::{BTreeMap, BTreeSet};

use prodverdict::contract::{
    Account, Contract, CustomerId, Facts, MatchOn, Mode, Rule, Severity, Source, Subscription,
    UnixSeconds,
};

use crate::customer::{Monthly, Says, State, ignored, monthly, read, state, subscriptions_of};

/// Why no verdict is possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Refusal {
    NoAccounts,
    AccountOnTwoRows,
    NoCustomerKnown,
    WrongMode,
    Missing,
}

/// What the specification fixes of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) severity: Severity,
    pub(crate) rule: Rule,
    pub(crate) entity: String,
    pub(crate) account: Option<String>,
    pub(crate) customer: Option<String>,
    pub(crate) subscription: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) price: Option<String>,
    pub(crate) plan_found: Option<String>,
    pub(crate) amount: BTreeMap<String, i64>,
    /// How many subscriptions or accounts the finding stands for, where it stands for many.
    pub(crate) number: Option<u64>,
}

/// The numbers of the summary that the specification fixes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) accounts: u64,
    pub(crate) linked: u64,
    pub(crate) exempt: u64,
    pub(crate) subscriptions: BTreeMap<String, u64>,
    pub(crate) paid_not_served: BTreeMap<String, i64>,
    pub(crate) served_not_paid: BTreeMap<String, i64>,
    pub(crate) without_amount: u64,
}

/// Findings in order with the summary, or every refusal that applies.
pub(crate) fn judge(
    contract: &Contract,
    facts: &Facts,
    now: UnixSeconds,
) -> Result<(Vec<Expected>, Numbers), BTreeSet<Refusal>> {
    let world = World {
        contract,
        facts,
        now,
    };
    let mut refusals = world.guards();
    let mut desk = Desk::default();
    world.rules(&mut desk);
    if desk.missing {
        refusals.insert(Refusal::Missing);
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let mut findings = desk.findings;
    findings.sort_by(|a, b| {
        let key = |f: &Expected| (f.severity, f.rule, f.entity.clone().into_bytes());
        key(a).cmp(&key(b))
    });
    let sum = |of: &BTreeMap<String, Monthly>| {
        let mut sum = Monthly::default();
        for one in of.values() {
            sum.add(one);
        }
        sum
    };
    let (paid_for, served) = (sum(&desk.paid_not_served), sum(&desk.served_not_paid));
    Ok((findings, world.numbers(paid_for, served)))
}

#[derive(Default)]
pub(crate) struct Desk {
    pub(crate) findings: Vec<Expected>,
    pub(crate) missing: bool,
    /// By customer: two accounts of one customer do not make it more money.
    pub(crate) paid_not_served: BTreeMap<String, Monthly>,
    pub(crate) served_not_paid: BTreeMap<String, Monthly>,
}

pub(crate) struct World<'w> {
    pub(crate) contract: &'w Contract,
    pub(crate) facts: &'w Facts,
    pub(crate) now: UnixSeconds,
}

/// One customer as the rules ask about it.
pub(crate) struct Customer<'w> {
    pub(crate) subscriptions: Vec<(&'w Subscription, Says)>,
    /// None where a missing value decides it.
    pub(crate) state: Option<State>,
}

impl<'w> Customer<'w> {
    pub(crate) fn saying(&self, wanted: Says) -> Vec<&'w Subscription> {
        let of = self.subscriptions.iter();
        of.filter(|(_, says)| *says == wanted)
            .map(|(subscription, _)| *subscription)
            .collect()
    }

    pub(crate) fn granting(&self) -> Vec<&'w Subscription> {
        self.saying(Says::Grants)
    }

    /// "Granting first, then newest."
    pub(crate) fn deciding(&self) -> Option<&'w Subscription> {
        let newest = |of: Vec<&'w Subscription>| of.into_iter().max_by_key(|one| one.created);
        newest(self.granting())
            .or_else(|| newest(self.subscriptions.iter().map(|(one, _)| *one).collect()))
    }
}

impl<'w> World<'w> {
    pub(crate) fn exempt(&self, account: &Account) -> bool {
        account.exempt || self.contract.exempt.contains(account.id.as_str())
    }

    pub(crate) fn stored_subscription(account: &Account) -> Option<&str> {
        let columns = account.columns.as_ref()?;
        let id = columns.subscription_id.as_ref()?.as_str();
        (!id.trim().is_empty()).then_some(id)
    }

    pub(crate) fn linked(&self, account: &Account) -> bool {
        match self.contract.match_on {
            MatchOn::CustomerId => account
                .customer
                .as_ref()
                .is_some_and(|id| !id.as_str().trim().is_empty()),
            MatchOn::SubscriptionId => Self::stored_subscription(account).is_some(),
        }
    }

    /// The customer of a linked account; none where the stored subscription is nowhere.
    pub(crate) fn customer_of(&self, account: &'w Account) -> Option<&'w str> {
        if !self.linked(account) {
            return None;
        }
        match self.contract.match_on {
            MatchOn::CustomerId => account.customer.as_ref().map(CustomerId::as_str),
            MatchOn::SubscriptionId => {
                let stored = Self::stored_subscription(account)?;
                let mut all = self.facts.subscriptions.iter();
                let found = all.find(|subscription| subscription.id.as_str() == stored)?;
                Some(found.customer.as_str())
            }
        }
    }

    pub(crate) fn accounts_of(&self, customer: &str) -> Vec<&'w Account> {
        let all = self.facts.accounts.iter();
        all.filter(|account| self.customer_of(account) == Some(customer))
            .collect()
    }

    fn guards(&self) -> BTreeSet<Refusal> {
        let accounts = &self.facts.accounts;
        let mut refusals = BTreeSet::new();
        if accounts.is_empty() && !self.contract.allow_empty {
            refusals.insert(Refusal::NoAccounts);
        }
        let ids: BTreeSet<_> = accounts.iter().map(|account| &account.id).collect();
        if ids.len() < accounts.len() {
            refusals.insert(Refusal::AccountOnTwoRows);
        }
        let linked: Vec<_> = accounts.iter().filter(|one| self.linked(one)).collect();
        let appears = |account: &&'w Account| {
            self.customer_of(account).is_some_and(|id| {
                let mut all = self.facts.subscriptions.iter();
                all.any(|subscription| subscription.customer.as_str() == id)
            })
        };
        if linked.len() >= 5
            && linked.iter().any(|account| account.paid)
            && !linked.iter().any(appears)
            && !self.facts.customer_known
        {
            refusals.insert(Refusal::NoCustomerKnown);
        }
        let other = match self.contract.mode {
            Some(Mode::Live) => &self.facts.seen_modes.test,
            Some(Mode::Test) => &self.facts.seen_modes.live,
            None => &None,
        };
        if other.is_some() {
            refusals.insert(Refusal::WrongMode);
        }
        refusals
    }

    pub(crate) fn customer(&self, id: Option<&str>) -> Customer<'w> {
        let all = id.map_or_else(Vec::new, |id| {
            subscriptions_of(self.contract, self.facts, id)
        });
        let subscriptions: Vec<_> = all
            .into_iter()
            .map(|one| (one, read(self.contract, one, self.now)))
            .collect();
        let said: Vec<_> = subscriptions.iter().map(|(_, says)| *says).collect();
        Customer {
            state: state(&said),
            subscriptions,
        }
    }

    /// Entitlements are the source: "rules about subscriptions themselves do not apply".
    pub(crate) fn entitled(&self) -> bool {
        self.contract.source == Source::StripeEntitlements
    }

    pub(crate) fn on(&self, rule: Rule) -> Option<Severity> {
        self.contract.severities.get(&rule).copied()
    }

    fn rules(&self, desk: &mut Desk) {
        for account in &self.facts.accounts {
            if !self.exempt(account) && self.linked(account) {
                self.judge_account(account, desk);
            }
        }
        let customers: BTreeSet<&str> = self
            .facts
            .accounts
            .iter()
            .filter_map(|account| self.customer_of(account))
            .chain(
                self.facts
                    .subscriptions
                    .iter()
                    .map(|one| one.customer.as_str()),
            )
            .collect();
        for id in customers {
            self.judge_customer(id, desk);
        }
        self.unmapped_prices(desk);
        self.unknown_statuses(desk);
        self.unlinked(desk);
    }

    pub(crate) fn report(&self, desk: &mut Desk, rule: Rule, entity: String) -> Option<usize> {
        let severity = self.on(rule)?;
        desk.findings.push(Expected {
            severity,
            rule,
            entity,
            account: None,
            customer: None,
            subscription: None,
            status: None,
            price: None,
            plan_found: None,
            amount: BTreeMap::new(),
            number: None,
        });
        Some(desk.findings.len() - 1)
    }

    pub(crate) fn amount(&self, subscriptions: &[&Subscription]) -> Monthly {
        let items = subscriptions.iter().flat_map(|one| one.items.iter());
        monthly(items.filter(|item| !ignored(self.contract, &item.price)))
    }

    fn numbers(&self, paid_not_served: Monthly, served_not_paid: Monthly) -> Numbers {
        let accounts = &self.facts.accounts;
        let count = |wanted: &dyn Fn(&Account) -> bool| {
            size(accounts.iter().filter(|one| wanted(one)).count())
        };
        let mut subscriptions = BTreeMap::new();
        let all = self.facts.subscriptions.iter();
        for subscription in all.filter(|_| !self.entitled()) {
            *subscriptions
                .entry(subscription.status.to_string())
                .or_default() += 1;
        }
        Numbers {
            accounts: count(&|_| true),
            linked: count(&|one| self.linked(one)),
            exempt: count(&|one| self.exempt(one)),
            subscriptions,
            paid_not_served: paid_not_served.amounts,
            served_not_paid: served_not_paid.amounts,
            without_amount: paid_not_served.without_amount + served_not_paid.without_amount,
        }
    }
}

pub(crate) fn size(number: usize) -> u64 {
    u64::try_from(number).unwrap()
}

/// The rules whose finding is about the deciding subscription.
pub(crate) fn tells_subscription(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::RevenueLeak
            | Rule::WrongfulAccess
            | Rule::StatusDrift
            | Rule::PeriodDrift
            | Rule::CancelFlagDrift
    )
}
