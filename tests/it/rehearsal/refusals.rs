//! Never on production: unsuitable databases are refused with the reason, and nothing is written.

use super::example_app::{ExampleApp, Language, SETTLE};

const ONE: &str = "--scenario first-purchase";

/// Checks that the run is refused with these words and writes nothing.
#[track_caller]
fn assert_refused(example: &ExampleApp, program: testing::program::Program, words: &[&str]) {
    let before = example.rows();
    program.run().unanswered().says(words);
    assert_eq!(example.rows(), before);
    assert_eq!(example.traces(), 0);
}

#[test]
fn the_contracts_own_database_is_refused() {
    let example = ExampleApp::new(Language::Rust, None, SETTLE);
    assert_refused(
        &example,
        example.rehearse(ONE).without("REHEARSAL_DATABASE_URL"),
        &[
            "`REHEARSAL_DATABASE_URL` is not set",
            "a rehearsal needs a separate database",
        ],
    );
    assert_refused(
        &example,
        example
            .rehearse(ONE)
            .variable("DATABASE_URL", example.database.admin_url().as_str()),
        &["`REHEARSAL_DATABASE_URL` names the database of the contract itself (`DATABASE_URL`)"],
    );
    assert_refused(
        &example,
        example.rehearse(ONE).without("STRIPE_WEBHOOK_SECRET"),
        &["`STRIPE_WEBHOOK_SECRET` is not set"],
    );
}

#[test]
fn a_host_that_anybody_could_reach_is_refused() {
    let example = ExampleApp::new(Language::Rust, None, SETTLE);
    for host in ["db.example.com", "203.0.113.7"] {
        let url = format!("postgres://user:CanaryOfTheScratch@{host}/app");
        assert_refused(
            &example,
            example
                .rehearse(ONE)
                .variable("REHEARSAL_DATABASE_URL", &url),
            &[
                &format!("`REHEARSAL_DATABASE_URL` points to `{host}`"),
                "neither this machine nor on its network",
            ],
        );
    }
}

#[test]
fn a_table_with_rows_of_others_is_refused_unless_it_is_allowed() {
    let example = ExampleApp::new(Language::Rust, None, SETTLE);
    example
        .database
        .run("insert into users (id, email) values ('usr_ann', 'ann@example.com')");
    assert_refused(
        &example,
        example.rehearse(ONE),
        &[
            "`users`",
            "contains a row that no rehearsal created",
            "allow_rows",
        ],
    );
    example.add("  allow_rows: true\n");
    example.rehearse(ONE).run().with_status(0);
    assert_eq!(example.rows(), 1);
    let untouched = "select count(*) = 1 from users where id = 'usr_ann' and email = 'ann@example.com' \
                     and stripe_customer_id is null and not has_paid_access and plan = 'free'";
    example.database.until(untouched);
}

#[test]
fn a_fake_that_is_to_forward_is_refused() {
    let example = ExampleApp::new(Language::Rust, None, SETTLE);
    example.replace(
        "fake_stripe: { ",
        "fake_stripe: { forward: https://api.stripe.com, ",
    );
    assert_refused(&example, example.rehearse(ONE), &["forward"]);
}
