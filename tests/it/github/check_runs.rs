//! The check run: one per run of the job, annotated in batches, concluded last.

use std::time::{Duration, Instant};

use prodverdict::report::Annotation;
use serde_json::Value;
use testing::fake_github::{FakeGithub, Kind, World};

use super::job::{Job, annotation, publication};

#[tokio::test]
async fn fifty_annotations_go_out_and_the_conclusion_last() {
    let github = FakeGithub::start(World::new()).await;
    let published = Job::pull_request().report(&github, &publication(120)).await;
    assert_eq!(published.mode.as_str(), "checks");
    assert_eq!(published.annotations_left.len(), 70);
    assert_eq!(published.warnings, []);
    let sizes: Vec<Option<usize>> = github
        .requests()
        .iter()
        .filter(|request| request.method != "GET" && request.path.contains("check-runs"))
        .map(|request| {
            request.json()["output"]["annotations"]
                .as_array()
                .map(Vec::len)
        })
        .collect();
    assert_eq!(sizes, [None, Some(50), None]);
    let world = github.world();
    let run = world.check_runs.first().expect("a check run");
    assert_eq!(run.annotations.len(), 50);
    assert_eq!(
        (run.status.as_str(), run.conclusion.as_deref()),
        ("completed", Some("failure"))
    );
    assert!(
        run.external_id
            .starts_with("prodverdict/acme/shop/.github/workflows/billing.yml/billing/100/1/")
    );
    assert_eq!(
        published.check_run_url,
        Some(format!("https://github.test/acme/shop/runs/{}", run.id))
    );
    assert_eq!(world.violations, Vec::<String>::new());
}

#[tokio::test]
async fn a_run_is_in_progress_while_the_check_runs() {
    let github = FakeGithub::start(World::new()).await;
    let job = Job::pull_request();
    let mut publisher = job.publisher(&github);
    publisher.start().await;
    assert_eq!(
        github
            .world()
            .check_runs
            .first()
            .map(|run| run.status.clone()),
        Some("in_progress".to_owned())
    );
}

#[tokio::test]
async fn a_rerun_makes_a_new_check_run() {
    let github = FakeGithub::start(World::new()).await;
    Job::pull_request()
        .run(100, 1)
        .report(&github, &publication(1))
        .await;
    Job::pull_request()
        .run(100, 2)
        .report(&github, &publication(0))
        .await;
    let world = github.world();
    let conclusions: Vec<_> = world
        .check_runs
        .iter()
        .map(|run| run.conclusion.as_deref())
        .collect();
    assert_eq!(conclusions, [Some("failure"), Some("success")]);
    assert_eq!(world.violations, Vec::<String>::new());
}

#[tokio::test]
async fn a_cancelled_job_ends_its_check_run_once() {
    let github = FakeGithub::start(World::new()).await;
    let job = Job::pull_request();
    let mut publisher = job.publisher(&github);
    publisher.start().await;
    assert_eq!(publisher.cancel().await, None);
    assert_eq!(publisher.cancel().await, None);
    let world = github.world();
    let run = world.check_runs.first().expect("a check run");
    assert_eq!(
        (run.status.as_str(), run.conclusion.as_deref()),
        ("completed", Some("cancelled"))
    );
    assert_eq!(world.requests.len(), 2);
    assert_eq!(world.violations, Vec::<String>::new());
}

#[tokio::test]
async fn a_job_cancelled_while_opening_finds_its_run_and_ends_it() {
    let mut world = World::new();
    world.fail("POST", "check-runs", Kind::Hang(Duration::from_secs(5)));
    let github = FakeGithub::start(world).await;
    let job = Job::pull_request();
    let mut publisher = job.publisher(&github);
    let opening = tokio::time::timeout(Duration::from_millis(300), publisher.start()).await;
    assert!(opening.is_err());
    assert_eq!(publisher.cancel().await, None);
    let world = github.world();
    let conclusions: Vec<_> = world
        .check_runs
        .iter()
        .map(|run| run.conclusion.as_deref())
        .collect();
    assert_eq!(conclusions, [Some("cancelled")]);
}

