//! Annotations for findings, each at its place in the configuration.

use std::collections::BTreeMap;

use baseline::FindingStatus;
use contract::Severity;
use problem::{Place, Problem, Warning};

use super::{
    Outcome, Reported, count,
    neutral::{plain, shortened},
    shown::{self, ShownFinding},
};

/// GitHub accepts titles of 255 characters; counted in bytes to be safe.
const TITLE_BYTES: usize = 255;

/// Leaves room for the rest of the title.
const TITLE_ENTITY_CHARACTERS: usize = 120;

/// GitHub accepts messages and details of 64 KB.
const MESSAGE_BYTES: usize = 64_000;

/// An annotation, for a check run or as a workflow command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    pub path: String,
    pub start_line: u32,
    pub end_line: u32,
    /// Set only if the range is on one line, because GitHub rejects other columns.
    pub start_column: Option<u32>,
    pub end_column: Option<u32>,
    pub level: AnnotationLevel,
    pub title: String,
    pub message: String,
    /// The evidence.
    pub raw_details: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnnotationLevel {
    Failure,
    Warning,
    Notice,
}

impl AnnotationLevel {
    /// Returns the value for `annotation_level`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// Number of findings that the annotation of a group names.
const MAX_NAMED_FINDINGS: usize = 5;

/// Lists annotations: one for each problem, each warning with a place, and each advice, then one for the findings of a
/// rule and a line, most severe first. Anything without a place goes to the first line of `default_path`, the
/// configuration.
pub fn annotations(outcome: &Outcome, default_path: &str) -> Vec<Annotation> {
    let whole_run = outcome.problems.iter().map(|problem| (problem, None));
    let contract_problems = outcome.contracts.iter().filter_map(|contract| {
        let problem = contract.problem.as_ref()?;
        Some((problem, outcome.name_of(contract)))
    });
    let mut annotations: Vec<_> = whole_run
        .chain(contract_problems)
        .map(|(problem, contract)| problem_annotation(problem, contract, default_path))
        .collect();
    annotations.extend(warning_annotations(&outcome.warnings));
    let advice = outcome.advice();
    annotations
        .extend(advice.map(|(advice, contract)| advice_annotation(advice, contract, default_path)));
    annotations.extend(groups(outcome).iter().map(|group| {
        let annotation = group.annotation();
        annotation.at(group.first.place.as_ref(), default_path)
    }));
    annotations
}

/// Findings of one rule at one line.
struct AnnotationGroup<'a> {
    first: &'a Reported,
    others: Vec<&'a Reported>,
    /// Name of the contract, if there are several and all findings are of this one.
    contract: Option<&'a str>,
    /// The worst level.
    level: AnnotationLevel,
}

/// Groups the findings of a rule at a line, so that a thousand of them become one annotation.
fn groups(outcome: &Outcome) -> Vec<AnnotationGroup<'_>> {
    let mut groups: Vec<AnnotationGroup<'_>> = Vec::new();
    let mut known: BTreeMap<_, usize> = BTreeMap::new();
    for (contract, found) in outcome.findings() {
        let contract = outcome.name_of(contract);
        let level = level(found, outcome.counts(found));
        let line = found.place.as_ref().map(|place| (&place.path, place.line));
        let key = (line, found.finding.rule);
        let known_group = known.get(&key).and_then(|index| groups.get_mut(*index));
        if let Some(group) = known_group {
            group.others.push(found);
            group.level = group.level.min(level);
            group.contract = group.contract.filter(|name| contract == Some(*name));
        } else {
            known.insert(key, groups.len());
            groups.push(AnnotationGroup {
                first: found,
                others: Vec::new(),
                contract,
                level,
            });
        }
    }
    groups
}

fn problem_annotation(problem: &Problem, contract: Option<&str>, default_path: &str) -> Annotation {
    let mut lines = vec![shown::message_line(problem)];
    lines.extend(fix(shown::hint_lines(problem)));
    let title = format!("No verdict [{}]{}", problem.code, contract_suffix(contract));
    let annotation = Annotation::new(AnnotationLevel::Failure, &title, &lines);
    annotation.at(problem.place.as_ref(), default_path)
}

fn advice_annotation(advice: &Warning, contract: Option<&str>, default_path: &str) -> Annotation {
    let mut lines = vec![shown::message_line(advice)];
    lines.extend(fix(shown::hint_lines(advice)));
    let title = format!("Advice{}", contract_suffix(contract));
    let annotation = Annotation::new(AnnotationLevel::Notice, &title, &lines);
    annotation.at(advice.place.as_ref(), default_path)
}

/// Returns annotations for the warnings that have a place.
pub fn warning_annotations(warnings: &[Warning]) -> impl Iterator<Item = Annotation> {
    let placed = |warning: &&Warning| warning.place.is_some();
    warnings.iter().filter(placed).map(|warning| {
        let mut lines = vec![shown::message_line(warning)];
        lines.extend(shown::hint_lines(warning));
        Annotation::new(AnnotationLevel::Warning, "Warning", &lines).at(warning.place.as_ref(), "")
    })
}

