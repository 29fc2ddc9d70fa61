//! `unlinked-access`: an account has access and no customer.

use super::definition::{Listing, RuleColumn, RuleDefinition, RuleEvents, RuleInfo, RuleKey};
use crate::contract::{Field, Severity};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "unlinked-access",
        severity: Severity::Low,
        is_published: false,
        description: "an account has access and no customer",
        help: "Link the accounts to their customers, or exempt them if their access is a gift.",
        column: Some(RuleColumn::Link),
        compares_plans: false,
        keys: &[
            RuleKey::Column(Field::CustomerId),
            RuleKey::Column(Field::SubscriptionId),
        ],
        events: RuleEvents::NONE,
        row_fault: None,
    },
    needs: &[],
    listing: Listing::Granting,
    suspect_key: RuleKey::Contract,
    money: None,
    lacks: None,
};
