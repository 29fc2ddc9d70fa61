//! `customer-mismatch`: the person pays as one customer and the account stores another.

use super::definition::{Listing, Need, RuleColumn, RuleDefinition, RuleEvents, RuleInfo, RuleKey};
use crate::contract::{Field, Severity};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "customer-mismatch",
        severity: Severity::High,
        is_published: true,
        description: "the person pays as one customer and the account stores another",
        help: "Store the customer that pays on the account. Then look at how the webhook handler links a customer that is \
             made a second time.",
        column: Some(RuleColumn::Link),
        compares_plans: false,
        keys: &[
            RuleKey::Column(Field::CustomerId),
            RuleKey::Column(Field::SubscriptionId),
        ],
        events: RuleEvents::NONE,
        row_fault: None,
    },
    needs: &[Need::Metadata, Need::MatchByCustomer],
    listing: Listing::OfPaidAccountsBesideStrangers,
    suspect_key: RuleKey::Column(Field::CustomerId),
    money: None,
    lacks: None,
};
