//! `revenue-leak`: a customer pays and the account has no access.

use super::{
    access_flag::{explain_flag, set_flag},
    definition::{
        HandlerAction, InGrace, MoneySide, RowFault, RuleCheck, RuleColumn, RuleCorrection,
        RuleDefinition, RuleEvents, RuleExplanation, RuleInfo, RuleKey, RuleListing,
    },
    judged_account::JudgedAccount,
    no_finding::NoFinding,
};
use crate::{Field, Rule, Severity, access::CustomerAccess, case::FindingDraft};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "revenue-leak",
        severity: Severity::High,
        uses_contract_severity: true,
        description: "a customer pays and the account has no access",
        help: "Give the account access. Then find out why the webhook handler did not: whether the events of the \
             subscription arrived, and what the handler does when one becomes active.",
        column: Some(RuleColumn::Field(Field::HasPaidAccess)),
        compares_plans: false,
        keys: &[RuleKey::Column(Field::HasPaidAccess)],
        events: RuleEvents {
            stripe: &[
                "checkout.session.completed",
                "customer.subscription.created",
                "customer.subscription.updated",
            ],
            paddle: &[
                "subscription.activated",
                "subscription.created",
                "subscription.updated",
            ],
            entitlements: &["entitlements.active_entitlement_summary.updated"],
        },
        row_fault: Some(RowFault::AccessNotGiven),
    },
    needs: &[],
    listing: RuleListing::Granting,
    suspect_key: RuleKey::Column(Field::HasPaidAccess),
    money: Some(MoneySide::PaidNotServed),
    missing_handler_action: Some(HandlerAction::Grant),
    check: RuleCheck::Account(check),
    explain: RuleExplanation::Account(InGrace::Unjudged, explain),
    correct: RuleCorrection::Row(|row| row.corrected_access(true)),
};

fn check(judged: &JudgedAccount<'_, '_>) {
    let JudgedAccount { case, link, .. } = judged;
    if link.account.paid || judged.access != CustomerAccess::Granting {
        return;
    }
    let granting = &judged.paying;
    let (amount, items_without_amount) = case.monthly(granting.iter().copied());
    let entity = case.entity_capital();
    case.report(
        Rule::RevenueLeak,
        case.account_entity(link.account),
        FindingDraft {
            message: format!(
                "{entity} has {} but {}.\nRevenue leak — {} cannot access paid features.",
                case.a_granting_subscription(granting.first().copied()),
                case.explain_flag(false),
                case.contract.entity,
            ),
            fix: format!(
                "{} in your webhook handler on subscription activation.",
                set_flag(case, true)
            ),
            subject: case.subject(link, granting.first().copied()),
            evidence: case.both_sides(link, granting.iter().copied()),
            amount,
            items_without_amount,
            shares: case.shares(granting),
            max_severity: None,
        },
    );
}

fn explain(judged: &JudgedAccount<'_, '_>) -> NoFinding {
    if judged.link.account.paid {
        explain_flag(judged)
    } else {
        NoFinding::Holds(format!("no {} grants access", judged.case.source_object()))
    }
}
