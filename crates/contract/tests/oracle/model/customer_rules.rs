//! The rules about customers, subscriptions, prices, status words, and unlinked accounts as a whole.

use std::collections::{BTreeMap, BTreeSet};

use contract::{Account, Contract, PlanWords, Rule, Severity, Source, Status, Subscription};

use super::{
    Collected, Fixed, World,
    mismatch::Candidates,
    prices::{ignored, monthly, plans_of},
    size,
    subscription::{
        State, SubscriptionMeaning, grants_by_status, is_charged, read, unknown_word,
        unmapped_prices,
    },
};

impl<'w> World<'w> {
    pub(crate) fn duplicate_customers(&self, collected: &mut Collected) {
        let accounts = self.facts.accounts.iter();
        let stored: BTreeSet<_> = accounts.flat_map(Self::stored_customers).collect();
        for id in stored {
            let accounts = self.accounts_of(id);
            if accounts.len() >= 2 && self.any_judged(&accounts) {
                self.about_customer(collected, Rule::DuplicateCustomer, id, Fixed::default());
            }
        }
    }

    /// "One subscription on two accounts."
    pub(crate) fn duplicate_subscriptions(&self, collected: &mut Collected) {
        let accounts = &self.facts.accounts;
        let stored: BTreeSet<_> = accounts
            .iter()
            .filter_map(Self::stored_subscription)
            .collect();
        for id in stored {
            let of = |account: &&Account| Self::stored_subscription(account) == Some(id);
            let holders: Vec<_> = accounts.iter().filter(of).collect();
            let mut all = self.facts.subscriptions.iter();
            let known = all.find(|subscription| subscription.id.as_str() == id);
            let unseen = known
                .is_some_and(|known| !self.seen().any(|subscription| subscription.id == known.id));
            if holders.len() >= 2 && self.any_judged(&holders) && !unseen {
                let fixed = Fixed {
                    customer: known.map(|subscription| subscription.customer.to_string()),
                    ..Fixed::default()
                };
                let entity = format!("subscription:{id}");
                self.report(collected, Rule::DuplicateSubscription, entity, fixed);
            }
        }
    }

    fn any_judged(&self, accounts: &[&Account]) -> bool {
        accounts.iter().any(|account| !self.exempt(account))
    }

    /// "Charged n times": about the first plan that is bought twice, else the first such price.
    pub(crate) fn double_subscriptions(&self, collected: &mut Collected) {
        if self.entitled() {
            return;
        }
        for (id, subscriptions) in self.seen_by_customer() {
            let charged = subscriptions.into_iter();
            let charged = charged.filter(|subscription| is_charged(self.contract, subscription));
            let buyers = buyers(self.contract, charged);
            let double = buyers.into_values().find(|buyers| buyers.len() >= 2);
            if let Some(double) = double
                && self.any_judged(&self.accounts_of(id))
            {
                let fixed = Fixed {
                    number: Some(size(double.len())),
                    amount: self.too_much(&double),
                    ..Fixed::default()
                };
                self.about_customer(collected, Rule::DoubleSubscription, id, fixed);
            }
        }
    }

    /// Sums all of them except the most expensive, if they share one currency.
    fn too_much(&self, double: &[&Subscription]) -> BTreeMap<String, i64> {
        let each = double.iter();
        let each: Vec<_> = each
            .map(|subscription| monthly(self.contract, &[subscription]).amounts)
            .collect();
        let currencies: BTreeSet<_> = each.iter().flat_map(BTreeMap::keys).collect();
        let [currency] = *Vec::from_iter(currencies) else {
            return BTreeMap::new();
        };
        let amounts = each.iter().map(|sums| sums.get(currency).copied());
        let amounts: Vec<i64> = amounts.map(Option::unwrap_or_default).collect();
        let dearest = amounts.iter().max().copied().unwrap_or_default();
        let too_much = amounts.iter().sum::<i64>() - dearest;
        let too_much = (too_much > 0).then(|| (currency.clone(), too_much));
        too_much.into_iter().collect()
    }

    pub(crate) fn orphans_by_customer(
        &self,
        mismatches: &BTreeMap<&'w str, Candidates<'w>>,
        collected: &mut Collected,
    ) {
        if self.entitled() {
            return;
        }
        let explained: BTreeSet<&str> = mismatches.values().flatten().copied().collect();
        for (id, subscriptions) in self.seen_by_customer() {
            let live: Vec<_> = subscriptions
                .into_iter()
                .filter(|subscription| is_live(subscription))
                .collect();
            if self.accounts_of(id).is_empty() && !live.is_empty() && !explained.contains(id) {
                let fixed = self.about_money(&live);
                self.about_customer(collected, Rule::OrphanSubscription, id, fixed);
            }
        }
    }

    /// "Granting or `past_due`, stored by no account."
    pub(crate) fn orphans_by_subscription(&self, collected: &mut Collected) {
        for bought in self.seen() {
            let charged = is_charged(self.contract, bought) || bought.status == Status::PastDue;
            let mut accounts = self.facts.accounts.iter();
            let stored = accounts.any(|account| self.is_judged_by(account, bought));
            if charged && !stored {
                let fixed = Fixed {
                    customer: Some(bought.customer.to_string()),
                    subscription: Some(bought.id.to_string()),
                    ..self.about_money(&[bought])
                };
                let entity = format!("subscription:{}", bought.id);
                self.report(collected, Rule::OrphanSubscription, entity, fixed);
            }
        }
    }

