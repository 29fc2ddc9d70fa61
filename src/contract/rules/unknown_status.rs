//! `unknown-status`: a subscription has a status that the contract neither grants nor denies.

use super::definition::{Listing, Need, RuleDefinition, RuleEvents, RuleInfo, RuleKey};
use crate::contract::Severity;

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "unknown-status",
        severity: Severity::Medium,
        is_published: false,
        description: "a subscription has a status that the contract neither grants nor denies",
        help: "Add the status to statuses.grant or statuses.deny in prodverdict.yml.",
        column: None,
        compares_plans: false,
        keys: &[RuleKey::Statuses, RuleKey::Source],
        events: RuleEvents::NONE,
        row_fault: None,
    },
    needs: &[Need::Subscriptions],
    listing: Listing::UnknownStatuses,
    suspect_key: RuleKey::Contract,
    money: None,
    lacks: None,
};
