//! The last result of the default branch: stored in its check run, found again, and trusted only if this action
//! wrote it.

use std::sync::MutexGuard;

use prodverdict::{
    baseline::FindingsSnapshot,
    contract::UnixSeconds,
    github::{PreviousResult, Publication, Target},
};
use testing::fake_github::{CheckRun, FakeGithub, Kind, TOKEN, Token, World};

use super::job::{Job, publication};

const MONDAY: UnixSeconds = UnixSeconds(1_795_426_800);

const TUESDAY: UnixSeconds = UnixSeconds(1_795_513_200);

/// Event, payload, `GITHUB_REF`, and its stage.
const EVENTS: [(&str, &str, &str, Target); 13] = [
    (
        "pull_request",
        "pull_request",
        "refs/pull/7/merge",
        Target::PullRequest,
    ),
    (
        "pull_request",
        "pull_request_fork",
        "refs/pull/7/merge",
        Target::PullRequest,
    ),
    (
        "pull_request_target",
        "pull_request",
        "refs/heads/main",
        Target::PullRequest,
    ),
    (
        "merge_group",
        "merge_group",
        "refs/heads/gh-readonly-queue/main/pr-7-x",
        Target::PullRequest,
    ),
    (
        "workflow_run",
        "workflow_run",
        "refs/heads/main",
        Target::PullRequest,
    ),
    (
        "issue_comment",
        "issue_comment",
        "refs/heads/main",
        Target::PullRequest,
    ),
    (
        "workflow_dispatch",
        "workflow_dispatch_pull_request",
        "refs/heads/main",
        Target::PullRequest,
    ),
    (
        "workflow_dispatch",
        "workflow_dispatch",
        "refs/heads/main",
        Target::DefaultBranch,
    ),
    (
        "workflow_dispatch",
        "workflow_dispatch",
        "refs/heads/feature",
        Target::Other,
    ),
    (
        "schedule",
        "schedule",
        "refs/heads/main",
        Target::DefaultBranch,
    ),
    (
        "push",
        "push_default_branch",
        "refs/heads/main",
        Target::DefaultBranch,
    ),
    ("push", "push", "refs/heads/feature", Target::Other),
    ("push", "push_tag", "refs/tags/v1", Target::Other),
];

const OURS: Option<(&str, u64, &str)> = Some(("github-actions[bot]", 41_898_282, "Bot"));

fn fingerprint(number: u64) -> String {
    format!("{number:016x}")
}

fn state(taken: UnixSeconds, numbers: std::ops::Range<u64>) -> FindingsSnapshot {
    let fingerprints: Vec<_> = numbers.map(fingerprint).collect();
    FindingsSnapshot::new(taken, fingerprints.iter().map(String::as_str))
}

/// Returns a push to the default branch.
fn landed() -> Job {
    let mut job = Job::new("push", "push_default_branch");
    job.set("GITHUB_REF", "refs/heads/main");
    job
}

async fn keep(
    github: &FakeGithub,
    job: &Job,
    state: &FindingsSnapshot,
    publication: &Publication,
) -> bool {
    let mut publisher = job.publisher(github);
    publisher.start().await;
    let kept = publisher.store_result(state);
    publisher.finish(publication).await;
    kept
}

async fn recalled(github: &FakeGithub, job: &Job) -> PreviousResult {
    let mut publisher = job.publisher(github);
    publisher.start().await;
    let recalled = publisher.previous_result().await;
    assert_eq!(github.violations(), [""; 0]);
    recalled
}

fn run_of<'w>(world: &'w mut MutexGuard<'_, World>, sha: &str) -> &'w mut CheckRun {
    let mut runs = world.check_runs.iter_mut();
    runs.find(|run| run.sha == sha).expect("a check run")
}

/// Starts a GitHub on which the default branch's latest commit was reported on Monday.
async fn with_result() -> FakeGithub {
    let github = FakeGithub::start(World::new()).await;
    assert!(keep(&github, &landed(), &state(MONDAY, 0..3), &publication(3)).await);
    github
}

#[track_caller]
fn expect_nothing(recalled: &PreviousResult, why: &str) {
    assert_eq!(recalled.earlier, None);
    let problem = recalled
        .problem
        .as_ref()
        .map(|problem| problem.text.as_str());
    assert!(
        problem.is_some_and(|message| message.contains(why)),
        "{problem:?}"
    );
}

#[tokio::test]
async fn a_pull_request_finds_the_stored_result_of_the_default_branch() {
    let github = with_result().await;
    github.world().requests.clear();
    let recalled = recalled(&github, &Job::pull_request()).await;
    assert_eq!(recalled.problem, None);
    let earlier = recalled.earlier.expect("a result");
    assert_eq!(earlier.state, state(MONDAY, 0..3));
    assert_eq!(earlier.source, "the check run of `0909090` on `main`");
    // The list of commits, the check runs of the first one, and the issues.
    assert_eq!(github.count("GET", "/commits"), 2);
    assert_eq!(github.count("GET", "/issues"), 1);
}

