//! `no-subscription`: the account has access and its customer never had a subscription.

use super::definition::{
    Listing, RowFault, RuleColumn, RuleDefinition, RuleEvents, RuleInfo, RuleKey,
};
use crate::contract::{Field, Severity};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "no-subscription",
        severity: Severity::High,
        is_published: true,
        description: "the account has access and its customer never had a subscription",
        help: "Take the access away, or list the account under exempt if it is a gift. The stored customer may also be \
             the wrong one.",
        column: Some(RuleColumn::Field(Field::HasPaidAccess)),
        compares_plans: false,
        keys: &[RuleKey::Column(Field::HasPaidAccess)],
        events: RuleEvents::NONE,
        row_fault: Some(RowFault::AccessNotTaken),
    },
    needs: &[],
    listing: Listing::OfPaidAccounts,
    suspect_key: RuleKey::Column(Field::HasPaidAccess),
    money: None,
    lacks: None,
};
