//! `wrongful-access`: the account has access and none of its customer's subscriptions grants it.

use super::definition::{
    HandlerAction, Listing, MoneySide, RowFault, RuleColumn, RuleDefinition, RuleEvents, RuleInfo,
    RuleKey,
};
use crate::contract::{Field, Severity};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "wrongful-access",
        severity: Severity::High,
        is_published: true,
        description: "the account has access and none of its customer's subscriptions grants it",
        help: "Take the access away, or exempt the account if it is a gift. Then look at what the webhook handler does \
             when a subscription ends.",
        column: Some(RuleColumn::Field(Field::HasPaidAccess)),
        compares_plans: false,
        keys: &[RuleKey::Column(Field::HasPaidAccess)],
        events: RuleEvents {
            stripe: &[
                "customer.subscription.deleted",
                "customer.subscription.updated",
            ],
            paddle: &["subscription.canceled", "subscription.updated"],
            entitlements: &["entitlements.active_entitlement_summary.updated"],
        },
        row_fault: Some(RowFault::AccessNotTaken),
    },
    needs: &[],
    listing: Listing::OfPaidAccounts,
    suspect_key: RuleKey::Column(Field::HasPaidAccess),
    money: Some(MoneySide::ServedNotPaid),
    lacks: Some(HandlerAction::Takes),
};
