//! SARIF 2.1.0, for code scanning and other tools.

mod log;
mod place;
mod rules;

use std::collections::BTreeMap;

use baseline::FindingStatus;
use contract::text::capitalized;
use contract::{Rule, Severity, Verdict};

use self::{
    log::{
        AutomationDetails, Descriptor, Driver, Invocation, Location, Message, Notification,
        Properties, ReportingDescriptor, RunResult, SarifLevel, SarifLog, SarifRun, Suppression,
        Tool,
    },
    place::SarifPlaces,
};
use super::{
    ContractOutcome, Outcome, ReportPaths, Reported,
    count::{counted, length},
    harmless_json::indented,
    json::amounts,
    neutral::plain,
    shown::{self, ShownFinding},
};

/// Maximum number of results. GitHub rejects a run with more, and keeps only the 5,000 most severe.
const MAX_RESULTS: usize = 25_000;

/// Maximum length of a message. GitHub accepts more, but nobody reads it.
const MESSAGE_BYTES: usize = 8_000;

/// Renders the outcome as one run. An outcome without a verdict is a failed run, not a run without results.
pub(super) fn sarif(outcome: &Outcome, paths: &ReportPaths<'_>) -> String {
    let places = SarifPlaces::new(paths);
    let rules = rules::descriptors(outcome);
    let index: BTreeMap<Rule, usize> = rules
        .iter()
        .enumerate()
        .map(|(position, rule)| (*rule, position))
        .collect();
    let findings = outcome.findings();
    let mut seen = BTreeMap::new();
    let results = findings
        .iter()
        .take(MAX_RESULTS)
        .map(|(contract, found)| {
            let times: &mut u64 = seen.entry(found.finding.fingerprint.as_str()).or_default();
            *times += 1;
            let rule_index = index.get(&found.finding.rule).copied().unwrap_or_default();
            result(outcome, (contract, found), rule_index, *times, &places)
        })
        .collect();
    let command = match outcome.rehearsal {
        Some(_) => "rehearse",
        None => "check",
    };
    indented(&SarifLog::new(SarifRun {
        tool: Tool {
            driver: Driver {
                name: "ProdVerdict",
                version: env!("CARGO_PKG_VERSION"),
                semantic_version: env!("CARGO_PKG_VERSION"),
                rules: rules.into_iter().map(descriptor).collect(),
            },
        },
        automation_details: AutomationDetails {
            id: format!("prodverdict/{command}/"),
        },
        invocations: [invocation(outcome, findings.len(), &places)],
        column_kind: "unicodeCodePoints",
        results,
    }))
}

fn descriptor(rule: Rule) -> ReportingDescriptor {
    let level = SarifLevel::from_severity(rule.info().severity);
    ReportingDescriptor {
        id: rule.as_str(),
        name: rules::name(rule),
        short_description: Message::from_fixed_text(&capitalized(rule.info().description)),
        full_description: Message::from_fixed_text(&format!(
            "{}.",
            capitalized(rule.info().description)
        )),
        help: Message::from_fixed_text(rule.info().help),
        default_configuration: log::Configuration { level },
        properties: log::RuleProperties {
            tags: ["billing"],
            problem_severity: level.problem_severity(),
        },
    }
}

fn result(
    outcome: &Outcome,
    (contract, found): (&ContractOutcome, &Reported),
    rule_index: usize,
    times: u64,
    places: &SarifPlaces<'_>,
) -> RunResult {
    let finding = &found.finding;
    let shown = ShownFinding::new(finding);
    let mut lines = prefixed(&shown.entity, &shown.message);
    lines.extend(prefixed("fix", &shown.fix));
    lines.extend(prefixed("evidence", &shown.evidence));
    let finding_location = places.locate(found.place.as_ref());
    let changes = found.changes.iter().map(|change| places.of_change(change));
    let mut locations: Vec<Location> = changes.chain([finding_location]).collect();
    let first = locations.remove(0);
    let related = if locations.is_empty() {
        None
    } else {
        Some(locations)
    };
    RunResult {
        rule_id: finding.rule.as_str(),
        rule_index,
        level: SarifLevel::from_severity(finding.severity),
        message: message(&lines),
        locations: [first],
        related_locations: related,
        partial_fingerprints: BTreeMap::from([
            // Without this fingerprint, GitHub treats two results of one rule on one line as the same alert.
            (
                "primaryLocationLineHash",
                format!("{}:{times}", finding.fingerprint),
            ),
            ("prodverdict/v1", finding.fingerprint.to_string()),
        ]),
        baseline_state: outcome
            .since
            .as_ref()
            .and(found.status.as_ref())
            .map(baseline_state),
        suppressions: match &found.status {
            Some(FindingStatus::Accepted { reason, .. }) => vec![Suppression {
                kind: "external",
                justification: plain(reason),
            }],
            Some(FindingStatus::New | FindingStatus::Known) | None => Vec::new(),
        },
        properties: Properties {
            contract: contract.name.clone(),
            entity: finding.entity.to_string(),
            severity: finding.severity.as_str(),
            amount: amounts(&finding.amount)
                .into_iter()
                .map(|amount| (amount.currency.to_owned(), amount.minor_units))
                .collect(),
        },
    }
}

