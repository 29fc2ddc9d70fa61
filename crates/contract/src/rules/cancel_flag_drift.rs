//! `cancel-flag-drift`: the stored cancellation flag is not the subscription's.

use super::{
    column_drift::{Drift, missing},
    definition::{
        InGrace, RowFault, RuleCheck, RuleColumn, RuleCorrection, RuleDefinition, RuleEvents,
        RuleExplanation, RuleInfo, RuleKey, RuleListing, RuleNeed,
    },
    judged_account::JudgedAccount,
    no_finding::NoFinding,
};
use crate::{
    Field, Rule, Severity, Unanswerable,
    wrong_row::{Corrected, Correction, WrongRow},
};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "cancel-flag-drift",
        severity: Severity::Medium,
        uses_contract_severity: false,
        description: "the stored cancellation flag is not the subscription's",
        help: "Store whether the subscription is to end. Then let the webhook handler do so whenever that changes.",
        column: Some(RuleColumn::Field(Field::CancelAtPeriodEnd)),
        compares_plans: false,
        keys: &[RuleKey::Column(Field::CancelAtPeriodEnd)],
        events: RuleEvents::UPDATED,
        row_fault: Some(RowFault::WrongCancelFlag),
    },
    needs: &[
        RuleNeed::Subscriptions,
        RuleNeed::Column(Field::CancelAtPeriodEnd),
    ],
    listing: RuleListing::Granting,
    suspect_key: RuleKey::Column(Field::CancelAtPeriodEnd),
    money: None,
    missing_handler_action: None,
    check: RuleCheck::FallibleAccount(check),
    explain: RuleExplanation::Account(InGrace::Unjudged, explain),
    correct: RuleCorrection::Row(correct),
};

fn check(judged: &JudgedAccount<'_, '_>) -> Result<(), Unanswerable> {
    let JudgedAccount { case, link, .. } = judged;
    let deciding = || case.deciding(&link.holder);
    let Some((columns, deciding)) = judged.columns_if_granted().zip(deciding()) else {
        return Ok(());
    };
    let scheduled = deciding.cancel_scheduled;
    let expected =
        scheduled.ok_or_else(|| missing(deciding, "cancellation flag", "`cancel-flag-drift`"))?;
    if columns.cancel_at_period_end == expected {
        return Ok(());
    }
    let drift = Drift {
        rule: Rule::CancelFlagDrift,
        field: Field::CancelAtPeriodEnd,
        stored: &columns.cancel_at_period_end.to_string(),
        expected: &expected.to_string(),
        consequence: "Cancellation drift — the app shows a renewal that will not come, or hides one that will.",
    };
    if deciding.only_cancel_at {
        let difference = "has `cancel_at` set, and `cancel_at_period_end` is false";
        let both = "{sql: \"cancel_at_period_end or cancel_at is not null\"}";
        let fix = format!(
            "Set {}={expected} in your webhook handler when `cancel_at` is set. An app that stores both maps \
             `cancel_at_period_end: {both}`.",
            case.column(Field::CancelAtPeriodEnd)
        );
        drift.report_with(judged, deciding, difference, fix);
    } else {
        drift.report(judged, deciding);
    }
    Ok(())
}

fn explain(judged: &JudgedAccount<'_, '_>) -> NoFinding {
    judged
        .explain_without_right_access()
        .unwrap_or_else(|| judged.explain_agreement(Field::CancelAtPeriodEnd))
}

fn correct(row: &WrongRow<'_, '_>) -> Correction {
    let scheduled = row
        .deciding()
        .and_then(|subscription| subscription.cancel_scheduled);
    let scheduled = scheduled.ok_or("whether it is to end is not known")?;
    Ok((Field::CancelAtPeriodEnd, Corrected::Flag(scheduled)))
}
