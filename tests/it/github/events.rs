//! The target of each event: the commit, the pull request, or nothing.

use prodverdict::github::{CommentMode, Context, Target, Trust};
use serde_json::{Value, json};
use testing::fake_github::{FakeGithub, Pull, Token, World};

use super::job::{Job, publication};

/// The result of an event in the fake's world.
struct Reported {
    /// The commit, the status and the conclusion of each check run.
    check_runs: Vec<(String, String, Option<String>)>,
    /// The pull requests with a comment.
    comments: Vec<u64>,
    context: Context,
}

async fn report(world: World, job: &Job) -> Reported {
    let github = FakeGithub::start(world).await;
    let mut publisher = job.publisher(&github);
    publisher.start().await;
    publisher.finish(&publication(2)).await;
    assert_eq!(github.violations(), Vec::<String>::new());
    let world = github.world();
    Reported {
        check_runs: world
            .check_runs
            .iter()
            .map(|run| (run.sha.clone(), run.status.clone(), run.conclusion.clone()))
            .collect(),
        comments: world
            .comments
            .iter()
            .map(|comment| comment.number)
            .collect(),
        context: publisher.context().clone(),
    }
}

fn failed_on(commit: u8) -> Vec<(String, String, Option<String>)> {
    vec![(
        World::sha(commit),
        "completed".to_owned(),
        Some("failure".to_owned()),
    )]
}

#[tokio::test]
async fn pull_request_reports_on_its_head() {
    let reported = report(World::new(), &Job::pull_request()).await;
    assert_eq!(reported.check_runs, failed_on(1));
    assert_eq!(reported.comments, [7]);
    assert_eq!(reported.context.trust, Trust::Ordinary);
    assert!(!reported.context.origin.is_fork && !reported.context.expects_read_only());
}

#[tokio::test]
async fn pull_request_target_reports_on_the_head_and_trusts_the_base() {
    let job = Job::new("pull_request_target", "pull_request_fork");
    let reported = report(World::new(), &job).await;
    assert_eq!(reported.check_runs, failed_on(1));
    assert_eq!(reported.comments, [7]);
    let base_sha = Some(World::sha(9));
    assert_eq!(reported.context.trust, Trust::BaseOnly { base_sha });
    assert!(reported.context.origin.is_fork);
    assert!(!reported.context.expects_read_only(), "its token may write");
}

#[tokio::test]
async fn push_reports_on_its_tip_and_comments_only_on_request() {
    let mut job = Job::new("push", "push");
    job.set("GITHUB_REF", "refs/heads/feature");
    let silent = report(World::new(), &job).await;
    assert_eq!(silent.check_runs, failed_on(1));
    assert_eq!(silent.comments, Vec::<u64>::new());

    job.options.comment = Some(CommentMode::On);
    let mut world = World::new();
    world.pulls.insert(
        0,
        Pull {
            state: "closed",
            ..Pull::new(3, &World::sha(1), &World::sha(9))
        },
    );
    let foreign = Pull {
        base_repository: "mallory/shop".to_owned(),
        ..Pull::new(4, &World::sha(1), &World::sha(9))
    };
    world.pulls.insert(0, foreign);
    let reported = report(world, &job).await;
    assert_eq!(reported.comments, [7]);
}

#[tokio::test]
async fn push_without_a_pull_request_is_not_a_problem() {
    let mut job = Job::new("push", "push");
    job.options.comment = Some(CommentMode::On);
    let mut world = World::new();
    world.pulls.clear();
    let github = FakeGithub::start(world).await;
    let published = job.report(&github, &publication(1)).await;
    assert_eq!(published.warnings, []);
    assert_eq!(published.comment_url, None);
}

#[tokio::test]
async fn push_that_deletes_a_branch_reports_nothing() {
    let job = Job::new("push", "push_deleted");
    let github = FakeGithub::start(World::new()).await;
    job.report(&github, &publication(1)).await;
    assert!(github.requests().is_empty());
    assert!(job.context(&github).nothing_to_do.is_some());
}

