//! `plan-drift`: the stored plan is not one that the customer pays for.

use super::definition::{
    HandlerAction, Listing, Need, RowFault, RuleColumn, RuleDefinition, RuleEvents, RuleInfo,
    RuleKey,
};
use crate::contract::{Field, Severity};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "plan-drift",
        severity: Severity::High,
        is_published: true,
        description: "the stored plan is not one that the customer pays for",
        help: "Store the plan that is paid for. Then look at what the webhook handler does when the price of a \
             subscription changes.",
        column: Some(RuleColumn::Field(Field::Plan)),
        compares_plans: true,
        keys: &[RuleKey::Price, RuleKey::Plans, RuleKey::Column(Field::Plan)],
        events: RuleEvents {
            stripe: &["customer.subscription.updated"],
            paddle: &["subscription.updated"],
            entitlements: &["entitlements.active_entitlement_summary.updated"],
        },
        row_fault: Some(RowFault::WrongPlan),
    },
    needs: &[Need::Plans, Need::Column(Field::Plan)],
    listing: Listing::OfPaidAccountsInGrace,
    suspect_key: RuleKey::Plans,
    money: None,
    lacks: Some(HandlerAction::Gives),
};