fn level(found: &Reported, counts: bool) -> AnnotationLevel {
    match found.finding.severity {
        _ if matches!(found.status, Some(FindingStatus::Accepted { .. })) => {
            AnnotationLevel::Notice
        }
        Severity::High if counts => AnnotationLevel::Failure,
        Severity::High | Severity::Medium => AnnotationLevel::Warning,
        Severity::Low => AnnotationLevel::Notice,
    }
}

impl AnnotationGroup<'_> {
    /// Describes the first finding in full, and counts the others.
    fn annotation(&self) -> Annotation {
        let finding = &self.first.finding;
        let shown = ShownFinding::new(finding);
        let more = match self.others.len() {
            0 => String::new(),
            more => format!(" and {} more", count::grouped(count::length(more))),
        };
        let title = format!(
            "[{}] {}{}{}: {}{more}",
            finding.severity.as_str().to_uppercase(),
            finding.rule,
            self.shared_status(),
            contract_suffix(self.contract),
            shortened(&shown.entity, TITLE_ENTITY_CHARACTERS),
        );
        let mut lines = Vec::new();
        lines.extend(self.named());
        lines.extend(shown.message);
        lines.extend(self.first.changes.iter().map(shown::change));
        lines.extend(fix(shown.fix));
        let mut annotation = Annotation::new(self.level, &title, &lines);
        if !shown.evidence.is_empty() {
            annotation.raw_details = Some(joined(&shown.evidence));
        }
        annotation
    }

    /// Returns the status that all findings share, if they do.
    fn shared_status(&self) -> String {
        let status = shown::status_suffix(self.first.status.as_ref());
        let mut others = self.others.iter();
        let is_shared = others.all(|other| shown::status_suffix(other.status.as_ref()) == status);
        if is_shared { status } else { String::new() }
    }

    /// Names the first findings and counts all of them. `None` for a single one.
    fn named(&self) -> Option<String> {
        if self.others.is_empty() {
            return None;
        }
        let total = self.others.len().saturating_add(1);
        let all = std::iter::once(&self.first).chain(&self.others);
        let named: Vec<_> = all
            .take(MAX_NAMED_FINDINGS)
            .map(|found| ShownFinding::new(&found.finding).entity)
            .collect();
        let more = match total.saturating_sub(named.len()) {
            0 => String::new(),
            more => format!(" and {} more", count::grouped(count::length(more))),
        };
        Some(format!(
            "{} findings of this rule at this line: {}{more}. The first one:",
            count::grouped(count::length(total)),
            named.join(", ")
        ))
    }
}

fn fix(mut lines: Vec<String>) -> Vec<String> {
    if let Some(first) = lines.first_mut() {
        first.insert_str(0, "fix: ");
    }
    lines
}

fn contract_suffix(contract: Option<&str>) -> String {
    contract
        .map(|name| format!(" (contract {})", shown::displayed_name(name)))
        .unwrap_or_default()
}

impl Annotation {
    fn new(level: AnnotationLevel, title: &str, message: &[String]) -> Self {
        Self {
            path: String::new(),
            start_line: 1,
            end_line: 1,
            start_column: None,
            end_column: None,
            level,
            title: cut(&plain(title), TITLE_BYTES),
            message: joined(message),
            raw_details: None,
        }
    }

    fn at(mut self, place: Option<&Place>, default_path: &str) -> Self {
        let Some(place) = place else {
            default_path.clone_into(&mut self.path);
            return self;
        };
        self.path.clone_from(&place.path);
        self.start_line = place.line.max(1);
        self.end_line = place.end_line.max(self.start_line);
        if self.start_line == self.end_line {
            let start = place.column.max(1);
            self.start_column = Some(start);
            self.end_column = Some(place.end_column.max(start));
        }
        self
    }
}

fn joined(lines: &[String]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| plain(line)).collect();
    cut(&lines.join("\n"), MESSAGE_BYTES)
}

