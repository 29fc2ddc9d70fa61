//! `period-drift`: the stored period end is not the subscription's.

use super::definition::{
    Listing, Need, RowFault, RuleColumn, RuleDefinition, RuleEvents, RuleInfo, RuleKey,
};
use crate::contract::{Field, Severity};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "period-drift",
        severity: Severity::Medium,
        is_published: false,
        description: "the stored period end is not the subscription's",
        help: "Store the end of the current period. Then let the webhook handler do so at each renewal.",
        column: Some(RuleColumn::Field(Field::PeriodEnd)),
        compares_plans: false,
        keys: &[RuleKey::Column(Field::PeriodEnd)],
        events: RuleEvents::UPDATED,
        row_fault: Some(RowFault::WrongPeriodEnd),
    },
    needs: &[Need::Subscriptions, Need::Column(Field::PeriodEnd)],
    listing: Listing::Granting,
    suspect_key: RuleKey::Column(Field::PeriodEnd),
    money: None,
    lacks: None,
};
