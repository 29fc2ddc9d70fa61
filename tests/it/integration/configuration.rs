//! Tests of `validate` and of every kind of invalid configuration file.

use std::fs;

use testing::program::folder;

use crate::prodverdict;

const VALID: &str = include_str!("../../../examples/nextjs-stripe/prodverdict.yml");

const INVALID: &str = "\
version: 1
contracts:
  - type: access
    name: users
    source_of_truth: strype
    database:
      url_env: DATABASE_URL
      users_tabel: users
      columns:
        id: id
        stripe_customer_id: stripe_customer_id
        has_paid_access: [yes]
    plans: { price_your_monthly: pro }
    grace: { past_due: soon }
    fail_on: medium
    fail_on: high
";

#[test]
fn a_valid_file_is_called_valid() {
    let folder = folder(&[("prodverdict.yml", VALID)]);
    let ran = prodverdict("validate")
        .within(folder.path())
        .run()
        .with_status(0);
    assert_eq!(ran.stdout, "prodverdict.yml: valid, 1 contract\n");
    assert_eq!(ran.stderr, "");
}

#[test]
fn every_problem_is_shown_at_once_with_its_line() {
    let folder = folder(&[("prodverdict.yml", INVALID)]);
    let ran = prodverdict("validate")
        .within(folder.path())
        .run()
        .with_status(2);
    assert_eq!(ran.stdout, "");
    insta::assert_snapshot!(ran.stderr);
}

#[test]
fn a_check_with_an_invalid_file_reads_nothing() {
    let folder = folder(&[("prodverdict.yml", INVALID)]);
    let ran = prodverdict("check access")
        .within(folder.path())
        .run()
        .unanswered();
    assert!(ran.all().contains("prodverdict.yml:5"), "{ran:#?}");
    let ran = prodverdict("check access --format json")
        .within(folder.path())
        .run()
        .with_status(2);
    let report = ran.json();
    assert_eq!(report["verdict"], "error");
    let problems = report["problems"].as_array().expect("an array");
    assert!(problems.len() >= 6, "{report}");
    assert!(
        problems
            .iter()
            .all(|problem| problem["place"]["line"].is_u64()),
        "{report}"
    );
}

#[test]
fn a_file_that_is_not_text_is_named_by_its_kind() {
    let folder = folder(&[("long.yml", &"# long\n".repeat(40_000)), ("empty.yml", "")]);
    fs::create_dir(folder.path().join("folder.yml")).expect("a folder");
    let pipe = folder.path().join("pipe.yml");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("a pipe").success());
    fs::write(folder.path().join("latin1.yml"), b"version: 1 # caf\xe9").expect("a file");
    for (name, warning) in [
        ("missing.yml", "cannot be read: No such file"),
        ("folder.yml", "should be a file, found a folder"),
        ("pipe.yml", "should be a file, found a pipe"),
        ("/dev/zero", "should be a file, found a pipe, a device"),
        ("latin1.yml", "is not UTF-8"),
        ("long.yml", "the file is larger than 256 KiB"),
        ("empty.yml", "empty.yml"),
    ] {
        for command in ["validate", "check access"] {
            let program = prodverdict(command).argument("--config").argument(name);
            let ran = program
                .within(folder.path())
                .run()
                .with_status(2)
                .says(&[warning]);
            assert!(!ran.stderr.contains("valid, "), "{ran:#?}");
        }
    }
}

#[test]
fn contracts_of_other_types_are_reported_and_the_rest_is_judged() {
    let others = "version: 1
contracts:
  - type: access
    database: { url_env: DATABASE_URL }
    plans: { price_1: pro }
  - type: webhook
    unread: [1, 2]
";
    let folder = folder(&[
        ("prodverdict.yml", others),
        ("fixtures/stripe/subscriptions.json", "[]"),
        (
            "fixtures/db/users.json",
            r#"[{"id": "u1", "stripe_customer_id": null, "has_paid_access": false, "plan": null}]"#,
        ),
    ]);
    let skipped = "a contract of type `webhook` is skipped";
    prodverdict("validate")
        .within(folder.path())
        .run()
        .with_status(0)
        .says(&[skipped, "valid, 1 contract"]);
    let ran = prodverdict("check access")
        .argument("--fixtures")
        .argument("--format")
        .argument("json")
        .within(folder.path())
        .run()
        .with_status(0);
    let report = ran.json();
    let warning = &report["warnings"][0];
    assert!(
        warning["message"]
            .as_str()
            .is_some_and(|message| message.starts_with(skipped))
    );
    assert_eq!(warning["place"]["line"], 6);
    assert_eq!(report["contracts"].as_array().map(Vec::len), Some(1));
}

#[test]
fn the_printed_schema_is_the_committed_one() {
    let ran = prodverdict("schema").run().with_status(0);
    assert_eq!(
        ran.stdout,
        include_str!("../../../schema/prodverdict.schema.json")
    );
    assert_eq!(ran.stderr, "");
}

#[test]
fn two_variables_that_are_missing_are_named_together() {
    let text = "version: 1\ncontracts:\n  - type: access\n    database: {}\n";
    let folder = folder(&[("prodverdict.yml", text)]);
    prodverdict("check access")
        .within(folder.path())
        .run()
        .with_status(2)
        .says(&["`DATABASE_URL` are not set", "set them for the command"]);
}