/// Truncates text to `limit` bytes.
fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(limit - '…'.len_utf8());
    format!("{}…", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use crate::{Change, sample};
    use contract::Source;

    use super::*;

    #[test]
    fn a_finding_is_annotated_at_its_line_of_the_configuration() {
        insta::assert_debug_snapshot!(annotations(&sample::failing(), "prodverdict.yml"));
    }

    #[test]
    fn findings_of_a_rule_share_the_annotation_of_a_line() {
        let mut findings: Vec<_> = (0..1_200)
            .map(|number| sample::about(&format!("{number:04}")))
            .collect();
        let mut another = sample::about("other");
        another.rule = contract::Rule::WrongfulAccess;
        findings.push(another);
        let contract = sample::contract("c", Source::Stripe, findings);
        let annotations = annotations(&sample::outcome(vec![contract]), "a.yml");
        let shown: Vec<_> = annotations
            .iter()
            .map(|annotation| annotation.title.as_str())
            .collect();
        assert_eq!(
            shown,
            [
                "[HIGH] revenue-leak: user:0000 and 1,199 more",
                "[HIGH] wrongful-access: user:other",
            ]
        );
        let message = &annotations[0].message;
        let named = "1,200 findings of this rule at this line: user:0000, user:0001, user:0002, user:0003, user:0004 and \
                     1,195 more. The first one:\n";
        assert!(message.starts_with(named), "{message}");
    }

    #[test]
    fn a_line_has_one_annotation_of_a_rule_with_any_status() {
        let mut outcome = sample::many(2);
        outcome.contracts[0].findings[0].status = Some(FindingStatus::Accepted {
            reason: String::new(),
            until: None,
        });
        let annotations = annotations(&outcome, "a.yml");
        let [annotation] = annotations.as_slice() else {
            panic!("{annotations:?}");
        };
        assert_eq!(annotation.level, AnnotationLevel::Failure);
    }

    #[test]
    fn problems_come_before_findings() {
        let annotations = annotations(&sample::several_contracts(), "ci/prodverdict.yml");
        let shown: Vec<_> = annotations
            .iter()
            .map(|annotation| {
                (
                    annotation.level.as_str(),
                    annotation.path.as_str(),
                    annotation.start_line,
                    annotation.title.as_str(),
                )
            })
            .collect();
        insta::assert_debug_snapshot!(shown);
    }

    #[test]
    fn an_annotation_title_shows_the_status() {
        let annotations = annotations(&sample::compared(), "a.yml");
        let shown: Vec<_> = annotations
            .iter()
            .map(|annotation| (annotation.level.as_str(), annotation.title.as_str()))
            .collect();
        assert_eq!(
            shown,
            [
                ("warning", "[HIGH] revenue-leak (known): user:usr_alice"),
                ("failure", "[HIGH] wrongful-access (new): user:usr_bob"),
                (
                    "notice",
                    "[LOW] stale-plan (accepted until 2026-12-31: Carol leaves at the end of the year.): user:usr_carol"
                ),
            ]
        );
    }

    #[test]
    fn advice_is_a_notice_at_its_line() {
        let mut outcome = sample::passing();
        let mut advice = sample::advice("no row holds `Pro`", "write `pro`");
        advice.place = Some(sample::place("prodverdict.yml", 9));
        outcome.contracts[0].advice = vec![advice];
        let annotations = annotations(&outcome, "a.yml");
        let [notice] = annotations.as_slice() else {
            panic!("{annotations:?}");
        };
        assert_eq!(notice.level, AnnotationLevel::Notice);
        assert_eq!(
            (notice.path.as_str(), notice.start_line),
            ("prodverdict.yml", 9)
        );
        assert_eq!(notice.message, "no row holds `Pro`\nfix: write `pro`");
    }

    #[test]
    fn the_message_lists_the_changed_lines_that_matter() {
        let mut outcome = sample::failing();
        outcome.contracts[0].findings[0].changes = vec![Change {
            path: "app/webhook.ts".into(),
            line: 42,
            does: "adds a line that mentions `plan`".into(),
        }];
        let annotations = annotations(&outcome, "a.yml");
        let line = annotations[0].message.lines().nth(2);
        let expected = "This pull request adds a line that mentions `plan` (app/webhook.ts:42)";
        assert_eq!(line, Some(expected));
    }

    #[test]
    fn columns_are_given_only_within_one_line() {
        let annotation = Annotation::new(AnnotationLevel::Notice, "", &[]);
        let place = Place {
            end_line: 5,
            ..sample::place("a.yml", 4)
        };
        let annotation = annotation.at(Some(&place), "");
        assert_eq!((annotation.start_line, annotation.end_line), (4, 5));
        assert_eq!(
            (annotation.start_column, annotation.end_column),
            (None, None)
        );
    }

    #[test]
    fn lengths_stay_within_githubs_limits() {
        let mut finding = sample::about(&"é".repeat(70_000));
        finding.fix = "x\n".repeat(50_000).into();
        finding.evidence = vec!["é".repeat(500); 200].into();
        let contract = sample::contract("c", Source::Stripe, vec![finding]);
        let long_name = sample::contract(&"n".repeat(500), Source::Stripe, vec![]);
        let mut outcome = sample::outcome(vec![contract, long_name]);
        outcome.contracts[0].name = "é".repeat(300);
        let annotations = annotations(&outcome, "a.yml");
        let annotation = annotations.first().unwrap();
        assert_eq!(annotation.title.len(), TITLE_BYTES);
        assert!(annotation.title.ends_with('…'));
        assert_eq!(annotation.message.len(), MESSAGE_BYTES);
        let details = annotation.raw_details.as_ref().unwrap();
        assert!((MESSAGE_BYTES - 1..=MESSAGE_BYTES).contains(&details.len()));
    }
}
