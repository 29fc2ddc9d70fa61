//! `duplicate-subscription`: one subscription is stored on more than one account.

use super::definition::{Listing, Need, RuleColumn, RuleDefinition, RuleEvents, RuleInfo, RuleKey};
use crate::contract::{Field, Severity};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "duplicate-subscription",
        severity: Severity::Medium,
        is_published: false,
        description: "one subscription is stored on more than one account",
        help: "Decide which account the subscription belongs to, and clear its id on the others.",
        column: Some(RuleColumn::Link),
        compares_plans: false,
        keys: &[
            RuleKey::Column(Field::CustomerId),
            RuleKey::Column(Field::SubscriptionId),
        ],
        events: RuleEvents::NONE,
        row_fault: None,
    },
    needs: &[Need::MatchBySubscription],
    listing: Listing::Granting,
    suspect_key: RuleKey::Column(Field::SubscriptionId),
    money: None,
    lacks: None,
};
