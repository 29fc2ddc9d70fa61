//! Requests that do not reach the fake: reported for applications that query elsewhere, not for those that need no API.

use std::{
    io::{BufRead as _, BufReader},
    time::{Duration, Instant},
};

use crate::{
    languages::php_without_the_line,
    node_app::Packages,
    skipped,
    small::{ACCOUNTS, Small},
    stage::Stage,
};

const SAID: &str = "no request of the application has reached the fake Stripe";

/// Queries a closed port, like an application that is not redirected and has no network.
const ELSEWHERE: &str = "
    if (!event.type.startsWith('customer.subscription.')) return;
    await fetch('http://127.0.0.1:1/v1/subscriptions/' + event.data.object.id);";

/// Trusts the events, and ignores that a subscription can end.
const BELIEVING: &str = "
    const { status, customer } = event.data.object;
    if (!/^customer.subscription.(created|updated)$/.test(event.type)) return;
    await db.query('update accts set status = $1 where stripe_customer_id = $2', [status, customer]);";

fn stage(handler: &str) -> Option<Stage> {
    let small = Small {
        handler,
        settle: "1s",
        ..ACCOUNTS
    };
    match Packages::install() {
        Ok(packages) => Some(Stage::small(packages, &small)),
        Err(why) => {
            skipped(why);
            None
        }
    }
}

#[test]
fn an_application_that_asks_elsewhere_is_told_once_and_soon() {
    let Some(stage) = stage(ELSEWHERE) else {
        return;
    };
    let began = Instant::now();
    let mut child = stage.spawn("--format json");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let said = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains(SAID)));
    let took = began.elapsed();
    assert!(said.is_some());
    // The purchase is waited for as long as `settle` allows, one second here.
    assert!(took < Duration::from_secs(10), "{took:?}");
    // Reads the rest of the output, so that the program never blocks on it.
    drop(lines.last());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let report = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(report.matches(SAID).count(), 1, "{report}");
    assert!(report.contains("by its events alone"), "{report}");
}

#[test]
fn an_application_that_hides_what_failed_is_told_too() {
    let handler = format!("try {{ {ELSEWHERE} }} catch {{}}");
    let Some(stage) = stage(&handler) else {
        return;
    };
    let ran = stage.rehearse("--scenario cancel-now").run();
    ran.with_status(1).says(&[SAID]);
}

#[test]
fn a_handler_that_goes_by_its_events_is_not_blamed() {
    let Some(stage) = stage(BELIEVING) else {
        return;
    };
    let held = stage.rehearse("--scenario first-purchase").run();
    let broken = stage.rehearse("--scenario cancel-now").run();
    for ran in [held.with_status(0), broken.with_status(1)] {
        assert!(!ran.all().contains(SAID), "{ran:#?}");
    }
}

#[test]
fn an_application_that_does_not_trust_the_fake_is_told() {
    let Some(ran) = php_without_the_line() else {
        return;
    };
    ran.with_status(1).says(&[
        "the application broke off its connections to the fake Stripe: it does not trust the certificate",
        "docs/rehearsal.md",
    ]);
}
