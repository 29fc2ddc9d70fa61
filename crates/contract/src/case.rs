//! The input of the rules: a contract with its facts. Selects who is judged, and creates findings.

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashSet},
};

use super::{
    Account, Contract, Entity, Evidence, Facts, Field, Finding, Money, PaymentShare, Rule,
    Severity, Source, Status, Statuses, Subject, Subscription, Summary, Unanswerable, UnixSeconds,
    Word,
    access::{CustomerAccess, GraceEnd, PriceMeaning, SubscriptionAccess},
    customers::{CustomerNumber, Customers, Holder},
    finding::fingerprint,
};
use crate::text::capitalized;

/// Input of every rule.
#[derive(Debug)]
pub(crate) struct Case<'f> {
    pub(crate) contract: &'f Contract,
    pub(crate) facts: &'f Facts,
    pub(crate) customers: Customers<'f>,
    pub(crate) now: UnixSeconds,
    /// True if any subscription is on a test clock.
    has_clocks: bool,
    findings: RefCell<Vec<Finding>>,
    words: RefCell<SharedWords>,
}

/// Parts of a finding that differ from rule to rule.
#[derive(Debug, Default)]
pub(crate) struct FindingDraft {
    pub(crate) message: String,
    pub(crate) fix: String,
    pub(crate) subject: Subject,
    pub(crate) evidence: Vec<String>,
    pub(crate) amount: Money,
    pub(crate) items_without_amount: u64,
    pub(crate) shares: Box<[PaymentShare]>,
    /// Upper limit for the severity; never raises that of the rule.
    pub(crate) max_severity: Option<Severity>,
}

/// The access of a customer, computed once and shared by those of its accounts whose rows do not affect it.
#[derive(Debug, Default)]
pub(crate) struct SharedCustomerState(Option<CustomerAccess>);

impl SharedCustomerState {
    /// Returns the access of one account of the customer.
    pub(crate) fn get(
        &mut self,
        case: &Case<'_>,
        holder: &Holder<'_>,
    ) -> Result<CustomerAccess, Unanswerable> {
        if !holder.is_plain() {
            return case.state(holder);
        }
        let state = match self.0 {
            Some(state) => state,
            None => case.state(holder)?,
        };
        self.0 = Some(state);
        Ok(state)
    }
}

fn newest_first<'f>(all: impl Iterator<Item = &'f Subscription>) -> Vec<&'f Subscription> {
    let mut all: Vec<_> = all.collect();
    all.sort_by(|a, b| (b.created, &b.id).cmp(&(a.created, &a.id)));
    all
}

/// Texts that are stored once and shared by many findings.
#[derive(Debug, Default)]
struct SharedWords(HashSet<Word>);

impl SharedWords {
    /// Maximum number of shared texts. With more, most texts belong to one finding only.
    const MAX: usize = 4096;

    fn share(&mut self, text: &str) -> Word {
        if let Some(word) = self.0.get(text) {
            return word.clone();
        }
        let word = Word::from(text);
        if self.0.len() < Self::MAX {
            self.0.insert(word.clone());
        }
        word
    }
}

impl<'f> Case<'f> {
    pub(crate) fn new(contract: &'f Contract, facts: &'f Facts, now: UnixSeconds) -> Self {
        Self {
            contract,
            facts,
            customers: Customers::new(facts, contract.match_on),
            now,
            has_clocks: facts
                .subscriptions
                .iter()
                .any(|subscription| subscription.on_test_clock),
            findings: RefCell::default(),
            words: RefCell::default(),
        }
    }

    /// Returns true if the contract does not turn the rule off.
    pub(crate) fn is_enabled(&self, rule: Rule) -> bool {
        self.contract.severities.contains_key(&rule)
    }

    /// Records a finding, unless its rule is off.
    pub(crate) fn report(&self, rule: Rule, entity: Entity, draft: FindingDraft) {
        let Some(severity) = self.contract.severities.get(&rule).copied() else {
            return;
        };
        let fix = self.contract.fix.get(&rule).unwrap_or(&draft.fix);
        let subject = draft.subject;
        let mut words = self.words.borrow_mut();
        let fingerprint = fingerprint(rule, &entity, subject.customer.as_deref());
        self.findings.borrow_mut().push(Finding {
            rule,
            severity: draft.max_severity.map_or(severity, |max| severity.max(max)),
            fingerprint,
            entity,
            message: words.share(&draft.message),
            fix: words.share(fix),
            evidence: Evidence::new(&draft.evidence, &subject, |line| words.share(line)),
            subject: Subject {
                status: subject.status.map(|word| words.share(&word)),
                price: subject.price.map(|word| words.share(&word)),
                plan_found: subject.plan_found.map(|word| words.share(&word)),
                plan_expected: subject.plan_expected.map(|word| words.share(&word)),
                ..subject
            },
            amount: draft.amount,
            items_without_amount: draft.items_without_amount,
            shares: draft.shares,
            mentions: None,
        });
    }

