//! The rules about customers, prices, status words and all unlinked accounts together.

use std::collections::{BTreeMap, BTreeSet};

use prodverdict::contract::{Contract, Rule, Severity, Source, Status, Subscription};

use crate::{
    customer::{
        Says, State, granted_word, ignored, left_out, plan_of, plans_of, read, unknown_word,
    },
    model::{Desk, World, size},
};

impl World<'_> {
    pub(crate) fn judge_customer(&self, id: &str, desk: &mut Desk) {
        let customer = self.customer(Some(id));
        let accounts = self.accounts_of(id);
        // Of a customer without an account the orphan says enough.
        let judged = accounts.iter().any(|one| !self.exempt(one));
        if accounts.len() >= 2 && judged {
            self.about_customer(desk, Rule::DuplicateCustomer, id);
        }
        if self.entitled() {
            return;
        }
        let charged: Vec<_> = [customer.granting(), customer.saying(Says::Unmapped)].concat();
        if judged && twice(self.contract, &charged) {
            self.about_customer(desk, Rule::DoubleSubscription, id);
        }
        let live: Vec<_> = customer
            .subscriptions
            .iter()
            .map(|(one, _)| *one)
            .filter(|one| {
                matches!(
                    one.status,
                    Status::Active | Status::Trialing | Status::PastDue
                )
            })
            .collect();
        if accounts.is_empty() && !live.is_empty() {
            let amount = self.amount(&live);
            if let Some(index) = self.about_customer(desk, Rule::OrphanSubscription, id) {
                desk.findings[index].amount = amount.amounts.clone();
                desk.paid_not_served.insert(id.to_owned(), amount);
            }
        }
    }

    fn about_customer(&self, desk: &mut Desk, rule: Rule, id: &str) -> Option<usize> {
        let index = self.report(desk, rule, format!("customer:{id}"))?;
        desk.findings[index].customer = Some(id.to_owned());
        Some(index)
    }

    pub(crate) fn unmapped_prices(&self, desk: &mut Desk) {
        if self.contract.plans.is_empty() {
            return;
        }
        let (rule, word) = match self.contract.source {
            Source::StripeEntitlements => (Rule::UnmappedFeature, "feature"),
            Source::Stripe | Source::Paddle => (Rule::UnmappedPrice, "price"),
        };
        let mut prices: BTreeMap<&str, (bool, BTreeSet<&str>)> = BTreeMap::new();
        for subscription in &self.facts.subscriptions {
            let says = read(self.contract, subscription, self.now);
            let grants_by_word =
                granted_word(self.contract, &subscription.status) && says != Says::Voided;
            if left_out(self.contract, subscription) || !grants_by_word {
                continue;
            }
            for item in &subscription.items {
                if plan_of(self.contract, &item.price).is_none()
                    && !ignored(self.contract, &item.price)
                {
                    let (harmful, carriers) = prices.entry(item.price.id.as_str()).or_default();
                    *harmful |= self.leaves_unjudged(subscription);
                    carriers.insert(subscription.id.as_str());
                }
            }
        }
        for (price, (harmful, carriers)) in prices {
            if let Some(index) = self.report(desk, rule, format!("{word}:{price}")) {
                let finding = &mut desk.findings[index];
                finding.price = Some(price.to_owned());
                finding.number = Some(size(carriers.len()));
                if !harmful {
                    finding.severity = Severity::Low;
                }
            }
        }
    }

    /// Whether this subscription, unmapped, is why an account that would be judged is not.
    fn leaves_unjudged(&self, subscription: &Subscription) -> bool {
        let id = subscription.customer.as_str();
        read(self.contract, subscription, self.now) == Says::Unmapped
            && self.customer(Some(id)).state == Some(State::Unjudged)
            && self.accounts_of(id).iter().any(|one| !self.exempt(one))
    }

    pub(crate) fn unknown_statuses(&self, desk: &mut Desk) {
        if self.entitled() {
            return;
        }
        let words: BTreeSet<&str> = self
            .facts
            .subscriptions
            .iter()
            .filter(|one| !left_out(self.contract, one))
            .filter(|one| unknown_word(self.contract, &one.status))
            .map(|one| one.status.as_str())
            .collect();
        for word in words {
            if let Some(index) = self.report(desk, Rule::UnknownStatus, format!("status:{word}")) {
                desk.findings[index].status = Some(word.to_owned());
            }
        }
    }

    pub(crate) fn unlinked(&self, desk: &mut Desk) {
        let accounts = self.facts.accounts.iter();
        let unlinked = accounts.filter(|one| one.paid && !self.linked(one) && !self.exempt(one));
        let number = unlinked.count();
        if number > 0
            && let Some(index) =
                self.report(desk, Rule::UnlinkedAccess, "accounts:unlinked".to_owned())
        {
            desk.findings[index].number = Some(size(number));
        }
    }
}

/// Two of them map to the same plan or share a price.
fn twice(contract: &Contract, granting: &[&Subscription]) -> bool {
    let prices = |one: &Subscription| -> BTreeSet<String> {
        let items = one
            .items
            .iter()
            .filter(|item| !ignored(contract, &item.price));
        items.map(|item| item.price.id.to_string()).collect()
    };
    granting.iter().enumerate().any(|(index, one)| {
        granting.iter().skip(index + 1).any(|other| {
            !plans_of(contract, one).is_disjoint(&plans_of(contract, other))
                || !prices(one).is_disjoint(&prices(other))
        })
    })
}
