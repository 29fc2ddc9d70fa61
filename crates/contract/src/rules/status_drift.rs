//! `status-drift`: the stored status is not the subscription's.

use super::{
    column_drift::Drift,
    definition::{
        InGrace, RuleCheck, RuleColumn, RuleCorrection, RuleDefinition, RuleEvents,
        RuleExplanation, RuleInfo, RuleKey, RuleListing, RuleNeed,
    },
    judged_account::JudgedAccount,
    no_finding::NoFinding,
};
use crate::{
    Field, Rule, Severity, Status,
    access::CustomerAccess,
    wrong_row::{Corrected, Correction, GONE, WrongRow},
};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "status-drift",
        severity: Severity::Medium,
        uses_contract_severity: false,
        description: "the stored status is not the subscription's",
        help: "Store the status of the subscription. Then let the webhook handler do so whenever it changes.",
        column: Some(RuleColumn::Field(Field::Status)),
        compares_plans: false,
        keys: &[RuleKey::Column(Field::Status)],
        events: RuleEvents::UPDATED,
        row_fault: None,
    },
    needs: &[RuleNeed::Subscriptions, RuleNeed::Column(Field::Status)],
    listing: RuleListing::OfStoredStatuses,
    suspect_key: RuleKey::Column(Field::Status),
    money: None,
    missing_handler_action: None,
    check: RuleCheck::Account(check),
    explain: RuleExplanation::Account(InGrace::Judged, explain),
    correct: RuleCorrection::Row(correct),
};

/// Reports a stored word that is not the status of the deciding subscription. An empty column beside a subscription
/// that does not grant is right: it was cleared.
fn check(judged: &JudgedAccount<'_, '_>) {
    let JudgedAccount { case, link, .. } = judged;
    let columns = link.account.columns.as_deref();
    let (true, Some(columns)) = (compares_status(judged), columns) else {
        return;
    };
    let Some(deciding) = case.deciding(&link.holder) else {
        return;
    };
    let stored = columns.status.as_deref().unwrap_or_default().trim();
    let was_cleared = stored.is_empty() && !case.grants(deciding);
    let words = case.contract.status_words.get(&deciding.status);
    let is_right = match words {
        Some(words) => words.iter().any(|word| word.trim() == stored),
        None => Status::parse(stored) == deciding.status,
    };
    if was_cleared || is_right {
        return;
    }
    let stored = if stored.is_empty() {
        "empty".to_owned()
    } else {
        format!("\"{stored}\"")
    };
    let expected = words.map_or_else(|| deciding.status.to_string(), |words| words.join(" or "));
    let drift = Drift {
        rule: Rule::StatusDrift,
        field: Field::Status,
        stored: &stored,
        expected: &expected,
        consequence: "Status drift — a status change did not reach the row.",
    };
    drift.report(judged, deciding);
}

/// Returns true if the access of the account is right, or something else pays for it.
fn compares_status(judged: &JudgedAccount<'_, '_>) -> bool {
    match judged.access {
        CustomerAccess::Granting => judged.link.account.paid,
        CustomerAccess::InGrace => true,
        CustomerAccess::NotGranting | CustomerAccess::None => {
            !judged.link.account.paid || judged.is_paid_elsewhere()
        }
        CustomerAccess::Unjudged => false,
    }
}

fn explain(judged: &JudgedAccount<'_, '_>) -> NoFinding {
    let is_right = judged.link.account.paid == judged.gives_access();
    if !is_right && judged.access != CustomerAccess::InGrace {
        judged.explain_other_accounts("whose access is right")
    } else if judged.case.deciding(&judged.link.holder).is_none() {
        NoFinding::DoesNotApply("there is no subscription to compare with".to_owned())
    } else {
        judged.explain_agreement(Field::Status)
    }
}

fn correct(row: &WrongRow<'_, '_>) -> Correction {
    let status = &row.deciding().ok_or(GONE)?.status;
    let words = row.case.contract.status_words.get(status);
    let word = match words.map(Vec::as_slice) {
        None => status.to_string(),
        Some([word]) => word.clone(),
        Some(_) => return Err("more than one word means this status: choose the right one"),
    };
    Ok((Field::Status, Corrected::Word(word)))
}
