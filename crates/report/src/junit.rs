//! JUnit XML for the test views of CI systems: a suite for each contract, and a test for each rule or scenario.

use std::io;

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesText, Event},
};

use baseline::FindingStatus;
use contract::{Rule, Verdict};
use problem::{ErrorCode, Problem};

use super::{
    ContractOutcome, Outcome, PlayedResult, PlayedScenario, Rehearsed, Reported,
    neutral::{shortened, visible},
    shown::{self, ShownFinding},
};

/// Maximum length of an attribute. Most views show attributes as titles.
const ATTRIBUTE_CHARACTERS: usize = 300;

/// A test and its result.
struct TestCase {
    name: String,
    class: String,
    result: CaseResult,
}

enum CaseResult {
    Passed,
    Failed(Vec<Detail>),
    Error(Detail),
    Skipped(String),
}

/// A failure or an error.
struct Detail {
    message: String,
    kind: &'static str,
    lines: Vec<String>,
}

struct Suite {
    name: String,
    cases: Vec<TestCase>,
}

/// Renders the outcome as test suites. A missing verdict becomes an error.
pub(super) fn junit(outcome: &Outcome) -> String {
    let suites = suites(outcome);
    let mut bytes = Vec::new();
    // NOTE: writing to memory cannot fail.
    drop(write(&mut bytes, &suites));
    let mut text = String::from_utf8(bytes).unwrap_or_default();
    text.push('\n');
    text
}

fn suites(outcome: &Outcome) -> Vec<Suite> {
    let mut suites = Vec::new();
    if !outcome.problems.is_empty() {
        let errors = outcome.problems.iter();
        suites.push(Suite {
            name: "prodverdict".to_owned(),
            cases: errors
                .map(|problem| no_verdict(problem, "prodverdict"))
                .collect(),
        });
    }
    if let Some(rehearsed) = &outcome.rehearsal {
        suites.push(rehearsal_suite(outcome, rehearsed));
        let unanswered = outcome
            .contracts
            .iter()
            .filter(|contract| contract.problem.is_some());
        suites.extend(unanswered.map(|contract| Suite {
            name: contract.name.clone(),
            cases: error_cases(contract),
        }));
    } else {
        suites.extend(outcome.contracts.iter().map(contract_suite));
    }
    let is_error = |case: &TestCase| matches!(case.result, CaseResult::Error(_));
    let has_error = suites.iter().flat_map(|suite| &suite.cases).any(is_error);
    if outcome.verdict == Verdict::Error && !has_error {
        let problem = Problem::new(ErrorCode::Internal, "nothing was decided");
        suites.push(Suite {
            name: "prodverdict".to_owned(),
            cases: vec![no_verdict(&problem, "prodverdict")],
        });
    }
    suites
}

/// Builds the suite of a contract. Each rule that holds is a passed test. Each finding is a separate test, because most
/// views show only the first failure of a test.
fn contract_suite(contract: &ContractOutcome) -> Suite {
    let mut cases = error_cases(contract);
    let broken_rules = contract.findings.iter().map(|found| found.finding.rule);
    let mut rules: Vec<Rule> = contract.summary.judged.iter().copied().collect();
    rules.extend(broken_rules);
    rules.sort_unstable();
    rules.dedup();
    for rule in rules {
        let of_rule = |found: &&Reported| found.finding.rule == rule;
        let findings: Vec<_> = contract.findings.iter().filter(of_rule).collect();
        // Without a verdict, no rule is known to hold.
        if findings.is_empty() && contract.problem.is_none() {
            cases.push(TestCase {
                name: rule.to_string(),
                class: contract.name.clone(),
                result: CaseResult::Passed,
            });
        }
        cases.extend(findings.into_iter().map(|found| TestCase {
            name: format!("{rule}: {}", found.finding.entity),
            class: contract.name.clone(),
            result: result_of(found),
        }));
    }
    Suite {
        name: contract.name.clone(),
        cases,
    }
}

fn result_of(found: &Reported) -> CaseResult {
    match &found.status {
        Some(FindingStatus::Accepted { reason, .. }) => {
            CaseResult::Skipped(format!("accepted: {reason}"))
        }
        Some(FindingStatus::New | FindingStatus::Known) | None => {
            CaseResult::Failed(vec![detail(found)])
        }
    }
}

fn error_cases(contract: &ContractOutcome) -> Vec<TestCase> {
    let problem = contract.problem.iter();
    problem
        .map(|problem| no_verdict(problem, &contract.name))
        .collect()
}

fn no_verdict(problem: &Problem, class: &str) -> TestCase {
    let mut lines = vec![shown::message_line(problem)];
    lines.extend(shown::hint_lines(problem));
    lines.extend(shown::place(problem));
    lines.push(format!("error[{}]", problem.code));
    TestCase {
        name: "verdict".to_owned(),
        class: class.to_owned(),
        result: CaseResult::Error(Detail {
            message: shown::message_line(problem),
            kind: "no-verdict",
            lines,
        }),
    }
}

