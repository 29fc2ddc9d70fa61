//! Follows the recipes of CONTRIBUTING.md for a rule and for a format in a copy of the tree, and runs the program.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;
use testing::recipes::blocks;

/// Texts of the rule in the recipe.
const ID: &str = "two-payments";
const HELP: &str = "Ask the customer which of the subscriptions is meant, and cancel the others.";

fn run(command: &mut Command) -> Output {
    let ran = command.output().expect("a program that starts");
    let stderr = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.code().is_some(), "{command:?}: {stderr}");
    ran
}

/// Copies every file that Git knows or would add.
fn copy_tree(to: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR"));
    if to.exists() {
        fs::remove_dir_all(to).expect("the copy of another run");
    }
    let listed = run(Command::new("git").current_dir(from).args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
    ]));
    assert!(listed.status.success(), "this is no clone: {listed:?}");
    for path in String::from_utf8_lossy(&listed.stdout).lines() {
        let (source, copy) = (from.join(path), to.join(path));
        // A path that needs quotes, a link to a folder, and a file that was removed are not needed.
        if source.is_file() {
            fs::create_dir_all(copy.parent().expect("a folder")).expect("a folder");
            fs::copy(&source, &copy).expect("a copy");
        }
    }
}

/// The program with everything that the recipes add.
struct Extended {
    tree: PathBuf,
    program: PathBuf,
}

impl Extended {
    fn build() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("recipes");
        let tree = folder.join("tree");
        copy_tree(&tree);
        for block in blocks() {
            block.apply(&tree).expect("a block that fits");
        }
        let target = folder.join("target");
        let built = run(Command::new(env!("CARGO"))
            .current_dir(&tree)
            .args(["build", "--locked", "--bin", "prodverdict", "--target-dir"])
            .arg(&target));
        let stderr = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "{stderr}");
        assert!(!stderr.contains("warning"), "{stderr}");
        Self {
            program: target.join("debug").join("prodverdict"),
            tree,
        }
    }

    fn run<S: AsRef<OsStr>>(&self, arguments: &[&str], more: &[S]) -> String {
        let ran = run(Command::new(&self.program)
            .current_dir(&self.tree)
            .args(arguments)
            .args(more));
        String::from_utf8_lossy(&ran.stdout).into_owned()
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.tree.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

/// Writes a world in which `usr_alice` has two subscriptions that grant access.
fn two_payments(tree: &Path) -> PathBuf {
    let pass = tree.join("examples/nextjs-stripe/scenarios/pass");
    let world = tree.join("two-payments");
    for folder in ["stripe", "db"] {
        fs::create_dir_all(world.join(folder)).expect("a folder");
    }
    fs::copy(pass.join("db/users.json"), world.join("db/users.json")).expect("the accounts");
    let text = fs::read_to_string(pass.join("stripe/subscriptions.json")).expect("subscriptions");
    let mut subscriptions: Vec<Value> = serde_json::from_str(&text).expect("a list");
    let is_alice = |subscription: &&Value| subscription["customer"] == "cus_alice";
    let mut second = subscriptions.iter().find(is_alice).expect("hers").clone();
    second["id"] = "sub_2Alice".into();
    subscriptions.push(second);
    let text = serde_json::to_string(&subscriptions).expect("JSON");
    fs::write(world.join("stripe/subscriptions.json"), text).expect("a file");
    world
}

#[test]
fn a_rule_and_a_format_follow_from_their_recipes() {
    let extended = Extended::build();
    let world = two_payments(&extended.tree);
    let fixtures = [
        "--config",
        "examples/nextjs-stripe/prodverdict.yml",
        "--now",
        "2026-11-01T00:00:00Z",
        "--fixtures",
        "--fixtures-dir",
    ];
    let with = |more: &[&str], arguments: &[&str]| {
        let arguments = [arguments, &fixtures].concat();
        let world = world.to_str().expect("a text");
        extended.run(&arguments, &[&[world], more].concat())
    };

    // Judged.
    let report = with(&["--format", "json"], &["check", "access"]);
    let report: Value = serde_json::from_str(&report).expect("JSON");
    let findings = report["findings"].as_array().expect("findings");
    let found: Vec<_> = findings
        .iter()
        .filter(|finding| finding["rule"] == ID)
        .collect();
    assert_eq!(found.len(), 1, "{report:#}");
    assert_eq!(found[0]["entity"], "user:usr_alice");
    assert_eq!(found[0]["severity"], "low");

    // Listed.
    let broken = with(&[], &["explain", "user:usr_alice"]);
    let holds = with(&[], &["explain", "user:usr_bob"]);
    let line = |text: &str| {
        let mut lines = text.lines().map(str::to_owned);
        lines.find(|line| line.contains(ID) && !line.contains("[LOW]"))
    };
    assert!(
        line(&broken).expect("a line").contains("BROKEN"),
        "{broken}"
    );
    assert!(
        line(&holds)
            .expect("a line")
            .contains("no more than one subscription"),
        "{holds}"
    );
    let no_arguments: [&str; 0] = [];
    let schema = extended.run(&["schema"], &no_arguments);
    assert!(schema.contains(ID), "{schema}");
    with(
        &["--output", "report.sarif", "--output", "report.tally"],
        &["check", "access"],
    );
    let sarif: Value = serde_json::from_str(&extended.read("report.sarif")).expect("JSON");
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array();
    let rule = rules.expect("rules").iter().find(|rule| rule["id"] == ID);
    assert_eq!(rule.expect("the rule")["help"]["text"], HELP);

    // Written in the format of the other recipe.
    let tally = extended.read("report.tally");
    assert!(
        tally.lines().any(|line| line == "two-payments 1"),
        "{tally}"
    );

    // Documented.
    assert!(
        extended
            .read("docs/rules.md")
            .contains(&format!("| `{ID}` |"))
    );
}
