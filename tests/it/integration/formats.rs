//! Reports in files, as other programs read them.

use std::{fs, path::Path, process::Command};

use serde_json::Value;
use testing::{
    installed::skip,
    program::{ProgramOutput, folder},
};

use crate::prodverdict;

const FAILING: &str = "check access --config examples/nextjs-stripe/prodverdict.yml --fixtures \
    --fixtures-dir examples/nextjs-stripe/scenarios/fail-revenue-leak";

/// Runs of every kind: with findings, without, and without a verdict.
const RUNS: [(&str, i32); 4] = [
    (FAILING, 1),
    ("demo", 1),
    ("check access --config no-such-file.yml --fixtures", 2),
    ("rehearse --config no-such-file.yml", 2),
];

/// Runs `arguments` and writes a report to each of these files in a folder.
fn with_files(arguments: &str, folder: &Path, names: &[&str]) -> ProgramOutput {
    let program = names.iter().fold(prodverdict(arguments), |program, name| {
        program.argument("--output").argument(folder.join(name))
    });
    program.run()
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Returns the official schema if `scripts/sarif-schema` can fetch it, which must not fail in CI.
fn sarif_schema() -> Option<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ran = Command::new(root.join("scripts/sarif-schema"))
        .output()
        .expect("scripts/sarif-schema starts");
    let text = fs::read_to_string(root.join("target/sarif/sarif-2.1.0.json"));
    if let Ok(text) = text {
        let mut schema: Value = serde_json::from_str(&text).expect("JSON");
        // Its pattern for languages is not a valid regular expression, and no report contains a language.
        for part in ["run", "toolComponent"] {
            let language = &mut schema["definitions"][part]["properties"]["language"];
            let language = language.as_object_mut().expect("a property");
            assert!(language.remove("pattern").is_some());
        }
        return Some(schema);
    }
    skip(&format!(
        "SARIF is not validated here: scripts/sarif-schema cannot fetch the schema: {ran:?}"
    ));
    None
}

#[test]
fn sarif_is_valid_by_the_official_schema() {
    let Some(schema) = sarif_schema() else {
        return;
    };
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for (arguments, status) in RUNS {
        let folder = folder(&[]);
        with_files(arguments, folder.path(), &["report.sarif"]).with_status(status);
        let log: Value = serde_json::from_str(&read(folder.path(), "report.sarif")).expect("JSON");
        let errors: Vec<_> = validator
            .iter_errors(&log)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
        let is_successful = &log["runs"][0]["invocations"][0]["executionSuccessful"];
        assert_eq!(is_successful, &Value::Bool(status != 2), "{arguments}");
        // The validator rejects an invalid log.
        let mut broken = log;
        broken["runs"][0]["invocations"][0]["executionSuccessful"] = "yes".into();
        assert!(!validator.is_valid(&broken));
    }
}

#[test]
fn every_format_says_that_there_is_no_verdict() {
    for (arguments, status) in RUNS.into_iter().filter(|(_, status)| *status == 2) {
        let folder = folder(&[]);
        let names = ["a.json", "a.sarif", "a.xml", "a.md", "a.csv", "a.txt"];
        with_files(arguments, folder.path(), &names).with_status(status);
        for (name, expected_text) in names.into_iter().zip([
            "\"verdict\": \"error\"",
            "\"executionSuccessful\": false",
            "errors=\"1\"",
            "no verdict",
            "no-verdict,error",
            "VERDICT: ERROR",
        ]) {
            let text = read(folder.path(), name);
            assert!(text.contains(expected_text), "{name}: {text}");
            assert!(text.contains("no-such-file.yml"), "{name}: {text}");
        }
    }
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let (first, second) = (folder(&[]), folder(&[]));
    let names = [
        "a.json", "a.sarif", "a.xml", "a.md", "a.csv", "a.sql", "a.txt",
    ];
    for folder in [&first, &second] {
        let at_one_time = format!("{FAILING} --now 2026-11-26T12:00:00Z");
        with_files(&at_one_time, folder.path(), &names).with_status(1);
    }
    for name in names {
        assert_eq!(
            read(first.path(), name),
            read(second.path(), name),
            "{name}"
        );
    }
}

#[test]
fn reports_hold_no_absolute_paths() {
    let folder = folder(&[]);
    let config =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/nextjs-stripe/prodverdict.yml");
    let program = prodverdict(
        "check access --fixtures --fixtures-dir examples/nextjs-stripe/scenarios/fail-revenue-leak",
    );
    let program = program.argument("--config").argument(config);
    program
        .argument("--output")
        .argument(folder.path().join("a.sarif"))
        .run()
        .with_status(1);
    let log = read(folder.path(), "a.sarif");
    assert!(
        log.contains("\"uri\": \"examples/nextjs-stripe/prodverdict.yml\""),
        "{log}"
    );
    assert!(!log.contains(env!("CARGO_MANIFEST_DIR")), "{log}");
}