fn detail(found: &Reported) -> Detail {
    let finding = &found.finding;
    let shown = ShownFinding::new(finding);
    let mut lines = shown.message.clone();
    lines.extend(shown.fix.iter().map(|line| format!("fix: {line}")));
    lines.extend(shown.evidence);
    if let Some(place) = &found.place {
        lines.push(format!(
            "{}:{}",
            shown::displayed_name(&place.path),
            place.line
        ));
    }
    for change in &found.changes {
        let path = shown::displayed_name(&change.path);
        lines.push(format!("{path}:{} {}", change.line, change.does));
    }
    let first = shown.message.first().map_or("", String::as_str);
    Detail {
        message: format!(
            "[{}] {}: {first}",
            finding.severity.as_str().to_uppercase(),
            shown.entity
        ),
        kind: finding.rule.as_str(),
        lines,
    }
}

fn rehearsal_suite(outcome: &Outcome, rehearsed: &Rehearsed) -> Suite {
    let findings = outcome.findings();
    let mut is_reported = vec![false; findings.len()];
    let mut cases = Vec::new();
    for scenario in &rehearsed.scenarios {
        let mut failures = Vec::new();
        for ((_, found), is_reported) in findings.iter().zip(&mut is_reported) {
            if found.finding.entity.scenario() == Some(&scenario.id) {
                failures.push(detail(found));
                *is_reported = true;
            }
        }
        cases.push(scenario_case(scenario, failures));
    }
    // Keep the findings that belong to no scenario.
    let others = findings
        .iter()
        .zip(&is_reported)
        .filter(|(_, is_reported)| !**is_reported);
    cases.extend(others.map(|((contract, found), _)| TestCase {
        name: format!("{}: {}", found.finding.rule, found.finding.entity),
        class: contract.name.clone(),
        result: result_of(found),
    }));
    Suite {
        name: "rehearsal".to_owned(),
        cases,
    }
}

fn scenario_case(scenario: &PlayedScenario, failures: Vec<Detail>) -> TestCase {
    let unexplained_failure = || Detail {
        message: "it is broken".to_owned(),
        kind: "scenario",
        lines: vec![scenario.ends.clone()],
    };
    let result = match scenario.result {
        _ if !failures.is_empty() => CaseResult::Failed(failures),
        PlayedResult::Held => CaseResult::Passed,
        PlayedResult::Broken => CaseResult::Failed(vec![unexplained_failure()]),
        PlayedResult::LeftOut | PlayedResult::NotReached | PlayedResult::CouldNotTell => {
            CaseResult::Skipped(scenario.left_out.join("; "))
        }
    };
    TestCase {
        name: format!("{}: {}", scenario.id, scenario.title),
        class: "rehearsal".to_owned(),
        result,
    }
}

