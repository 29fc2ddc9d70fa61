//! CSV as in RFC 4180: one row for each finding, stable columns, and no cell that a spreadsheet would run as a formula.

use std::io;

use super::{
    ContractOutcome, Outcome, Reported,
    amount::amounts,
    neutral::visible,
    shown::{self, hint_lines, message_line},
};
use baseline::FindingStatus;
use problem::Problem;

/// Columns of the file. A later version may add columns at the end.
const COLUMNS: [&str; 20] = [
    "contract",
    "rule",
    "severity",
    "standing",
    "entity",
    "account",
    "customer",
    "subscription",
    "status",
    "price",
    "plan_found",
    "plan_expected",
    "amount",
    "message",
    "fix",
    "evidence",
    "fingerprint",
    "path",
    "line",
    "changes",
];

/// Writes the findings, most severe first. Before them come rows with the rule `no-verdict` for contracts without a
/// verdict, because a file without rows means that nothing was found.
pub(super) fn write_csv(outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(out);
    writer.write_record(COLUMNS)?;
    for row in rows(outcome) {
        writer.write_record(row.map(|cell| harmless(&cell)))?;
    }
    writer.flush()
}

type CsvRow = [String; COLUMNS.len()];

fn rows(outcome: &Outcome) -> impl Iterator<Item = CsvRow> {
    let whole_run = outcome.problems.iter().map(|problem| ("", problem));
    let contract_problems = outcome
        .contracts
        .iter()
        .filter_map(|contract| Some((contract.name.as_str(), contract.problem.as_ref()?)));
    let problems = whole_run.chain(contract_problems);
    let findings = outcome.findings().into_iter();
    problems
        .map(|(contract, problem)| no_verdict(contract, problem))
        .chain(findings.map(|(contract, found)| finding(contract, found)))
}

fn no_verdict(contract: &str, problem: &Problem) -> CsvRow {
    let mut row = CsvRow::default();
    let (path, line) = problem.place.as_ref().map_or_else(
        || (String::new(), String::new()),
        |place| (place.path.clone(), place.line.to_string()),
    );
    let cells = [
        ("contract", contract.to_owned()),
        ("rule", "no-verdict".to_owned()),
        ("severity", "error".to_owned()),
        ("message", message_line(problem)),
        ("fix", hint_lines(problem).join(" ")),
        ("path", path),
        ("line", line),
    ];
    for (column, text) in cells {
        let position = COLUMNS.iter().position(|name| *name == column);
        if let Some(cell) = position.and_then(|position| row.get_mut(position)) {
            *cell = text;
        }
    }
    row
}

fn finding(contract: &ContractOutcome, found: &Reported) -> CsvRow {
    let finding = &found.finding;
    let subject = &finding.subject;
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let status = found.status.as_ref().map_or("", FindingStatus::as_str);
    let changes: Vec<_> = found
        .changes
        .iter()
        .map(|change| format!("{}:{} {}", change.path, change.line, change.does))
        .collect();
    let place = found.place.as_ref();
    [
        contract.name.clone(),
        finding.rule.to_string(),
        finding.severity.to_string(),
        status.to_owned(),
        finding.entity.to_string(),
        text(subject.account.as_deref()),
        text(subject.customer.as_deref()),
        text(subject.subscription.as_deref()),
        text(subject.status.as_deref()),
        text(subject.price.as_deref()),
        text(subject.plan_found.as_deref()),
        text(subject.plan_expected.as_deref()),
        amounts(&finding.amount),
        sentences(&finding.message),
        sentences(&finding.fix),
        finding.evidence_lines().join("; "),
        finding.fingerprint.to_string(),
        place
            .map(|place| shown::displayed_name(&place.path))
            .unwrap_or_default(),
        place
            .map(|place| place.line.to_string())
            .unwrap_or_default(),
        changes.join("; "),
    ]
}

fn sentences(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join(" ")
}

/// Makes a cell safe: one visible line, with an apostrophe before anything that looks like a formula. Spreadsheets read
/// the apostrophe as the mark of a text.
fn harmless(cell: &str) -> String {
    let cell = visible(cell);
    let first = cell.trim_start().chars().next();
    let is_formula = matches!(
        first,
        Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '|' | '%')
    ) || cell.starts_with("\\t")
        || cell.starts_with("\\r")
        || cell.starts_with("\\n");
    if is_formula { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn csv(outcome: &Outcome) -> String {
        let mut file = Vec::new();
        write_csv(outcome, &mut file).unwrap();
        String::from_utf8(file).unwrap()
    }
    use crate::sample;
    use contract::Verdict;

    fn read(text: &str) -> Vec<csv::StringRecord> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(reader.headers().expect("a head"), COLUMNS.as_slice());
        reader.records().map(|row| row.expect("a row")).collect()
    }

    #[test]
    fn findings_are_rows_in_stable_columns() {
        insta::assert_snapshot!(csv(&sample::several_contracts()));
    }

    #[test]
    fn lines_end_as_the_standard_says() {
        let text = csv(&sample::failing());
        assert_eq!(text.matches("\r\n").count(), 2);
        assert_eq!(text.matches('\n').count(), 2);
    }

    #[test]
    fn a_missing_verdict_is_a_row_and_no_findings_give_no_row() {
        assert!(read(&csv(&sample::passing())).is_empty());
        for outcome in sample::every_kind() {
            let rows = read(&csv(&outcome));
            let is_error = rows.iter().any(|row| &row[1] == "no-verdict");
            assert_eq!(is_error, outcome.verdict == Verdict::Error);
        }
    }

    #[test]
    fn text_that_begins_like_a_formula_is_not_a_formula() {
        for (cell, expected) in [
            ("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(1)", "'@SUM(1)"),
            ("\t=1", "'\\t=1"),
            ("\r=1", "'\\r=1"),
            ("  =1", "'  =1"),
            ("usr_1", "usr_1"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(harmless(cell), expected);
        }
    }

    proptest! {
        #[test]
        fn any_text_stays_in_its_cell_and_is_not_a_formula(text in prop_oneof![sample::hostile(), any::<String>(), "[=+@,\"\r\n\t '-]{0,9}"]) {
            for outcome in [sample::full_of(&text), sample::rehearsal_full_of(&text)] {
                let written = csv(&outcome);
                let rows = read(&written);
                for row in &rows {
                    prop_assert_eq!(row.len(), COLUMNS.len());
                    for cell in row {
                        let first = cell.chars().next();
                        prop_assert!(!matches!(first, Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n')), "{}", cell);
                    }
                }
                let accounts: Vec<_> = rows.iter().map(|row| row[5].to_owned()).collect();
                prop_assert!(accounts.contains(&harmless(&text)));
            }
        }
    }
}
