//! Finds accounts that are paid for by a customer that they do not store.

use std::collections::{BTreeMap, BTreeSet};

use contract::{Account, Metadata, Rule, Subscription};

use super::{
    World,
    subscription::{State, SubscriptionMeaning, read},
};

/// The customers that pay for one account.
pub(crate) type Candidates<'w> = BTreeSet<&'w str>;

impl<'w> World<'w> {
    /// Lists for each account the unlinked customers whose metadata contains its id.
    pub(crate) fn mismatches(&self) -> BTreeMap<&'w str, Candidates<'w>> {
        let off = self.on(Rule::CustomerMismatch).is_none();
        if off || self.entitled() || self.by_subscription() {
            return BTreeMap::new();
        }
        let keys = self.account_keys();
        let mut found = BTreeMap::new();
        for account in self
            .facts
            .accounts
            .iter()
            .filter(|account| self.qualifies(account))
        {
            let names = |customer: &&'w str| self.names(customer, account.id.as_str(), &keys);
            let candidates: Candidates<'_> = self.candidates().into_iter().filter(names).collect();
            if !candidates.is_empty() {
                found.insert(account.id.as_str(), candidates);
            }
        }
        found
    }

    /// Returns true if the account has access without justification, or no access and no customer that grants it.
    fn qualifies(&self, account: &'w Account) -> bool {
        let state = self.party(account).state;
        let accused = self.linked(account)
            && matches!(state, Some(State::NotGranting | State::None))
            && !Self::is_paid_elsewhere(account);
        let without_access = state != Some(State::Granting);
        let qualifies = if account.paid {
            accused
        } else {
            without_access
        };
        qualifies && !self.exempt(account)
    }

    /// Lists the paying customers that no account is linked to.
    fn candidates(&self) -> BTreeSet<&'w str> {
        let all = self
            .seen()
            .map(|subscription| subscription.customer.as_str());
        all.filter(|id| self.accounts_of(id).is_empty())
            .filter(|id| !self.granting_of(id).is_empty())
            .collect()
    }

    pub(super) fn granting_of(&self, customer: &str) -> Vec<&'w Subscription> {
        self.seen()
            .filter(|subscription| subscription.customer.as_str() == customer)
            .filter(|subscription| {
                read(self.contract, subscription, None, self.now) == SubscriptionMeaning::Grants
            })
            .collect()
    }

    /// Returns true if the metadata of the customer, or of its granting subscriptions, contains the account's id under
    /// a key.
    fn names(&self, customer: &str, account: &str, keys: &BTreeSet<&str>) -> bool {
        let granting = self.granting_of(customer);
        let of_subscriptions = granting
            .iter()
            .filter_map(|subscription| metadata(subscription));
        let mut customers = self.facts.customer_metadata.iter();
        let of_customer = customers.find(|(id, _)| id.as_str() == customer);
        of_subscriptions
            .chain(of_customer.map(|(_, metadata)| metadata))
            .flat_map(|metadata| metadata.iter())
            .any(|(key, value)| keys.contains(&**key) && **value == *account)
    }

    fn account_keys(&self) -> BTreeSet<&'w str> {
        let configured = self.contract.metadata_account.iter().map(String::as_str);
        let in_subscriptions = self.facts.subscriptions.iter().filter_map(metadata);
        let everywhere = in_subscriptions.chain(self.facts.customer_metadata.values());
        let written = everywhere.flat_map(|metadata| metadata.iter().map(|(key, _)| &**key));
        let all: BTreeSet<&str> = written.chain(configured).collect();
        all.into_iter()
            .filter(|key| self.is_account_key(key))
            .collect()
    }

    fn is_account_key(&self, key: &str) -> bool {
        let configured = self
            .contract
            .metadata_account
            .iter()
            .any(|name| name == key);
        let evidence = self.evidence_of_linked(key);
        let learned = self.keys.are_learned && evidence.right >= 3;
        let vetoed = self.keys.are_vetoed && evidence.wrong > 0;
        (configured || self.is_named_like_one(key) || learned) && !vetoed
    }

    /// "Without case, `_` and `-`, `<entity>id`, `userid` or `accountid`."
    fn is_named_like_one(&self, key: &str) -> bool {
        let normalized = |text: &str| text.to_lowercase().replace(['_', '-'], "");
        let names = [
            normalized(&self.contract.entity),
            "user".into(),
            "account".into(),
        ];
        names
            .iter()
            .any(|name| normalized(key) == format!("{name}id"))
    }

    /// Counts the values of linked subscriptions under the key.
    fn evidence_of_linked(&self, key: &str) -> KeyEvidence {
        let accounts = self.account_ids();
        let mut evidence = KeyEvidence::default();
        for subscription in self.seen() {
            let linked = self.accounts_of(subscription.customer.as_str());
            let values = metadata(subscription).into_iter().flatten();
            let of_key = values.filter(|(other, _)| **other == *key);
            for (_, value) in of_key.filter(|_| !linked.is_empty()) {
                let own = linked.iter().any(|account| account.id.as_str() == &**value);
                evidence.right += u32::from(own);
                evidence.wrong += u32::from(!own && accounts.contains(&**value));
            }
        }
        evidence
    }
}

/// Number of linked subscriptions that contain their own account's id under a key, and of those with another account's.
#[derive(Default)]
struct KeyEvidence {
    right: u32,
    wrong: u32,
}

fn metadata(subscription: &Subscription) -> Option<&Metadata> {
    Some(&subscription.details.as_deref()?.metadata)
}
