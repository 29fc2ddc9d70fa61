//! Runs every recorded world under `examples/` as its README describes; each new folder gets a test.

use std::{
    fs,
    path::{Path, PathBuf},
};

use testing::program::ProgramOutput;

use crate::prodverdict;

/// The best-known case of the product.
const KNOWN_CASE: &str = "\
[HIGH] user:usr_alice
User has an active/trialing Stripe subscription but has_paid_access is false.
Revenue leak — user cannot access paid features.
fix: Set has_paid_access=true in your webhook handler on subscription activation.

VERDICT: FAIL
";

fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut folders: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

/// Lists each scenario with its example, relative to the repository.
fn scenarios() -> Vec<(PathBuf, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let examples = folders(&root.join("examples")).into_iter();
    let scenarios = examples.flat_map(|example| {
        let scenarios = folders(&example.join("scenarios")).into_iter();
        scenarios.map(move |scenario| (example.clone(), scenario))
    });
    let relative = |path: &Path| path.strip_prefix(root).expect("inside").to_owned();
    scenarios
        .map(|(example, scenario)| (relative(&example), relative(&scenario)))
        .collect()
}

fn check(example: &Path, scenario: &Path) -> ProgramOutput {
    prodverdict("check access --config")
        .argument(example.join("prodverdict.yml"))
        .argument("--fixtures")
        .argument("--fixtures-dir")
        .argument(scenario)
        .run()
}

#[test]
fn every_scenario_gives_its_expected_report() {
    #[expect(
        clippy::disallowed_methods,
        reason = "set by a person to rewrite the files"
    )]
    let updates = std::env::var_os("PRODVERDICT_UPDATE_EXPECTED").is_some();
    let scenarios = scenarios();
    assert!(scenarios.len() >= 6, "{scenarios:?}");
    let mut wrong = Vec::new();
    for (example, scenario) in scenarios {
        let ran = check(&example, &scenario);
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(&scenario)
            .join("expected.txt");
        if updates {
            fs::write(&path, &ran.stdout).expect("written");
        }
        let name = scenario.display();
        match fs::read_to_string(&path) {
            Err(_) => wrong.push(format!(
                "{name} has no expected.txt: read the report below, and if it is right, write it with \
                 `PRODVERDICT_UPDATE_EXPECTED=1 scripts/test`\n{}",
                ran.stdout
            )),
            Ok(expected) if expected != ran.stdout => wrong.push(format!(
                "{name}: expected\n{expected}\nand got\n{}\n{}",
                ran.stdout, ran.stderr
            )),
            Ok(_) => {}
        }
        let status = match ran.stdout.lines().last() {
            Some("VERDICT: PASS" | "VERDICT: WARN") => 0,
            Some("VERDICT: FAIL") => 1,
            _ => 2,
        };
        if ran.status != Some(status) {
            wrong.push(format!(
                "{name}: the status is {:?}, not {status}",
                ran.status
            ));
        }
        let is_named_for_failing = scenario
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("fail"));
        if is_named_for_failing != (status == 1) {
            wrong.push(format!(
                "{name}: its name and its verdict say different things"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn the_known_case_is_printed_exactly() {
    let ran = prodverdict(
        "check access --config examples/nextjs-stripe/prodverdict.yml --fixtures \
         --fixtures-dir examples/nextjs-stripe/scenarios/fail-revenue-leak",
    )
    .run()
    .with_status(1);
    assert_eq!(ran.stdout, KNOWN_CASE);
}

#[test]
fn the_demo_needs_no_files_and_shows_next_steps() {
    let empty = tempfile::tempdir().expect("a folder");
    let ran = prodverdict("demo")
        .within(empty.path())
        .run()
        .with_status(1);
    assert_eq!(ran.stdout, KNOWN_CASE);
    for command in [
        "`prodverdict init`",
        "`prodverdict doctor`",
        "`prodverdict check access`",
    ] {
        assert!(ran.stderr.contains(command), "{}", ran.stderr);
    }
    let ran = prodverdict("demo --format json")
        .within(empty.path())
        .run()
        .with_status(1);
    assert_eq!(ran.findings(), ["revenue-leak user:usr_alice"]);
    let ran = prodverdict("demo --format agent")
        .within(empty.path())
        .run()
        .with_status(1);
    // The commands for the example itself would need its configuration, which is not there.
    assert_eq!(
        ran.json()["next_steps"],
        serde_json::json!([
            "prodverdict init",
            "prodverdict doctor",
            "prodverdict check access"
        ])
    );
    assert_eq!(fs::read_dir(empty.path()).expect("a folder").count(), 0);
}
