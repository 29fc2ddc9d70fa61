//! `period-drift`: the stored period end is not the subscription's.

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
    Field, Item, Period, Rule, Severity, Source, Status, Subscription, Unanswerable, UnixSeconds,
    access::PriceMeaning,
    case::Case,
    wrong_row::{Corrected, Correction, WrongRow},
};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "period-drift",
        severity: Severity::Medium,
        uses_contract_severity: false,
        description: "the stored period end is not the subscription's",
        help: "Store the end of the current period. Then let the webhook handler do so at each renewal.",
        column: Some(RuleColumn::Field(Field::PeriodEnd)),
        compares_plans: false,
        keys: &[RuleKey::Column(Field::PeriodEnd)],
        events: RuleEvents::UPDATED,
        row_fault: Some(RowFault::WrongPeriodEnd),
    },
    needs: &[RuleNeed::Subscriptions, RuleNeed::Column(Field::PeriodEnd)],
    listing: RuleListing::Granting,
    suspect_key: RuleKey::Column(Field::PeriodEnd),
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
    let Some(period) = paid_period(case, deciding) else {
        if states_no_period(case, deciding) {
            return Ok(());
        }
        return Err(missing(
            deciding,
            "end of its current period",
            "`period-drift`",
        ));
    };
    let (stored, end) = (columns.period_end, period.end());
    if !stored.is_some_and(|stored| may_be_stored(case, stored, period)) {
        let drift = Drift {
            rule: Rule::PeriodDrift,
            field: Field::PeriodEnd,
            stored: &stored.map_or("empty".to_owned(), |stored| stored.to_string()),
            expected: &end.to_string(),
            consequence: "Period drift — access may end early or last too long.",
        };
        drift.report(judged, deciding);
    }
    Ok(())
}

/// Returns true if the subscription has no period. Paddle states it only for subscriptions that are billed.
fn states_no_period(case: &Case<'_>, subscription: &Subscription) -> bool {
    case.contract.source == Source::Paddle
        && matches!(subscription.status, Status::Canceled | Status::Paused)
}

/// Returns true if the row may hold this end: that of the period or, just after a renewal, that of the previous one.
fn may_be_stored(case: &Case<'_>, stored: UnixSeconds, period: Period) -> bool {
    let start = period.start();
    let is_just_renewed =
        start <= case.now && start.distance(case.now) < case.contract.renewal_delay;
    is_close(case, stored, period.end()) || (is_just_renewed && is_close(case, stored, start))
}

fn is_close(case: &Case<'_>, stored: UnixSeconds, end: UnixSeconds) -> bool {
    stored.distance(end) <= case.contract.period_tolerance
}

/// Returns the paid period: of the items that `plans` maps, else of those that are not ignored, the one that ends last.
fn paid_period(case: &Case<'_>, subscription: &Subscription) -> Option<Period> {
    let periods = subscription
        .details
        .as_ref()
        .map(|details| &details.item_periods);
    let Some(periods) = periods.filter(|periods| !periods.is_empty()) else {
        return subscription.period;
    };
    let latest = |is_counted: &dyn Fn(&Item) -> bool| {
        let items = subscription.items.iter().zip(periods.iter());
        items
            .filter(|(item, _)| is_counted(item))
            .filter_map(|(_, period)| period.or(subscription.period))
            .max_by_key(|period| (period.end(), period.start()))
    };
    let meaning = |item: &Item| case.contract.price_meaning(&item.price);
    latest(&|item| matches!(meaning(item), PriceMeaning::Plan(_)))
        .or_else(|| latest(&|item| meaning(item) != PriceMeaning::Ignored))
        .or(subscription.period)
}

fn explain(judged: &JudgedAccount<'_, '_>) -> NoFinding {
    if let Some(reason) = judged.explain_without_right_access() {
        return reason;
    }
    let JudgedAccount { case, link, .. } = judged;
    let stored = judged.columns_if_granted().and_then(|row| row.period_end);
    let deciding = case.deciding(&link.holder);
    let period = deciding.and_then(|subscription| paid_period(case, subscription));
    match stored.zip(period) {
        Some((stored, period)) if !is_close(case, stored, period.end()) => {
            NoFinding::Holds(format!(
                "`{}` is the end of the previous period, which is right until the renewal is billed, within 2 hours",
                case.column(Field::PeriodEnd)
            ))
        }
        Some(_) | None => judged.explain_agreement(Field::PeriodEnd),
    }
}

fn correct(row: &WrongRow<'_, '_>) -> Correction {
    let end = row
        .deciding()
        .and_then(|subscription| paid_period(row.case, subscription))
        .map(Period::end);
    let end = end.ok_or("the end of the current period is not known")?;
    Ok((Field::PeriodEnd, Corrected::Time(end)))
}
