//! `seat-drift`: the stored seats are not the quantity that is paid for.

use super::{
    column_drift::Drift,
    definition::{
        InGrace, RuleCheck, RuleColumn, RuleCorrection, RuleDefinition, RuleEvents,
        RuleExplanation, RuleInfo, RuleKey, RuleListing, RuleNeed,
    },
    judged_account::JudgedAccount,
    no_finding::NoFinding,
    seats::{counts_seats, is_unlimited, paid_seats},
};
use crate::{
    Field, Rule, Severity, Unanswerable,
    wrong_row::{Corrected, Correction, GONE, WrongRow},
};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "seat-drift",
        severity: Severity::High,
        uses_contract_severity: false,
        description: "the stored seats are not the quantity that is paid for",
        help: "Store the quantity that is paid for. Then let the webhook handler do so whenever the subscription changes.",
        column: Some(RuleColumn::Field(Field::Seats)),
        compares_plans: false,
        keys: &[RuleKey::Column(Field::Seats)],
        events: RuleEvents::UPDATED,
        row_fault: None,
    },
    needs: &[RuleNeed::Subscriptions, RuleNeed::Column(Field::Seats)],
    listing: RuleListing::OfPaidAccountsInGrace,
    suspect_key: RuleKey::Column(Field::Seats),
    money: None,
    missing_handler_action: None,
    check: RuleCheck::FallibleAccount(check),
    explain: RuleExplanation::Account(InGrace::JudgedWithAccess, explain),
    correct: RuleCorrection::Row(correct),
};

/// Reports stored seats that differ from those that the paying subscriptions buy.
fn check(judged: &JudgedAccount<'_, '_>) -> Result<(), Unanswerable> {
    let JudgedAccount { case, link, .. } = judged;
    let columns = link.account.columns.as_deref();
    let (Some(columns), Some(newest)) = (columns, judged.paying.first()) else {
        return Ok(());
    };
    if !judged.has_right_access() {
        return Ok(());
    }
    let mut paying = judged.paying.clone();
    paying.extend(case.seats_apart(&link.holder, judged.access));
    if is_unlimited(&case.contract.seats, columns.seats, &paying) {
        return Ok(());
    }
    let Some(bought) = paid_seats(case, &paying)? else {
        return Ok(());
    };
    let stored = match columns.seats {
        None if case.contract.seats.prices.is_some() => Some(0),
        stored => stored,
    };
    if stored.is_some_and(|stored| u64::try_from(stored) == Ok(bought)) {
        return Ok(());
    }
    let stored = columns.seats;
    let drift = Drift {
        rule: Rule::SeatDrift,
        field: Field::Seats,
        stored: &stored.map_or("empty".to_owned(), |stored| stored.to_string()),
        expected: &bought.to_string(),
        consequence: "Seat drift — what is used is not what is paid for.",
    };
    drift.report(judged, newest);
    Ok(())
}

fn explain(judged: &JudgedAccount<'_, '_>) -> NoFinding {
    let case = judged.case;
    judged.explain_without_right_access().unwrap_or_else(|| {
        if case.contract.seats.prices.is_none() && !judged.pays_for(|item| counts_seats(case, item))
        {
            NoFinding::DoesNotApply("no price that grants is paid by quantity".to_owned())
        } else {
            judged.explain_agreement(Field::Seats)
        }
    })
}

fn correct(row: &WrongRow<'_, '_>) -> Correction {
    let state = row.case.state(&row.holder).ok().ok_or(GONE)?;
    let mut paying = row.paying.clone();
    paying.extend(row.case.seats_apart(&row.holder, state));
    let seats = paid_seats(row.case, &paying).ok().flatten();
    let seats = seats.ok_or("the quantity that is paid for is not known")?;
    Ok((Field::Seats, Corrected::Number(seats)))
}