    /// Lists the subscriptions of an orphan finding.
    pub(super) fn orphaned(&self, fixed: &Fixed) -> Vec<&'w Subscription> {
        let seen = self.seen();
        let is_fixed = |subscription: &&Subscription| match &fixed.subscription {
            Some(id) => subscription.id.as_str() == id,
            None => {
                fixed.customer.as_deref() == Some(subscription.customer.as_str())
                    && is_live(subscription)
            }
        };
        seen.filter(is_fixed).collect()
    }

    fn about_money(&self, subscriptions: &[&Subscription]) -> Fixed {
        let money = monthly(self.contract, subscriptions);
        Fixed {
            amount: money.amounts,
            without_amount: money.without_amount,
            ..Fixed::default()
        }
    }

    fn about_customer(&self, collected: &mut Collected, rule: Rule, id: &str, fixed: Fixed) {
        let fixed = Fixed {
            customer: Some(id.to_owned()),
            ..fixed
        };
        self.report(collected, rule, format!("customer:{id}"), fixed);
    }

    fn seen_by_customer(&self) -> BTreeMap<&'w str, Vec<&'w Subscription>> {
        let mut customers: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for subscription in self.seen() {
            customers
                .entry(subscription.customer.as_str())
                .or_default()
                .push(subscription);
        }
        customers
    }

    pub(crate) fn unmapped_prices(&self, collected: &mut Collected) {
        if self.contract.plans.is_empty() {
            return;
        }
        let (rule, word) = match self.contract.source {
            Source::StripeEntitlements => (Rule::UnmappedFeature, "feature"),
            Source::Stripe | Source::Paddle => (Rule::UnmappedPrice, "price"),
        };
        let Some(severity) = self.on(rule) else {
            return;
        };
        let mut carriers: BTreeMap<&str, Vec<&Subscription>> = BTreeMap::new();
        for subscription in self
            .seen()
            .filter(|subscription| grants_by_status(self.contract, subscription))
        {
            let prices = unmapped_prices(self.contract, subscription).into_iter();
            let ids: BTreeSet<_> = prices.map(|price| price.id.as_str()).collect();
            for id in ids {
                carriers.entry(id).or_default().push(subscription);
            }
        }
        for (price, carriers) in carriers {
            let harmful = carriers.iter().any(|carrier| self.leaves_unjudged(carrier));
            let fixed = Fixed {
                price: Some(price.to_owned()),
                number: Some(size(carriers.len())),
                ..Fixed::default()
            };
            self.report(collected, rule, format!("{word}:{price}"), fixed);
            let finding = collected.findings.last_mut().unwrap();
            finding.severity = if harmful { severity } else { Severity::Low };
        }
    }

    /// Returns true if this unmapped subscription is the reason why an account cannot be judged.
    fn leaves_unjudged(&self, subscription: &Subscription) -> bool {
        let unmapped =
            read(self.contract, subscription, None, self.now) == SubscriptionMeaning::Unmapped;
        let mut accounts = self.facts.accounts.iter();
        unmapped
            && accounts.any(|account| {
                !self.exempt(account)
                    && self.is_judged_by(account, subscription)
                    && self.party(account).state == Some(State::Unjudged)
            })
    }

    pub(crate) fn unknown_statuses(&self, collected: &mut Collected) {
        if self.entitled() {
            return;
        }
        let words: BTreeSet<&str> = self
            .seen()
            .filter(|subscription| unknown_word(self.contract, &subscription.status))
            .map(|subscription| subscription.status.as_str())
            .collect();
        for word in words {
            let fixed = Fixed {
                status: Some(word.to_owned()),
                ..Fixed::default()
            };
            self.report(
                collected,
                Rule::UnknownStatus,
                format!("status:{word}"),
                fixed,
            );
        }
    }

    pub(crate) fn unlinked(&self, collected: &mut Collected) {
        let accounts = self.facts.accounts.iter();
        let unlinked = accounts
            .filter(|account| account.paid && !self.linked(account))
            .filter(|account| !self.exempt(account) && !Self::is_paid_elsewhere(account));
        let number = unlinked.count();
        if number > 0 {
            let fixed = Fixed {
                number: Some(size(number)),
                ..Fixed::default()
            };
            self.report(
                collected,
                Rule::UnlinkedAccess,
                "accounts:unlinked".to_owned(),
                fixed,
            );
        }
    }
}

/// Something that can be bought twice. The id of a price is never a plan.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Thing<'w> {
    Plan(&'w PlanWords),
    Price(&'w str),
}

/// Lists the subscriptions for each plan and each price that is not ignored.
fn buyers<'w>(
    contract: &'w Contract,
    subscriptions: impl Iterator<Item = &'w Subscription>,
) -> BTreeMap<Thing<'w>, Vec<&'w Subscription>> {
    let mut buyers: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for subscription in subscriptions {
        let prices = subscription.items.iter().map(|item| &*item.price);
        let prices = prices.filter(|price| !ignored(contract, price));
        let prices = prices.map(|price| Thing::Price(price.id.as_str()));
        let plans = plans_of(contract, subscription)
            .into_iter()
            .map(Thing::Plan);
        let things: BTreeSet<_> = plans.chain(prices).collect();
        for thing in things {
            buyers.entry(thing).or_default().push(subscription);
        }
    }
    buyers
}

fn is_live(subscription: &Subscription) -> bool {
    matches!(
        subscription.status,
        Status::Active | Status::Trialing | Status::PastDue
    )
}
