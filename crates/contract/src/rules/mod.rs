//! The table of rules. Each rule is a file with its entry, its check, its explanation and its correction.

#[macro_use]
mod rule;

mod access_flag;
mod column_drift;
mod definition;
mod handler;
mod judge;
mod judged_account;
mod linked_twice;
mod mismatches;
mod no_finding;
mod seats;
mod stored_plan;
mod unmapped;

// The file of each rule. They are declared outside the table, because rustfmt does not find modules that a macro
// declares.
mod cancel_flag_drift;
mod customer_mismatch;
mod double_subscription;
mod duplicate_customer;
mod duplicate_subscription;
mod no_subscription;
mod orphan_subscription;
mod period_drift;
mod plan_drift;
mod refunded_access;
mod revenue_leak;
mod seat_drift;
mod stale_plan;
mod stale_subscription_id;
mod status_drift;
mod unknown_status;
mod unlinked_access;
mod unmapped_feature;
mod unmapped_price;
mod wrongful_access;

rules! {
    RevenueLeak => revenue_leak,
    WrongfulAccess => wrongful_access,
    NoSubscription => no_subscription,
    PlanDrift => plan_drift,
    UnmappedPrice => unmapped_price,
    /// `unmapped-price` if entitlements are the source.
    UnmappedFeature => unmapped_feature,
    CustomerMismatch => customer_mismatch,
    DuplicateCustomer => duplicate_customer,
    /// `duplicate-customer` if accounts are matched by subscription.
    DuplicateSubscription => duplicate_subscription,
    OrphanSubscription => orphan_subscription,
    UnknownStatus => unknown_status,
    /// Off unless the contract sets its severity.
    RefundedAccess => refunded_access,
    DoubleSubscription => double_subscription,
    StalePlan => stale_plan,
    UnlinkedAccess => unlinked_access,
    SeatDrift => seat_drift,
    StatusDrift => status_drift,
    StaleSubscriptionId => stale_subscription_id,
    PeriodDrift => period_drift,
    CancelFlagDrift => cancel_flag_drift,
}

pub(crate) use self::{
    definition::{
        HandlerAction, InGrace, MoneySide, RuleCorrection, RuleDefinition, RuleExplanation,
        RuleListing,
    },
    judge::{judge, judged_rules},
    judged_account::{JudgedAccount, is_paid_elsewhere},
    mismatches::{Mismatches, has_unlinked_payers, named_accounts, unexplained_customers},
    no_finding::NoFinding,
    orphan_subscription::CHARGED,
    stored_plan::{is_same_word, stored_plan, stores_paid_plan},
};
pub use self::{
    definition::{RowFault, RuleColumn, RuleInfo, RuleKey},
    handler::{HandlerRule, Merging},
};
