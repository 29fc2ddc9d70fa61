//! Failures of requests: nothing is done twice, nothing is waited for too long, and no verdict changes.

use std::time::{Duration, Instant};

use testing::fake_github::{FakeGithub, Kind, World};

use super::job::{Job, publication};

async fn with(method: &'static str, path: &'static str, kind: Kind) -> FakeGithub {
    let mut world = World::new();
    world.fail(method, path, kind);
    FakeGithub::start(world).await
}

fn assert_reported(github: &FakeGithub, annotations: usize) {
    let world = github.world();
    let runs: Vec<_> = world
        .check_runs
        .iter()
        .map(|run| (run.conclusion.as_deref(), run.annotations.len()))
        .collect();
    assert_eq!(runs, [(Some("failure"), annotations)]);
    assert_eq!(world.comments.len(), 1);
    assert_eq!(world.violations, Vec::<String>::new());
}

#[tokio::test]
async fn an_answer_lost_at_creation_makes_no_second_run() {
    for kind in [Kind::LoseAnswer, Kind::CutAnswer] {
        let github = with("POST", "check-runs", kind).await;
        let published = Job::pull_request().report(&github, &publication(2)).await;
        assert_eq!(published.warnings, []);
        assert_eq!(github.count("POST", "check-runs"), 1);
        assert_reported(&github, 2);
    }
}

#[tokio::test]
async fn a_request_lost_at_creation_is_sent_again() {
    let errors = [
        Kind::LoseRequest,
        Kind::Error {
            status: 502,
            body: "<html>Bad gateway</html>",
        },
        Kind::Error {
            status: 500,
            body: "{}",
        },
    ];
    for kind in errors {
        let github = with("POST", "check-runs", kind).await;
        let published = Job::pull_request().report(&github, &publication(2)).await;
        assert_eq!(published.warnings, []);
        assert_eq!(github.count("POST", "check-runs"), 2);
        assert_reported(&github, 2);
    }
}

#[tokio::test]
async fn annotations_whose_answer_was_lost_are_not_sent_twice() {
    for kind in [
        Kind::LoseAnswer,
        Kind::CutAnswer,
        Kind::LoseRequest,
        Kind::Error {
            status: 503,
            body: "",
        },
    ] {
        let github = FakeGithub::start(World::new()).await;
        let job = Job::pull_request();
        let mut publisher = job.publisher(&github);
        publisher.start().await;
        github.world().fail("PATCH", "check-runs", kind);
        let published = publisher.finish(&publication(50)).await;
        assert_eq!(published.warnings, []);
        assert_reported(&github, 50);
        let world = github.world();
        let mut titles: Vec<_> = world
            .check_runs
            .iter()
            .flat_map(|run| &run.annotations)
            .map(|it| it["title"].to_string())
            .collect();
        titles.sort();
        titles.dedup();
        assert_eq!(titles.len(), 50);
    }
}

#[tokio::test]
async fn a_conclusion_is_sent_again_if_its_response_was_lost() {
    let github = FakeGithub::start(World::new()).await;
    let job = Job::pull_request();
    let mut publisher = job.publisher(&github);
    publisher.start().await;
    github.world().fail("PATCH", "check-runs", Kind::LoseAnswer);
    let published = publisher.finish(&publication(0)).await;
    assert_eq!(published.mode.as_str(), "checks");
    assert_eq!(github.world().violations, Vec::<String>::new());
}

#[tokio::test]
async fn a_comment_whose_answer_was_lost_is_not_made_twice() {
    for kind in [
        Kind::LoseAnswer,
        Kind::CutAnswer,
        Kind::LoseRequest,
        Kind::Error {
            status: 502,
            body: "",
        },
    ] {
        let github = with("POST", "comments", kind.clone()).await;
        let published = Job::pull_request().report(&github, &publication(2)).await;
        assert_eq!(published.warnings, [], "{kind:?}");
        assert!(published.comment_url.is_some());
        assert_reported(&github, 2);
    }
}

