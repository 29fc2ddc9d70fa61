//! The issue about the default branch: only one, only its own, and never replaced by an older one, even after failures.

use std::time::Duration;

use prodverdict::{
    baseline::PreviousRun,
    github::{Published, PublishedIssue},
    problem::Warning,
};
use testing::fake_github::{FakeGithub, Issue, Kind, Token, World};

use super::job::{Job, issue, publication};

const BOT: Option<(&str, u64, &str)> = Some(("github-actions[bot]", 41_898_282, "Bot"));

async fn report(github: &FakeGithub, run: u64, findings: &[u64]) -> Published {
    report_as(github, nightly(run), findings).await
}

fn nightly(run: u64) -> Job {
    Job::new("schedule", "schedule").run(run, 1)
}

async fn report_as(github: &FakeGithub, job: Job, findings: &[u64]) -> Published {
    let mut publication = publication(u32::try_from(findings.len()).unwrap_or_default());
    publication.issue = Some(issue(findings));
    job.report(github, &publication).await
}

fn issues(github: &FakeGithub) -> Vec<Issue> {
    github.world().issues.clone()
}

#[track_caller]
fn only_issue(github: &FakeGithub) -> Issue {
    let issues = issues(github);
    let [issue] = issues.as_slice() else {
        panic!("{} issues: {issues:?}", issues.len());
    };
    assert_eq!(github.violations(), Vec::<String>::new());
    issue.clone()
}

fn comments(github: &FakeGithub) -> Vec<String> {
    let world = github.world();
    world
        .comments
        .iter()
        .map(|comment| comment.body.clone())
        .collect()
}

fn writes(github: &FakeGithub) -> usize {
    let requests = github.requests();
    let is_write = |method: &str, path: &str| method != "GET" && !path.ends_with("/graphql");
    requests
        .iter()
        .filter(|request| is_write(&request.method, &request.path))
        .count()
}

#[track_caller]
fn earlier(published: &Published) -> PreviousRun {
    assert_eq!(published.warnings, []);
    let Some(PublishedIssue { earlier, .. }) = published.issue.clone() else {
        panic!("no issue");
    };
    earlier
}

