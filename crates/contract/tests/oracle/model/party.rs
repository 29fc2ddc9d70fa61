//! The customers or the one subscription of an account, and their combined state.

use std::collections::BTreeSet;

use contract::{Account, CustomerId, Field, MatchOn, Source, Status, Subscription};

use super::{
    World,
    prices::{has_only_seats, left_out},
    subscription::{State, SubscriptionMeaning, overdue, read, sells_seats, state},
};

/// The subscriptions that an account is judged by.
pub(crate) struct Party<'w> {
    pub(crate) subscriptions: Vec<(&'w Subscription, SubscriptionMeaning)>,
    /// `None` if it depends on a missing value.
    pub(crate) state: Option<State>,
    /// Granting first, then newest.
    pub(crate) newest: Option<&'w Subscription>,
    /// The same, unless the row refers to another granting one.
    pub(crate) deciding: Option<&'w Subscription>,
}

impl<'w> Party<'w> {
    pub(crate) fn with_meaning(&self, wanted: SubscriptionMeaning) -> Vec<&'w Subscription> {
        let of = self.subscriptions.iter();
        of.filter(|(_, meaning)| *meaning == wanted)
            .map(|(subscription, _)| *subscription)
            .collect()
    }
}

impl<'w> World<'w> {
    pub(crate) fn by_subscription(&self) -> bool {
        self.contract.match_on == MatchOn::SubscriptionId
    }

    /// Entitlements are the source: "rules about subscriptions themselves do not apply".
    pub(crate) fn entitled(&self) -> bool {
        self.contract.source == Source::StripeEntitlements
    }

    pub(crate) fn exempt(&self, account: &Account) -> bool {
        account.exempt || self.contract.exempt.contains(account.id.as_str())
    }

    pub(crate) fn stored_subscription(account: &Account) -> Option<&str> {
        let columns = account.columns.as_ref()?;
        let id = columns.subscription_id.as_ref()?.as_str();
        (!id.trim().is_empty()).then_some(id)
    }

    /// Lists the customers that an account stores, in its order and without blank ones.
    pub(crate) fn stored_customers(account: &Account) -> Vec<&str> {
        let columns = account.columns.as_deref();
        let others = columns.map_or(&[][..], |columns| &columns.other_customers);
        let all = account.customer.iter().chain(others);
        all.map(CustomerId::as_str)
            .filter(|id| !id.trim().is_empty())
            .collect()
    }

    /// Lists the ids that link an account: of its customers or of its subscription.
    pub(crate) fn links(&self, account: &'w Account) -> Vec<&'w str> {
        if self.by_subscription() {
            Self::stored_subscription(account).into_iter().collect()
        } else {
            Self::stored_customers(account)
        }
    }

    pub(crate) fn linked(&self, account: &'w Account) -> bool {
        !self.links(account).is_empty()
    }

    pub(crate) fn is_linked_to(&self, account: &'w Account, customer: &str) -> bool {
        !self.by_subscription() && Self::stored_customers(account).contains(&customer)
    }

    pub(crate) fn accounts_of(&self, customer: &str) -> Vec<&'w Account> {
        let all = self.facts.accounts.iter();
        all.filter(|account| self.is_linked_to(account, customer))
            .collect()
    }

    /// "A customer on a test clock is unjudged."
    pub(crate) fn on_test_clock(&self, customer: &str) -> bool {
        let mut all = self.facts.subscriptions.iter();
        all.any(|subscription| {
            subscription.customer.as_str() == customer && subscription.on_test_clock
        })
    }

