//! `stale-plan`: access was taken away and the paid plan stayed.

use super::definition::{Listing, Need, RuleColumn, RuleDefinition, RuleEvents, RuleInfo, RuleKey};
use crate::contract::{Field, Severity};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "stale-plan",
        severity: Severity::Low,
        is_published: false,
        description: "access was taken away and the paid plan stayed",
        help: "Reset the plan. Then let the webhook handler do so where it takes the access away.",
        column: Some(RuleColumn::Field(Field::Plan)),
        compares_plans: true,
        keys: &[RuleKey::Column(Field::Plan), RuleKey::Plans],
        events: RuleEvents {
            stripe: &[
                "customer.subscription.deleted",
                "customer.subscription.updated",
            ],
            paddle: &["subscription.canceled", "subscription.updated"],
            entitlements: &[],
        },
        row_fault: None,
    },
    needs: &[Need::Plans, Need::Column(Field::Plan)],
    listing: Listing::OfStoredPlans,
    suspect_key: RuleKey::Plans,
    money: None,
    lacks: None,
};
