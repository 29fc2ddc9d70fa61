//! Renders a finding as a Markdown block.

use std::collections::BTreeSet;

use crate::{
    Change, ContractOutcome, Outcome, Reported,
    amount::amounts,
    count::{counted, length},
    groups::rank,
    neutral::{
        LINE_CHARACTERS,
        markdown::{code, fenced, prose},
        shortened, visible,
    },
    shown::ShownFinding,
};
use baseline::FindingStatus;
use contract::Subject;

use super::ownership::{description, place};

/// Maximum number of lines of a message, fix or evidence, so that one finding cannot use up the limit.
const SHOWN_LINES: usize = 6;

/// Maximum number of evidence lines for a step of a rehearsal.
const SHOWN_FACTS: usize = 40;

/// Maximum number of changed lines to list for a finding.
const SHOWN_CHANGES: usize = 4;

/// Order of the findings. New findings always come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FindingOrder {
    /// The most severe first.
    Worst,
    /// The first of each rule before the others, so that a short list shows several kinds.
    OneOfEach,
}

/// Renders a block for each finding, until their total length exceeds `limit` bytes.
pub(super) fn blocks(outcome: &Outcome, limit: usize, first: FindingOrder) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut bytes = 0;
    for (contract, found) in in_order(outcome, first) {
        if bytes > limit {
            break;
        }
        let block = if outcome.rehearsal.is_some() {
            step(found)
        } else {
            block(found, outcome.name_of(contract))
        };
        bytes += block.len();
        blocks.push(block);
    }
    blocks
}

fn in_order(outcome: &Outcome, first: FindingOrder) -> Vec<(&ContractOutcome, &Reported)> {
    let mut findings = outcome.findings();
    findings.sort_by_key(|(_, found)| rank(found));
    if first == FindingOrder::Worst {
        return findings;
    }
    let mut seen = BTreeSet::new();
    let mut keyed = Vec::new();
    for finding in findings {
        let rank = rank(finding.1);
        let is_repeated = !seen.insert((rank, finding.1.finding.rule));
        keyed.push(((rank, is_repeated), finding));
    }
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, finding)| finding).collect()
}

/// Renders a failed step of a rehearsal: the likely cause, then the failure, then its context as a terminal would show
/// it.
fn step(found: &Reported) -> String {
    let finding = &found.finding;
    let shown = ShownFinding::new(finding);
    let mut parts = vec![heading(found, &shown)];
    if !shown.fix.is_empty() {
        let hint = prose_lines(&shown.fix, &shown.names).join("\\\n");
        parts.push(format!("**Hint:** {hint}"));
    }
    if !shown.message.is_empty() {
        parts.push(prose_lines(&shown.message, &shown.names).join("\\\n"));
    }
    parts.extend(changed_lines(&found.changes, None));
    let mut facts: Vec<_> = shown.evidence.iter().take(SHOWN_FACTS).cloned().collect();
    if let Some(more) = shown.evidence.len().checked_sub(SHOWN_FACTS + 1) {
        facts.push(format!("… {}", counted(length(more + 1), "more line")));
    }
    if !facts.is_empty() {
        parts.push(fenced("text", &facts));
    }
    parts.join("\n\n")
}

pub(super) fn heading(found: &Reported, shown: &ShownFinding) -> String {
    let status = found.status.as_ref();
    format!(
        "#### {}: {} ({}{})",
        found.finding.severity.as_str().to_uppercase(),
        code(&shown.entity),
        found.finding.rule,
        status.map_or_else(String::new, |status| format!(", {}", status.as_str()))
    )
}

/// Explains why and until when the finding is accepted.
fn accepted(found: &Reported) -> Option<String> {
    let Some(FindingStatus::Accepted { reason, until }) = &found.status else {
        return None;
    };
    let until = until
        .as_deref()
        .map(|day| format!(" until {}", code(day)))
        .unwrap_or_default();
    let reason = match shortened(&visible(reason.trim()), LINE_CHARACTERS).as_str() {
        "" => String::new(),
        reason => format!(": {}", prose(reason, &[])),
    };
    Some(format!("Accepted{until}{reason}"))
}

