//! Renders one finding: a summary line, and the details inside it.

use maud::{Markup, html};

use super::words::{code, line, lines, prose};
use crate::{
    Change, Reported,
    amount::{amounts, largest},
    shown::{ShownFinding, displayed_name},
};
use baseline::FindingStatus;
use contract::Finding;

/// Renders one finding. `contract` is its name if there are several contracts; `contract_index` identifies it.
pub(super) fn item(
    found: &Reported,
    contract: Option<&str>,
    contract_index: usize,
    is_open: bool,
) -> Markup {
    let finding = &found.finding;
    let shown = ShownFinding::new(finding);
    let status = found.status.as_ref();
    let word = status.map(FindingStatus::as_str);
    let first = shown.message.first().map_or("", String::as_str);
    html! {
        li data-severity=(finding.severity) data-rule=(finding.rule) data-contract=(contract_index)
            data-standing=[word] data-amount=(largest(&finding.amount)) {
            details open[is_open] {
                summary {
                    span class={ "tag " (finding.severity) } { (finding.severity) }
                    span .who { (code(&shown.entity)) }
                    span .rule { (finding.rule) }
                    @if let Some(word) = word { span class={ "tag standing-" (word) } { (word) } }
                    @if !finding.amount.is_empty() { span .amount { (amounts(&finding.amount)) } }
                    span .first { (line(first)) }
                }
                div .body {
                    p { (lines(&shown.message, &shown.names)) }
                    @if !shown.fix.is_empty() {
                        p .fix { strong { "Fix: " } (lines(&shown.fix, &shown.names)) }
                    }
                    (changes(&found.changes))
                    (evidence(&shown))
                    (facts(finding, found, contract))
                }
            }
        }
    }
}

fn changes(changes: &[Change]) -> Markup {
    html! {
        @if !changes.is_empty() {
            h3 { "In this pull request" }
            ul {
                @for change in changes {
                    li { (code(&format!("{}:{}", displayed_name(&change.path), change.line))) " " (prose(&change.does, &[])) }
                }
            }
        }
    }
}

/// Formats the evidence. That of a rehearsal is aligned in columns, so spaces are preserved.
fn evidence(shown: &ShownFinding) -> Markup {
    html! {
        @if !shown.evidence.is_empty() {
            h3 { "Evidence" }
            ul .evidence {
                @for fact in &shown.evidence { li { (prose(fact, &shown.names)) } }
            }
        }
    }
}

fn facts(finding: &Finding, found: &Reported, contract: Option<&str>) -> Markup {
    let subject = &finding.subject;
    let subject = [
        ("Account", subject.account.as_deref()),
        ("Customer", subject.customer.as_deref()),
        ("Subscription", subject.subscription.as_deref()),
        ("Status", subject.status.as_deref()),
        ("Price", subject.price.as_deref()),
        ("Stored plan", subject.plan_found.as_deref()),
        ("Paid plan", subject.plan_expected.as_deref()),
    ];
    let place = found.place.as_ref();
    let place = place.map(|place| format!("{}:{}", displayed_name(&place.path), place.line));
    html! {
        dl .facts {
            @for (label, value) in subject {
                @if let Some(value) = value { div { dt { (label) } dd { (code(&displayed_name(value))) } } }
            }
            @if let Some(name) = contract { div { dt { "Contract" } dd { (code(&displayed_name(name))) } } }
            @if let Some(time) = found.first_seen {
                div { dt { "First seen" } dd { (code(&time.to_string())) } }
            }
            @if let Some(place) = place { div { dt { "Configured at" } dd { (code(&place)) } } }
            @if let Some(FindingStatus::Accepted { reason, until }) = &found.status {
                div { dt { "Accepted because" } dd { (prose(reason, &[])) } }
                @if let Some(day) = until { div { dt { "Accepted until" } dd { (code(day)) } } }
            }
            div { dt { "Fingerprint" } dd { code { (finding.fingerprint) } } }
        }
    }
}
