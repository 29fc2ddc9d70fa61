//! `orphan-subscription`: a live subscription belongs to a customer that no account is linked to.

use super::definition::{
    Listing, MoneySide, Need, RowFault, RuleColumn, RuleDefinition, RuleEvents, RuleInfo, RuleKey,
};
use crate::contract::{Field, Severity};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "orphan-subscription",
        severity: Severity::Medium,
        is_published: false,
        description: "a live subscription belongs to a customer that no account is linked to",
        help: "Link the customer to its account, or cancel the subscription if nobody uses it.",
        column: Some(RuleColumn::Link),
        compares_plans: false,
        keys: &[
            RuleKey::Column(Field::CustomerId),
            RuleKey::Column(Field::SubscriptionId),
        ],
        events: RuleEvents {
            stripe: &[
                "customer.subscription.created",
                "checkout.session.completed",
            ],
            paddle: &["subscription.created"],
            entitlements: &[],
        },
        row_fault: Some(RowFault::AccessNotGiven),
    },
    needs: &[Need::Subscriptions],
    listing: Listing::Charged,
    suspect_key: RuleKey::Contract,
    money: Some(MoneySide::PaidNotServed),
    lacks: None,
};