#[tokio::test]
async fn the_issue_is_updated_night_after_night() {
    let github = FakeGithub::start(World::new()).await;
    let first = report(&github, 100, &[1, 2]).await;
    assert_eq!(earlier(&first), PreviousRun::None);
    let opened = only_issue(&github);
    assert!(opened.is_open && opened.labels == ["prodverdict"]);
    assert_eq!(opened.title, "ProdVerdict: billing and access disagree");
    assert_eq!(
        first.issue.and_then(|issue| issue.url).as_deref(),
        Some(format!("https://github.test/acme/shop/issues/{}", opened.number).as_str())
    );
    assert_eq!(comments(&github), [""; 0], "its text says it all");

    let before = writes(&github);
    let unchanged = report(&github, 101, &[1, 2]).await;
    assert!(matches!(earlier(&unchanged), PreviousRun::Found(state) if state.len() == 2));
    assert_eq!(writes(&github), before);

    report(&github, 102, &[2, 3]).await;
    let bodies = comments(&github);
    assert_eq!(bodies.len(), 1);
    assert!(
        bodies
            .concat()
            .starts_with("**1 new finding, 1 fixed.**\n\n- HIGH `revenue-leak` `user:3`\n\n")
    );

    report(&github, 103, &[]).await;
    let closed = only_issue(&github);
    assert_eq!(
        (closed.is_open, closed.reason.as_deref()),
        (false, Some("completed"))
    );
    let before = writes(&github);
    report(&github, 104, &[]).await;
    assert_eq!(writes(&github), before);

    report(&github, 105, &[3]).await;
    let again = only_issue(&github);
    assert_eq!(
        (again.is_open, again.reason.as_deref()),
        (true, Some("reopened"))
    );
    let bodies = comments(&github);
    assert_eq!(bodies.len(), 3);
    assert!(
        bodies.concat().contains("**Resolved.**") && bodies.concat().contains("**Reopened: 1 new")
    );
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_issue() {
    let kinds = [
        Kind::LoseAnswer,
        Kind::CutAnswer,
        Kind::LoseRequest,
        Kind::Error {
            status: 502,
            body: "<html>Bad gateway</html>",
        },
    ];
    for kind in kinds {
        let github = FakeGithub::start(World::new()).await;
        github.world().fail("POST", "/shop/issues", kind.clone());
        let published = report(&github, 100, &[1]).await;
        assert_eq!(earlier(&published), PreviousRun::None, "{kind:?}");
        only_issue(&github);
        assert_eq!(comments(&github), [""; 0], "{kind:?}");
    }
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_comment() {
    for (method, path) in [("PATCH", "/shop/issues"), ("POST", "/comments")] {
        let github = FakeGithub::start(World::new()).await;
        report(&github, 100, &[1]).await;
        github.world().fail(method, path, Kind::LoseAnswer);
        let published = report(&github, 101, &[2]).await;
        only_issue(&github);
        assert_eq!(github.count("PATCH", "/shop/issues"), 1);
        assert_eq!(comments(&github).len(), 1);
        // Without a response, it is unknown whether the issue exists.
        assert_eq!(published.warnings.len(), usize::from(method == "POST"));
        assert!(published.issue.is_some());
    }
}

#[tokio::test]
async fn two_runs_at_once_leave_one_issue() {
    for _ in 0..5 {
        let github = FakeGithub::start(World::new()).await;
        tokio::join!(report(&github, 100, &[1]), report(&github, 101, &[1, 2]));
        report(&github, 102, &[1, 2]).await;
        let (open, closed): (Vec<_>, Vec<_>) =
            issues(&github).into_iter().partition(|issue| issue.is_open);
        assert_eq!(open.len(), 1, "{open:?}");
        for other in closed {
            assert!(other.body.contains("The report is kept in #"), "{other:?}");
            assert!(open.iter().all(|issue| issue.number < other.number));
        }
        assert_eq!(github.violations(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn an_older_and_slower_run_closes_the_issue_that_it_opened() {
    let github = FakeGithub::start(World::new()).await;
    let pause = Kind::Hang(Duration::from_secs(3));
    github.world().fail("GET", "/labels/", pause);
    let newer = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        report(&github, 101, &[1, 2]).await
    };
    let (older, _newer) = tokio::join!(report(&github, 100, &[1]), newer);
    assert!(older.issue.is_some_and(|issue| issue.is_outdated));
    let issues = issues(&github);
    let open: Vec<_> = issues.iter().map(|issue| issue.is_open).collect();
    assert_eq!(open, [true, false], "{issues:?}");
    assert_eq!(github.violations(), Vec::<String>::new());
}

/// Returns the text of an issue of this job.
async fn issue_text(findings: &[u64]) -> String {
    let github = FakeGithub::start(World::new()).await;
    report(&github, 50, findings).await;
    only_issue(&github).body
}

#[tokio::test]
async fn the_oldest_of_several_is_kept() {
    let body = issue_text(&[1]).await;
    let mut world = World::new();
    let numbers: Vec<_> = (0..3)
        .map(|_| world.preload_issue(BOT, &["prodverdict"], &body))
        .collect();
    let github = FakeGithub::start(world).await;
    report(&github, 100, &[1]).await;
    let open: Vec<_> = issues(&github)
        .into_iter()
        .filter(|issue| issue.is_open)
        .map(|issue| issue.number)
        .collect();
    assert_eq!(open.first(), numbers.first());
    assert_eq!(open.len(), 1);
    assert_eq!(github.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_planted_marker_is_never_taken_for_ours() {
    let planted = issue_text(&[1, 2]).await;
    let mut world = World::new();
    for author in [
        Some(("mallory", 66, "User")),
        Some(("github-actions", 67, "User")),
        Some(("evil[bot]", 68, "Bot")),
        None,
    ] {
        world.preload_issue(author, &["prodverdict"], &planted);
    }
    let github = FakeGithub::start(world).await;
    let published = report(&github, 100, &[1, 2]).await;
    assert_eq!(earlier(&published), PreviousRun::None);
    let issues = issues(&github);
    assert_eq!(issues.len(), 5);
    let untouched = issues.iter().filter(|issue| issue.body == planted);
    assert_eq!(untouched.count(), 4);
    assert_eq!(github.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn the_issue_is_found_among_many_and_pull_requests() {
    let body = issue_text(&[1]).await;
    let mut world = World::new();
    for number in 0..230 {
        world.preload_issue(None, &["prodverdict"], &format!("issue {number}"));
    }
    world.preload_issue(BOT, &["ProdVerdict"], &body);
    let github = FakeGithub::start(world).await;
    report(&github, 100, &[1]).await;
    assert_eq!(issues(&github).len(), 231);
    assert_eq!(github.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn among_more_issues_than_anybody_reads_none_is_opened() {
    let mut world = World::new();
    for number in 0..5001 {
        world.preload_issue(None, &["prodverdict"], &number.to_string());
    }
    let github = FakeGithub::start(world).await;
    let published = report(&github, 100, &[1]).await;
    assert_eq!(github.count("GET", "/shop/issues"), 50);
    assert_eq!(writes(&github), 0);
    let problems = &published.warnings;
    assert!(
        problems
            .iter()
            .any(|problem| problem.text.contains("too many issues"))
    );
}

#[tokio::test]
async fn the_issue_is_found_without_its_label() {
    let dropped = FakeGithub::start(World::new()).await;
    dropped.world().drops_labels = true;
    report(&dropped, 100, &[1]).await;
    report(&dropped, 101, &[2]).await;
    assert!(only_issue(&dropped).labels.is_empty());

    let taken = FakeGithub::start(World::new()).await;
    report(&taken, 100, &[1]).await;
    for issue in &mut taken.world().issues {
        issue.labels.clear();
    }
    report(&taken, 101, &[]).await;
    assert!(!only_issue(&taken).is_open);
}

#[tokio::test]
async fn an_older_run_never_overwrites_a_newer_one() {
    let github = FakeGithub::start(World::new()).await;
    report(&github, 101, &[1]).await;
    let before = only_issue(&github).body;
    let late = report(&github, 100, &[1, 2, 3]).await;
    assert_eq!(only_issue(&github).body, before);
    assert_eq!(comments(&github), [""; 0]);
    assert!(late.issue.is_some_and(|issue| issue.is_outdated));
}

#[tokio::test]
async fn an_issue_closed_by_hand_reopens_only_for_new_findings() {
    let github = FakeGithub::start(World::new()).await;
    report(&github, 100, &[1, 2]).await;
    for issue in &mut github.world().issues {
        issue.is_open = false;
    }
    let before = writes(&github);
    report(&github, 101, &[1, 2]).await;
    assert_eq!(writes(&github), before);
    // A finding that was fixed and returns is new.
    report(&github, 102, &[1]).await;
    assert!(!only_issue(&github).is_open);
    assert_eq!(comments(&github), [""; 0]);
    report(&github, 103, &[1, 2]).await;
    assert!(only_issue(&github).is_open);
    assert_eq!(comments(&github).len(), 1);
}

#[tokio::test]
async fn an_edited_issue_text_is_written_again() {
    let github = FakeGithub::start(World::new()).await;
    report(&github, 100, &[1]).await;
    for issue in &mut github.world().issues {
        let end = issue.body.find("<!-- prodverdict-state").expect("a state");
        issue.body.truncate(end);
    }
    let published = report(&github, 101, &[1, 2]).await;
    assert_eq!(earlier(&published), PreviousRun::Unreadable);
    assert!(only_issue(&github).body.contains("<!-- prodverdict-state"));
    assert_eq!(comments(&github), [""; 0]);
}

#[tokio::test]
async fn more_findings_than_are_kept_make_no_noise() {
    // Spread out like hashes, so that they do not compress.
    let spread = |number: u64| number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let many: Vec<u64> = (1..4_002).map(spread).collect();
    let github = FakeGithub::start(World::new()).await;
    report(&github, 100, &many).await;
    let before = writes(&github);
    let published = report(&github, 101, &many).await;
    assert_eq!(earlier(&published), PreviousRun::Unreadable);
    assert_eq!(writes(&github), before);
    report(&github, 102, &many[..4_000]).await;
    let body = only_issue(&github).body;
    assert!(
        body.len() > 40_000 && body.contains("<!-- prodverdict-state"),
        "{}",
        body.len()
    );
    assert_eq!(comments(&github), [""; 0]);
    report(&github, 103, &[]).await;
    assert!(!only_issue(&github).is_open);
}

#[tokio::test]
async fn without_graphql_the_default_author_is_assumed() {
    let mut world = World::new();
    world.answers_graphql = false;
    let app = Token {
        app: "acme-billing",
        bot_id: 555,
        ..Token::writing()
    };
    world.tokens.insert("ghs_app".to_owned(), app);
    let github = FakeGithub::start(world).await;
    report(&github, 100, &[1]).await;
    report(&github, 101, &[2]).await;
    only_issue(&github);
    github.world().answers_graphql = true;
    for run in [102, 103] {
        let mut job = nightly(run);
        job.token = "ghs_app";
        report_as(&github, job, &[run]).await;
    }
    let authors: Vec<_> = issues(&github)
        .into_iter()
        .filter_map(|issue| issue.author)
        .map(|author| author.1)
        .collect();
    assert_eq!(authors, [41_898_282, 555]);
}

#[tokio::test]
async fn an_unknown_author_makes_no_second_issue() {
    for drops_labels in [false, true] {
        let mut world = World::new();
        world.answers_graphql = false;
        world.drops_labels = drops_labels;
        let app = Token {
            app: "acme-billing",
            bot_id: 555,
            ..Token::writing()
        };
        world.tokens.insert("ghs_app".to_owned(), app);
        let github = FakeGithub::start(world).await;
        for run in 100..103 {
            let mut job = nightly(run);
            job.token = "ghs_app";
            let published = report_as(&github, job, &[run]).await;
            let is_unclear =
                |warning: &Warning| warning.text.contains("which account the token is");
            let is_warned = published.warnings.iter().any(is_unclear);
            assert_eq!(is_warned, run > 100, "{run}: {:?}", published.warnings);
        }
        only_issue(&github);
    }
}

#[tokio::test]
async fn a_run_number_from_the_future_freezes_no_issue() {
    let mut world = World::new();
    world.workflow_runs = [100, 101].into();
    let token = Token {
        reads_actions: true,
        ..Token::writing()
    };
    world.tokens.insert("ghs_default".to_owned(), token);
    let github = FakeGithub::start(world).await;
    report(&github, 100, &[1]).await;
    for issue in &mut github.world().issues {
        issue.body = issue
            .body
            .replace("\"run_id\":100", "\"run_id\":99999999999");
    }
    report(&github, 101, &[]).await;
    assert!(!only_issue(&github).is_open);
}

#[tokio::test]
async fn a_refusal_by_github_is_reported_with_the_permission_to_grant() {
    #[track_caller]
    fn expect(published: &Published, message: &str, hint: &str) {
        let [problem] = published.warnings.as_slice() else {
            panic!("{:?}", published.warnings);
        };
        assert!(problem.text.contains(message), "{problem:?}");
        assert!(problem.hint.contains(hint), "{problem:?}");
    }
    let reading = FakeGithub::start(World::new()).await;
    *reading.world().tokens.values_mut().next().expect("a token") = Token::reading();
    let published = report(&reading, 100, &[1]).await;
    expect(&published, "Resource not accessible", "issues: write");
    assert_eq!(published.issue, None);

    let blind = FakeGithub::start(World::new()).await;
    blind
        .world()
        .tokens
        .values_mut()
        .next()
        .expect("a token")
        .reads_issues = false;
    expect(
        &report(&blind, 100, &[]).await,
        "the issue is not up to date",
        "issue: off",
    );

    let disabled = FakeGithub::start(World::new()).await;
    disabled.world().has_issues = false;
    let published = report(&disabled, 100, &[1]).await;
    expect(&published, "Issues has been disabled", "switch issues on");

    let locked = FakeGithub::start(World::new()).await;
    report(&locked, 100, &[1]).await;
    for issue in &mut locked.world().issues {
        issue.locked = true;
    }
    let published = report(&locked, 101, &[2]).await;
    expect(&published, "issue is locked", "unlock the issue");
    assert!(published.issue.is_some() && only_issue(&locked).body.contains("101"));
}

#[tokio::test]
async fn the_issue_is_for_the_default_branch_on_request() {
    let opened = async |mut job: Job, wish: Option<bool>, reference: &str| {
        let github = FakeGithub::start(World::new()).await;
        job.options.issue = wish;
        job.set("GITHUB_REF", reference);
        report_as(&github, job, &[1]).await;
        let violations = github.violations();
        assert_eq!(violations, Vec::<String>::new());
        issues(&github).len()
    };
    let main = "refs/heads/main";
    let job = |event: &str| Job::new(event, event);
    for (event, wish, reference, expected) in [
        ("schedule", None, main, 1),
        ("schedule", Some(false), main, 0),
        ("push", None, main, 0),
        ("push", Some(true), main, 1),
        ("push", Some(true), "refs/heads/feature", 0),
        ("push", Some(true), "refs/tags/main", 0),
        ("workflow_dispatch", Some(true), main, 1),
        ("workflow_dispatch", Some(true), "refs/heads/feature", 0),
        ("merge_group", Some(true), main, 0),
        ("pull_request", Some(true), main, 0),
        ("workflow_run", Some(true), main, 0),
    ] {
        let number = opened(job(event), wish, reference).await;
        assert_eq!(number, expected, "{event} {wish:?} {reference}");
    }
    let about_a_pull_request = Job::new("workflow_dispatch", "workflow_dispatch_pull_request");
    assert_eq!(opened(about_a_pull_request, Some(true), main).await, 0);
}
