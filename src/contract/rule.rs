//! The rules of the access contract: their names, their order and their default severities.

use std::fmt;

use super::{HandlerRule, Severity};

/// A rule, in the order in which findings of equal severity are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    RevenueLeak,
    WrongfulAccess,
    NoSubscription,
    PlanDrift,
    UnmappedPrice,
    /// `unmapped-price` if entitlements are the source.
    UnmappedFeature,
    CustomerMismatch,
    DuplicateCustomer,
    /// `duplicate-customer` if accounts are matched by subscription.
    DuplicateSubscription,
    OrphanSubscription,
    UnknownStatus,
    DoubleSubscription,
    StalePlan,
    UnlinkedAccess,
    SeatDrift,
    StatusDrift,
    StaleSubscriptionId,
    PeriodDrift,
    CancelFlagDrift,
    /// A rule that is not of the access contract: a rehearsal checks the handler too.
    Handler(HandlerRule),
}

impl Rule {
    /// All rules of the access contract.
    pub const ALL: [Self; 19] = [
        Self::RevenueLeak,
        Self::WrongfulAccess,
        Self::NoSubscription,
        Self::PlanDrift,
        Self::UnmappedPrice,
        Self::UnmappedFeature,
        Self::CustomerMismatch,
        Self::DuplicateCustomer,
        Self::DuplicateSubscription,
        Self::OrphanSubscription,
        Self::UnknownStatus,
        Self::DoubleSubscription,
        Self::StalePlan,
        Self::UnlinkedAccess,
        Self::SeatDrift,
        Self::StatusDrift,
        Self::StaleSubscriptionId,
        Self::PeriodDrift,
        Self::CancelFlagDrift,
    ];

    /// Returns the id used in findings and under `rules:`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RevenueLeak => "revenue-leak",
            Self::WrongfulAccess => "wrongful-access",
            Self::NoSubscription => "no-subscription",
            Self::PlanDrift => "plan-drift",
            Self::UnmappedPrice => "unmapped-price",
            Self::UnmappedFeature => "unmapped-feature",
            Self::CustomerMismatch => "customer-mismatch",
            Self::DuplicateCustomer => "duplicate-customer",
            Self::DuplicateSubscription => "duplicate-subscription",
            Self::OrphanSubscription => "orphan-subscription",
            Self::UnknownStatus => "unknown-status",
            Self::DoubleSubscription => "double-subscription",
            Self::StalePlan => "stale-plan",
            Self::UnlinkedAccess => "unlinked-access",
            Self::SeatDrift => "seat-drift",
            Self::StatusDrift => "status-drift",
            Self::StaleSubscriptionId => "stale-subscription-id",
            Self::PeriodDrift => "period-drift",
            Self::CancelFlagDrift => "cancel-flag-drift",
            Self::Handler(rule) => rule.as_str(),
        }
    }

    /// Returns all rules of the access contract, then those of the rehearsal.
    pub fn every() -> impl Iterator<Item = Self> {
        Self::ALL
            .into_iter()
            .chain(HandlerRule::ALL.map(Self::Handler))
    }

    /// Returns the rule with this id.
    pub fn parse(id: &str) -> Option<Self> {
        Self::every().find(|rule| rule.as_str() == id)
    }

    /// Returns the severity used if the contract sets none.
    pub fn default_severity(self) -> Severity {
        match self {
            Self::RevenueLeak
            | Self::WrongfulAccess
            | Self::NoSubscription
            | Self::PlanDrift
            | Self::UnmappedPrice
            | Self::UnmappedFeature
            | Self::CustomerMismatch
            | Self::SeatDrift
            | Self::Handler(_) => Severity::High,
            Self::DuplicateCustomer
            | Self::DuplicateSubscription
            | Self::OrphanSubscription
            | Self::UnknownStatus
            | Self::StatusDrift
            | Self::StaleSubscriptionId
            | Self::PeriodDrift
            | Self::CancelFlagDrift => Severity::Medium,
            Self::DoubleSubscription | Self::StalePlan | Self::UnlinkedAccess => Severity::Low,
        }
    }

    /// Returns true if the contract's `severity:` and `fix:` apply to it: the rules of the published format.
    pub fn is_published(self) -> bool {
        matches!(
            self,
            Self::RevenueLeak
                | Self::WrongfulAccess
                | Self::NoSubscription
                | Self::PlanDrift
                | Self::UnmappedPrice
                | Self::UnmappedFeature
                | Self::CustomerMismatch
        )
    }

    /// Returns a one-line description of a violation.
    pub fn description(self) -> &'static str {
        match self {
            Self::RevenueLeak => "a customer pays and the account has no access",
            Self::WrongfulAccess => {
                "the account has access and none of its customer's subscriptions grants it"
            }
            Self::NoSubscription => {
                "the account has access and its customer never had a subscription"
            }
            Self::PlanDrift => "the stored plan is not one that the customer pays for",
            Self::UnmappedPrice => {
                "a granting subscription carries a price that the contract does not map"
            }
            Self::UnmappedFeature => {
                "an active entitlement is for a feature that the contract does not map"
            }
            Self::CustomerMismatch => {
                "the person pays as one customer and the account stores another"
            }
            Self::DuplicateCustomer => "one customer is linked to more than one account",
            Self::DuplicateSubscription => "one subscription is stored on more than one account",
            Self::OrphanSubscription => {
                "a live subscription belongs to a customer that no account is linked to"
            }
            Self::UnknownStatus => {
                "a subscription has a status that the contract neither grants nor denies"
            }
            Self::DoubleSubscription => "a customer pays for the same thing twice",
            Self::StalePlan => "access was taken away and the paid plan stayed",
            Self::UnlinkedAccess => "an account has access and no customer",
            Self::SeatDrift => "the stored seats are not the quantity that is paid for",
            Self::StatusDrift => "the stored status is not the subscription's",
            Self::StaleSubscriptionId => {
                "the stored subscription is not the one that grants access"
            }
            Self::PeriodDrift => "the stored period end is not the subscription's",
            Self::CancelFlagDrift => "the stored cancellation flag is not the subscription's",
            Self::Handler(rule) => rule.description(),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_holds_every_rule_once_in_order_and_ids_come_back() {
        assert!(Rule::ALL.is_sorted_by(|a, b| a < b));
        for rule in Rule::every() {
            assert_eq!(Rule::parse(rule.as_str()), Some(rule));
        }
    }

    #[test]
    fn the_table_of_rules_holds_the_same_texts_and_severities() {
        for rule in Rule::every() {
            let info = super::super::rules::info(rule);
            assert_eq!(info.id, rule.as_str());
            assert_eq!(info.description, rule.description());
            assert_eq!(info.severity, rule.default_severity());
            assert_eq!(info.is_published, rule.is_published());
        }
    }
}
