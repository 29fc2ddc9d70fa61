//! The entity that a user requests, as one contract interprets the text.

use std::collections::BTreeSet;

use crate::contract::{AccountId, Contract, CustomerId, SubscriptionId};

/// Beginning of every subscription id, at Stripe and at Paddle.
const SUBSCRIPTION_PREFIX: &str = "sub_";

/// The requested entity. A text without a kind can match several of the fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LookupRequest {
    pub(super) text: String,
    pub(super) accounts: BTreeSet<AccountId>,
    pub(super) customer: Option<CustomerId>,
    pub(super) subscription: Option<SubscriptionId>,
    pub(super) email: Option<String>,
    /// True if it was explicitly called a customer, so that the provider is read even if an account is found.
    pub(super) is_customer: bool,
}

impl LookupRequest {
    /// Interprets `text`. `words` are the contracts' names for accounts.
    pub(crate) fn new(text: &str, contract: &Contract, words: &BTreeSet<&str>) -> Self {
        // An id may contain a colon itself.
        let mut accounts = BTreeSet::from([AccountId::from(text)]);
        let named = text.split_once(':');
        if let Some((_, id)) = named.filter(|(word, _)| *word == contract.entity) {
            accounts.insert(AccountId::from(id));
        }
        let of_kind = |kind: &str| named.filter(|(word, _)| *word == kind).map(|(_, id)| id);
        let (customer, subscription) = (of_kind("customer"), of_kind("subscription"));
        let email = of_kind("email");
        let has_kind = named.is_some_and(|(word, _)| words.contains(word))
            || [customer, subscription, email].iter().any(Option::is_some);
        let bare = (!has_kind).then_some(text);
        Self {
            text: text.to_owned(),
            accounts,
            customer: customer.or(bare).map(CustomerId::from),
            subscription: subscription
                .or(bare.filter(|text| text.starts_with(SUBSCRIPTION_PREFIX)))
                .map(SubscriptionId::from),
            email: email
                .or(bare.filter(|text| text.contains('@')))
                .map(str::to_owned),
            is_customer: customer.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Source;

    fn parsed(text: &str) -> LookupRequest {
        let contract = Contract::new(Source::Stripe);
        LookupRequest::new(text, &contract, &BTreeSet::from(["user", "team"]))
    }

    fn of_account_or_customer(text: &str) -> (Vec<String>, Option<String>, bool) {
        let parsed = parsed(text);
        assert_eq!((parsed.subscription, parsed.email), (None, None), "{text}");
        (
            parsed.accounts.iter().map(ToString::to_string).collect(),
            parsed.customer.map(|id| id.to_string()),
            parsed.is_customer,
        )
    }

    #[test]
    fn an_id_without_a_kind_matches_every_kind() {
        let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        let bare = |id: &str| (owned(&[id]), Some(id.to_owned()), false);
        assert_eq!(of_account_or_customer("usr_1"), bare("usr_1"));
        assert_eq!(of_account_or_customer("org:1"), bare("org:1"));
        assert_eq!(
            of_account_or_customer("user:a:b"),
            (owned(&["a:b", "user:a:b"]), None, false)
        );
        assert_eq!(
            of_account_or_customer("team:1"),
            (owned(&["team:1"]), None, false)
        );
        assert_eq!(
            of_account_or_customer("customer:cus_1"),
            (owned(&["customer:cus_1"]), Some("cus_1".to_owned()), true)
        );
    }

    #[test]
    fn subscriptions_and_addresses_are_known_by_form_or_kind() {
        let others = |text: &str| {
            let parsed = parsed(text);
            let subscription = parsed.subscription.map(|id| id.to_string());
            (subscription, parsed.email, parsed.customer.is_some())
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(others("sub_1"), (some("sub_1"), None, true));
        assert_eq!(others("subscription:x"), (some("x"), None, false));
        assert_eq!(others("a@b.c"), (None, some("a@b.c"), true));
        assert_eq!(others("email:x"), (None, some("x"), false));
        assert_eq!(others("user:a@b.c"), (None, None, false));
    }
}
