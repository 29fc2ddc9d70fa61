//! `unmapped-feature`: an active entitlement grants a feature that the contract does not map.

use super::{
    definition::{RuleCheck, RuleDefinition, RuleEvents, RuleInfo, RuleKey, RuleListing, RuleNeed},
    unmapped::{CORRECT, EXPLAIN_FEATURES, report_unmapped},
};
use crate::{Rule, Severity};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "unmapped-feature",
        severity: Severity::High,
        uses_contract_severity: true,
        description: "an active entitlement grants a feature that the contract does not map",
        help: "Add the feature to plans in prodverdict.yml, or to ignore_prices if it belongs to another product.",
        column: None,
        compares_plans: true,
        keys: &[RuleKey::Plans],
        events: RuleEvents::NONE,
        row_fault: None,
    },
    needs: &[RuleNeed::Entitlements, RuleNeed::Plans],
    listing: RuleListing::Granting,
    suspect_key: RuleKey::Plans,
    money: None,
    missing_handler_action: None,
    check: RuleCheck::All(|case, _| report_unmapped(Rule::UnmappedFeature, case)),
    explain: EXPLAIN_FEATURES,
    correct: CORRECT,
};
