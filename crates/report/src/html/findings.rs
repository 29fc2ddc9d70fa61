//! The list of findings, with controls for filtering and sorting if scripts run.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::{finding, words::line};
use crate::{
    ContractOutcome, Outcome, Reported,
    count::{counted, length},
};
use baseline::FindingStatus;
use contract::{Rule, Severity, Verdict};

/// Maximum number of listed findings. Nobody reads more, and browsers handle this many easily.
const MAX_SHOWN: usize = 20_000;

/// Maximum number of findings that are initially expanded.
const OPEN: usize = 3;

pub(super) fn section(outcome: &Outcome) -> Markup {
    let findings = outcome.findings();
    let is_open = findings.len() <= OPEN;
    html! {
        section aria-labelledby="findings" {
            h2 #findings tabindex="-1" { "Findings" }
            @if findings.is_empty() {
                p { (empty_list(outcome.verdict)) }
            } @else {
                (controls(outcome, &findings))
                p #count role="status" aria-live="polite" {
                    (counted(length(findings.len()), "finding"))
                }
                @if let Some(more) = findings.len().checked_sub(MAX_SHOWN + 1) {
                    p .problem {
                        "The first " (length(MAX_SHOWN)) " are on this page; "
                        (counted(length(more + 1), "more finding")) " are only in the JSON report."
                    }
                }
                ol #list {
                    @for (contract, found) in findings.iter().take(MAX_SHOWN) {
                        (finding::item(found, outcome.name_of(contract), place(outcome, contract), is_open))
                    }
                }
            }
        }
    }
}

/// Describes an empty list, which is good news only if there is a verdict.
fn empty_list(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Error => "None so far: fix what prevented the verdict first.",
        Verdict::Pass | Verdict::Warn | Verdict::Fail => "None.",
    }
}

/// Returns the position of the contract, which identifies it because names may repeat.
fn place(outcome: &Outcome, contract: &ContractOutcome) -> usize {
    let mut contracts = outcome.contracts.iter();
    contracts
        .position(|candidate| std::ptr::eq(candidate, contract))
        .unwrap_or_default()
}

/// Renders the controls. They are hidden until the script shows them, because they need it.
fn controls(outcome: &Outcome, findings: &[(&ContractOutcome, &Reported)]) -> Markup {
    let each = || findings.iter().map(|(_, found)| *found);
    let rules: BTreeSet<(Severity, Rule)> = each()
        .map(|found| (found.finding.severity, found.finding.rule))
        .collect();
    let severities: BTreeSet<Severity> = rules.iter().map(|(severity, _)| *severity).collect();
    let rules: BTreeSet<Rule> = rules.into_iter().map(|(_, rule)| rule).collect();
    let statuses: BTreeSet<&str> = each()
        .filter_map(|found| found.status.as_ref())
        .map(FindingStatus::as_str)
        .collect();
    let contracts: Vec<_> = outcome.contracts.iter().enumerate().collect();
    html! {
        div #controls role="search" aria-label="Findings" hidden {
            label .search {
                span { "Search" }
                input #search type="search" autocomplete="off" spellcheck="false"
                    placeholder="account, customer, plan, text" aria-keyshortcuts="/";
            }
            fieldset {
                legend { "Severity" }
                @for severity in severities {
                    label .chip { input type="checkbox" name="severity" value=(severity) checked; (severity) }
                }
            }
            (select("rule", "Rule", rules.iter().map(|rule| (rule.to_string(), rule.to_string()))))
            @if contracts.len() > 1 {
                (select("contract", "Contract", contracts.iter().map(|(index, contract)| (index.to_string(), line(&contract.name)))))
            }
            @if !statuses.is_empty() {
                (select("standing", "Standing", statuses.iter().map(|word| ((*word).to_owned(), (*word).to_owned()))))
            }
            label {
                span { "Sort by" }
                select #sort autocomplete="off" {
                    option value="order" { "severity" }
                    option value="amount" { "amount" }
                    option value="entity" { "account" }
                    option value="rule" { "rule" }
                }
            }
            div .buttons {
                button #open type="button" { "Open all" }
                button #clear type="button" { "Clear" }
            }
            p .keys { kbd { "/" } " search " kbd { "j" } " " kbd { "k" } " next, previous " kbd { "Enter" } " open " kbd { "Esc" } " close" }
        }
    }
}

fn select(id: &str, label: &str, options: impl Iterator<Item = (String, String)>) -> Markup {
    html! {
        label {
            span { (label) }
            select id=(id) autocomplete="off" {
                option value="" { "all" }
                @for (value, text) in options { option value=(value) { (text) } }
            }
        }
    }
}