/// Lists the lines of the pull request that matter to the finding, linked to the diff of `pull_request`.
pub(super) fn changed_lines(changes: &[Change], pull_request: Option<&str>) -> Option<String> {
    if let [change] = changes {
        return Some(format!(
            "**In this pull request:** {} {}",
            place(change, pull_request),
            description(change)
        ));
    }
    let mut lines: Vec<_> = changes
        .iter()
        .take(SHOWN_CHANGES)
        .map(|change| format!("- {} {}", place(change, pull_request), description(change)))
        .collect();
    if let Some(more) = changes.len().checked_sub(SHOWN_CHANGES + 1) {
        let more = counted(length(more + 1), "more changed line");
        lines.push(format!("- … {more}"));
    }
    (!lines.is_empty()).then(|| format!("**In this pull request:**\n\n{}", lines.join("\n")))
}

pub(super) fn prose_lines(lines: &[String], names: &[String]) -> Vec<String> {
    let mut out: Vec<_> = lines
        .iter()
        .take(SHOWN_LINES)
        .map(|line| prose(line, names))
        .collect();
    if let Some(more) = lines.len().checked_sub(SHOWN_LINES + 1) {
        out.push(format!("… {}", counted(length(more + 1), "more line")));
    }
    out
}

fn block(found: &Reported, name: Option<&str>) -> String {
    let finding = &found.finding;
    let shown = ShownFinding::new(finding);
    let contract_suffix = name
        .map(|name| format!(" in contract {}", code(name)))
        .unwrap_or_default();
    let mut parts = vec![format!("{}{contract_suffix}", heading(found, &shown))];
    let prose_lines = |lines: &[String]| prose_lines(lines, &shown.names);
    if !shown.message.is_empty() {
        parts.push(prose_lines(&shown.message).join("\\\n"));
    }
    if !shown.fix.is_empty() {
        parts.push(format!("**Fix:** {}", prose_lines(&shown.fix).join("\\\n")));
    }
    parts.extend(changed_lines(&found.changes, None));
    let mut facts = prose_lines(&shown.evidence);
    facts.extend(subject(&finding.subject, &shown.evidence));
    if !finding.amount.is_empty() {
        let amounts = amounts(&finding.amount);
        facts.push(format!("At stake: {} a month", prose(&amounts, &[])));
    }
    facts.extend(accepted(found));
    if !facts.is_empty() {
        let facts: Vec<_> = facts.iter().map(|fact| format!("- {fact}")).collect();
        if !found.changes.is_empty() {
            // A heading keeps the two lists apart.
            parts.push("**Evidence:**".to_owned());
        }
        parts.push(facts.join("\n"));
    }
    parts.join("\n\n")
}

/// Describes the subject in one line, as far as the evidence does not.
fn subject(subject: &Subject, evidence: &[String]) -> Option<String> {
    let is_shown = |value: &str| evidence.iter().any(|line| line.contains(value));
    let facts: Vec<_> = [
        ("account", subject.account.as_deref()),
        ("customer", subject.customer.as_deref()),
        ("subscription", subject.subscription.as_deref()),
        ("status", subject.status.as_deref()),
        ("price", subject.price.as_deref()),
        ("stored plan", subject.plan_found.as_deref()),
        ("paid plan", subject.plan_expected.as_deref()),
    ]
    .into_iter()
    .filter_map(|(word, value)| Some((word, value.filter(|value| !is_shown(value))?)))
    .map(|(word, value)| format!("{word} {}", code(value)))
    .collect();
    let facts = facts.join(", ");
    let mut letters = facts.chars();
    let first = letters.next()?.to_ascii_uppercase();
    Some(format!("{first}{}", letters.as_str()))
}
