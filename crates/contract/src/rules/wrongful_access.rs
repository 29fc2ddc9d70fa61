//! `wrongful-access`: the account has access and none of its customer's subscriptions grants it.

use super::{
    access_flag::{explain_other_payment, set_flag},
    definition::{
        HandlerAction, InGrace, MoneySide, RowFault, RuleCheck, RuleColumn, RuleCorrection,
        RuleDefinition, RuleEvents, RuleExplanation, RuleInfo, RuleKey, RuleListing,
    },
    judged_account::JudgedAccount,
    no_finding::NoFinding,
};
use crate::{
    Field, PauseMeaning, Rule, Severity,
    access::CustomerAccess,
    case::{Case, FindingDraft},
};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "wrongful-access",
        severity: Severity::High,
        uses_contract_severity: true,
        description: "the account has access and none of its customer's subscriptions grants it",
        help: "Take the access away, or exempt the account if it is a gift. Then look at what the webhook handler does \
             when a subscription ends.",
        column: Some(RuleColumn::Field(Field::HasPaidAccess)),
        compares_plans: false,
        keys: &[RuleKey::Column(Field::HasPaidAccess)],
        events: RuleEvents {
            stripe: &[
                "customer.subscription.deleted",
                "customer.subscription.updated",
            ],
            paddle: &["subscription.canceled", "subscription.updated"],
            entitlements: &["entitlements.active_entitlement_summary.updated"],
        },
        row_fault: Some(RowFault::AccessNotTaken),
    },
    needs: &[],
    listing: RuleListing::OfPaidAccounts,
    suspect_key: RuleKey::Column(Field::HasPaidAccess),
    money: Some(MoneySide::ServedNotPaid),
    missing_handler_action: Some(HandlerAction::Revoke),
    check: RuleCheck::Account(check),
    explain: RuleExplanation::Account(InGrace::Unjudged, explain),
    correct: RuleCorrection::Row(|row| row.corrected_access(false)),
};

fn check(judged: &JudgedAccount<'_, '_>) {
    let JudgedAccount { case, link, .. } = judged;
    let is_broken = link.account.paid
        && judged.access == CustomerAccess::NotGranting
        && !judged.is_paid_elsewhere();
    let Some(deciding) = case.deciding(&link.holder).filter(|_| is_broken) else {
        return;
    };
    let (amount, items_without_amount) = case.monthly([deciding]);
    let why = if case.contract.pause_meaning(deciding) == PauseMeaning::Deny {
        format!("has a {} whose collection is paused", case.source_object())
    } else if case.contract.grants_by_status(deciding) {
        "pays for a free plan only".to_owned()
    } else if case.contract.source.has_subscriptions() {
        format!(
            "has no {} (the newest is {})",
            granting_subscription(case),
            deciding.status
        )
    } else {
        "has no entitlement to a paid plan".to_owned()
    };
    case.report(
        Rule::WrongfulAccess,
        case.account_entity(link.account),
        FindingDraft {
            message: format!(
                "{} {why} but {}.\nWrongful access — {} keeps paid features without paying.",
                case.entity_capital(),
                case.explain_flag(true),
                case.contract.entity,
            ),
            fix: format!(
                "{} in your webhook handler on subscription cancellation.",
                set_flag(case, false)
            ),
            subject: case.subject(link, Some(deciding)),
            evidence: case.both_sides(link, [deciding]),
            amount,
            items_without_amount,
            ..FindingDraft::default()
        },
    );
}

/// Returns `active/trialing Stripe subscription`.
fn granting_subscription(case: &Case<'_>) -> String {
    let words = case.contract.statuses.granting_words();
    format!("{words} {}", case.source_object())
}

fn explain(judged: &JudgedAccount<'_, '_>) -> NoFinding {
    let object = judged.case.source_object();
    explain_other_payment(judged).unwrap_or_else(|| match judged.access {
        CustomerAccess::None => {
            NoFinding::DoesNotApply(format!("there is no {object}, which is `no-subscription`"))
        }
        CustomerAccess::Granting
        | CustomerAccess::NotGranting
        | CustomerAccess::InGrace
        | CustomerAccess::Unjudged => NoFinding::Holds(format!("a {object} grants access")),
    })
}
