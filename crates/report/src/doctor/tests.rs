//! Tests of both formats.

use problem::{ErrorCode, Problem};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::{neutral::is_hidden, sample};

fn step(id: &'static str, result: StepResult) -> DoctorStep {
    DoctorStep {
        id,
        contract: None,
        result,
    }
}

fn report(text: &str) -> DoctorReport {
    let warning = || Warning::new(text).hint(text);
    let problem = || Problem::new(ErrorCode::KeyRejected, text).hint(text);
    DoctorReport {
        steps: vec![
            step("configuration", StepResult::pass("valid")),
            step("key", StepResult::warned("restricted", [warning()])),
            step("database", StepResult::fail(problem())),
            step("role", StepResult::needs("database")),
        ],
    }
}

fn validator() -> jsonschema::Validator {
    let schema = include_str!("../../../../schema/doctor.schema.json");
    jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap()
}

#[test]
fn the_committed_schema_is_the_one_of_the_structs() {
    let committed = include_str!("../../../../schema/doctor.schema.json");
    assert!(
        committed == schema(),
        "schema/doctor.schema.json is stale; it should be:\n{}",
        schema()
    );
}

#[test]
fn each_check_is_a_line_with_its_fix_below() {
    assert_eq!(
        text(&report("no"), false),
        "pass  configuration  valid\n\
         warn  key            restricted\n      no\n      fix: no\n\
         fail  database       error[key-rejected]: no\n      fix: no\n\
         skip  role           needs `database`\n\nRESULT: FAIL\n"
    );
}

#[test]
fn the_summary_names_the_first_failed_check() {
    assert_eq!(
        report("no").summary(),
        "1 check passed, 1 warned, 1 failed, 1 skipped. Fix `database` first, then run `prodverdict doctor` again."
    );
}

#[test]
fn a_report_with_a_skipped_check_does_not_pass() {
    let mut doctor_report = report("no");
    assert_eq!(
        (doctor_report.status(), doctor_report.exit_status()),
        (StepStatus::Fail, 2)
    );
    doctor_report.steps.remove(2);
    assert_eq!(
        (doctor_report.status(), doctor_report.exit_status()),
        (StepStatus::Warn, 0)
    );
}

#[test]
fn contracts_have_headings_only_if_there_are_several() {
    let mut doctor_report = report("no");
    for name in ["users", "teams"] {
        let mut about = step("key", StepResult::pass("fine"));
        about.contract = Some(name.to_owned());
        doctor_report.steps.push(about);
        assert_eq!(
            text(&doctor_report, false).contains("contract users"),
            name == "teams"
        );
    }
}

proptest! {
    #[test]
    fn hostile_text_has_no_effect(hostile in sample::hostile()) {
        let hostile = format!("x{hostile}");
        let printed = text(&report(&hostile), false);
        for line in printed.lines() {
            prop_assert!(!line.trim_start().starts_with("::"), "{line}");
            prop_assert!(!line.contains("##["), "{line}");
            prop_assert!(!line.starts_with("RESULT") || line == "RESULT: FAIL", "{line}");
        }
        let document = json(&report(&hostile));
        prop_assert!(!document.contains("##["));
        prop_assert!(!document.chars().any(|c| c != '\n' && is_hidden(c)));
        let document: Value = serde_json::from_str(&document).unwrap();
        prop_assert!(validator().is_valid(&document));
        prop_assert_eq!(&document["checks"][2]["hint"], &Value::from(hostile.as_str()));
    }
}
