//! The facts and contracts that allow no verdict.

use std::collections::BTreeSet;

use contract::{Account, ColumnName, Mode, StoredWords};

use super::{
    World,
    subscription::{SubscriptionMeaning, read},
};

/// A reason for having no verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Refusal {
    NoAccounts,
    AccountOnTwoRows,
    NoCustomerKnown,
    NoAccountLinked,
    WrongMode,
    Missing,
    WrongKindOfId,
    WordInOtherCase,
}

impl Refusal {
    pub(crate) const ALL: [Self; 8] = [
        Self::NoAccounts,
        Self::AccountOnTwoRows,
        Self::NoCustomerKnown,
        Self::NoAccountLinked,
        Self::WrongMode,
        Self::Missing,
        Self::WrongKindOfId,
        Self::WordInOtherCase,
    ];
}

impl<'w> World<'w> {
    pub(crate) fn guards(&self) -> BTreeSet<Refusal> {
        let accounts = &self.facts.accounts;
        let ids = self.account_ids();
        let asked = [
            (
                Refusal::NoAccounts,
                accounts.is_empty() && !self.contract.allow_empty,
            ),
            (Refusal::AccountOnTwoRows, ids.len() < accounts.len()),
            (Refusal::NoCustomerKnown, self.no_customer_is_known()),
            (Refusal::NoAccountLinked, self.no_account_is_linked()),
            (Refusal::WrongMode, self.mode_is_wrong()),
            (Refusal::WrongKindOfId, self.ids_are_of_the_wrong_kind()),
            (Refusal::WordInOtherCase, self.a_word_is_in_another_case()),
        ];
        let applies = asked.into_iter().filter(|(_, applies)| *applies);
        applies.map(|(refusal, _)| refusal).collect()
    }

    /// "Five or more accounts are linked, at least one of them is `paid`, and not one of their ids appears."
    fn no_customer_is_known(&self) -> bool {
        let accounts = self.facts.accounts.iter();
        let linked: Vec<_> = accounts.filter(|account| self.linked(account)).collect();
        let appears = |account: &&'w Account| {
            let mut all = self.facts.subscriptions.iter();
            all.any(|subscription| self.is_judged_by(account, subscription))
        };
        linked.len() >= 5
            && linked.iter().any(|account| account.paid)
            && !linked.iter().any(appears)
            && !self.facts.customer_known
    }

    /// "Five or more accounts have access, none is linked, and a subscription grants."
    fn no_account_is_linked(&self) -> bool {
        let accounts = &self.facts.accounts;
        let is_silent =
            |account: &Account| self.exempt(account) || Self::is_paid_elsewhere(account);
        let counts = |account: &&Account| account.paid && !is_silent(account);
        let grants = |subscription| {
            read(self.contract, subscription, None, self.now) == SubscriptionMeaning::Grants
        };
        !accounts.iter().any(|account| self.linked(account))
            && accounts.iter().filter(counts).count() >= 5
            && self.seen().any(grants)
    }

    fn mode_is_wrong(&self) -> bool {
        match self.contract.mode {
            Some(Mode::Live) => self.facts.seen_modes.test.is_some(),
            Some(Mode::Test) => self.facts.seen_modes.live.is_some(),
            None => false,
        }
    }

    /// "Every stored customer id begins with `sub_`, `price_` or `si_`, or contains `@`", or is of another kind that Paddle
    /// has.
    fn ids_are_of_the_wrong_kind(&self) -> bool {
        let prefixes: &[&str] = if self.by_subscription() {
            &[
                "cus_", "ctm_", "price_", "pri_", "prod_", "pro_", "si_", "txn_",
            ]
        } else {
            &["sub_", "price_", "pri_", "prod_", "pro_", "si_", "txn_"]
        };
        let wrong =
            |id: &&str| id.contains('@') || prefixes.iter().any(|prefix| id.starts_with(prefix));
        let accounts = self.facts.accounts.iter();
        let stored: Vec<_> = accounts.flat_map(|account| self.links(account)).collect();
        !stored.is_empty() && stored.iter().all(wrong)
    }

    /// "An `in:` word that rows hold only in another case."
    fn a_word_is_in_another_case(&self) -> bool {
        self.contract.columns.iter().any(|(field, name)| {
            let (ColumnName::In { values, .. }, Some(stored)) =
                (name, self.facts.stored_words.get(field))
            else {
                return false;
            };
            !stored.has_more
                && values
                    .iter()
                    .any(|word| is_held_in_another_case(stored, word))
        })
    }
}

fn is_held_in_another_case(stored: &StoredWords, word: &str) -> bool {
    let mut held = stored.words.iter();
    !stored.words.contains(word) && held.any(|held| held.to_lowercase() == word.to_lowercase())
}