fn write(bytes: &mut Vec<u8>, suites: &[Suite]) -> io::Result<()> {
    let mut writer = Writer::new_with_indent(bytes, b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let all = || suites.iter().flat_map(|suite| &suite.cases);
    writer
        .create_element("testsuites")
        .with_attribute(("name", "ProdVerdict"))
        .with_attributes(counts(all()).iter().map(pair))
        .write_inner_content(|writer| {
            suites
                .iter()
                .try_for_each(|suite| write_suite(writer, suite))
        })?;
    Ok(())
}

fn write_suite(writer: &mut Writer<&mut Vec<u8>>, suite: &Suite) -> io::Result<()> {
    let counts = counts(suite.cases.iter());
    writer
        .create_element("testsuite")
        .with_attribute(("name", attribute(&suite.name).as_str()))
        .with_attributes(counts.iter().map(pair))
        .write_inner_content(|writer| {
            suite
                .cases
                .iter()
                .try_for_each(|case| write_case(writer, case))
        })?;
    Ok(())
}

fn write_case(writer: &mut Writer<&mut Vec<u8>>, case: &TestCase) -> io::Result<()> {
    let element = writer
        .create_element("testcase")
        .with_attribute(("name", attribute(&case.name).as_str()))
        .with_attribute(("classname", attribute(&case.class).as_str()));
    match &case.result {
        CaseResult::Passed => element.write_empty()?,
        CaseResult::Failed(failures) => element.write_inner_content(|writer| {
            failures
                .iter()
                .try_for_each(|detail| write_detail(writer, "failure", detail))
        })?,
        CaseResult::Error(detail) => {
            element.write_inner_content(|writer| write_detail(writer, "error", detail))?
        }
        CaseResult::Skipped(reason) => element.write_inner_content(|writer| {
            writer
                .create_element("skipped")
                .with_attribute(("message", attribute(reason).as_str()))
                .write_empty()?;
            Ok(())
        })?,
    };
    Ok(())
}

fn write_detail(
    writer: &mut Writer<&mut Vec<u8>>,
    element: &str,
    detail: &Detail,
) -> io::Result<()> {
    let lines: Vec<_> = detail.lines.iter().map(|line| legal(line)).collect();
    writer
        .create_element(element)
        .with_attribute(("message", attribute(&detail.message).as_str()))
        .with_attribute(("type", detail.kind))
        .write_text_content(BytesText::new(&lines.join("\n")))?;
    Ok(())
}

/// Counts `tests`, `failures`, `errors` and `skipped`, which views rely on.
fn counts<'c>(cases: impl Iterator<Item = &'c TestCase>) -> [(&'static str, String); 4] {
    let (mut tests, mut failures, mut errors, mut skipped) = (0_u64, 0_u64, 0_u64, 0_u64);
    for case in cases {
        tests += 1;
        match case.result {
            CaseResult::Passed => {}
            CaseResult::Failed(_) => failures += 1,
            CaseResult::Error(_) => errors += 1,
            CaseResult::Skipped(_) => skipped += 1,
        }
    }
    [
        ("tests", tests.to_string()),
        ("failures", failures.to_string()),
        ("errors", errors.to_string()),
        ("skipped", skipped.to_string()),
    ]
}

fn pair<'p>((name, count): &'p (&'static str, String)) -> (&'p str, &'p str) {
    (name, count)
}

fn attribute(text: &str) -> String {
    shortened(&legal(text), ATTRIBUTE_CHARACTERS)
}

/// Returns one visible line of legal XML. Some characters are illegal in XML even if they are escaped.
fn legal(line: &str) -> String {
    let line = visible(line);
    let is_legal = |character: char| !matches!(character, '\u{FFFE}' | '\u{FFFF}');
    line.chars()
        .map(|character| {
            if is_legal(character) {
                character
            } else {
                char::REPLACEMENT_CHARACTER
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use roxmltree::{Document, Node};

    use super::*;
    use crate::sample;

    fn count(document: &Document<'_>, name: &str) -> usize {
        document
            .descendants()
            .filter(|node| node.has_tag_name(name))
            .count()
    }

    /// Checks that the counts match the tests, in each suite and in total.
    #[track_caller]
    fn assert_consistent(text: &str) {
        let document = Document::parse(text).expect("XML");
        let is_suite =
            |node: &Node<'_, '_>| node.has_tag_name("testsuite") || node.has_tag_name("testsuites");
        for suite in document.descendants().filter(is_suite) {
            let cases: Vec<_> = suite
                .descendants()
                .filter(|node| node.has_tag_name("testcase"))
                .collect();
            let with = |name: &str| {
                let has =
                    |case: &&Node<'_, '_>| case.children().any(|child| child.has_tag_name(name));
                cases.iter().filter(has).count().to_string()
            };
            assert_eq!(suite.attribute("tests"), Some(&*cases.len().to_string()));
            assert_eq!(suite.attribute("failures"), Some(&*with("failure")));
            assert_eq!(suite.attribute("errors"), Some(&*with("error")));
            assert_eq!(suite.attribute("skipped"), Some(&*with("skipped")));
        }
    }

    #[test]
    fn several_contracts_are_suites_with_a_test_for_each_rule() {
        let mut outcome = sample::several_contracts();
        for contract in &mut outcome.contracts {
            contract.summary.judged = [Rule::RevenueLeak, Rule::PlanDrift, Rule::StalePlan].into();
        }
        let text = junit(&outcome);
        assert_consistent(&text);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_rehearsal_is_a_suite_with_a_test_for_each_scenario() {
        let text = junit(&sample::rehearsal());
        assert_consistent(&text);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn no_verdict_is_an_error_in_every_kind_of_outcome() {
        for outcome in sample::every_kind() {
            let text = junit(&outcome);
            assert_consistent(&text);
            let document = Document::parse(&text).expect("XML");
            let has_error = count(&document, "error") > 0;
            assert_eq!(has_error, outcome.verdict == Verdict::Error, "{text}");
            if outcome.rehearsal.is_none() {
                let counted = crate::unaccepted(&outcome).len();
                assert_eq!(count(&document, "failure"), counted);
            }
        }
        let bare = Outcome {
            contracts: Vec::new(),
            ..sample::unanswerable()
        };
        assert!(junit(&bare).contains("nothing was decided"));
    }

    #[test]
    fn an_accepted_finding_is_not_a_failure() {
        let mut outcome = sample::failing();
        for contract in &mut outcome.contracts {
            for found in &mut contract.findings {
                found.status = Some(FindingStatus::Accepted {
                    reason: "a friend".to_owned(),
                    until: None,
                });
            }
        }
        let text = junit(&outcome);
        assert_consistent(&text);
        let document = Document::parse(&text).expect("XML");
        assert_eq!(count(&document, "failure"), 0);
        assert!(text.contains("accepted: a friend"), "{text}");
    }

    proptest! {
        #[test]
        fn any_text_is_read_back(
            text in prop_oneof![sample::hostile(), any::<String>(), "[\\x00-\\x20<>&'\"\\]\u{fffe}\u{ffff}]{0,12}"]
        ) {
            for outcome in [sample::full_of(&text), sample::rehearsal_full_of(&text)] {
                let written = junit(&outcome);
                assert_consistent(&written);
                let document = Document::parse(&written).expect("XML");
                let names: Vec<_> = document
                    .descendants()
                    .filter(|node| node.has_tag_name("testsuite"))
                    .filter_map(|node| node.attribute("name"))
                    .collect();
                prop_assert!(names.contains(&&*attribute(&text)) || outcome.rehearsal.is_some(), "{:?}", names);
            }
        }
    }
}
