//! `cancel-flag-drift`: the stored cancellation flag is not the subscription's.

use super::definition::{
    Listing, Need, RowFault, RuleColumn, RuleDefinition, RuleEvents, RuleInfo, RuleKey,
};
use crate::contract::{Field, Severity};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "cancel-flag-drift",
        severity: Severity::Medium,
        is_published: false,
        description: "the stored cancellation flag is not the subscription's",
        help: "Store whether the subscription is to end. Then let the webhook handler do so whenever that changes.",
        column: Some(RuleColumn::Field(Field::CancelAtPeriodEnd)),
        compares_plans: false,
        keys: &[RuleKey::Column(Field::CancelAtPeriodEnd)],
        events: RuleEvents::UPDATED,
        row_fault: Some(RowFault::WrongCancelFlag),
    },
    needs: &[Need::Subscriptions, Need::Column(Field::CancelAtPeriodEnd)],
    listing: Listing::Granting,
    suspect_key: RuleKey::Column(Field::CancelAtPeriodEnd),
    money: None,
    lacks: None,
};
