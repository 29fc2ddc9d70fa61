//! `no-subscription`: the account has access and its customer never had a subscription.

use super::{
    access_flag::{explain_other_payment, set_flag},
    definition::{
        InGrace, RowFault, RuleCheck, RuleColumn, RuleCorrection, RuleDefinition, RuleEvents,
        RuleExplanation, RuleInfo, RuleKey, RuleListing,
    },
    judged_account::JudgedAccount,
    no_finding::NoFinding,
};
use crate::{Field, Rule, Severity, access::CustomerAccess, case::FindingDraft};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "no-subscription",
        severity: Severity::High,
        uses_contract_severity: true,
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
    listing: RuleListing::OfPaidAccounts,
    suspect_key: RuleKey::Column(Field::HasPaidAccess),
    money: None,
    missing_handler_action: None,
    check: RuleCheck::Account(check),
    explain: RuleExplanation::Account(InGrace::Unjudged, explain),
    correct: RuleCorrection::Row(|row| row.corrected_access(false)),
};

fn check(judged: &JudgedAccount<'_, '_>) {
    let JudgedAccount { case, link, .. } = judged;
    if !link.account.paid || judged.access != CustomerAccess::None || judged.is_paid_elsewhere() {
        return;
    }
    case.report(Rule::NoSubscription, case.account_entity(link.account), FindingDraft {
            message: format!(
                "{} has no {} at all but {}.\nAccess without a subscription — nothing was ever paid for it.",
                case.entity_capital(),
                case.source_object(),
                case.explain_flag(true),
            ),
            fix: format!(
                "{}, or list the {} under `exempt` if the access is a gift.",
                set_flag(case, false),
                case.contract.entity,
            ),
            subject: case.subject(link, None),
            evidence: case.both_sides(link, []),
            ..FindingDraft::default()
        },
    );
}

fn explain(judged: &JudgedAccount<'_, '_>) -> NoFinding {
    let object = judged.case.source_object();
    explain_other_payment(judged)
        .unwrap_or_else(|| NoFinding::Holds(format!("the customer has a {object}")))
}
