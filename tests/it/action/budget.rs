//! `report_timeout`: all requests to GitHub together take no longer, and nothing is sent while GitHub wants no request.

use std::time::{Duration, Instant};

use testing::{
    fake_github::{Kind, World},
    shop::{CONFIG, drifted},
};

use super::scene::Scene;

/// Each event, its payload, an input that names the pull request, and the exit status without GitHub.
const EVENTS: [(&str, &str, &str, i32); 10] = [
    ("pull_request", "pull_request", "", 1),
    ("pull_request_target", "pull_request", "", 2),
    ("push", "push", "", 1),
    ("merge_group", "merge_group", "", 1),
    ("schedule", "schedule", "", 1),
    ("workflow_dispatch", "workflow_dispatch_pull_request", "", 2),
    ("workflow_run", "workflow_run", "", 2),
    ("issue_comment", "issue_comment", "", 2),
    ("deployment_status", "deployment_status", "7", 2),
    ("repository_dispatch", "repository_dispatch", "7", 2),
];

const TIMEOUT: Duration = Duration::from_secs(4);

/// Time for everything but GitHub, on a busy machine.
const REST: Duration = Duration::from_secs(20);

/// Runs every event against a GitHub with this fault. Returns the most requests and the longest time of one run.
async fn on_every_event(fault: Kind) -> (usize, Duration) {
    let mut scene = Scene::open(&drifted()).await;
    scene.github.world().always = Some(fault);
    let mut max = (0, Duration::ZERO);
    for (run, (event, payload, number, status)) in (200..).zip(EVENTS) {
        scene.turn_to(event, payload, run);
        scene.github.world().requests.clear();
        scene = scene
            .with("report_timeout", &TIMEOUT.as_secs().to_string())
            .with("pull_request", number);
        let began = Instant::now();
        let ran = scene.run().await;
        let took = began.elapsed();
        assert_eq!(ran.status, Some(status), "{event}: {}", ran.log());
        assert!(
            ran.log().contains("/repos/acme/shop"),
            "{event}: {}",
            ran.log()
        );
        assert!(scene.step.summary().contains("ProdVerdict"), "{event}");
        if status == 2 {
            scene.expect_no_pass(&ran);
        }
        max = (max.0.max(scene.github.requests().len()), max.1.max(took));
    }
    max
}

#[tokio::test]
async fn a_long_rate_limit_is_never_waited_for() {
    let limits = [
        Kind::SecondaryLimit {
            status: 429,
            retry_after: Some(3600),
        },
        Kind::PrimaryLimit { resets_in: 3600 },
        // GitHub asks for a minute where the response names no time.
        Kind::SecondaryLimit {
            status: 403,
            retry_after: None,
        },
    ];
    for limit in limits {
        let (requests, took) = on_every_event(limit.clone()).await;
        assert_eq!(requests, 1, "{limit:?}");
        assert!(took < TIMEOUT + REST, "{limit:?}: {took:?}");
    }
}

#[tokio::test]
async fn a_silent_github_costs_the_timeout_and_no_more() {
    let (_, took) = on_every_event(Kind::Hang(Duration::from_mins(10))).await;
    assert!(took < TIMEOUT + REST, "{took:?}");
}

#[tokio::test]
async fn a_short_rate_limit_is_waited_for_and_logged() {
    let mut world = World::new();
    let limit = Kind::SecondaryLimit {
        status: 429,
        retry_after: Some(2),
    };
    world.fail("GET", "/contents/", limit);
    let scene = Scene::in_world(world, "pull_request_target", "pull_request", &drifted()).await;
    scene.commit(&[1], CONFIG);
    let ran = scene.run().await;
    ran.expect(1);
    let line = "waiting 2.0 s before the next request to GitHub: GitHub answered 429";
    assert!(ran.stderr.contains(line), "{}", ran.stderr);
    scene.expect_conclusion("failure");
    assert_eq!(scene.comments().len(), 1);
}

#[tokio::test]
async fn an_unusable_timeout_is_reported() {
    let scene = Scene::open(&drifted()).await.with("report_timeout", "2m");
    let ran = scene.run().await;
    ran.expect(2);
    let message = "the input `report_timeout` is `2m`, and a whole number of seconds from 1 to 3600 was expected";
    assert!(ran.stdout.contains(message), "{}", ran.stdout);
}
