//! `unmapped-price`: a granting subscription carries a price that the contract does not map.

use super::{
    definition::{Check, Listing, Need, RuleDefinition, RuleEvents, RuleInfo, RuleKey},
    unmapped::{CORRECT, EXPLAIN, unmapped},
};
use crate::contract::{Rule, Severity};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "unmapped-price",
        severity: Severity::High,
        is_published: true,
        description: "a granting subscription carries a price that the contract does not map",
        help: "Add the price to plans in prodverdict.yml, or to ignore_prices if it is of another product.",
        column: None,
        compares_plans: true,
        keys: &[RuleKey::Plans],
        events: RuleEvents::NONE,
        row_fault: None,
    },
    needs: &[Need::Subscriptions, Need::Plans],
    listing: Listing::Granting,
    suspect_key: RuleKey::Plans,
    money: None,
    lacks: None,
    check: Check::All(|case, _| unmapped(Rule::UnmappedPrice, case)),
    explain: EXPLAIN,
    correct: CORRECT,
};
