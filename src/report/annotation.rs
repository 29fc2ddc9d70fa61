//! Annotations for findings, each at its place in the configuration.

use crate::{
    baseline::Standing,
    contract::Severity,
    problem::{Place, Problem},
};

use super::{
    Outcome, Reported,
    neutral::plain,
    shown::{self, Shown},
};

/// GitHub accepts titles of 255 characters; counted in bytes to be safe.
const TITLE_BYTES: usize = 255;

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
    pub level: Level,
    pub title: String,
    pub message: String,
    /// The evidence.
    pub raw_details: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Failure,
    Warning,
    Notice,
}

impl Level {
    /// Returns the value for `annotation_level`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// Lists annotations: one for each problem, each warning with a place, and each advice, then one for each finding, most
/// severe first. Anything without a place goes to the first line of `default_path`, the configuration.
pub fn annotations(outcome: &Outcome, default_path: &str) -> Vec<Annotation> {
    let whole_run = outcome.problems.iter().map(|problem| (problem, None));
    let of_contracts = outcome.contracts.iter().filter_map(|contract| {
        let problem = contract.problem.as_ref()?;
        Some((problem, outcome.name_of(contract)))
    });
    let mut annotations: Vec<_> = whole_run
        .chain(of_contracts)
        .map(|(problem, contract)| of_problem(problem, contract, default_path))
        .collect();
    annotations.extend(of_warnings(&outcome.warnings));
    let advice = outcome.advice();
    annotations.extend(advice.map(|(advice, contract)| of_advice(advice, contract, default_path)));
    annotations.extend(outcome.findings().into_iter().map(|(contract, found)| {
        let name = outcome.name_of(contract);
        let annotation = of_finding(found, name, outcome.counts(found));
        annotation.at(found.place.as_ref(), default_path)
    }));
    annotations
}

fn of_problem(problem: &Problem, contract: Option<&str>, default_path: &str) -> Annotation {
    let mut lines = vec![shown::message_line(problem)];
    lines.extend(fix(shown::hint_lines(problem)));
    let title = format!("No verdict{}", of_contract(contract));
    let annotation = Annotation::new(Level::Failure, &title, &lines);
    annotation.at(problem.place.as_ref(), default_path)
}

fn of_advice(advice: &Problem, contract: Option<&str>, default_path: &str) -> Annotation {
    let mut lines = vec![shown::message_line(advice)];
    lines.extend(fix(shown::hint_lines(advice)));
    let title = format!("Advice{}", of_contract(contract));
    let annotation = Annotation::new(Level::Notice, &title, &lines);
    annotation.at(advice.place.as_ref(), default_path)
}

/// Returns annotations for the warnings that have a place.
pub fn of_warnings(warnings: &[Problem]) -> impl Iterator<Item = Annotation> {
    let placed = |warning: &&Problem| warning.place.is_some();
    warnings.iter().filter(placed).map(|warning| {
        let mut lines = vec![shown::message_line(warning)];
        lines.extend(shown::hint_lines(warning));
        Annotation::new(Level::Warning, "Warning", &lines).at(warning.place.as_ref(), "")
    })
}

fn of_finding(found: &Reported, contract: Option<&str>, counts: bool) -> Annotation {
    let finding = &found.finding;
    let shown = Shown::new(finding);
    let standing = found.standing.as_ref();
    let level = match finding.severity {
        _ if matches!(standing, Some(Standing::Accepted { .. })) => Level::Notice,
        Severity::High if counts => Level::Failure,
        Severity::High | Severity::Medium => Level::Warning,
        Severity::Low => Level::Notice,
    };
    let title = format!(
        "[{}] {}{}{}: {}",
        finding.severity.as_str().to_uppercase(),
        finding.rule,
        shown::standing(standing),
        of_contract(contract),
        shown.entity
    );
    let mut lines = shown.message;
    lines.extend(found.changes.iter().map(shown::change));
    lines.extend(fix(shown.fix));
    let mut annotation = Annotation::new(level, &title, &lines);
    if !shown.evidence.is_empty() {
        annotation.raw_details = Some(joined(&shown.evidence));
    }
    annotation
}

fn fix(mut lines: Vec<String>) -> Vec<String> {
    if let Some(first) = lines.first_mut() {
        first.insert_str(0, "fix: ");
    }
    lines
}

fn of_contract(contract: Option<&str>) -> String {
    contract
        .map(|name| format!(" (contract {})", shown::tamed(name)))
        .unwrap_or_default()
}

impl Annotation {
    fn new(level: Level, title: &str, message: &[String]) -> Self {
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
    use crate::{
        contract::Source,
        report::{Change, sample, sample_compared},
    };

    use super::*;

    #[test]
    fn a_finding_is_annotated_where_the_configuration_speaks_of_it() {
        insta::assert_debug_snapshot!(annotations(&sample::failing(), "prodverdict.yml"));
    }

    #[test]
    fn problems_come_before_findings() {
        let annotations = annotations(&sample::several_contracts(), "ci/prodverdict.yml");
        let shown: Vec<_> = annotations
            .iter()
            .map(|one| {
                (
                    one.level.as_str(),
                    one.path.as_str(),
                    one.start_line,
                    one.title.as_str(),
                )
            })
            .collect();
        insta::assert_debug_snapshot!(shown);
    }

    #[test]
    fn an_annotation_title_shows_the_standing() {
        let annotations = annotations(&sample_compared::compared(), "a.yml");
        let shown: Vec<_> = annotations
            .iter()
            .map(|one| (one.level.as_str(), one.title.as_str()))
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
        let mut advice = sample::problem("no row holds `Pro`", "write `pro`");
        advice.place = Some(sample::place("prodverdict.yml", 9));
        outcome.contracts[0].advice = vec![advice];
        let annotations = annotations(&outcome, "a.yml");
        let [notice] = annotations.as_slice() else {
            panic!("{annotations:?}");
        };
        assert_eq!(notice.level, Level::Notice);
        assert_eq!(
            (notice.path.as_str(), notice.start_line),
            ("prodverdict.yml", 9)
        );
        assert_eq!(notice.message, "no row holds `Pro`\nfix: write `pro`");
    }

    #[test]
    fn the_message_says_which_changed_lines_matter() {
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
        let annotation = Annotation::new(Level::Notice, "", &[]);
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