#[tokio::test]
async fn a_cancelled_job_waits_for_nothing() {
    let github = FakeGithub::start(World::new()).await;
    let mut job = Job::pull_request();
    job.limits.write_interval = Duration::from_mins(1);
    job.limits.cancel_budget = Duration::from_millis(400);
    let mut publisher = job.publisher(&github);
    publisher.start().await;
    let began = Instant::now();
    github
        .world()
        .fail("PATCH", "check-runs", Kind::Hang(Duration::from_secs(30)));
    let problem = publisher.cancel().await.expect("a problem");
    assert!(began.elapsed() < Duration::from_secs(2));
    assert!(problem.text.contains("in time"), "{}", problem.text);
    assert_eq!(publisher.cancel().await, None);
    let conclusion = github
        .world()
        .check_runs
        .first()
        .and_then(|run| run.conclusion.clone());
    assert_eq!(conclusion, Some("cancelled".to_owned()));
}

#[tokio::test]
async fn a_finished_job_is_not_cancelled_afterwards() {
    let github = FakeGithub::start(World::new()).await;
    let job = Job::pull_request();
    let mut publisher = job.publisher(&github);
    publisher.start().await;
    publisher.finish(&publication(1)).await;
    assert_eq!(publisher.cancel().await, None);
    assert_eq!(
        github
            .world()
            .check_runs
            .first()
            .and_then(|run| run.conclusion.clone()),
        Some("failure".to_owned())
    );
}

#[tokio::test]
async fn too_long_texts_are_shortened_with_a_notice() {
    let github = FakeGithub::start(World::new()).await;
    let long = "ä | <b>`".repeat(70_000 / 8);
    let mut publication = publication(1);
    publication.title.clone_from(&long);
    publication.summary.clone_from(&long);
    publication.text = Some(long.clone());
    publication.annotations = vec![Annotation {
        title: long.clone(),
        message: long.clone(),
        raw_details: Some(long.clone()),
        ..annotation(1)
    }];
    if let Some(comment) = &mut publication.comment {
        comment.markdown.clone_from(&long);
        comment.footer.clone_from(&long);
    }
    let job = Job::pull_request();
    let published = job.report(&github, &publication).await;
    assert_eq!(published.warnings, []);
    let world = github.world();
    assert_eq!(world.violations, Vec::<String>::new());
    let run = world.check_runs.first().expect("a check run");
    for text in [&run.output["summary"], &run.output["text"]] {
        let text = text.as_str().expect("a text");
        assert!(text.len() > 60_000 && text.contains("Shortened"));
    }
    assert!(
        world
            .comments
            .first()
            .is_some_and(|comment| comment.body.contains("Shortened"))
    );
}

#[tokio::test]
async fn annotations_that_cannot_be_placed_are_left_to_the_caller() {
    let github = FakeGithub::start(World::new()).await;
    let mut publication = publication(2);
    publication.annotations.push(Annotation {
        path: String::new(),
        ..annotation(3)
    });
    publication.annotations.push(Annotation {
        end_line: 9,
        path: "./prodverdict.yml".to_owned(),
        ..annotation(4)
    });
    let published = Job::pull_request().report(&github, &publication).await;
    assert_eq!(published.annotations_left.len(), 1);
    let world = github.world();
    let run = world.check_runs.first().expect("a check run");
    assert_eq!(run.annotations.len(), 3);
    assert_eq!(
        run.annotations
            .last()
            .map(|last| last["start_column"].clone()),
        Some(Value::Null)
    );
    assert!(
        run.output["summary"]
            .as_str()
            .is_some_and(|text| text.contains("1 annotation is not shown"))
    );
    assert_eq!(world.violations, Vec::<String>::new());
}

/// Leaves a check run in progress, as a killed job does.
async fn killed(github: &FakeGithub, job: &Job) {
    job.publisher(github).start().await;
}

fn conclusions(github: &FakeGithub) -> Vec<Option<String>> {
    let world = github.world();
    let runs = world.check_runs.iter();
    runs.map(|run| run.conclusion.clone()).collect()
}

