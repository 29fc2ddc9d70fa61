//! Configuration and variables, the order of the checks, and secrets in the output.

use testing::{
    program::{TEST_KEY, folder},
    shop::CONFIG,
};

use super::{Examined, Report};
use crate::prodverdict;

/// The checks of a contract.
const OF_CONTRACT: [&str; 8] = [
    "key",
    "api",
    "permissions",
    "database",
    "role",
    "columns",
    "customers",
    "plans",
];

#[test]
fn a_right_setup_passes_every_check() {
    let examined = Examined::healthy();
    let mut report = examined.examine();
    for id in ["configuration", "variables"].iter().chain(&OF_CONTRACT) {
        report = report.shows(id, "pass", &[]);
    }
    report
        .shows("rehearsal", "skip", &["no `rehearsal:`"])
        .shows("github-token", "skip", &["not in a job of GitHub Actions"]);
    examined
        .program("doctor")
        .run()
        .with_status(0)
        .says(&["RESULT: PASS", "10 checks passed, 2 skipped."]);
}

#[test]
fn a_missing_file_points_to_init() {
    let folder = folder(&[]);
    let program = prodverdict("doctor --format json").within(folder.path());
    Report::of(program)
        .shows("configuration", "fail", &["`prodverdict init`", "--config"])
        .skips(&["variables"], "configuration")
        .skips(&OF_CONTRACT, "configuration")
        .skips(&["scratch-database", "handler"], "configuration");
}

#[test]
fn a_placeholder_is_shown_with_its_line() {
    let text = CONFIG.replace("price_1ProMonthly", "price_your_pro");
    let folder = folder(&[("prodverdict.yml", &text)]);
    let program = prodverdict("doctor --format json").within(folder.path());
    Report::of(program)
        .shows(
            "configuration",
            "fail",
            &["`price_your_pro` is a placeholder", "prodverdict.yml"],
        )
        .skips(&OF_CONTRACT, "configuration");
}

#[test]
fn missing_variables_are_explained_and_others_still_used() {
    let examined = Examined::healthy();
    let report = Report::of(
        examined
            .program("doctor --format json")
            .without("STRIPE_SECRET_KEY"),
    );
    report
        .shows(
            "variables",
            "fail",
            &[
                "`STRIPE_SECRET_KEY` is not set",
                "https://dashboard.stripe.com/apikeys/create?name=ProdVerdict&permissions[]=rak_subscription_read",
                "`DATABASE_URL` is set",
            ],
        )
        .skips(&["key"], "variables")
        .skips(&["api"], "key")
        .skips(&["permissions"], "api")
        .skips(&["customers", "plans"], "permissions")
        .shows("database", "pass", &[])
        .shows("columns", "pass", &[]);
    let report = Report::of(
        examined
            .program("doctor --format json")
            .without("DATABASE_URL"),
    );
    report
        .shows(
            "variables",
            "fail",
            &["`DATABASE_URL` is not set", "create role prodverdict login"],
        )
        .skips(&["database"], "variables")
        .skips(&["role", "columns"], "database")
        .skips(&["customers", "plans"], "columns")
        .shows("permissions", "pass", &[]);
}

#[test]
fn several_contracts_are_checked_one_after_the_other() {
    let examined = Examined::healthy();
    let (head, contract) = CONFIG.split_once("  - type").expect("a contract");
    let second = contract
        .replace("name: users", "name: teams")
        .replace("STRIPE_SECRET_KEY", "TEAMS_KEY");
    let text = format!("{head}  - type{contract}  - type{second}");
    testing::program::write(examined.folder.path(), "prodverdict.yml", &text);
    let ran = examined.program("doctor").run().with_status(2);
    let (users, teams) = ran.stdout.split_once("contract teams").expect("headings");
    assert!(users.contains("contract users\npass  key"), "{users}");
    assert!(teams.contains("skip  key"), "{teams}");
}

#[test]
fn no_value_of_a_variable_is_shown() {
    let examined = Examined::healthy();
    for (name, value) in [
        ("STRIPE_SECRET_KEY", "whsec_CanaryOfAnotherSecret"),
        ("STRIPE_SECRET_KEY", "CanaryWithoutAnyForm"),
        ("DATABASE_URL", TEST_KEY),
        (
            "DATABASE_URL",
            "postgres://dana:CanaryPassword@localhost:1/shop",
        ),
        ("DATABASE_URL", "mysql://dana:CanaryPassword@localhost/shop"),
    ] {
        // Running it checks for canaries.
        let report = examined.examine_as(name, value);
        assert_eq!(report.0.status, Some(2), "{name} {value}");
        examined.program("-vv doctor").variable(name, value).run();
    }
}
