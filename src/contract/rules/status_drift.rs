//! `status-drift`: the stored status is not the subscription's.

use super::definition::{Listing, Need, RuleColumn, RuleDefinition, RuleEvents, RuleInfo, RuleKey};
use crate::contract::{Field, Severity};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "status-drift",
        severity: Severity::Medium,
        is_published: false,
        description: "the stored status is not the subscription's",
        help: "Store the status of the subscription. Then let the webhook handler do so whenever it changes.",
        column: Some(RuleColumn::Field(Field::Status)),
        compares_plans: false,
        keys: &[RuleKey::Column(Field::Status)],
        events: RuleEvents::UPDATED,
        row_fault: None,
    },
    needs: &[Need::Subscriptions, Need::Column(Field::Status)],
    listing: Listing::OfStoredStatuses,
    suspect_key: RuleKey::Column(Field::Status),
    money: None,
    lacks: None,
};
