//! The top of a report: verdict, amounts at stake and number of findings.

use std::iter;

use crate::{
    Figure, Outcome, Overview,
    count::{self, by_severity, counted, grouped, length},
    meaning::meaning,
    neutral::markdown::{code, code_cell, prose},
    rehearsed::Rehearsed,
    shown,
};
use contract::{Severity, Summary, Verdict};
use problem::{Problem, Warning};

use super::{LINE_BREAK, ownership, stake};

/// Maximum number of problems to list.
const SHOWN_PROBLEMS: usize = 20;

/// Maximum number of contracts to list. A configuration can have any number; this many rows fill a screen.
const SHOWN_CONTRACTS: usize = 20;

/// Maximum number of warnings to list.
const SHOWN_WARNINGS: usize = 10;

/// Maximum number of lines of a problem.
const SHOWN_LINES: usize = 12;

/// Maximum number of subscription statuses to list.
const SHOWN_STATUSES: usize = 8;

/// Summarizes the verdict and the number of findings in one line of plain text.
pub fn headline(outcome: &Outcome) -> String {
    let findings = outcome.findings();
    let counts = match by_severity(&findings).as_str() {
        "" => "no findings".to_owned(),
        severities => {
            let number = counted(length(findings.len()), "finding");
            format!("{number} ({severities})")
        }
    };
    let counts = format!("{counts}{}", status_figures(outcome));
    match outcome.verdict {
        Verdict::Pass => format!("PASS: {counts}"),
        Verdict::Warn => format!("WARN: {counts}"),
        Verdict::Fail => format!("FAIL: {counts}"),
        Verdict::Error if findings.is_empty() => "ERROR: no verdict".to_owned(),
        Verdict::Error => format!("ERROR: no verdict; {counts} so far"),
    }
}

/// Lists the number of new, known, accepted and fixed findings, or nothing if there was no comparison.
fn status_figures(outcome: &Outcome) -> String {
    if outcome.since.is_none() {
        return String::new();
    }
    let has_findings = outcome.has_findings();
    let figures = Overview::new(outcome).status_figures.into_iter();
    let words = figures.filter_map(|Figure { label, value }| {
        let label = label.to_lowercase();
        match (value.as_str(), label.as_str()) {
            ("0", "new") if has_findings => Some(", none new".to_owned()),
            ("0", _) => None,
            (value, label) => Some(format!(", {value} {label}")),
        }
    });
    words.collect()
}

/// Renders the blocks before the findings of a page: `rules` are the blocks about the broken rules.
pub(super) fn blocks(
    outcome: &Outcome,
    pull_request: Option<&str>,
    rules: Vec<String>,
) -> Vec<String> {
    let figures = Overview::new(outcome);
    let mut blocks = introduction(outcome, pull_request);
    blocks.push(sentences(outcome));
    blocks.extend(problems(outcome));
    blocks.extend(advice(outcome));
    blocks.extend(stake::line(&figures));
    blocks.extend(stake::left_out(&figures));
    blocks.extend(rules);
    blocks.extend(by_contract(outcome));
    blocks.extend(outcome.rehearsal.as_ref().map(Rehearsed::markdown));
    blocks.extend(warnings(&outcome.warnings));
    blocks
}

/// Renders the blocks before the findings of a comment: as few lines as possible, because the findings come first.
pub(super) fn top(
    outcome: &Outcome,
    pull_request: Option<&str>,
    rules: Vec<String>,
) -> Vec<String> {
    let figures = Overview::new(outcome);
    let mut blocks = introduction(outcome, pull_request);
    let lines: Vec<_> = iter::once(sentences(outcome))
        .chain(stake::line(&figures))
        .collect();
    blocks.push(lines.join(LINE_BREAK));
    blocks.extend(stake::left_out(&figures));
    blocks.extend(problems(outcome));
    blocks.extend(rules);
    blocks.extend(by_contract(outcome));
    blocks
}

/// Renders the heading, and the sentence on the lines that the pull request changes.
fn introduction(outcome: &Outcome, pull_request: Option<&str>) -> Vec<String> {
    let heading = iter::once(heading(outcome));
    heading
        .chain(ownership::sentence(outcome, pull_request))
        .collect()
}