    /// Takes the findings, in their fixed order.
    pub(crate) fn take_findings(&self) -> Vec<Finding> {
        let mut findings = self.findings.take();
        // No two findings have the same rule and entity; a stable sort would take half as much memory again.
        findings.sort_unstable_by(|a, b| a.order().cmp(&b.order()));
        findings
    }

    pub(crate) fn is_exempt(&self, account: &Account) -> bool {
        let exempt = &self.contract.exempt;
        account.exempt || (!exempt.is_empty() && exempt.contains(account.id.as_str()))
    }

    /// Returns true if any account of the customer is judged.
    pub(crate) fn has_judged_account(&self, customer: CustomerNumber) -> bool {
        self.customers
            .accounts_of(customer)
            .any(|account| !self.is_exempt(account))
    }

    /// Returns true if the customer is on a test clock, where times are simulated and nobody is judged.
    pub(crate) fn is_on_test_clock(&self, customer: CustomerNumber) -> bool {
        self.has_clocks
            && self
                .customers
                .subscriptions(customer)
                .any(|subscription| subscription.on_test_clock)
    }

    /// Returns true if the customer of a subscription is on a test clock.
    pub(crate) fn is_on_test_clock_of(&self, subscription: &Subscription) -> bool {
        let same = |other: &&Subscription| other.customer == subscription.customer;
        self.has_clocks
            && self
                .facts
                .subscriptions
                .iter()
                .filter(same)
                .any(|subscription| subscription.on_test_clock)
    }

