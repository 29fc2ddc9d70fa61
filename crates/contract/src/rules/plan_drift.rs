//! `plan-drift`: the stored plan is not one that the customer pays for.

use std::collections::BTreeSet;

use super::{
    definition::{
        HandlerAction, InGrace, RowFault, RuleCheck, RuleColumn, RuleCorrection, RuleDefinition,
        RuleEvents, RuleExplanation, RuleInfo, RuleKey, RuleListing, RuleNeed,
    },
    judged_account::JudgedAccount,
    no_finding::NoFinding,
    stored_plan::{is_same_word, stored_plan},
};
use crate::{
    Field, Item, PlanWords, Rule, Severity,
    access::{CustomerAccess, PriceMeaning},
    case::FindingDraft,
    wrong_row::{Corrected, Correction, WrongRow},
};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "plan-drift",
        severity: Severity::High,
        uses_contract_severity: true,
        description: "the stored plan is not one that the customer pays for",
        help: "Store the plan that is paid for. Then look at what the webhook handler does when the price of a \
             subscription changes.",
        column: Some(RuleColumn::Field(Field::Plan)),
        compares_plans: true,
        keys: &[RuleKey::Price, RuleKey::Plans, RuleKey::Column(Field::Plan)],
        events: RuleEvents {
            stripe: &["customer.subscription.updated"],
            paddle: &["subscription.updated"],
            entitlements: &["entitlements.active_entitlement_summary.updated"],
        },
        row_fault: Some(RowFault::WrongPlan),
    },
    needs: &[RuleNeed::Plans, RuleNeed::Column(Field::Plan)],
    listing: RuleListing::OfPaidAccountsInGrace,
    suspect_key: RuleKey::Plans,
    money: None,
    missing_handler_action: Some(HandlerAction::Grant),
    check: RuleCheck::Account(check),
    explain: RuleExplanation::Account(InGrace::JudgedWithAccess, explain),
    correct: RuleCorrection::Row(correct),
};

/// Reports a stored plan that the paying subscriptions do not pay for. If they carry no mapped price at all, no plan is
/// expected and nobody is accused.
fn check(judged: &JudgedAccount<'_, '_>) {
    let JudgedAccount {
        case, link, paying, ..
    } = judged;
    if !judged.has_right_access() {
        return;
    }
    let found = stored_plan(link.account);
    let bought = || {
        let all = paying.iter();
        all.flat_map(|subscription| case.contract.plans_of(&subscription.items))
    };
    let right = case.contract.right_plans(bought());
    if right.is_empty() || right.iter().any(|plan| plan.is(found)) {
        return;
    }
    let names: BTreeSet<_> = right.iter().map(|plan| plan.name()).collect();
    let expected = names.into_iter().collect::<Vec<_>>().join(" or ");
    let column = case.column(Field::Plan);
    let stored = if found.is_empty() {
        "empty".to_owned()
    } else {
        format!("\"{found}\"")
    };
    let mut subject = case.subject(link, paying.first().copied());
    subject.price = paying
        .iter()
        .flat_map(|subscription| subscription.items.iter())
        .filter(|item| {
            let plan = case.contract.plan_of(&item.price);
            plan.is_some_and(|plan| right.contains(plan))
        })
        .map(|item| &item.price.id)
        .min()
        .map(|price| price.as_str().into());
    subject.plan_expected = Some(expected.as_str().into());
    let pays = if judged.access == CustomerAccess::InGrace {
        "is in grace on"
    } else {
        "pays for"
    };
    let in_handler = format!(
        "et {column}={expected} in your webhook handler when the subscription's price changes."
    );
    let differs_in_case = |plan: &&&PlanWords| plan.words().any(|word| is_same_word(word, found));
    let fix = match right.iter().find(differs_in_case) {
        Some(_) => format!(
            "Write \"{found}\" in `plans` of prodverdict.yml if that is how it is stored; else s{in_handler}"
        ),
        None => format!("S{in_handler}"),
    };
    case.report(
        Rule::PlanDrift,
        case.account_entity(link.account),
        FindingDraft {
            message: format!(
                "{} {pays} plan \"{expected}\" but {column} is {stored}.\nPlan drift — {} gets a different plan than \
                 the one that is paid for.",
                case.entity_capital(),
                case.contract.entity,
            ),
            fix,
            subject,
            evidence: case.both_sides(link, paying.iter().copied()),
            ..FindingDraft::default()
        },
    );
}

fn explain(judged: &JudgedAccount<'_, '_>) -> NoFinding {
    let case = judged.case;
    let carries_a_plan = |item: &Item| {
        matches!(
            case.contract.price_meaning(&item.price),
            PriceMeaning::Plan(_)
        )
    };
    judged.explain_without_right_access().unwrap_or_else(|| {
        if judged.pays_for(carries_a_plan) {
            NoFinding::Holds(format!(
                "`{}` is a plan that is paid for",
                case.column(Field::Plan)
            ))
        } else {
            NoFinding::DoesNotApply("no price that grants is in `plans`".to_owned())
        }
    })
}

fn correct(row: &WrongRow<'_, '_>) -> Correction {
    let plan = row
        .only_plan()
        .ok_or("more than one plan is paid for: choose the one that is stored")?;
    Ok((Field::Plan, Corrected::Word(plan)))
}
