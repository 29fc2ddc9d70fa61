//! `double-subscription`: a customer pays for the same thing twice.

use super::definition::{Listing, Need, RuleDefinition, RuleEvents, RuleInfo, RuleKey};
use crate::contract::{Field, Severity};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "double-subscription",
        severity: Severity::Low,
        is_published: false,
        description: "a customer pays for the same thing twice",
        help: "Ask the customer which of the subscriptions is meant, cancel the other one and refund it.",
        column: None,
        compares_plans: true,
        keys: &[
            RuleKey::Price,
            RuleKey::Plans,
            RuleKey::Column(Field::CustomerId),
            RuleKey::Column(Field::SubscriptionId),
        ],
        events: RuleEvents::NONE,
        row_fault: None,
    },
    needs: &[Need::Subscriptions, Need::MatchByCustomer],
    listing: Listing::Granting,
    suspect_key: RuleKey::Contract,
    money: None,
    lacks: None,
};
