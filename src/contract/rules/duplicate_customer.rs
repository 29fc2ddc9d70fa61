//! `duplicate-customer`: one customer is linked to more than one account.

use super::definition::{Listing, Need, RuleColumn, RuleDefinition, RuleEvents, RuleInfo, RuleKey};
use crate::contract::{Field, Severity};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "duplicate-customer",
        severity: Severity::Medium,
        is_published: false,
        description: "one customer is linked to more than one account",
        help: "Decide which account the customer belongs to, and unlink the others.",
        column: Some(RuleColumn::Link),
        compares_plans: false,
        keys: &[
            RuleKey::Column(Field::CustomerId),
            RuleKey::Column(Field::SubscriptionId),
        ],
        events: RuleEvents::NONE,
        row_fault: None,
    },
    needs: &[Need::MatchByCustomer],
    listing: Listing::Granting,
    suspect_key: RuleKey::Column(Field::CustomerId),
    money: None,
    lacks: None,
};
