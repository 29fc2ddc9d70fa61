//! `validate` and the ways in which a configuration file can be no configuration.

use std::fs;

use crate::program::{folder, prodverdict};

const VALID: &str = include_str!("../../examples/nextjs-stripe/prodverdict.yml");

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
fn a_file_that_is_no_text_is_told_by_its_kind() {
    let folder = folder(&[("long.yml", &"# long\n".repeat(40_000)), ("empty.yml", "")]);
    fs::create_dir(folder.path().join("folder.yml")).expect("a folder");
    fs::write(folder.path().join("latin1.yml"), b"version: 1 # caf\xe9").expect("a file");
    for (name, told) in [
        ("missing.yml", "cannot be read: No such file"),
        ("folder.yml", "cannot be read: Is a directory"),
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
                .says(&[told]);
            assert!(!ran.stderr.contains("valid, "), "{ran:#?}");
        }
    }
}

#[test]
fn the_printed_schema_is_the_committed_one() {
    let ran = prodverdict("schema").run().with_status(0);
    assert_eq!(
        ran.stdout,
        include_str!("../../schema/prodverdict.schema.json")
    );
    assert_eq!(ran.stderr, "");
}