#[tokio::test]
async fn reads_are_repeated() {
    for kind in [
        Kind::LoseRequest,
        Kind::LoseAnswer,
        Kind::Error {
            status: 502,
            body: "<html>",
        },
    ] {
        let github = with("GET", "comments", kind).await;
        let published = Job::pull_request().report(&github, &publication(2)).await;
        assert_eq!(published.warnings, []);
        assert_reported(&github, 2);
    }
}

#[tokio::test]
async fn a_rate_limit_is_waited_out() {
    let limits = [
        Kind::SecondaryLimit {
            status: 403,
            retry_after: Some(1),
        },
        Kind::SecondaryLimit {
            status: 429,
            retry_after: None,
        },
        Kind::SecondaryLimit {
            status: 403,
            retry_after: None,
        },
        Kind::PrimaryLimit { resets_in: 0 },
    ];
    for kind in limits {
        for path in ["check-runs", "comments"] {
            let github = with("POST", path, kind.clone()).await;
            let published = Job::pull_request().report(&github, &publication(2)).await;
            assert_eq!(published.warnings, [], "{kind:?}");
            assert_reported(&github, 2);
        }
    }
}

#[tokio::test]
async fn a_rate_limit_longer_than_the_budget_is_not_waited_for() {
    let github = with("POST", "check-runs", Kind::PrimaryLimit { resets_in: 3000 }).await;
    let began = Instant::now();
    let published = Job::pull_request().report(&github, &publication(2)).await;
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(published.mode.as_str(), "commands");
    // GitHub asked for no request at all, so the comment is not tried either.
    assert_eq!(github.requests().len(), 1);
    assert_eq!(published.warnings.len(), 2);
    assert!(
        published
            .warnings
            .iter()
            .all(|problem| problem.hint.contains("too many requests"))
    );
}

#[tokio::test]
async fn a_github_that_does_not_answer_costs_no_more_than_the_budget() {
    let github = FakeGithub::start(World::new()).await;
    for method in ["POST", "GET", "GET", "GET", "GET", "POST"] {
        github
            .world()
            .fail(method, "/repos", Kind::Hang(Duration::from_secs(30)));
    }
    let mut job = Job::pull_request();
    job.limits.request_timeout = Duration::from_millis(500);
    job.limits.budget = Duration::from_secs(2);
    let began = Instant::now();
    let published = job.report(&github, &publication(2)).await;
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
    assert!(!published.warnings.is_empty());
    assert!(job.summary().contains("2 findings"));
    assert_eq!(
        job.outputs().get("verdict").map(String::as_str),
        Some("fail")
    );
}

#[tokio::test]
async fn an_unreachable_github_degrades() {
    let github = FakeGithub::start(World::new()).await;
    let job = Job::pull_request();
    let mut publisher = job.publisher(&github);
    drop(github);
    tokio::time::sleep(Duration::from_millis(50)).await;
    publisher.start().await;
    let published = publisher.finish(&publication(2)).await;
    assert_eq!(published.mode.as_str(), "commands");
    let messages: Vec<&str> = published
        .warnings
        .iter()
        .map(|problem| problem.text.as_str())
        .collect();
    assert!(
        messages
            .iter()
            .all(|message| message.matches("error sending request").count() == 1),
        "{messages:?}"
    );
    assert_eq!(messages.len(), 2);
    assert!(job.summary().contains("2 findings"));
}

#[tokio::test]
async fn writes_keep_their_distance() {
    let github = FakeGithub::start(World::new()).await;
    let mut job = Job::pull_request();
    job.limits.write_interval = Duration::from_millis(200);
    let began = Instant::now();
    job.report(&github, &publication(50)).await;
    assert!(
        began.elapsed() >= Duration::from_millis(600),
        "{:?}",
        began.elapsed()
    );
    assert_reported(&github, 50);
}
