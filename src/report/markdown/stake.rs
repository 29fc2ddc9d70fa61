//! The key figures: money at stake, and the number of new, known, accepted and fixed findings.

use crate::{
    baseline::FindingStatus,
    contract::Summary,
    report::{
        Outcome,
        amount::amounts,
        count::{counted, grouped, standing},
        neutral::markdown::prose,
    },
};

/// Returns a table with one row of figures, or `None` if there are none.
pub(super) fn table(outcome: &Outcome) -> Option<String> {
    let totals = outcome.totals();
    let mut columns: Vec<(&str, String)> = Vec::new();
    for (label, money) in [
        ("Paid for, not served", &totals.paid_not_served),
        ("Served, not paid for", &totals.served_not_paid),
    ] {
        if !money.is_empty() {
            // A pipe would end the cell, even inside code.
            let amounts = prose(&amounts(money).replace('|', "/"), &[]);
            columns.push((label, format!("{amounts} a month")));
        }
    }
    if let Some(since) = &outcome.since {
        let number = |stands: fn(&FindingStatus) -> bool| grouped(standing(outcome, stands));
        let new = number(|standing| matches!(standing, FindingStatus::New));
        columns.push(("New", new));
        let known = number(|standing| matches!(standing, FindingStatus::Known));
        columns.push(("Known", known));
        let accepted = number(|standing| matches!(standing, FindingStatus::Accepted { .. }));
        if accepted != "0" {
            columns.push(("Accepted", accepted));
        }
        columns.push(("Fixed", grouped(since.fixed)));
    }
    if columns.is_empty() {
        return None;
    }
    let row = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let labels = columns.iter().map(|(label, _)| (*label).to_owned());
    let rules = columns.iter().map(|_| "--:".to_owned());
    let numbers = columns.iter().map(|(_, number)| format!("**{number}**"));
    let lines = [labels.collect(), rules.collect(), numbers.collect()];
    Some(lines.map(row).join("\n"))
}

/// Returns a note on the items that the sums do not include.
pub(super) fn left_out(totals: &Summary) -> Option<String> {
    let items = totals.items_without_amount;
    (items > 0).then(|| {
        let items = counted(items, "item");
        format!("{items} without a fixed amount (metered or tiered), not in these sums.")
    })
}