    /// Lists the subscriptions that rules see: neither left out nor on a test clock.
    pub(crate) fn seen(&self) -> impl Iterator<Item = &'w Subscription> {
        let all = self.facts.subscriptions.iter();
        all.filter(|subscription| {
            !left_out(self.contract, subscription)
                && !self.on_test_clock(subscription.customer.as_str())
        })
    }

    /// Returns true if the account is judged by this subscription.
    pub(crate) fn is_judged_by(&self, account: &'w Account, subscription: &Subscription) -> bool {
        let links = self.links(account);
        if self.by_subscription() {
            links.contains(&subscription.id.as_str())
        } else {
            links.contains(&subscription.customer.as_str())
        }
    }

    pub(crate) fn party(&self, account: &'w Account) -> Party<'w> {
        let all = self.facts.subscriptions.iter();
        let on_test_clock = all
            .filter(|subscription| self.is_judged_by(account, subscription))
            .any(|subscription| self.on_test_clock(subscription.customer.as_str()));
        let subscriptions: Vec<_> = self
            .seen()
            .filter(|subscription| self.is_judged_by(account, subscription))
            .map(|subscription| {
                (
                    subscription,
                    read(self.contract, subscription, Some(account), self.now),
                )
            })
            .collect();
        let meanings: Vec<_> = subscriptions.iter().map(|(_, meaning)| *meaning).collect();
        Party {
            state: state(&meanings, on_test_clock),
            newest: self.best(&subscriptions, None),
            deciding: self.best(&subscriptions, self.named(account)),
            subscriptions,
        }
    }

    /// Returns the subscription that the row refers to, if the column is mapped.
    fn named(&self, account: &'w Account) -> Option<&'w str> {
        let mapped = self.facts.mapped.contains(&Field::SubscriptionId);
        Self::stored_subscription(account).filter(|_| mapped)
    }

    /// Lists those whose plans and seats a row should hold: the granting ones, or in grace the overdue ones in grace.
    pub(crate) fn paying(party: &Party<'w>) -> Vec<&'w Subscription> {
        let all = party.subscriptions.iter();
        match party.state {
            Some(State::Granting) => party.with_meaning(SubscriptionMeaning::Grants),
            Some(State::InGrace) => all
                .filter(|(subscription, meaning)| {
                    *meaning == SubscriptionMeaning::InGrace
                        && subscription.status == Status::PastDue
                })
                .map(|(subscription, _)| *subscription)
                .collect(),
            Some(State::Unjudged | State::NotGranting | State::None) | None => Vec::new(),
        }
    }

    /// Lists the same, and those that sell only seats.
    pub(crate) fn paying_for_seats(
        &self,
        account: &'w Account,
        party: &Party<'w>,
    ) -> Vec<&'w Subscription> {
        let mut paying = Self::paying(party);
        if paying.is_empty() {
            return paying;
        }
        for subscription in party.with_meaning(SubscriptionMeaning::OnlySeats) {
            let counts = if party.state == Some(State::Granting) {
                sells_seats(self.contract, subscription)
            } else {
                subscription.status == Status::PastDue
                    && overdue(self.contract, subscription, Some(account), self.now)
                        == SubscriptionMeaning::InGrace
            };
            if counts {
                paying.push(subscription);
            }
        }
        paying
    }

    /// Returns the first of those whose plans and seats the row should hold.
    pub(crate) fn first_paying(party: &Party<'w>) -> Option<&'w Subscription> {
        let paying = Self::paying(party).into_iter();
        paying.max_by_key(|subscription| (subscription.created, &subscription.id))
    }

    /// Returns the customer that a finding about the account refers to.
    pub(crate) fn customer_named(
        &self,
        account: &'w Account,
        party: &Party<'w>,
    ) -> Option<&'w str> {
        if let Some(newest) = party.newest {
            return Some(newest.customer.as_str());
        }
        if !self.by_subscription() {
            return Self::stored_customers(account).first().copied();
        }
        let mut all = self.facts.subscriptions.iter();
        let own = all.find(|subscription| self.is_judged_by(account, subscription))?;
        Some(own.customer.as_str())
    }

    /// Lists the ids of all accounts.
    pub(crate) fn account_ids(&self) -> BTreeSet<&'w str> {
        let all = self.facts.accounts.iter();
        all.map(|account| account.id.as_str()).collect()
    }

    /// Picks the one that the row refers to if it grants; else granting first, then newest. Subscriptions that sell only
    /// seats come last.
    fn best(
        &self,
        subscriptions: &[(&'w Subscription, SubscriptionMeaning)],
        named: Option<&str>,
    ) -> Option<&'w Subscription> {
        let best = subscriptions.iter().max_by_key(|(subscription, meaning)| {
            let grants = *meaning == SubscriptionMeaning::Grants;
            let is_named = grants && Some(subscription.id.as_str()) == named;
            let sells_plan = !has_only_seats(self.contract, subscription);
            (
                sells_plan,
                is_named,
                grants,
                subscription.created,
                &subscription.id,
            )
        });
        best.map(|(subscription, _)| *subscription)
    }
}
