//! One linked account with its customer's access, as the rules about accounts see it.

use super::no_finding::NoFinding;
use crate::{
    Account, AccountColumns, Field, Item, Subscription, access::CustomerAccess, case::Case,
    customers::Link,
};

/// A linked account that is judged.
#[derive(Debug)]
pub(crate) struct JudgedAccount<'c, 'f> {
    pub(crate) case: &'c Case<'f>,
    pub(crate) link: Link<'c, 'f>,
    pub(crate) access: CustomerAccess,
    /// Its granting subscriptions, or its overdue ones if it is in grace; newest first.
    pub(crate) paying: Vec<&'f Subscription>,
}

impl<'c, 'f> JudgedAccount<'c, 'f> {
    pub(crate) fn new(case: &'c Case<'f>, link: Link<'c, 'f>, access: CustomerAccess) -> Self {
        let paying = match access {
            CustomerAccess::Granting => case.granting(&link.holder),
            CustomerAccess::InGrace => case.overdue(&link.holder),
            CustomerAccess::NotGranting | CustomerAccess::None | CustomerAccess::Unjudged => {
                Vec::new()
            }
        };
        Self {
            case,
            link,
            access,
            paying,
        }
    }

    pub(super) fn is_paid_elsewhere(&self) -> bool {
        is_paid_elsewhere(self.link.account)
    }

    /// Returns true if the customer's subscriptions give access, even if only in grace.
    pub(super) fn gives_access(&self) -> bool {
        matches!(
            self.access,
            CustomerAccess::Granting | CustomerAccess::InGrace
        )
    }

    /// Returns true if the account has access, and its customer's subscriptions give it.
    pub(super) fn has_right_access(&self) -> bool {
        self.link.account.paid && self.gives_access()
    }

    /// Returns the account's columns if it has access and a subscription grants it.
    pub(super) fn columns_if_granted(&self) -> Option<&'f AccountColumns> {
        let is_granted = self.link.account.paid && self.access == CustomerAccess::Granting;
        self.link.account.columns.as_deref().filter(|_| is_granted)
    }

    /// Returns true if any item of a paying subscription satisfies the condition.
    pub(super) fn pays_for(&self, condition: impl Fn(&Item) -> bool) -> bool {
        let mut items = self
            .paying
            .iter()
            .flat_map(|subscription| subscription.items.iter());
        items.any(condition)
    }

    /// Explains that the rule applies only to other accounts, which `others` describes.
    pub(super) fn explain_other_accounts(&self, others: &str) -> NoFinding {
        let entity = &self.case.contract.entity;
        NoFinding::DoesNotApply(format!("the rule is about {entity}s {others}"))
    }

    /// Returns the reason why a rule about accounts with the right access does not apply.
    pub(super) fn explain_without_right_access(&self) -> Option<NoFinding> {
        let is_right = self.has_right_access();
        (!is_right).then(|| self.explain_other_accounts("that rightly have access"))
    }

    /// Returns the result for a column that agrees with the subscription.
    pub(super) fn explain_agreement(&self, field: Field) -> NoFinding {
        let column = self.case.column(field);
        NoFinding::Holds(format!("`{column}` agrees with the subscription"))
    }
}

/// Returns true if something that the provider does not know pays for the account.
pub(crate) fn is_paid_elsewhere(account: &Account) -> bool {
    let columns = account.columns.as_deref();
    columns.is_some_and(|columns| columns.paid_elsewhere)
}