/// Renders the blocks after the findings of a comment: advice about the contract, and warnings, which are folded if there
/// are findings.
pub(super) fn remarks(outcome: &Outcome) -> Vec<String> {
    let mut blocks: Vec<_> = advice(outcome).into_iter().collect();
    if let Some(warnings) = warnings(&outcome.warnings) {
        let number = counted(length(outcome.warnings.len()), "warning");
        blocks.push(if outcome.has_findings() {
            format!("<details>\n<summary>{number}</summary>\n\n{warnings}\n\n</details>")
        } else {
            warnings
        });
    }
    blocks
}

fn heading(outcome: &Outcome) -> String {
    let mark = match outcome.verdict {
        Verdict::Pass => "✅",
        Verdict::Warn => "⚠️",
        Verdict::Fail => "❌",
        Verdict::Error => "⛔",
    };
    let title = match outcome.rehearsal {
        Some(_) => "ProdVerdict rehearsal",
        None => "ProdVerdict",
    };
    format!("## {mark} {title} {}", headline(outcome))
}

/// Explains the verdict and names the result that it was compared with.
fn sentences(outcome: &Outcome) -> String {
    let meaning = meaning(outcome);
    let warns = meaning.warns.map(|words| format!(" **{words}**"));
    let meaning = format!("{}{}", meaning.says, warns.unwrap_or_default());
    let Some(since) = &outcome.since else {
        return meaning;
    };
    let source = prose(&shown::displayed_name(&since.source), &[]);
    let passes = if since.lets_known_pass {
        "; known findings do not fail the check"
    } else {
        ""
    };
    format!("{meaning} Compared with {source}{passes}.")
}

fn problems(outcome: &Outcome) -> Vec<String> {
    let whole_run = outcome.problems.iter().map(|found| problem(found, None));
    let contract_problems = outcome.contracts.iter().filter_map(|contract| {
        let found = contract.problem.as_ref()?;
        Some(problem(found, outcome.name_of(contract)))
    });
    let mut blocks: Vec<_> = whole_run.chain(contract_problems).collect();
    let more = hidden(blocks.len(), SHOWN_PROBLEMS);
    blocks.truncate(SHOWN_PROBLEMS);
    blocks.extend(more.map(|more| format!("… and {}", counted(more, "more problem"))));
    blocks
}

fn problem(problem: &Problem, contract: Option<&str>) -> String {
    let id = problem.code.as_str();
    let mut title = match contract {
        Some(name) => format!("**Problem** {} in contract {}:", code(id), code(name)),
        None => format!("**Problem** {}:", code(id)),
    };
    if let Some(place) = shown::place(problem) {
        title = format!("{title} {}", code(&place));
    }
    let message = shown::message_line(problem);
    let mut block = format!("{title} {}", prose(&message, &[]));
    let hint: Vec<_> = shown::hint_lines(problem)
        .iter()
        .take(SHOWN_LINES)
        .map(|line| prose(line, &[]))
        .collect();
    if !hint.is_empty() {
        block = format!("{block}\n\n**Fix:** {}", hint.join(LINE_BREAK));
    }
    block
}

/// Returns the table of the broken rules as blocks: one, or none if no rule is broken.
pub(super) fn rules(outcome: &Outcome) -> Vec<String> {
    by_rule(outcome).into_iter().collect()
}

fn by_rule(outcome: &Outcome) -> Option<String> {
    let counts = count::by_rule(outcome);
    if counts.is_empty() {
        return None;
    }
    let is_compared = outcome.since.is_some();
    let (title, alignment) = if is_compared {
        (" New |", "--:|")
    } else {
        ("", "")
    };
    let mut lines = vec![
        format!("| Severity | Findings |{title} Rule | Broken when |"),
        format!("|---|--:|{alignment}---|---|"),
    ];
    lines.extend(counts.into_iter().map(|((severity, rule), count)| {
        let severity = severity.as_str().to_uppercase();
        let meaning = rule.info().description;
        let new = if is_compared {
            format!(" {} |", grouped(count.new))
        } else {
            String::new()
        };
        let count = grouped(count.all);
        format!("| {severity} | {count} |{new} `{rule}` | {meaning} |")
    }));
    Some(lines.join("\n"))
}

