//! Concurrent runs of one pull request: one comment, by the newest run, and a check run for each.

use std::{process::Child, time::Duration};

use fake_stripe::{Fault, Status, Times};
use testing::{runner::Step, shop::drifted};

use super::scene::{Scene, start};

/// Makes Bob's subscription active.
fn repair(scene: &Scene) {
    scene.shop.stripe.world(|world| {
        let [id] = world.subscriptions_of("cus_bob").try_into().expect("one");
        world.set_status_silently(&id, Status::Active);
    });
}

async fn until(what: &str, mut happened: impl FnMut() -> bool) {
    for _ in 0..1500 {
        if happened() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what}: not yet");
}

async fn both(scene: &Scene, children: (Child, Child)) {
    let (older, newer) = tokio::join!(scene.end(children.0), scene.end(children.1));
    older.expect(1);
    newer.expect(1);
}

#[track_caller]
fn expect_state(comment: &str, run: u64, attempt: u64) {
    let state = format!("\"run_id\":{run},\"attempt\":{attempt},");
    assert!(comment.contains(&state), "{comment}");
}

#[tokio::test]
async fn two_processes_at_once_leave_one_comment_by_the_newer() {
    // Each may consider the same comment a duplicate that the other has already deleted.
    let scene = Scene::open(&drifted())
        .await
        .refusing("404 DELETE /repos/acme/shop/issues/comments/", "")
        .refusing("404 PATCH /repos/acme/shop/issues/comments/", "")
        .refusing("403 GET ", "/actions/runs/101/attempts/1");
    let newer = scene.another("pull_request", "pull_request", 101);
    both(&scene, (scene.start(), start(&newer))).await;
    expect_state(&scene.comment(), 101, 1);
    assert_eq!(scene.github.world().check_runs.len(), 2);
}

#[tokio::test]
async fn an_older_run_that_ends_last_leaves_the_newer_ones_comment() {
    let scene = Scene::open(&drifted())
        .await
        .refusing("403 GET ", "/actions/runs/101/attempts/1");
    let slow = Fault::SlowFirstByte(Duration::from_secs(8));
    scene.shop.stripe.fail(slow, Times::Nth(1));
    let older = scene.start();
    until("the older run asks", || {
        !scene.shop.stripe.requests().is_empty()
    })
    .await;
    let newer: Step = scene.another("pull_request", "pull_request", 101);
    scene.end(start(&newer)).await.expect(1);
    let comment = scene.comment();
    expect_state(&comment, 101, 1);
    repair(&scene);
    let older = scene.end(older).await;
    assert!(
        older.stderr.contains("a newer run has commented"),
        "{}",
        older.log()
    );
    assert_eq!(scene.comment(), comment);
    let runs = scene.github.world().check_runs.clone();
    assert!(runs.iter().all(|run| run.status == "completed"));
    assert_eq!(runs.len(), 2);
}

#[tokio::test]
async fn a_second_attempt_has_its_own_check_run_and_keeps_the_comment() {
    let mut scene = Scene::open(&drifted()).await;
    scene.run().await.expect(1);
    let id = scene.github.world().comments[0].id;
    repair(&scene);
    scene.step.again(100);
    scene.step.set("GITHUB_RUN_ATTEMPT", "2");
    scene.run().await.expect(1);
    let comment = scene.comment();
    expect_state(&comment, 100, 2);
    assert!(!comment.contains("usr_bob"), "{comment}");
    assert_eq!(scene.github.world().comments[0].id, id);
    let runs = scene.github.world().check_runs.clone();
    let counts: Vec<_> = runs.iter().map(|run| run.annotations.len()).collect();
    assert_eq!(counts, [3, 2]);
}