fn baseline_state(status: &FindingStatus) -> &'static str {
    match status {
        FindingStatus::New => "new",
        FindingStatus::Known | FindingStatus::Accepted { .. } => "unchanged",
    }
}

fn invocation(outcome: &Outcome, findings: usize, places: &SarifPlaces<'_>) -> Invocation {
    let contract_problems = outcome.contracts.iter().filter_map(|contract| {
        let problem = contract.problem.as_ref()?;
        Some((problem, outcome.name_of(contract)))
    });
    let problems = outcome.problems.iter().map(|problem| (problem, None));
    let errors = problems
        .chain(contract_problems)
        .map(|(problem, contract)| Notification {
            descriptor: Some(Descriptor {
                id: problem.code.as_str(),
            }),
            ..notification(SarifLevel::Error, problem, contract, places)
        });
    let warnings = outcome
        .warnings
        .iter()
        .map(|problem| notification(SarifLevel::Warning, problem, None, places));
    let advice = outcome
        .advice()
        .map(|(problem, contract)| notification(SarifLevel::Note, problem, contract, places));
    let mut notifications: Vec<_> = errors.chain(warnings).chain(advice).collect();
    let left_out = findings.saturating_sub(MAX_RESULTS);
    if left_out > 0 {
        let findings = counted(length(left_out), "finding");
        notifications.push(Notification {
            level: SarifLevel::Warning,
            message: message(&[format!(
                "{findings} are not in this file: GitHub accepts no more of them. Other formats contain all."
            )]),
            descriptor: None,
            locations: None,
        });
    }
    Invocation {
        execution_successful: outcome.verdict != Verdict::Error,
        tool_execution_notifications: notifications,
    }
}

fn notification<C>(
    level: SarifLevel,
    problem: &problem::Message<C>,
    contract: Option<&str>,
    places: &SarifPlaces<'_>,
) -> Notification {
    let mut lines = Vec::new();
    if let Some(contract) = contract {
        lines.push(format!("contract {}:", shown::displayed_name(contract)));
    }
    lines.push(shown::message_line(problem));
    lines.extend(prefixed("fix", &shown::hint_lines(problem)));
    Notification {
        level,
        message: message(&lines),
        descriptor: None,
        locations: problem
            .place
            .as_ref()
            .map(|place| [places.locate(Some(place))]),
    }
}

/// Prefixes the first line with a label.
fn prefixed(word: &str, lines: &[String]) -> Vec<String> {
    let mut lines = lines.to_vec();
    if let Some(first) = lines.first_mut() {
        first.insert_str(0, &format!("{word}: "));
    }
    lines
}

/// Creates a message from untrusted lines, escaping links and placeholders.
fn message(lines: &[String]) -> Message {
    let lines: Vec<_> = lines.iter().map(|line| escaped(&plain(line))).collect();
    let mut text = lines.join("\n");
    if text.len() > MESSAGE_BYTES {
        text.truncate(text.floor_char_boundary(MESSAGE_BYTES));
        // Do not leave half an escape.
        while text.ends_with(['\\', '{', '}']) {
            text.pop();
        }
        text.push('…');
    }
    Message { text }
}

/// Escapes a line. SARIF reads `[text](target)` as a link and `{0}` as a placeholder, even in plain text.
fn escaped(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for character in line.chars() {
        match character {
            '[' | ']' | '\\' => out.push('\\'),
            '{' | '}' => out.push(character),
            _ => {}
        }
        out.push(character);
    }
    out
}

impl SarifLevel {
    fn from_severity(severity: Severity) -> Self {
        match severity {
            Severity::High => Self::Error,
            Severity::Medium => Self::Warning,
            Severity::Low => Self::Note,
        }
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests;