    /// Returns the judged subscriptions of a customer: all but those to another product and those on a test clock.
    pub(crate) fn subscriptions(
        &self,
        customer: CustomerNumber,
    ) -> impl Iterator<Item = &'f Subscription> {
        let contract = self.contract;
        let is_judged = !self.is_on_test_clock(customer);
        let all = self.customers.subscriptions(customer);
        all.filter(move |subscription| is_judged && !contract.is_left_out(subscription))
    }

    /// Returns the judged subscriptions of all customers of a holder.
    pub(crate) fn subscriptions_of<'h>(
        &'h self,
        holder: &'h Holder<'_>,
    ) -> impl Iterator<Item = &'f Subscription> + use<'h, 'f> {
        let customers = holder.customers();
        customers.flat_map(|customer| self.subscriptions(customer))
    }

    /// Returns the access that the subscriptions of a holder give together.
    pub(crate) fn state(&self, holder: &Holder<'_>) -> Result<CustomerAccess, Unanswerable> {
        let contract = self.contract;
        let states = holder.customers().flat_map(|customer| {
            let is_judged = !self.is_on_test_clock(customer);
            let all = self.customers.subscriptions(customer);
            all.map(move |subscription| {
                let access = if is_judged {
                    contract.access(subscription, holder.past_due_since, self.now)
                } else {
                    SubscriptionAccess::Unjudged
                };
                (&subscription.id, access)
            })
        });
        CustomerAccess::combine(states)
    }

    /// Returns the access that one subscription gives to a holder of its customer.
    pub(crate) fn access(
        &self,
        holder: &Holder<'_>,
        subscription: &Subscription,
    ) -> SubscriptionAccess {
        self.contract
            .access(subscription, holder.past_due_since, self.now)
    }

    pub(crate) fn grants(&self, subscription: &Subscription) -> bool {
        self.contract.access(subscription, None, self.now) == SubscriptionAccess::Grants
    }

    /// Returns true if the status grants access and the subscription is not free. An unmapped price counts as charged.
    pub(crate) fn is_charged(&self, subscription: &Subscription) -> bool {
        self.contract.grants_by_status(subscription)
            && self.contract.access(subscription, None, self.now) != SubscriptionAccess::Denies
    }

    /// Returns the granting subscriptions, newest first.
    pub(crate) fn granting(&self, holder: &Holder<'_>) -> Vec<&'f Subscription> {
        let granting = self.subscriptions_of(holder);
        newest_first(granting.filter(|subscription| self.grants(subscription)))
    }

    /// Returns the subscriptions that buy only seats, if their status grants or is in grace. Another subscription
    /// brings the plan.
    pub(crate) fn seats_apart(
        &self,
        holder: &Holder<'_>,
        state: CustomerAccess,
    ) -> Vec<&'f Subscription> {
        let contract = self.contract;
        let counts = |subscription: &&Subscription| {
            let is_bought = match state {
                CustomerAccess::Granting => contract.grants_by_status(subscription),
                CustomerAccess::InGrace => {
                    let end = contract.grace_end(subscription, holder.past_due_since);
                    subscription.status == Status::PastDue
                        && matches!(end, GraceEnd::At(end) if self.now < end)
                }
                CustomerAccess::Unjudged | CustomerAccess::NotGranting | CustomerAccess::None => {
                    false
                }
            };
            is_bought && contract.has_only_seats(subscription)
        };
        if contract.seats.prices.is_none() {
            return Vec::new();
        }
        newest_first(self.subscriptions_of(holder).filter(counts))
    }

    /// Returns the `past_due` subscriptions that are in grace, newest first.
    pub(crate) fn overdue(&self, holder: &Holder<'_>) -> Vec<&'f Subscription> {
        let in_grace = |subscription: &&Subscription| {
            subscription.status == Status::PastDue
                && self.access(holder, subscription) == SubscriptionAccess::InGrace
        };
        newest_first(self.subscriptions_of(holder).filter(in_grace))
    }

    /// Returns the deciding subscription: a granting one that the row names, else the newest granting, else the newest. One
    /// that buys only seats decides only if there is no other.
    pub(crate) fn deciding(&self, holder: &Holder<'_>) -> Option<&'f Subscription> {
        let all = self.subscriptions_of(holder);
        all.max_by_key(|subscription| {
            let grants = self.grants(subscription);
            (
                !self.contract.has_only_seats(subscription),
                grants && holder.names == Some(&subscription.id),
                grants,
                subscription.created,
                &subscription.id,
            )
        })
    }

    /// Returns the monthly amount of subscriptions without ignored prices, and the number of items without an amount.
    pub(crate) fn monthly<'s>(
        &self,
        subscriptions: impl IntoIterator<Item = &'s Subscription>,
    ) -> (Money, u64) {
        let (mut money, mut items_without_amount) = (Money::default(), 0);
        for item in subscriptions
            .into_iter()
            .flat_map(|subscription| subscription.items.iter())
        {
            if self.contract.price_meaning(&item.price) == PriceMeaning::Ignored {
                continue;
            }
            let monthly = item
                .quantity
                .and_then(|quantity| item.price.monthly(quantity));
            match (monthly, &item.price.currency) {
                (Some(minor_units), Some(currency)) => money.add(currency, minor_units),
                _ => items_without_amount += 1,
            }
        }
        (money, items_without_amount)
    }

    /// Returns the amount of each customer if several have granting subscriptions. `granting` is newest first.
    pub(crate) fn shares(&self, granting: &[&Subscription]) -> Box<[PaymentShare]> {
        let mut granting = granting.to_vec();
        granting.sort_by(|a, b| a.customer.cmp(&b.customer));
        let is_same = |a: &&Subscription, b: &&Subscription| a.customer == b.customer;
        let share = |of_one: &[&Subscription]| {
            let newest = of_one.first()?;
            let (amount, items_without_amount) = self.monthly(of_one.iter().copied());
            let payer = if self.contract.source.has_subscriptions() {
                newest.id.as_str()
            } else {
                newest.customer.as_str()
            };
            Some(PaymentShare {
                payer: payer.into(),
                amount,
                items_without_amount,
            })
        };
        let mut shares: Vec<_> = granting.chunk_by(is_same).filter_map(share).collect();
        if shares.len() == 1 {
            shares.clear();
        }
        shares.into()
    }

    /// Returns the contract's word for an account with a capital letter, such as `User`.
    pub(crate) fn entity_capital(&self) -> String {
        capitalized(&self.contract.entity)
    }

    pub(crate) fn account_entity(&self, account: &Account) -> Entity {
        Entity::account(&self.contract.entity, account.id.as_str())
    }

    /// Returns the name of a mapped column for messages.
    pub(crate) fn column(&self, field: Field) -> &str {
        self.contract.column(field)
    }

    /// Returns a phrase such as `an active/trialing Stripe subscription`. With statuses other than the defaults, it
    /// names the status of `granting` instead.
    pub(crate) fn a_granting_subscription(&self, granting: Option<&Subscription>) -> String {
        if self.contract.source == Source::StripeEntitlements {
            return "an active Stripe entitlement".to_owned();
        }
        let words = self.contract.statuses.granting_words();
        let usual = Statuses::default().granting_words();
        let words = match granting {
            Some(granting) if words != usual => granting.status.to_string(),
            Some(_) | None => words,
        };
        let article = if words.starts_with(['a', 'e', 'i', 'o', 'u']) {
            "an"
        } else {
            "a"
        };
        format!(
            "{article} {words} {} subscription",
            self.contract.source.provider()
        )
    }

    /// Returns the kind of object that the source consists of: `Stripe subscription` or `Stripe entitlement`.
    pub(crate) fn source_object(&self) -> String {
        let object = if self.contract.source.has_subscriptions() {
            "subscription"
        } else {
            "entitlement"
        };
        format!("{} {object}", self.contract.source.provider())
    }

    /// Counts everything that does not depend on findings.
    pub(crate) fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for (account, customer) in self.customers.accounts() {
            summary.accounts += 1;
            summary.linked += u64::from(customer.is_some());
            summary.exempt += u64::from(self.is_exempt(account));
        }
        if self.has_clocks {
            let customers = self.customers.all();
            let on_clock = customers.filter(|customer| self.is_on_test_clock(*customer));
            let ids: BTreeSet<_> = on_clock
                .map(|customer| self.customers.id(customer))
                .collect();
            summary.on_test_clock = u64::try_from(ids.len()).unwrap_or(u64::MAX);
        }
        if self.contract.source.has_subscriptions() {
            for subscription in &self.facts.subscriptions {
                match summary.subscriptions.get_mut(subscription.status.as_str()) {
                    Some(count) => *count += 1,
                    None => {
                        summary
                            .subscriptions
                            .insert(subscription.status.to_string(), 1);
                    }
                }
            }
        }
        summary
    }
}
