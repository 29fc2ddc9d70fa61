//! `stale-subscription-id`: the stored subscription is not the one that grants access.

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
    Field, Rule, Severity,
    wrong_row::{Corrected, Correction, GONE, WrongRow},
};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "stale-subscription-id",
        severity: Severity::Medium,
        uses_contract_severity: false,
        description: "the stored subscription is not the one that grants access",
        help: "Store the id of the subscription that grants access. Then let the webhook handler do so when a new one \
             begins.",
        column: Some(RuleColumn::Field(Field::SubscriptionId)),
        compares_plans: false,
        keys: &[RuleKey::Column(Field::SubscriptionId)],
        events: RuleEvents {
            stripe: &[
                "customer.subscription.created",
                "checkout.session.completed",
            ],
            paddle: &["subscription.created"],
            entitlements: &[],
        },
        row_fault: None,
    },
    needs: &[
        RuleNeed::Subscriptions,
        RuleNeed::MatchByCustomer,
        RuleNeed::Column(Field::SubscriptionId),
    ],
    listing: RuleListing::Granting,
    suspect_key: RuleKey::Column(Field::SubscriptionId),
    money: None,
    missing_handler_action: None,
    check: RuleCheck::Account(check),
    explain: RuleExplanation::Account(InGrace::Unjudged, explain),
    correct: RuleCorrection::Row(correct),
};

fn check(judged: &JudgedAccount<'_, '_>) {
    let JudgedAccount { case, link, .. } = judged;
    let (Some(columns), Some(newest)) = (judged.columns_if_granted(), judged.paying.first()) else {
        return;
    };
    let stored = columns.subscription_id.as_ref();
    // One with an unmapped price grants by its status: it may well be the right one.
    let mut all = case.subscriptions_of(&link.holder);
    if all.any(|subscription| Some(&subscription.id) == stored && case.is_charged(subscription)) {
        return;
    }
    let drift = Drift {
        rule: Rule::StaleSubscriptionId,
        field: Field::SubscriptionId,
        stored: &stored.map_or("empty".to_owned(), ToString::to_string),
        expected: newest.id.as_str(),
        consequence: "Stale subscription — changes to the live one will not find the row.",
    };
    drift.report(judged, newest);
}

fn explain(judged: &JudgedAccount<'_, '_>) -> NoFinding {
    judged
        .explain_without_right_access()
        .unwrap_or_else(|| judged.explain_agreement(Field::SubscriptionId))
}

fn correct(row: &WrongRow<'_, '_>) -> Correction {
    let id = row.paying.first().ok_or(GONE)?.id.to_string();
    Ok((Field::SubscriptionId, Corrected::Word(id)))
}