#[tokio::test]
async fn the_stored_findings_fit_the_longest_report() {
    let long = Publication {
        summary: "| a row of the report |\n".repeat(10_000),
        ..publication(50)
    };
    let github = FakeGithub::start(World::new()).await;
    assert!(keep(&github, &landed(), &state(MONDAY, 0..4_000), &long).await);
    assert_eq!(github.violations(), [""; 0]);
    let summary = github.world().check_runs[0].output["summary"].clone();
    let summary = summary.as_str().expect("text");
    assert!(
        summary.len() <= 65_535 && summary.len() > 65_000,
        "{}",
        summary.len()
    );
    assert!(summary.starts_with("| a row") && summary.contains("Shortened"));
    let found = recalled(&github, &Job::pull_request()).await;
    assert_eq!(
        found.earlier.map(|snapshot| snapshot.state.len()),
        Some(4_000)
    );

    let github = FakeGithub::start(World::new()).await;
    assert!(!keep(&github, &landed(), &state(MONDAY, 0..4_001), &long).await);
    let found = recalled(&github, &Job::pull_request()).await;
    assert_eq!(found, PreviousResult::default());
}

#[tokio::test]
async fn the_newest_result_of_the_latest_commits_is_the_one() {
    let github = FakeGithub::start(World::new()).await;
    // An older commit, whose run ended later than that of the newer commit.
    let mut older = landed();
    let payload = older.payload.take().expect("a payload");
    older.payload = Some(payload.replace(&World::sha(9), &World::sha(8)));
    keep(&github, &older, &state(MONDAY, 0..1), &publication(1)).await;
    let found = recalled(&github, &Job::pull_request()).await;
    assert_eq!(
        found.earlier.map(|snapshot| snapshot.source),
        Some("the check run of `0808080` on `main`".to_owned())
    );
    keep(&github, &landed(), &state(MONDAY, 0..2), &publication(2)).await;
    keep(&github, &landed(), &state(TUESDAY, 0..3), &publication(3)).await;
    let found = recalled(&github, &Job::pull_request()).await;
    assert_eq!(
        found.earlier.map(|snapshot| snapshot.state),
        Some(state(TUESDAY, 0..3))
    );
}

#[tokio::test]
async fn only_a_completed_run_has_a_result() {
    for conclusion in ["cancelled", "skipped", "timed_out", "action_required"] {
        let github = with_result().await;
        run_of(&mut github.world(), &World::sha(9)).conclusion = Some(conclusion.to_owned());
        let found = recalled(&github, &Job::pull_request()).await;
        assert_eq!(found, PreviousResult::default(), "{conclusion}");
    }
    let github = with_result().await;
    run_of(&mut github.world(), &World::sha(9)).status = "in_progress".to_owned();
    let found = recalled(&github, &Job::pull_request()).await;
    assert_eq!(found, PreviousResult::default());
}

#[tokio::test]
async fn results_of_another_app_are_not_trusted() {
    let github = with_result().await;
    run_of(&mut github.world(), &World::sha(9)).app = "somebody-else";
    let found = recalled(&github, &Job::pull_request()).await;
    expect_nothing(&found, "are by `somebody-else`, and are not believed");

    // A job with another app does not trust the default app's result either.
    let github = with_result().await;
    let app = Token {
        app: "acme-billing",
        bot_id: 7,
        ..Token::writing()
    };
    github.world().tokens.insert("ghs_app".to_owned(), app);
    let mut job = Job::pull_request();
    job.token = "ghs_app";
    expect_nothing(&recalled(&github, &job).await, "`github-actions`");

    // A read-only token has no check run of its own that identifies its app.
    let github = with_result().await;
    let reading = Token::reading();
    github.world().tokens.insert(TOKEN.to_owned(), reading);
    let job = Job::new("pull_request", "pull_request_fork");
    assert!(recalled(&github, &job).await.earlier.is_some());
}

#[tokio::test]
async fn a_damaged_result_is_reported_and_not_used() {
    let github = with_result().await;
    {
        let mut world = github.world();
        let run = run_of(&mut world, &World::sha(9));
        let summary = run.output["summary"].as_str().expect("text").to_owned();
        let (before, _) = summary.split_once("-state v1").expect("a result");
        run.output["summary"] = format!("{before}-state v1 1 ???? -->").into();
    }
    let found = recalled(&github, &Job::pull_request()).await;
    expect_nothing(&found, "is damaged and is not used");
}

