//! The rehearsal: scratch database, handler, forged events, redirect.

use testing::{handlers::Mutant, program::Program};

use super::Report;
use crate::rehearsal::example_app::{ExampleApp, Language, SETTLE};

fn doctor(example: &ExampleApp) -> Program {
    example.program("doctor --format json")
}

fn app(mutant: Option<Mutant>) -> ExampleApp {
    ExampleApp::new(Language::Rust, mutant, SETTLE)
}

#[test]
fn a_running_handler_and_its_database_pass() {
    let example = app(None);
    Report::of(doctor(&example))
        .shows(
            "scratch-database",
            "pass",
            &["separate and has no accounts"],
        )
        .shows("handler", "pass", &["accepts a signed `product.created`"])
        .shows("forged-event", "pass", &["answers 400"])
        .shows(
            "redirect",
            "skip",
            &["no request reached the fake provider"],
        );
    assert_eq!(example.rows(), 0);
}

#[test]
fn a_handler_that_verifies_nothing_fails() {
    let example = app(Some(Mutant::SignatureUnchecked));
    Report::of(doctor(&example)).shows(
        "forged-event",
        "fail",
        &[
            "signed with another secret, so anybody can grant access",
            "verify the signature",
        ],
    );
}

#[test]
fn another_signing_secret_fails_at_the_handler() {
    let example = app(None);
    let program = doctor(&example).variable("STRIPE_WEBHOOK_SECRET", "whsec_CanaryOfAnother");
    Report::of(program)
        .shows(
            "handler",
            "fail",
            &[
                "answers 400 to a signed",
                "the same signing secret",
                "`STRIPE_WEBHOOK_SECRET`",
            ],
        )
        .skips(&["forged-event", "redirect"], "handler");
}

#[test]
fn a_handler_that_is_not_there_fails() {
    let mut example = app(None);
    example.configure(|text| text.replace("/api/stripe/webhook", "/api/webhook"));
    Report::of(doctor(&example)).shows("handler", "fail", &["answers 404", "correct the path"]);
    example.stop();
    Report::of(doctor(&example))
        .shows(
            "handler",
            "fail",
            &["does not answer", "prodverdict rehearse -- npm start"],
        )
        .skips(&["forged-event", "redirect"], "handler");
    example.add("  app: { command: npm start }\n");
    Report::of(doctor(&example)).shows("handler", "skip", &["`prodverdict rehearse` starts it"]);
}

#[test]
fn a_database_with_accounts_is_refused_and_nothing_written() {
    let example = app(None);
    example
        .database
        .run("insert into users (id, email) values ('usr_real', 'dana@example.com')");
    Report::of(doctor(&example)).shows(
        "scratch-database",
        "fail",
        &["contains a row that no rehearsal created"],
    );
    example
        .database
        .until("select not exists (select from pg_namespace where nspname like 'prodverdict%')");
}

#[test]
fn variables_of_the_rehearsal_do_not_fail_a_check() {
    let example = app(None);
    let program = doctor(&example)
        .without("STRIPE_WEBHOOK_SECRET")
        .without("REHEARSAL_DATABASE_URL");
    Report::of(program)
        .shows("variables", "fail", &["only a rehearsal needs them"])
        .skips(&["scratch-database", "handler"], "variables");
}

#[test]
fn a_server_for_new_databases_is_checked_without_creating_one() {
    let example = app(None);
    example.configure(|text| {
        text.replace(
            "REHEARSAL_DATABASE_URL }",
            "REHEARSAL_DATABASE_URL, migrate: exit 9 }",
        )
    });
    Report::of(doctor(&example)).shows("scratch-database", "pass", &["may create a database"]);
}
