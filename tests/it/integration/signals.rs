//! Verbose logs and signals.

use std::{
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use fake_stripe::{Fault, Status, Subscription, Times, World};
use testing::{database::Database, program::KEY};

use super::live::{Live, NOW, contract};

fn small() -> Live {
    let mut world = World::new(NOW);
    world.subscription(Subscription::new("cus_a", Status::Active).price("price_pro"));
    Live::new(
        world,
        Database::of_users("('usr_a', 'cus_a', true, 'pro')"),
        &contract(&[]),
    )
}

#[test]
fn logs_are_on_standard_error_and_hold_no_secret() {
    let live = small();
    let quiet = live.check().with_status(0);
    for flag in ["-v", "-vv"] {
        let ran = live
            .run(live.program("check access").argument(flag))
            .with_status(0);
        assert_eq!(ran.stdout, quiet.stdout);
        assert!(
            ran.stderr.len() > quiet.stderr.len(),
            "{flag}: {}",
            ran.stderr
        );
    }
    let ran = live.run(live.program("-vv check access")).with_status(0);
    assert!(
        ran.stderr.contains("GET /v1/subscriptions: 200, "),
        "{}",
        ran.stderr
    );
    live.stripe.fail(Fault::RateLimited(None), Times::Nth(1));
    let ran = live.run(live.program("-vv check access")).with_status(0);
    assert!(ran.stderr.contains("429"), "{}", ran.stderr);
    live.stripe.fail(Fault::KeyRevoked, Times::Always);
    live.run(live.program("-vv check access")).unanswered();
}

#[test]
fn an_interrupt_ends_it_at_once() {
    for signal in ["INT", "TERM"] {
        // A separate server for each: a request of the last run may still be in flight.
        let live = small();
        live.stripe
            .fail(Fault::SlowFirstByte(Duration::from_mins(1)), Times::Always);
        // Signals are ignored, as by a shell that starts it in the background.
        let mut child = Command::new("/bin/sh")
            .args(["-c", "trap '' INT TERM; exec \"$0\" check access"])
            .arg(env!("CARGO_BIN_EXE_prodverdict"))
            .current_dir(live.folder.path())
            .env_clear()
            .env("STRIPE_API_BASE", live.stripe.base_url())
            .env("STRIPE_SECRET_KEY", KEY)
            .env("DATABASE_URL", live.database.url_of("reader").as_str())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        while live.stripe.requests().is_empty() {
            thread::sleep(Duration::from_millis(20));
        }
        let signaled_at = Instant::now();
        let sent = Command::new("kill")
            .arg(format!("-{signal}"))
            .arg(child.id().to_string())
            .status();
        assert!(sent.expect("kill starts").success());
        let status = child.wait().expect("it ends");
        assert!(
            signaled_at.elapsed() < Duration::from_secs(10),
            "{:?}",
            signaled_at.elapsed()
        );
        assert!(!status.success(), "{status}");
    }
}