#[tokio::test]
async fn the_next_run_concludes_check_runs_left_in_progress() {
    let some = |text: &str| Some(text.to_owned());
    let github = FakeGithub::start(World::new()).await;
    killed(&github, &Job::pull_request().run(100, 1)).await;
    killed(&github, &Job::pull_request().run(101, 1)).await;
    let mut other_job = Job::pull_request().run(99, 1);
    other_job.set("GITHUB_JOB", "other");
    killed(&github, &other_job).await;
    // A later run may still be at work.
    killed(&github, &Job::pull_request().run(102, 1)).await;
    Job::pull_request()
        .run(101, 2)
        .report(&github, &publication(0))
        .await;
    assert_eq!(
        conclusions(&github),
        [
            some("cancelled"),
            some("cancelled"),
            None,
            None,
            some("success")
        ]
    );
    assert_eq!(github.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_push_concludes_the_check_run_of_the_commit_before() {
    let github = FakeGithub::start(World::new()).await;
    killed(&github, &Job::pull_request().run(100, 1)).await;
    let mut next = Job::pull_request().run(101, 1);
    let text = next.payload.take().unwrap_or_default();
    let text = text.replace(&World::sha(1), &World::sha(2));
    let mut payload: Value = serde_json::from_str(&text).expect("a payload");
    payload["before"] = World::sha(1).into();
    next.payload = Some(payload.to_string());
    next.report(&github, &publication(0)).await;
    let expected = ["cancelled", "success"].map(|text| Some(text.to_owned()));
    assert_eq!(conclusions(&github), expected);
}

#[tokio::test]
async fn a_conclusion_without_a_readable_answer_is_checked() {
    for (faults, is_concluded) in [(1, true), (4, false)] {
        let github = FakeGithub::start(World::new()).await;
        let job = Job::pull_request();
        let mut publisher = job.publisher(&github);
        publisher.start().await;
        for _ in 0..faults {
            let unreadable = Kind::Error {
                status: 200,
                body: "<html>",
            };
            github.world().fail("PATCH", "check-runs", unreadable);
        }
        let published = publisher.finish(&publication(0)).await;
        assert_eq!(conclusions(&github)[0].is_some(), is_concluded);
        let is_warned = published
            .warnings
            .iter()
            .any(|problem| problem.text.contains("could not be concluded"));
        assert_eq!(is_warned, !is_concluded, "{:?}", published.warnings);
    }
}

#[tokio::test]
async fn a_switched_off_check_run_is_not_a_degradation() {
    let github = FakeGithub::start(World::new()).await;
    let mut job = Job::pull_request();
    job.options.check_run = Some(false);
    let published = job.report(&github, &publication(2)).await;
    assert_eq!(published.warnings, []);
    assert_eq!(published.mode.as_str(), "commands");
    assert_eq!(published.annotations_left.len(), 2);
    assert_eq!(github.count("POST", "check-runs"), 0);
    assert!(published.comment_url.is_some());
}

#[tokio::test]
async fn enterprise_servers_and_sparse_responses_work() {
    let github = FakeGithub::start(World {
        prefix: "/api/v3",
        sparse: true,
        ..World::new()
    })
    .await;
    Job::pull_request()
        .run(100, 1)
        .report(&github, &publication(60))
        .await;
    let published = Job::pull_request()
        .run(101, 1)
        .report(&github, &publication(1))
        .await;
    assert_eq!(published.warnings, []);
    assert_eq!(published.check_run_url, None);
    assert_eq!(github.violations(), Vec::<String>::new());
    assert_eq!(
        github.count("POST", "/api/graphql"),
        1,
        "no app in the answers, so the viewer is asked unless the new comment names it"
    );
    assert_eq!(github.world().comments.len(), 1);
}

#[tokio::test]
async fn a_bad_token_or_an_invisible_repository_degrades() {
    let github = FakeGithub::start(World::new()).await;
    let mut job = Job::pull_request();
    job.token = "ghs_unknown";
    let published = job.report(&github, &publication(1)).await;
    assert_eq!(published.mode.as_str(), "commands");
    assert!(
        published
            .warnings
            .iter()
            .any(|problem| problem.text.contains("401"))
    );

    let mut job = Job::pull_request();
    job.set("GITHUB_REPOSITORY", "acme/secret");
    let published = job.report(&github, &publication(1)).await;
    assert!(
        published
            .warnings
            .iter()
            .any(|problem| problem.text.contains("404"))
    );
    assert_eq!(github.violations(), Vec::<String>::new());
}
