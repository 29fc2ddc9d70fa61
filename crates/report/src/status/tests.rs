//! Tests of both formats.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::{neutral::is_hidden, sample};
use problem::ErrorCode;

fn status(text: &str) -> StatusReport {
    let text = || text.to_owned();
    StatusReport {
        configuration: ConfigurationState {
            path: text(),
            contracts: vec![text()],
            problem: None,
        },
        variables: vec![
            VariableState {
                name: text(),
                is_set: true,
                is_of_rehearsal: false,
            },
            VariableState {
                name: "B".to_owned(),
                is_set: false,
                is_of_rehearsal: true,
            },
        ],
        workflows: vec![WorkflowState {
            path: text(),
            events: vec![text()],
            has_placeholder: true,
        }],
        nightly: NightlyState::Run(NightlyRun {
            conclusion: Some(text()),
            started: Some(text()),
            url: Some(text()),
        }),
        rehearsal: Some(RehearsalState {
            handler: text(),
            scenarios: Ok(26),
            command: Some(text()),
        }),
    }
}

fn validator() -> jsonschema::Validator {
    let schema = include_str!("../../../../schema/status.schema.json");
    jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap()
}

#[test]
fn the_committed_schema_is_the_one_of_the_structs() {
    let committed = include_str!("../../../../schema/status.schema.json");
    assert!(
        committed == schema(),
        "schema/status.schema.json is stale; it should be:\n{}",
        schema()
    );
}

#[test]
fn everything_fits_on_one_screen() {
    assert_eq!(
        text(&status("x"), false),
        "configuration  x: valid, 1 contract (x)\n\
         variables      x: set\n               B: not set (only a rehearsal needs it)\n\
         workflow       x: x\n               GitHub refuses to run it: replace `<OWNER>` and `<COMMIT>` by the action's repository and a \
         commit of it\n\
         nightly        x, x, x\n\
         rehearsal      26 scenarios against x, started by `x`\n"
    );
}

#[test]
fn a_missing_part_is_reported_with_its_fix() {
    let mut none = status("x");
    none.configuration.problem = Some(Problem::new(ErrorCode::FileUnreadable, "no").hint("do"));
    none.workflows.clear();
    none.nightly = NightlyState::Never;
    none.rehearsal = None;
    let printed = text(&none, false);
    for line in [
        "configuration  error[file-unreadable]: no\n               fix: do\n",
        "workflow       none uses prodverdict",
        "nightly        has not run yet\n",
        "rehearsal      not configured\n",
    ] {
        assert!(printed.contains(line), "{line}\n{printed}");
    }
    assert_eq!(none.exit_status(), 2);
}

proptest! {
    #[test]
    fn hostile_text_has_no_effect(hostile in sample::hostile()) {
        let hostile = format!("x{hostile}");
        let printed = text(&status(&hostile), false);
        prop_assert_eq!(printed.lines().count(), 7, "{}", printed);
        for line in printed.lines() {
            prop_assert!(!line.trim_start().starts_with("::"), "{line}");
            prop_assert!(!line.contains("##["), "{line}");
        }
        let document = json(&status(&hostile));
        prop_assert!(!document.contains("##["));
        prop_assert!(!document.chars().any(|c| c != '\n' && is_hidden(c)));
        let document: Value = serde_json::from_str(&document).unwrap();
        prop_assert!(validator().is_valid(&document));
    }
}
