//! Tests of the SARIF output. `tests/it/integration` validates it against the official schema.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::{Change, sample};
use contract::Source;

const HERE: ReportPaths<'_> = ReportPaths {
    config: "ci/prodverdict.yml",
    folder: "/home/me/app",
};

fn run(outcome: &Outcome) -> Value {
    let mut log: Value = serde_json::from_str(&sarif(outcome, &HERE)).expect("JSON");
    assert_eq!(log["version"], "2.1.0");
    log["runs"][0].take()
}

#[test]
fn the_known_case() {
    let mut outcome = sample::failing();
    outcome.contracts[0].findings[0].place = Some(sample::place("./ci/prodverdict.yml", 7));
    let run = run(&outcome);
    assert_eq!(
        run["tool"]["driver"]["rules"].as_array().map(Vec::len),
        Some(Rule::ALL.len())
    );
    insta::assert_json_snapshot!("rule", run["tool"]["driver"]["rules"][0]);
    insta::assert_json_snapshot!("results", run["results"]);
    insta::assert_json_snapshot!("invocations", run["invocations"]);
}

#[test]
fn a_pass_lists_the_rules_and_no_result() {
    let run = run(&sample::passing());
    assert_eq!(run["results"], Value::Array(Vec::new()));
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
}

#[test]
fn no_verdict_is_a_failed_run_with_the_reason() {
    for outcome in [
        sample::unanswerable(),
        sample::without_contracts(sample::problem("no such file", "look elsewhere")),
        sample::several_contracts(),
    ] {
        let run = run(&outcome);
        let invocation = &run["invocations"][0];
        assert_eq!(invocation["executionSuccessful"], false);
        let first = &invocation["toolExecutionNotifications"][0];
        assert_eq!(first["level"], "error");
        assert!(!first["message"]["text"].as_str().unwrap().is_empty());
    }
}

#[test]
fn each_result_points_at_its_rule_and_levels_follow_severities() {
    let run = run(&sample::several_contracts());
    let rules = &run["tool"]["driver"]["rules"];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 5);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
    let levels: Vec<_> = results.iter().map(|result| &result["level"]).collect();
    assert_eq!(levels, ["error", "error", "error", "warning", "note"]);
}

#[test]
fn a_changed_line_takes_precedence_over_the_configuration() {
    let mut outcome = sample::failing();
    outcome.contracts[0].findings[0].changes = vec![Change {
        path: "app/[id]/webhook.ts".to_owned(),
        line: 42,
        does: "removes the only line that mentions `has_paid_access`".to_owned(),
    }];
    let run = run(&outcome);
    let result = &run["results"][0];
    let uri = |location: &Value| location["physicalLocation"]["artifactLocation"]["uri"].clone();
    assert_eq!(uri(&result["locations"][0]), "app/%5Bid%5D/webhook.ts");
    assert_eq!(uri(&result["relatedLocations"][0]), "ci/prodverdict.yml");
    assert_eq!(
        result["locations"][0]["physicalLocation"]["region"]["startLine"],
        42
    );
}

#[test]
fn findings_with_one_fingerprint_are_alerts_of_their_own() {
    let outcome = sample::outcome(vec![
        sample::contract("one", Source::Stripe, vec![sample::alice()]),
        sample::contract("two", Source::Stripe, vec![sample::alice()]),
    ]);
    let run = run(&outcome);
    let hash = |index: usize| {
        run["results"][index]["partialFingerprints"]["primaryLocationLineHash"].clone()
    };
    assert_eq!(hash(0), "69149926077885fa:1");
    assert_eq!(hash(1), "69149926077885fa:2");
}

#[test]
fn more_findings_than_github_takes_are_cut_and_counted() {
    let at_limit = run(&sample::many(MAX_RESULTS));
    assert_eq!(at_limit["results"].as_array().unwrap().len(), MAX_RESULTS);
    let invocation = &at_limit["invocations"][0];
    assert!(invocation.get("toolExecutionNotifications").is_none());

    let run = run(&sample::many(MAX_RESULTS + 2));
    assert_eq!(run["results"].as_array().unwrap().len(), MAX_RESULTS);
    let text = &run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
    assert!(
        text.as_str().unwrap().starts_with("2 findings are not in"),
        "{text}"
    );
}

#[test]
fn a_rehearsal_lists_the_rules_of_handlers_too() {
    let outcome = sample::rehearsal();
    let run = run(&outcome);
    assert_eq!(run["automationDetails"]["id"], "prodverdict/rehearse/");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(rules.iter().any(|rule| rule["id"] == "half-written"));
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
}

#[test]
fn accepted_findings_are_suppressed_and_compared_ones_have_a_state() {
    let mut outcome = sample::failing();
    outcome.since = Some(baseline::Since {
        source: "main".to_owned(),
        fixed: 0,
        lets_known_pass: false,
    });
    let accepted = FindingStatus::Accepted {
        reason: "a friend".to_owned(),
        until: None,
    };
    for (status, state, suppressions) in [
        (FindingStatus::New, "new", 0),
        (FindingStatus::Known, "unchanged", 0),
        (accepted, "unchanged", 1),
    ] {
        outcome.contracts[0].findings[0].status = Some(status);
        let result = &run(&outcome)["results"][0];
        assert_eq!(result["baselineState"], state);
        let count = result["suppressions"].as_array().map_or(0, Vec::len);
        assert_eq!(count, suppressions);
    }
}

/// Reads a message as the standard defines it: the unescaped text, and whether it has an unescaped bracket.
fn read(text: &str) -> (String, bool) {
    let mut out = String::new();
    let mut has_bare_bracket = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => out.extend(letters.next()),
            '[' | ']' => has_bare_bracket = true,
            '{' | '}' => {
                assert_eq!(letters.next(), Some(letter), "{text}");
                out.push(letter);
            }
            _ => out.push(letter),
        }
    }
    (out, has_bare_bracket)
}

proptest! {
    #[test]
    fn no_text_is_a_link_an_argument_or_an_absolute_path(text in sample::hostile()) {
        for outcome in [sample::full_of(&text), sample::rehearsal_full_of(&text)] {
            let printed = sarif(&outcome, &HERE);
            prop_assert!(!printed.contains("##["));
            let run = run(&outcome);
            for result in run["results"].as_array().unwrap() {
                let (_, is_link) = read(result["message"]["text"].as_str().unwrap());
                prop_assert!(!is_link);
                let location = &result["locations"][0]["physicalLocation"];
                let uri = location["artifactLocation"]["uri"].as_str().unwrap();
                prop_assert!(!uri.starts_with('/') && !uri.contains(':'), "{}", uri);
                prop_assert!(uri.bytes().all(|byte| byte.is_ascii_graphic()), "{}", uri);
            }
        }
    }

    #[test]
    fn a_message_is_read_back_as_it_was_written(text in sample::hostile()) {
        let line = plain(&text);
        let (back, _) = read(&escaped(&line));
        prop_assert_eq!(back, line);
    }
}
