//! Tests of reading a report back.

use serde_json::{Value, json};

use super::*;
use crate::{
    markdown::{self, CommentLinks},
    sample::{every_kind, failing, passing, rehearsal},
};
use contract::{EventMention, Field, Mentions};

/// Removes what JSON does not contain and what publishing computes again.
fn bare(mut outcome: Outcome) -> Outcome {
    outcome.are_changes_known = false;
    for contract in &mut outcome.contracts {
        contract.account_link = None;
    }
    for found in outcome
        .contracts
        .iter_mut()
        .flat_map(|contract| &mut contract.findings)
    {
        found.place = None;
        found.first_seen = None;
        found.changes = Vec::new();
        found.repair = None;
        found.finding.mentions = Some(Box::new(Mentions {
            fields: vec![Field::HasPaidAccess],
            events: vec![EventMention {
                kind: "invoice.paid".into(),
                id: Some("evt_1Paid".into()),
                is_earlier: true,
            }],
        }));
    }
    outcome
}

#[test]
fn every_report_is_read_back_unchanged() {
    for outcome in every_kind() {
        let outcome = bare(outcome);
        let text = crate::json(&outcome);
        let back = read(&text).unwrap_or_else(|error| panic!("{error:?}: {text}"));
        assert_eq!(crate::json(&back), text);
        let findings = back.findings().into_iter().zip(outcome.findings());
        for ((_, back), (_, found)) in findings {
            assert_eq!(back.finding.mentions, found.finding.mentions);
        }
        let comment = |outcome: &Outcome| {
            markdown::comment(outcome, "prodverdict.yml", CommentLinks::default())
        };
        assert_eq!(comment(&back), comment(&outcome));
        let redacted = |outcome: &Outcome| crate::json(&crate::redact_ids(outcome));
        assert_eq!(redacted(&back), redacted(&outcome));
    }
}

/// Returns the report with one value replaced.
fn changed(outcome: &Outcome, pointer: &str, value: Value) -> String {
    let mut report: Value = serde_json::from_str(&crate::json(outcome)).expect("JSON");
    *report.pointer_mut(pointer).expect("a place") = value;
    report.to_string()
}

fn refusal(text: &str) -> String {
    let error = read_json(text).map(|_| ()).expect_err(text);
    assert!(!error.hint().is_empty(), "{error}");
    problem::Problem::from(&error).text
}

#[test]
fn a_text_that_is_not_a_report_is_refused() {
    assert!(refusal("").starts_with("it is not JSON: EOF"));
    assert!(refusal("{\"schema_version\": 1,").starts_with("it is not JSON: EOF"));
    assert!(refusal("[]").starts_with("it is JSON, but has no `schema_version`"));
    assert!(refusal("{\"verdict\": \"pass\"}").starts_with("it is JSON, but has no"));
    let deep = "[".repeat(100_000);
    assert!(refusal(&deep).starts_with("it is"), "{}", refusal(&deep));
    let later = changed(&passing(), "/schema_version", json!(2));
    assert_eq!(
        refusal(&later),
        "its `schema_version` is 2, but this program reads 1"
    );
    let large = " ".repeat(MAX_READ_BYTES + 1);
    assert_eq!(refusal(&large), "it is larger than 16 MiB");
}

#[test]
fn a_value_of_another_form_is_named_by_its_path() {
    for (pointer, value, message) in [
        (
            "/verdict",
            json!("fine"),
            "`verdict` cannot be read: unknown variant `fine`",
        ),
        (
            "/findings/0/rule",
            json!("my-rule"),
            "`findings[0].rule` cannot be read: it is not a rule",
        ),
        (
            "/findings/0/fingerprint",
            json!("-->0123456789abc"),
            "`findings[0].fingerprint` cannot be read: it is not 16 hexadecimal digits",
        ),
        (
            "/contracts/0/summary/accounts",
            json!(u64::MAX),
            "`contracts[0].summary.accounts` cannot be read: 18446744073709551615 is larger than any count of a run",
        ),
        (
            "/contracts/0/summary/accounts",
            json!(-1),
            "`contracts[0].summary.accounts` cannot be read: invalid value: integer `-1`",
        ),
        (
            "/warnings",
            json!(vec![
                json!({"message": "", "hint": "", "place": null});
                10_001
            ]),
            "`warnings` cannot be read: it has more than 10000 entries",
        ),
        (
            "/findings/0/evidence",
            json!(null),
            "`findings[0].evidence` cannot be read: invalid type: null",
        ),
    ] {
        let refused = refusal(&changed(&failing(), pointer, value));
        assert!(refused.starts_with(message), "{refused}");
    }
}

#[test]
fn a_verdict_that_the_findings_contradict_is_refused() {
    let starts = |text: &str, message: &str| {
        let refused = refusal(text);
        let expected = format!("it contradicts itself: {message}");
        assert!(refused.starts_with(&expected), "{refused}");
    };
    let failing = failing();
    starts(
        &changed(&failing, "/verdict", json!("pass")),
        "its verdict does not match its contracts",
    );
    starts(
        &changed(&failing, "/contracts/0/verdict", json!("pass")),
        "the verdict of the contract `users` does not match its findings",
    );
    starts(
        &changed(&failing, "/findings", json!([])),
        "it says that it has 1 findings, and lists 0",
    );
    starts(
        &changed(&failing, "/findings/0/contract", json!("others")),
        "it mentions the contract `others`, which it does not list",
    );
    starts(
        &changed(&failing, "/contracts", json!([])),
        "it mentions the contract `users`",
    );
    starts(
        &changed(&passing(), "/contracts", json!([])),
        "its verdict does not match its contracts",
    );
    let problem =
        json!([{"code": "file-unreadable", "message": "no such file", "hint": "", "place": null}]);
    starts(
        &changed(&passing(), "/problems", problem),
        "its verdict does not match its contracts",
    );
}

#[test]
fn scenarios_that_the_verdict_contradicts_are_refused() {
    let report_with = |results: &[&str], outcome: &Outcome| {
        let scenarios: Vec<_> = results
            .iter()
            .map(|result| {
                json!({
                    "id": "trial", "title": "", "ends": "", "result": result, "left_out": [],
                    "plays": 1, "steps": 1, "events": 1,
                })
            })
            .collect();
        changed(outcome, "/rehearsal", json!({ "scenarios": scenarios }))
    };
    let refusal_of = |results: &[&str], outcome: &Outcome| refusal(&report_with(results, outcome));
    assert!(read_json(&report_with(&["held", "left_out"], &passing())).is_ok());
    assert!(refusal_of(&[], &passing()).ends_with("it has a verdict, but no scenario was played"));
    assert!(refusal_of(&["left_out"], &passing()).ends_with("but no scenario was played"));
    assert!(refusal_of(&["broken"], &passing()).ends_with("on whether anything is broken"));
    assert!(refusal_of(&["held"], &rehearsal()).ends_with("on whether anything is broken"));
    for result in ["not_reached", "could_not_tell"] {
        let message = refusal_of(&["held", result], &passing());
        assert!(
            message.ends_with("the scenario `trial` was not played to its end"),
            "{message}"
        );
    }
}
