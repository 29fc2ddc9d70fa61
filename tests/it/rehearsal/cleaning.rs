//! Whatever a rehearsal created is removed when it ends, however it ends.

use std::process::{Child, Command};

use testing::handlers::Mutant;

use super::example_app::{ExampleApp, Language, SETTLE};

/// Returns a handler that leaves something to wait for, and a rehearsal that would wait longer than any test.
fn waiting() -> ExampleApp {
    ExampleApp::new(Language::Rust, Some(Mutant::CancelFlowSimplified), "300s")
}

/// Starts a rehearsal, and returns in the middle of it.
fn begun(example: &ExampleApp) -> Child {
    let child = example.spawn("--scenario cancel-now --scenario bystanders --jobs 2");
    example
        .database
        .until("select exists(select from stripe_events)");
    child
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(child.id().to_string())
        .status();
    assert!(sent.expect("kill starts").success());
}

#[test]
fn an_interrupted_rehearsal_cleans_up() {
    for name in ["INT", "TERM"] {
        let example = waiting();
        let child = begun(&example);
        signal(&child, name);
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(2), "{name}: {output:?}");
        let output = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(
            output.contains("interrupted") && output.ends_with("VERDICT: ERROR\n"),
            "{output}"
        );
        assert_eq!(example.rows(), 0, "{name}");
        assert_eq!(example.traces(), 0, "{name}");
    }
}

#[test]
fn leftovers_of_a_killed_rehearsal_are_removed_by_the_next() {
    let example = waiting();
    let mut child = begun(&example);
    signal(&child, "KILL");
    child.wait().expect("it ends");
    assert_ne!(example.rows(), 0);
    example
        .rehearse("--scenario first-purchase")
        .run()
        .with_status(0);
    assert_eq!(example.rows(), 0);
    assert_eq!(example.traces(), 0);
}

#[test]
fn a_handler_that_dies_is_reported() {
    let mut example = ExampleApp::new(Language::Rust, None, SETTLE);
    let child = example.spawn("--jobs 2");
    example
        .database
        .until("select exists(select from stripe_events)");
    example.stop();
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let output = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(
        output.contains("The handler answered nothing (")
            && output.contains("is the handler running"),
        "{output}"
    );
    assert_eq!(example.rows(), 0);
    assert_eq!(example.traces(), 0);
}