#[tokio::test]
async fn push_of_an_annotated_tag_falls_back_to_the_commit() {
    let mut job = Job::new("push", "push_tag");
    job.set("GITHUB_SHA", &World::sha(1));
    let github = FakeGithub::start(World::new()).await;
    let published = job.report(&github, &publication(1)).await;
    assert_eq!(
        github.world().check_runs.first().map(|run| run.sha.clone()),
        Some(World::sha(1))
    );
    assert_eq!(github.count("POST", "check-runs"), 2);
    assert_eq!(published.warnings.len(), 1);
    assert_eq!(github.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn an_unknown_commit_is_requested_once() {
    let github = FakeGithub::start(World {
        commits: [World::sha(4)].into(),
        ..World::new()
    })
    .await;
    let published = Job::pull_request().report(&github, &publication(1)).await;
    assert_eq!(github.count("POST", "check-runs"), 2);
    assert_eq!(published.check_run_url, None);
    assert_eq!(published.annotations_left.len(), 1);
}

#[tokio::test]
async fn merge_group_reports_on_the_group_and_never_comments() {
    let mut job = Job::new("merge_group", "merge_group");
    job.options.comment = Some(CommentMode::On);
    let reported = report(World::new(), &job).await;
    assert_eq!(reported.check_runs, failed_on(3));
    assert_eq!(reported.comments, Vec::<u64>::new());
    assert_eq!(reported.context.pull_request, Some(7));
}

#[tokio::test]
async fn schedule_writes_the_summary_only() {
    let mut job = Job::new("schedule", "schedule");
    let silent = report(World::new(), &job).await;
    assert_eq!(silent.check_runs, []);
    assert_eq!(silent.comments, Vec::<u64>::new());
    assert!(job.summary().contains("2 findings"));

    job.options.check_run = Some(true);
    assert_eq!(report(World::new(), &job).await.check_runs, failed_on(5));
}

#[tokio::test]
async fn workflow_dispatch_can_name_a_pull_request() {
    let branch = Job::new("workflow_dispatch", "workflow_dispatch");
    let on_branch = report(World::new(), &branch).await;
    assert_eq!(on_branch.check_runs, failed_on(5));
    assert_eq!(on_branch.comments, Vec::<u64>::new());

    let named = Job::new("workflow_dispatch", "workflow_dispatch_pull_request");
    let on_pull = report(World::new(), &named).await;
    assert_eq!(on_pull.check_runs, failed_on(1));
    assert_eq!(on_pull.comments, [7]);
}

#[tokio::test]
async fn workflow_run_reports_on_the_commit_that_ran() {
    let job = Job::new("workflow_run", "workflow_run");
    let reported = report(World::new(), &job).await;
    assert_eq!(reported.check_runs, failed_on(1));
    assert_eq!(reported.comments, [7]);
    let base_sha = Some(World::sha(9));
    assert_eq!(reported.context.trust, Trust::BaseOnly { base_sha });
}

/// Replaces the pull requests in the payload of a workflow run. Each has a number, a head and the id of its base's
/// repository.
fn after_a_run(pulls: &[(u64, u8, u64)]) -> Job {
    let mut job = Job::new("workflow_run", "workflow_run");
    let text = job.payload.take().unwrap_or_default();
    let mut payload: Value = serde_json::from_str(&text).expect("a payload");
    payload["workflow_run"]["pull_requests"] = pulls
        .iter()
        .map(|(number, head, repository)| {
            json!({
                "number": number,
                "head": {"sha": World::sha(*head), "repo": {"id": 501}},
                "base": {"sha": World::sha(8), "repo": {"id": repository}},
            })
        })
        .collect();
    job.payload = Some(payload.to_string());
    job
}

#[tokio::test]
async fn workflow_run_reports_on_the_pull_request_that_ran() {
    for pulls in [
        // Another pull request of the branch, whose head is a later commit.
        &[(8, 2, 501), (7, 1, 501)][..],
        // Into another repository of the network.
        &[(2, 1, 900), (7, 1, 501)],
        // None of this repository at this commit, so that it is looked up.
        &[(2, 1, 900)],
        &[(8, 2, 501)],
    ] {
        let job = after_a_run(pulls);
        let reported = report(World::new(), &job).await;
        assert_eq!(reported.check_runs, failed_on(1), "{pulls:?}");
        assert_eq!(reported.comments, [7], "{pulls:?}");
    }
    // A fork whose branch is proposed to its parent has no pull request of its own.
    let mut world = World::new();
    world.pulls.clear();
    let reported = report(world, &after_a_run(&[(7, 1, 900)])).await;
    assert_eq!(reported.check_runs, failed_on(1));
    assert_eq!(reported.comments, [0; 0]);
}

#[tokio::test]
async fn an_input_names_the_pull_request_on_any_event() {
    for event in [
        "deployment_status",
        "repository_dispatch",
        "schedule",
        "push",
    ] {
        for (head, trust) in [
            ("acme/shop", Trust::Ordinary),
            (
                "mallory/shop",
                Trust::BaseOnly {
                    base_sha: Some(World::sha(9)),
                },
            ),
        ] {
            let mut job = Job::new(event, event);
            job.pull_request = Some(7);
            let mut world = World::new();
            world.pull(7).head_repository = Some(head.to_owned());
            let reported = report(world, &job).await;
            assert_eq!(reported.check_runs, failed_on(1), "{event} {head}");
            assert_eq!(reported.comments, [7], "{event} {head}");
            assert_eq!(reported.context.trust, trust, "{event} {head}");
            assert_eq!(reported.context.target(), Target::PullRequest, "{event}");
        }
    }
}

#[tokio::test]
async fn a_named_pull_request_that_cannot_be_looked_up_is_not_trusted() {
    for event in ["workflow_dispatch", "repository_dispatch"] {
        let mut job = Job::new(event, event);
        job.pull_request = Some(99);
        let reported = report(World::new(), &job).await;
        assert_eq!(reported.check_runs, []);
        assert_ne!(reported.context.trust, Trust::Ordinary, "{event}");
    }
}

#[tokio::test]
async fn workflow_run_finds_a_forks_pull_request() {
    let job = Job::new("workflow_run", "workflow_run_fork");
    let mut world = World::new();
    world.pull(7).head_repository = Some("mallory/shop".to_owned());
    // The same branch with newer commits: a report on it would be about other code.
    let moved = Pull {
        head_repository: Some("mallory/shop".to_owned()),
        ..Pull::new(8, &World::sha(2), &World::sha(9))
    };
    world.pulls.insert(0, moved);
    let reported = report(world, &job).await;
    assert_eq!(reported.check_runs, failed_on(1));
    assert_eq!(reported.comments, [7]);
    let base_sha = Some(World::sha(5));
    assert_eq!(reported.context.trust, Trust::BaseOnly { base_sha });
    assert!(reported.context.origin.is_fork && !reported.context.expects_read_only());
}

#[tokio::test]
async fn issue_comment_reports_on_the_head_and_trusts_the_base() {
    let job = Job::new("issue_comment", "issue_comment");
    let reported = report(World::new(), &job).await;
    assert_eq!(reported.check_runs, failed_on(1));
    assert_eq!(reported.comments, [7]);
    let base_sha = Some(World::sha(9));
    assert_eq!(reported.context.trust, Trust::BaseOnly { base_sha });
}

#[tokio::test]
async fn a_fork_without_permissions_degrades_with_a_reason() {
    for fixture in ["pull_request_fork", "pull_request_deleted_head"] {
        let mut world = World::new();
        world.tokens = [("ghs_default".to_owned(), Token::reading())].into();
        let github = FakeGithub::start(world).await;
        let job = Job::new("pull_request", fixture);
        assert!(job.context(&github).expects_read_only(), "{fixture}");
        let published = job.report(&github, &publication(3)).await;
        assert_eq!(published.mode.as_str(), "commands");
        assert_eq!(published.annotations_left.len(), 3);
        assert_eq!(
            (published.check_run_url, published.comment_url),
            (None, None)
        );
        assert!(
            published
                .warnings
                .iter()
                .all(|problem| problem.text.contains("forks"))
        );
        assert_eq!(published.warnings.len(), 2);
        assert!(job.summary().contains("3 findings"));
        assert_eq!(
            job.outputs().get("verdict").map(String::as_str),
            Some("fail")
        );
        assert_eq!(
            github.count("POST", "check-runs"),
            1,
            "a refusal is not repeated"
        );
        assert_eq!(github.violations(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_fork_that_may_write_is_reported_as_any_other() {
    let reported = report(World::new(), &Job::new("pull_request", "pull_request_fork")).await;
    assert_eq!(reported.check_runs, failed_on(1));
    assert_eq!(reported.comments, [7]);
}

#[tokio::test]
async fn dependabot_degrades_with_its_own_reason() {
    let mut world = World::new();
    world.tokens = [("ghs_default".to_owned(), Token::reading())].into();
    let github = FakeGithub::start(world).await;
    let job = Job::new("pull_request", "pull_request_dependabot");
    assert!(job.context(&github).origin.is_dependabot && job.context(&github).expects_read_only());
    let published = job.report(&github, &publication(1)).await;
    assert!(
        published
            .warnings
            .iter()
            .all(|problem| problem.text.contains("Dependabot"))
    );
}

#[tokio::test]
async fn a_missing_or_broken_payload_still_finds_the_pull_request() {
    for payload in [
        None,
        Some(""),
        Some("[1"),
        Some("null"),
        Some("{\"pull_request\": 7}"),
    ] {
        let mut job = Job::pull_request();
        job.payload = payload.map(str::to_owned);
        let reported = report(World::new(), &job).await;
        assert_eq!(reported.check_runs, failed_on(1), "{payload:?}");
        assert_eq!(reported.comments, [7], "{payload:?}");
    }
}

#[tokio::test]
async fn without_anything_known_only_the_files_are_written() {
    let github = FakeGithub::start(World::new()).await;
    let mut job = Job::pull_request();
    job.variables.clear();
    job.payload = None;
    let published = job.report(&github, &publication(0)).await;
    assert_eq!(published.mode.as_str(), "summary");
    assert!(published.warnings.len() >= 2);
    assert!(github.requests().is_empty());
}