/// Returns a table of the contracts if there are several.
fn by_contract(outcome: &Outcome) -> Option<String> {
    if outcome.contracts.len() < 2 {
        return None;
    }
    let mut lines = vec![
        "| Contract | Verdict | High | Medium | Low | Accounts |".to_owned(),
        "|---|---|--:|--:|--:|--:|".to_owned(),
    ];
    for contract in outcome.contracts.iter().take(SHOWN_CONTRACTS) {
        let summary = &contract.summary;
        let count = |severity| match (summary.count(severity), &contract.problem) {
            (0, Some(_)) => "–".to_owned(),
            (number, _) => grouped(number),
        };
        lines.push(format!(
            "| {} | {} | {} | {} | {} | {} |",
            code_cell(&contract.name),
            contract.verdict.as_str().to_uppercase(),
            count(Severity::High),
            count(Severity::Medium),
            count(Severity::Low),
            grouped(summary.accounts),
        ));
    }
    if let Some(more) = hidden(outcome.contracts.len(), SHOWN_CONTRACTS) {
        let more = counted(more, "more contract");
        lines.push(format!("\n… and {more}"));
    }
    Some(lines.join("\n"))
}

/// Summarizes what was read, or returns `None` if nothing was.
pub(super) fn data_read(outcome: &Outcome) -> Option<String> {
    let mut contracts = outcome.contracts.iter();
    // Zeros would look like actual counts.
    let has_read = contracts.any(|contract| contract.problem.is_none());
    (has_read && outcome.rehearsal.is_none()).then(|| numbers(&outcome.totals()))
}

fn numbers(totals: &Summary) -> String {
    let subscriptions = totals.subscriptions.values().sum();
    let mut statuses: Vec<_> = totals.subscriptions.iter().collect();
    statuses.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let mut words: Vec<_> = statuses
        .iter()
        .take(SHOWN_STATUSES)
        .map(|(status, count)| format!("{} {}", grouped(**count), code(status)))
        .collect();
    if statuses.len() > SHOWN_STATUSES {
        words.push("…".to_owned());
    }
    let by_status = match words.join(", ").as_str() {
        "" => String::new(),
        words => format!(" ({words})"),
    };
    let settled = match totals.settled {
        0 => String::new(),
        settled => format!(
            " {} settled: a second read a moment later no longer showed them.",
            counted(settled, "finding")
        ),
    };
    let on_test_clock = match totals.on_test_clock {
        0 => String::new(),
        customers => format!(
            " Not judged: {} on a test clock.",
            counted(customers, "customer")
        ),
    };
    // Recorded data takes no requests.
    let requests = match totals.provider_requests {
        0 => String::new(),
        requests => format!(", in {}", counted(requests, "request")),
    };
    format!(
        "Read: {} ({} linked, {} exempt), {}{by_status}{requests}.{settled}{on_test_clock}",
        counted(totals.accounts, "account"),
        grouped(totals.linked),
        grouped(totals.exempt),
        counted(subscriptions, "subscription"),
    )
}

/// Lists the advice about the contracts, if any.
fn advice(outcome: &Outcome) -> Option<String> {
    let all = outcome.advice();
    let mut shown: Vec<_> = all
        .take(SHOWN_WARNINGS)
        .map(|(advice, contract)| {
            let mut title = "**Advice**".to_owned();
            if let Some(name) = contract {
                title = format!("{title} on contract {}", code(name));
            }
            if let Some(place) = shown::place(advice) {
                title = format!("{title}, {}", code(&place));
            }
            format!("- {title}: {}", bullet(advice))
        })
        .collect();
    if let Some(more) = hidden(outcome.advice().count(), SHOWN_WARNINGS) {
        shown.push(format!("- {} more: the log has all of it", grouped(more)));
    }
    (!shown.is_empty()).then(|| shown.join("\n"))
}

/// Returns the number of items beyond those shown, if any.
fn hidden(all: usize, shown: usize) -> Option<u64> {
    all.checked_sub(shown).map(length).filter(|more| *more > 0)
}

/// Formats a problem's message and hint as one list item.
fn bullet(problem: &Warning) -> String {
    let mut lines = vec![shown::message_line(problem)];
    lines.extend(shown::hint_lines(problem));
    lines.truncate(SHOWN_LINES);
    let lines: Vec<_> = lines.iter().map(|line| prose(line, &[])).collect();
    lines.join("\\\n  ")
}

/// Lists the warnings, if any.
pub fn warnings(warnings: &[Warning]) -> Option<String> {
    let mut shown: Vec<_> = warnings
        .iter()
        .take(SHOWN_WARNINGS)
        .map(|warning| format!("- Warning: {}", bullet(warning)))
        .collect();
    if let Some(more) = hidden(warnings.len(), SHOWN_WARNINGS) {
        let more = counted(more, "more warning");
        shown.push(format!("- {more}: the log has all of them"));
    }
    (!shown.is_empty()).then(|| shown.join("\n"))
}
