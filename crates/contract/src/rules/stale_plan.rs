//! `stale-plan`: access was taken away and the paid plan stayed.

use super::{
    definition::{
        InGrace, RuleCheck, RuleColumn, RuleCorrection, RuleDefinition, RuleEvents,
        RuleExplanation, RuleInfo, RuleKey, RuleListing, RuleNeed,
    },
    judged_account::JudgedAccount,
    no_finding::NoFinding,
    stored_plan::{is_plan_alive, stored_plan, stores_paid_plan},
};
use crate::{
    Field, Rule, Severity,
    access::CustomerAccess,
    case::FindingDraft,
    wrong_row::{Corrected, Correction, WrongRow},
};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "stale-plan",
        severity: Severity::Low,
        uses_contract_severity: false,
        description: "access was taken away and the paid plan stayed",
        help: "Reset the plan. Then let the webhook handler do so where it takes the access away.",
        column: Some(RuleColumn::Field(Field::Plan)),
        compares_plans: true,
        keys: &[RuleKey::Column(Field::Plan), RuleKey::Plans],
        events: RuleEvents {
            stripe: &[
                "customer.subscription.deleted",
                "customer.subscription.updated",
            ],
            paddle: &["subscription.canceled", "subscription.updated"],
            entitlements: &[],
        },
        row_fault: None,
    },
    needs: &[RuleNeed::Plans, RuleNeed::Column(Field::Plan)],
    listing: RuleListing::OfStoredPlans,
    suspect_key: RuleKey::Plans,
    money: None,
    missing_handler_action: None,
    check: RuleCheck::Account(check),
    explain: RuleExplanation::Account(InGrace::Unjudged, explain),
    correct: RuleCorrection::Row(correct),
};

/// Reports a paid plan that stayed after access was removed.
fn check(judged: &JudgedAccount<'_, '_>) {
    let JudgedAccount { case, link, .. } = judged;
    if link.account.paid
        || !matches!(
            judged.access,
            CustomerAccess::NotGranting | CustomerAccess::None
        )
        || judged.is_paid_elsewhere()
        || !stores_paid_plan(case, link.account)
        || is_plan_alive(case, &link.holder)
    {
        return;
    }
    let found = stored_plan(link.account);
    let column = case.column(Field::Plan);
    let deciding = case.deciding(&link.holder);
    case.report(
        Rule::StalePlan,
        case.account_entity(link.account),
        FindingDraft {
            message: format!(
                "{} has no access and pays for nothing but {column} is \"{found}\".\nStale plan — the access flag was \
                 cleared, the plan stayed.",
                case.entity_capital(),
            ),
            fix: format!("Reset {column} in your webhook handler where the access is taken away."),
            subject: case.subject(link, deciding),
            evidence: case.both_sides(link, deciding),
            ..FindingDraft::default()
        },
    );
}

fn explain(judged: &JudgedAccount<'_, '_>) -> NoFinding {
    let case = judged.case;
    if judged.link.account.paid || judged.gives_access() {
        judged.explain_other_accounts("that rightly have no access")
    } else if is_plan_alive(case, &judged.link.holder) {
        NoFinding::DoesNotApply("a subscription that may come back keeps its plan".to_owned())
    } else {
        NoFinding::Holds(format!("`{}` is not a paid plan", case.column(Field::Plan)))
    }
}

fn correct(row: &WrongRow<'_, '_>) -> Correction {
    let plan = row
        .free_plan
        .ok_or("it is unclear which plan means none: reset it as your application does")?;
    Ok((Field::Plan, Corrected::Word(plan.to_owned())))
}
