//! `unmapped-price`: a granting subscription carries a price that the contract does not map.

use super::{
    definition::{RuleCheck, RuleDefinition, RuleEvents, RuleInfo, RuleKey, RuleListing, RuleNeed},
    unmapped::{CORRECT, EXPLAIN_PRICES, report_unmapped},
};
use crate::{Rule, Severity};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "unmapped-price",
        severity: Severity::High,
        uses_contract_severity: true,
        description: "a granting subscription carries a price that the contract does not map",
        help: "Add the price to plans in prodverdict.yml, or to ignore_prices if it belongs to another product.",
        column: None,
        compares_plans: true,
        keys: &[RuleKey::Plans],
        events: RuleEvents::NONE,
        row_fault: None,
    },
    needs: &[RuleNeed::Subscriptions, RuleNeed::Plans],
    listing: RuleListing::Granting,
    suspect_key: RuleKey::Plans,
    money: None,
    missing_handler_action: None,
    check: RuleCheck::All(|case, _| report_unmapped(Rule::UnmappedPrice, case)),
    explain: EXPLAIN_PRICES,
    correct: CORRECT,
};
