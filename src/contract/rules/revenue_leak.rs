//! `revenue-leak`: a customer pays and the account has no access.

use super::definition::{
    HandlerAction, Listing, MoneySide, RowFault, RuleColumn, RuleDefinition, RuleEvents, RuleInfo,
    RuleKey,
};
use crate::contract::{Field, Severity};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "revenue-leak",
        severity: Severity::High,
        is_published: true,
        description: "a customer pays and the account has no access",
        help: "Give the account access. Then find out why the webhook handler did not: whether the events of the \
             subscription arrived, and what the handler does when one becomes active.",
        column: Some(RuleColumn::Field(Field::HasPaidAccess)),
        compares_plans: false,
        keys: &[RuleKey::Column(Field::HasPaidAccess)],
        events: RuleEvents {
            stripe: &[
                "checkout.session.completed",
                "customer.subscription.created",
                "customer.subscription.updated",
            ],
            paddle: &[
                "subscription.activated",
                "subscription.created",
                "subscription.updated",
            ],
            entitlements: &["entitlements.active_entitlement_summary.updated"],
        },
        row_fault: Some(RowFault::AccessNotGiven),
    },
    needs: &[],
    listing: Listing::Granting,
    suspect_key: RuleKey::Column(Field::HasPaidAccess),
    money: Some(MoneySide::PaidNotServed),
    lacks: Some(HandlerAction::Gives),
};
