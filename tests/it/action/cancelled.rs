//! Jobs that are cancelled: the runner sends SIGINT, then SIGTERM, and kills the process after ten seconds.

use std::{
    process::{Child, Command},
    time::{Duration, Instant},
};

use fake_stripe::{Fault, Times};
use testing::{
    fake_github::{Kind, World},
    shop::{drifted, in_order},
};

use super::scene::Scene;

/// Half a second before the runner sends its second signal.
pub(crate) const IN_TIME: Duration = Duration::from_secs(7);

pub(crate) fn send(signal: &str, child: &Child) {
    let sent = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status()
        .expect("a kill program");
    assert!(sent.success());
}

/// Waits for an effect of another process.
async fn until(what: &str, mut happened: impl FnMut() -> bool) {
    let began = Instant::now();
    while !happened() {
        assert!(began.elapsed() < Duration::from_secs(30), "{what}: not yet");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Cancels a run when `moment` returns true.
async fn cancel(scene: &Scene, signal: &str, moment: impl FnMut() -> bool) {
    cancel_with(scene, &[signal], moment).await;
}

/// Sends several signals with a short pause between them.
async fn cancel_with(scene: &Scene, signals: &[&str], moment: impl FnMut() -> bool) {
    let child = scene.start();
    until("the moment to cancel", moment).await;
    for (number, signal) in signals.iter().enumerate() {
        if number > 0 {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        send(signal, &child);
    }
    let began = Instant::now();
    let ran = scene.end(child).await;
    assert!(began.elapsed() < IN_TIME, "{:?}", began.elapsed());
    ran.expect(2);
    assert!(ran.stderr.contains("error[interrupted]"), "{}", ran.log());
    scene.expect_no_pass(&ran);
}

#[tokio::test]
async fn a_run_that_waits_for_stripe_ends_its_check_run() {
    let by = |signal| async move {
        let scene = Scene::open(&in_order()).await;
        let slow = Fault::SlowFirstByte(Duration::from_mins(1));
        scene.shop.stripe.fail(slow, Times::Always);
        cancel(&scene, signal, || {
            !scene.github.world().check_runs.is_empty() && !scene.shop.stripe.requests().is_empty()
        })
        .await;
        scene.expect_conclusion("cancelled");
        assert_eq!(scene.comments(), [""; 0]);
    };
    // One after the other, so that their cleanup does not take each other's time.
    by("-INT").await;
    by("-TERM").await;
}

#[tokio::test]
async fn a_run_that_is_reporting_ends_its_check_run() {
    let scene = Scene::open(&drifted()).await;
    let hangs = Kind::Hang(Duration::from_secs(20));
    scene.github.world().fail("PATCH", "/check-runs/", hangs);
    cancel(&scene, "-INT", || {
        scene.github.count("PATCH", "/check-runs/") > 0
    })
    .await;
    scene.expect_conclusion("cancelled");
}

#[tokio::test]
async fn a_run_that_opens_its_check_run_finds_it_and_ends_it() {
    let scene = Scene::open(&in_order()).await;
    let hangs = Kind::Hang(Duration::from_secs(20));
    scene.github.world().fail("POST", "/check-runs", hangs);
    cancel(&scene, "-INT", || {
        scene.github.count("POST", "/check-runs") > 0
    })
    .await;
    scene.expect_conclusion("cancelled");
    assert_eq!(scene.shop.stripe.requests().len(), 0);
}

#[tokio::test]
async fn a_run_that_comments_leaves_its_conclusion() {
    let scene = Scene::open(&drifted()).await;
    let hangs = Kind::Hang(Duration::from_secs(20));
    scene.github.world().fail("POST", "/comments", hangs);
    cancel(&scene, "-INT", || {
        scene.github.count("POST", "/comments") > 0
    })
    .await;
    // The result was already published, and a completed check run cannot be reopened.
    scene.expect_conclusion("failure");
    assert_eq!(scene.comments().len(), 1);
}

#[tokio::test]
async fn a_second_signal_does_not_keep_the_check_run_from_its_end() {
    let scene = Scene::open(&in_order()).await;
    let slow = Fault::SlowFirstByte(Duration::from_mins(1));
    scene.shop.stripe.fail(slow, Times::Always);
    let takes = Kind::Hang(Duration::from_secs(2));
    scene.github.world().fail("PATCH", "/check-runs/", takes);
    cancel_with(&scene, &["-INT", "-TERM", "-INT"], || {
        !scene.shop.stripe.requests().is_empty()
    })
    .await;
    scene.expect_conclusion("cancelled");
}

#[tokio::test]
async fn a_hanging_github_does_not_delay_a_cancelled_job() {
    let scene = Scene::open(&in_order()).await;
    let slow = Fault::SlowFirstByte(Duration::from_mins(1));
    scene.shop.stripe.fail(slow, Times::Always);
    let hangs = Kind::Hang(Duration::from_mins(1));
    scene.github.world().fail("PATCH", "/check-runs/", hangs);
    cancel(&scene, "-INT", || !scene.shop.stripe.requests().is_empty()).await;
}

#[tokio::test]
async fn a_run_that_compares_the_configurations_ends_its_check_run() {
    let scene = Scene::open(&drifted()).await;
    let hangs = Kind::Hang(Duration::from_mins(1));
    scene.github.world().fail("GET", "/contents/", hangs);
    cancel(&scene, "-INT", || {
        scene.github.count("GET", "/contents/") > 0
    })
    .await;
    scene.expect_conclusion("cancelled");
    assert_eq!(scene.comments(), [""; 0]);
}

#[tokio::test]
async fn a_run_that_waits_for_its_configuration_ends() {
    let mut world = World::new();
    let hangs = Kind::Hang(Duration::from_mins(1));
    world.fail("GET", "/contents/", hangs);
    let scene = Scene::in_world(world, "pull_request_target", "pull_request", &in_order()).await;
    cancel(&scene, "-TERM", || {
        scene.github.count("GET", "/contents/") > 0
    })
    .await;
    assert_eq!(scene.github.world().check_runs.len(), 0);
}
