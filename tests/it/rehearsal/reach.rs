//! The warning about an application whose requests do not reach the fake.

use std::{
    io::{BufRead as _, BufReader},
    time::{Duration, Instant},
};

use testing::node_app::Packages;

use super::{
    example_app::{ExampleApp, Language, SETTLE},
    languages::php_without_the_line,
    skipped,
    small::{ACCOUNTS, Small},
};

const WARNING: &str = "received no request from the application";

/// Sends its requests to another address, like an application that is not redirected.
const OTHER_ADDRESS: &str = "
    if (!event.type.startsWith('customer.subscription.')) return;
    await fetch('http://127.0.0.1:1/v1/subscriptions/' + event.data.object.id);";

/// Uses the events alone, and ignores the end of a subscription.
const EVENTS_ALONE: &str = "
    const { status, customer } = event.data.object;
    if (!/^customer.subscription.(created|updated)$/.test(event.type)) return;
    await db.query('update accts set status = $1 where stripe_customer_id = $2', [status, customer]);";

fn example(handler: &str) -> Option<ExampleApp> {
    let small = Small {
        handler,
        settle: "1s",
        ..ACCOUNTS
    };
    match Packages::install() {
        Ok(packages) => Some(ExampleApp::small(packages, &small)),
        Err(why) => {
            skipped(why);
            None
        }
    }
}

#[test]
fn requests_to_another_address_are_reported_once_and_soon() {
    let Some(example) = example(OTHER_ADDRESS) else {
        return;
    };
    let began = Instant::now();
    let mut child = example.spawn("--format json");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let line = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains(WARNING)));
    let took = began.elapsed();
    assert!(line.is_some());
    // One second of it is `settle`.
    assert!(took < Duration::from_secs(10), "{took:?}");
    // Reads the rest, so that the program never waits for its reader.
    drop(lines.last());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let report = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(report.matches(WARNING).count(), 1, "{report}");
    assert!(
        report.contains("a handler that uses the events alone"),
        "{report}"
    );
}

#[test]
fn requests_whose_failure_is_hidden_are_reported_too() {
    let handler = format!("try {{ {OTHER_ADDRESS} }} catch {{}}");
    let Some(example) = example(&handler) else {
        return;
    };
    let ran = example.rehearse("--scenario cancel-now").run();
    ran.with_status(1).says(&[WARNING]);
}

#[test]
fn a_handler_that_uses_the_events_alone_is_not_blamed() {
    let Some(example) = example(EVENTS_ALONE) else {
        return;
    };
    let held = example.rehearse("--scenario first-purchase").run();
    let broken = example.rehearse("--scenario cancel-now").run();
    for ran in [held.with_status(0), broken.with_status(1)] {
        assert!(!ran.all().contains(WARNING), "{ran:#?}");
    }
}

#[test]
fn the_application_is_reached_without_a_proxy() {
    let example = ExampleApp::new(Language::Rust, None, SETTLE);
    let rehearsal = example.rehearse("--scenario first-purchase");
    let closed = "http://127.0.0.1:9";
    let ran = ["HTTP_PROXY", "http_proxy"]
        .iter()
        .fold(rehearsal, |rehearsal, name| {
            rehearsal.variable(name, closed)
        })
        .run();
    ran.with_status(0);
}

#[test]
fn a_rejected_certificate_is_reported() {
    let Some(ran) = php_without_the_line() else {
        return;
    };
    ran.with_status(1).says(&[
        "the application rejected the TLS certificate of the fake Stripe",
        "docs/rehearsal.md",
    ]);
}
