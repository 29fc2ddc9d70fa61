//! One contract with its facts, as the rules look at them: who is judged, and how a finding is made and worded.

use std::cell::RefCell;

use super::{
    Account, Contract, Facts, Field, Finding, Money, Rule, Severity, Source, Subject, Subscription,
    Summary, UnixSeconds,
    customers::{CustomerNumber, Customers},
    finding::fingerprint,
    rules,
    standing::{PriceMeaning, Standing},
};

/// What every rule is given.
#[derive(Debug)]
pub(crate) struct Case<'f> {
    pub(crate) contract: &'f Contract,
    pub(crate) facts: &'f Facts,
    pub(crate) customers: Customers<'f>,
    pub(crate) now: UnixSeconds,
    findings: RefCell<Vec<Finding>>,
}

/// The parts of a finding that differ from rule to rule.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) entity: String,
    pub(crate) message: String,
    pub(crate) fix: String,
    pub(crate) subject: Subject,
    pub(crate) evidence: Vec<String>,
    pub(crate) amount: Money,
    pub(crate) items_without_amount: u64,
    /// Replaces the severity of the rule, but only by a lower one.
    pub(crate) at_most: Option<Severity>,
}

/// Without the room to grow that writing leaves behind, which would be half of what many findings take.
fn trimmed(mut text: String) -> String {
    text.shrink_to_fit();
    text
}

impl<'f> Case<'f> {
    pub(crate) fn new(contract: &'f Contract, facts: &'f Facts, now: UnixSeconds) -> Self {
        Self {
            contract,
            facts,
            customers: Customers::of(facts, contract.match_on),
            now,
            findings: RefCell::default(),
        }
    }

    /// Whether the contract asks for the rule at all.
    pub(crate) fn wants(&self, rule: Rule) -> bool {
        self.contract.severities.contains_key(&rule)
    }

    /// Keeps a finding, unless its rule is off.
    pub(crate) fn report(&self, rule: Rule, draft: Draft) {
        let Some(severity) = self.contract.severities.get(&rule).copied() else {
            return;
        };
        let fix = match &self.contract.fix {
            Some(fix) if rule.is_published() => fix.clone(),
            _ => draft.fix,
        };
        let subject = draft.subject;
        let evidence: Box<[_]> = draft.evidence.into_iter().map(trimmed).collect();
        let fingerprint = fingerprint(rule, &draft.entity, subject.customer.as_deref());
        self.findings.borrow_mut().push(Finding {
            rule,
            severity: draft.at_most.map_or(severity, |most| severity.max(most)),
            fingerprint,
            entity: trimmed(draft.entity),
            message: trimmed(draft.message),
            fix: trimmed(fix),
            subject,
            evidence: evidence.into(),
            amount: draft.amount,
            items_without_amount: draft.items_without_amount,
        });
    }

    /// The findings in their fixed order.
    pub(crate) fn into_findings(self) -> Vec<Finding> {
        let mut findings = self.findings.into_inner();
        // No two are about the same entity by the same rule; a stable sort would take half as much memory again.
        findings.sort_unstable_by(|a, b| a.order().cmp(&b.order()));
        findings
    }

    pub(crate) fn is_exempt(&self, account: &Account) -> bool {
        account.exempt || self.contract.exempt.contains(account.id.as_str())
    }

    /// Whether some account of the customer is judged.
    pub(crate) fn has_judged_account(&self, customer: CustomerNumber) -> bool {
        self.customers
            .accounts_of(customer)
            .any(|account| !self.is_exempt(account))
    }

    /// The customer's subscriptions, without those of another product.
    pub(crate) fn subscriptions(
        &self,
        customer: CustomerNumber,
    ) -> impl Iterator<Item = &'f Subscription> {
        let contract = self.contract;
        let all = self.customers.subscriptions(customer);
        all.filter(|subscription| !contract.is_left_out(subscription))
    }

    pub(crate) fn grants(&self, subscription: &Subscription) -> bool {
        self.contract.standing(subscription, self.now) == Standing::Grants
    }

    /// Granting by its status, and not for free: a price that nobody mapped is charged all the same.
    pub(crate) fn is_charged(&self, subscription: &Subscription) -> bool {
        self.contract.grants_by_status(subscription)
            && self.contract.standing(subscription, self.now) != Standing::Denies
    }

    /// The granting subscriptions, newest first.
    pub(crate) fn granting(&self, customer: CustomerNumber) -> Vec<&'f Subscription> {
        let mut granting: Vec<_> = self
            .customers
            .subscriptions(customer)
            .filter(|subscription| self.grants(subscription))
            .collect();
        granting.sort_by(|a, b| (b.created, &b.id).cmp(&(a.created, &a.id)));
        granting
    }

    /// The subscription that decides: a granting one first, then the newest.
    pub(crate) fn deciding(&self, customer: CustomerNumber) -> Option<&'f Subscription> {
        self.subscriptions(customer).max_by_key(|subscription| {
            (
                self.grants(subscription),
                subscription.created,
                &subscription.id,
            )
        })
    }

    /// What subscriptions come to in a month, without ignored prices; items that do not tell are counted.
    pub(crate) fn monthly<'s>(
        &self,
        subscriptions: impl IntoIterator<Item = &'s Subscription>,
    ) -> (Money, u64) {
        let (mut money, mut untold) = (Money::default(), 0);
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
                _ => untold += 1,
            }
        }
        (money, untold)
    }

    /// `User`, as the contract words it, at the start of a sentence.
    pub(crate) fn entity_capital(&self) -> String {
        let mut letters = self.contract.entity.chars();
        let first = letters
            .next()
            .map(|letter| letter.to_uppercase().to_string());
        first.unwrap_or_default() + letters.as_str()
    }

    pub(crate) fn account_entity(&self, account: &Account) -> String {
        format!("{}:{}", self.contract.entity, account.id)
    }

    /// What messages call a mapped column.
    pub(crate) fn column(&self, field: Field) -> &str {
        self.contract.column(field)
    }

    /// `an active/trialing Stripe subscription`
    pub(crate) fn a_granting_subscription(&self) -> String {
        if self.contract.source == Source::StripeEntitlements {
            return "an active Stripe entitlement".to_owned();
        }
        let words = self.contract.statuses.granting_words();
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

    /// `Stripe subscription`, `Stripe entitlement`: what the source of truth consists of.
    pub(crate) fn source_object(&self) -> String {
        let object = if self.contract.source.has_subscriptions() {
            "subscription"
        } else {
            "entitlement"
        };
        format!("{} {object}", self.contract.source.provider())
    }

    /// The counts that do not depend on any finding.
    pub(crate) fn summary(&self) -> Summary {
        let mut summary = Summary {
            judged: rules::judged(self),
            ..Summary::default()
        };
        for (account, customer) in self.customers.accounts() {
            summary.accounts += 1;
            summary.linked += u64::from(customer.is_some());
            summary.exempt += u64::from(self.is_exempt(account));
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