#[tokio::test]
async fn results_of_other_configurations_are_ignored() {
    let github = with_result().await;
    let mut rehearsal = Job::pull_request();
    rehearsal.options.report_kind = Some("rehearsal");
    assert_eq!(
        recalled(&github, &rehearsal).await,
        PreviousResult::default()
    );
    let mut other = Job::pull_request();
    other.options.config = "apps/shop/prodverdict.yml".to_owned();
    assert_eq!(recalled(&github, &other).await, PreviousResult::default());
    let mut named = Job::pull_request();
    named.options.check_name = "Billing".to_owned();
    assert_eq!(recalled(&github, &named).await, PreviousResult::default());
}

#[tokio::test]
async fn an_unreadable_result_is_reported_and_no_finding_is_known() {
    let github = with_result().await;
    let no_checks = Token {
        reads_checks: false,
        ..Token::writing()
    };
    github.world().tokens.insert(TOKEN.to_owned(), no_checks);
    let found = recalled(&github, &Job::pull_request()).await;
    expect_nothing(
        &found,
        "cannot be read, so that nothing is known: GitHub answered 403",
    );
    assert!(found.problem.expect("why").hint.contains("checks: read"));

    let github = with_result().await;
    for _ in 0..4 {
        github.world().fail(
            "GET",
            "/commits",
            Kind::Error {
                status: 502,
                body: "<html>",
            },
        );
    }
    let found = recalled(&github, &Job::pull_request()).await;
    expect_nothing(&found, "GitHub answered 502");
}

#[tokio::test]
async fn only_our_own_issue_is_trusted() {
    let marker = "<!-- prodverdict:issue v1 key=290473723bfb6846 -->";
    let line = state(TUESDAY, 0..7).line().expect("a line");
    let body = format!("{marker}\n\n## ProdVerdict\n\n{line}\n");
    for (author, expected) in [
        (OURS, 7),
        (Some(("mallory", 66, "User")), 3),
        (Some(("github-actions[bot]", 66, "User")), 3),
        (None, 3),
    ] {
        let github = with_result().await;
        let number = github
            .world()
            .preload_issue(author, &["prodverdict"], &body);
        let earlier = recalled(&github, &Job::pull_request()).await.earlier;
        let earlier = earlier.expect("a result");
        assert_eq!(earlier.state.len(), expected, "{author:?}");
        if expected == 7 {
            assert_eq!(earlier.source, format!("issue #{number}"));
        }
    }
    // Older than the check run, under another label, or without the marker on its first line.
    let old = format!(
        "{marker}\n{}",
        state(UnixSeconds(1), 0..7).line().expect("a line")
    );
    for (labels, body) in [
        (&["prodverdict"][..], old.as_str()),
        (&["billing"][..], body.as_str()),
        (&["prodverdict"][..], &format!("\n{body}")),
    ] {
        let github = with_result().await;
        github.world().preload_issue(OURS, labels, body);
        let earlier = recalled(&github, &Job::pull_request()).await.earlier;
        assert_eq!(earlier.map(|snapshot| snapshot.state.len()), Some(3));
    }
    let github = with_result().await;
    github.world().has_issues = false;
    assert_eq!(recalled(&github, &Job::pull_request()).await.problem, None);
    let no_issues = Token {
        reads_issues: false,
        ..Token::writing()
    };
    github.world().tokens.insert(TOKEN.to_owned(), no_issues);
    let found = recalled(&github, &Job::pull_request()).await;
    assert!(found.earlier.is_some() && found.problem.is_none());
}

#[tokio::test]
async fn few_requests_are_spent_on_a_repository_without_any_result() {
    let mut world = World::new();
    let history: Vec<String> = (0..40).map(|number| format!("{number:040x}")).collect();
    world.commits.extend(history.iter().cloned());
    world.branches.insert("main".to_owned(), history);
    let github = FakeGithub::start(world).await;
    assert_eq!(
        recalled(&github, &Job::pull_request()).await,
        PreviousResult::default()
    );
    // The list, ten commits of it and the base commit.
    assert_eq!(github.count("GET", "/commits"), 12);
    assert_eq!(github.count("GET", "/issues"), 1);
}

#[tokio::test]
async fn each_event_is_about_a_change_the_default_branch_or_neither() {
    let github = with_result().await;
    let listings = |github: &FakeGithub| github.count("GET", "/issues");
    for (event, payload, reference, stage) in EVENTS {
        let mut job = Job::new(event, payload);
        job.set("GITHUB_REF", reference);
        job.set("GITHUB_SHA", &World::sha(9));
        let before = listings(&github);
        let mut publisher = job.publisher(&github);
        publisher.start().await;
        let found = publisher.previous_result().await;
        assert_eq!(
            publisher.context().target(),
            stage,
            "{event} {payload} {reference}"
        );
        let is_asked = stage != Target::Other;
        assert_eq!(found.earlier.is_some(), is_asked, "{event} {payload}");
        assert_eq!(
            listings(&github) - before,
            usize::from(is_asked),
            "{event} {payload}"
        );
    }
}
