//! `stale-subscription-id`: the stored subscription is not the one that grants access.

use super::definition::{Listing, Need, RuleColumn, RuleDefinition, RuleEvents, RuleInfo, RuleKey};
use crate::contract::{Field, Severity};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "stale-subscription-id",
        severity: Severity::Medium,
        is_published: false,
        description: "the stored subscription is not the one that grants access",
        help: "Store the id of the subscription that grants access. Then let the webhook handler do so when a new one \
             begins.",
        column: Some(RuleColumn::Field(Field::SubscriptionId)),
        compares_plans: false,
        keys: &[RuleKey::Column(Field::SubscriptionId)],
        events: RuleEvents {
            stripe: &[
                "customer.subscription.created",
                "checkout.session.completed",
            ],
            paddle: &["subscription.created"],
            entitlements: &[],
        },
        row_fault: None,
    },
    needs: &[
        Need::Subscriptions,
        Need::MatchByCustomer,
        Need::Column(Field::SubscriptionId),
    ],
    listing: Listing::Granting,
    suspect_key: RuleKey::Column(Field::SubscriptionId),
    money: None,
    lacks: None,
};
