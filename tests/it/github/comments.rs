//! The sticky comment: only one, only its own, and never replaced by an older one.

use std::time::Duration;

use prodverdict::github::CommentMode;
use testing::fake_github::{FakeGithub, Kind, Token, World};

use super::job::{Job, publication};

fn bodies(github: &FakeGithub) -> Vec<String> {
    github
        .world()
        .comments
        .iter()
        .map(|comment| comment.body.clone())
        .collect()
}

#[tokio::test]
async fn the_comment_is_edited_in_place() {
    let github = FakeGithub::start(World::new()).await;
    let first = Job::pull_request()
        .run(100, 1)
        .report(&github, &publication(2))
        .await;
    let second = Job::pull_request()
        .run(101, 1)
        .report(&github, &publication(3))
        .await;
    assert!(first.comment_url.is_some());
    assert_eq!(first.comment_url, second.comment_url);
    let bodies = bodies(&github);
    assert_eq!(bodies.len(), 1);
    let lines: Vec<&str> = bodies.iter().flat_map(|body| body.lines()).collect();
    assert!(
        lines
            .first()
            .is_some_and(|line| line.starts_with("<!-- prodverdict:sticky v1 key="))
    );
    assert!(
        lines.get(1).is_some_and(
            |line| line.starts_with("<!-- state: {") && line.contains("\"run_id\":101")
        )
    );
    assert!(lines.contains(&"3 findings"));
    assert_eq!(github.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn an_unchanged_report_is_not_written_again() {
    let github = FakeGithub::start(World::new()).await;
    Job::pull_request()
        .run(100, 1)
        .report(&github, &publication(2))
        .await;
    let mut again = publication(2);
    if let Some(comment) = &mut again.comment {
        comment.footer = "Run 101".to_owned();
    }
    Job::pull_request()
        .run(101, 1)
        .report(&github, &again)
        .await;
    assert_eq!(github.count("PATCH", "comments"), 0);
    assert_eq!(github.count("POST", "comments"), 1);
}

#[tokio::test]
async fn a_fixed_pull_request_keeps_one_comment() {
    let github = FakeGithub::start(World::new()).await;
    let report = async |run: u64, findings: u32| {
        let job = Job::pull_request().run(run, 1);
        job.report(&github, &publication(findings)).await
    };
    report(100, 3).await;
    report(101, 2).await;
    report(102, 0).await;
    report(103, 0).await;
    let bodies = bodies(&github);
    assert_eq!(bodies.len(), 1);
    let body = bodies.concat();
    let commit: String = World::sha(1).chars().take(7).collect();
    assert!(
        body.contains(&format!(
            "## ProdVerdict\n\n**Resolved:** the 2 findings at `{commit}` are gone.\n\n0 findings"
        )),
        "{body}"
    );
    assert!(
        body.contains(&format!(
            "| `{commit}` | FAIL | 2 |\n| `{commit}` | FAIL | 3 |\n"
        )),
        "{body}"
    );
    assert_eq!(github.count("PATCH", "comments"), 2);
    report(104, 1).await;
    let body = self::bodies(&github).concat();
    assert!(!body.contains("Resolved"), "{body}");
    assert!(
        body.contains(&format!("| `{commit}` | PASS | 0 |")),
        "{body}"
    );
    assert_eq!(github.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_forged_history_is_not_trusted() {
    let marker = marker().await;
    let hostile = "<img src=x> @org https://evil.example";
    let planted = format!(
        "{marker}\n<!-- state: {{\"sha\":\"{sha}\",\"run_id\":1,\"attempt\":1,\"came_to\":{{\"verdict\":\"{hostile}\",\
         \"findings\":1}},\"earlier\":[{{\"sha\":\"{hostile}\",\"verdict\":\"fail\",\"findings\":1}},7]}} -->\n\nold",
        sha = World::sha(2)
    );
    let mut world = World::new();
    world.preload(Some(("github-actions[bot]", 41_898_282, "Bot")), &planted);
    let github = FakeGithub::start(world).await;
    Job::pull_request().report(&github, &publication(0)).await;
    let body = bodies(&github).concat();
    assert!(body.contains("0 findings"), "{body}");
    assert!(!body.contains("evil"), "{body}");
    assert!(!body.contains("Earlier"), "{body}");
}

#[tokio::test]
async fn the_comment_is_found_behind_more_than_a_hundred_others() {
    let mut world = World::new();
    for number in 0..140 {
        world.preload(Some(("dana", 21, "User")), &format!("comment {number}"));
    }
    let github = FakeGithub::start(world).await;
    Job::pull_request()
        .run(100, 1)
        .report(&github, &publication(2))
        .await;
    for number in 0..140 {
        github.world().preload(None, &format!("ghost {number}"));
    }
    Job::pull_request()
        .run(101, 1)
        .report(&github, &publication(3))
        .await;
    assert_eq!(github.count("POST", "comments"), 1);
    assert_eq!(github.count("PATCH", "comments"), 1);
    assert_eq!(github.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn among_more_comments_than_anybody_reads_none_is_added() {
    let mut world = World::new();
    for number in 0..5001 {
        world.preload(None, &number.to_string());
    }
    let github = FakeGithub::start(world).await;
    let published = Job::pull_request().report(&github, &publication(1)).await;
    assert_eq!(github.count("GET", "comments"), 50);
    assert_eq!(github.count("POST", "comments"), 0);
    assert!(
        published
            .warnings
            .iter()
            .any(|problem| problem.text.contains("too many comments"))
    );
}

#[tokio::test]
async fn an_unreadable_pull_request_gets_its_comment() {
    let mut world = World::new();
    world.fail(
        "GET",
        "pulls/7",
        Kind::Error {
            status: 403,
            body: "{\"message\":\"Resource not accessible by integration\"}",
        },
    );
    let github = FakeGithub::start(world).await;
    let published = Job::pull_request().report(&github, &publication(1)).await;
    assert_eq!(published.warnings, []);
    assert!(published.comment_url.is_some());
}

/// Returns the marker that this job's comments begin with.
async fn marker() -> String {
    let github = FakeGithub::start(World::new()).await;
    Job::pull_request().report(&github, &publication(1)).await;
    let body = bodies(&github).into_iter().next().unwrap_or_default();
    body.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_planted_marker_is_never_taken_for_ours() {
    let planted = format!(
        "{}\n<!-- state: {{\"sha\":\"x\",\"run_id\":999999,\"attempt\":1}} -->\n\nAll good",
        marker().await
    );
    for sparse in [false, true] {
        let mut world = World::new();
        world.sparse = sparse;
        world.preload(Some(("mallory", 66, "User")), &planted);
        world.preload(Some(("github-actions", 67, "User")), &planted);
        world.preload(Some(("evil[bot]", 68, "Bot")), &planted);
        world.preload(None, &planted);
        let github = FakeGithub::start(world).await;
        let published = Job::pull_request().report(&github, &publication(2)).await;
        assert_eq!(published.warnings, []);
        assert_eq!(bodies(&github).len(), 5);
        assert_eq!(
            bodies(&github)
                .iter()
                .filter(|body| **body == planted)
                .count(),
            4
        );
        assert_eq!(github.violations(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn an_app_token_finds_its_own_comment_and_not_the_default_ones() {
    let mut world = World::new();
    world.sparse = true;
    let app = Token {
        app: "acme-billing",
        bot_id: 555,
        ..Token::writing()
    };
    world.tokens.insert("ghs_app".to_owned(), app);
    let github = FakeGithub::start(world).await;
    Job::pull_request()
        .run(100, 1)
        .report(&github, &publication(1))
        .await;
    for run in [101, 102] {
        let mut job = Job::pull_request().run(run, 1);
        job.token = "ghs_app";
        job.options.check_run = Some(false);
        let findings = u32::try_from(run).unwrap_or_default();
        job.report(&github, &publication(findings)).await;
    }
    let world = github.world();
    let authors: Vec<_> = world
        .comments
        .iter()
        .filter_map(|comment| comment.author.as_ref())
        .map(|author| author.1)
        .collect();
    assert_eq!(authors, [41_898_282, 555]);
    assert_eq!(world.violations, Vec::<String>::new());
}

#[tokio::test]
async fn without_graphql_the_default_author_is_assumed() {
    let mut world = World::new();
    world.sparse = true;
    world.answers_graphql = false;
    let github = FakeGithub::start(world).await;
    Job::pull_request()
        .run(100, 1)
        .report(&github, &publication(1))
        .await;
    Job::pull_request()
        .run(101, 1)
        .report(&github, &publication(2))
        .await;
    assert_eq!(bodies(&github).len(), 1);
    assert_eq!(github.violations(), Vec::<String>::new());
}

/// A token of an app, in a world where neither the check run nor GraphQL names the account.
fn unknown_app() -> World {
    let mut world = World::new();
    world.sparse = true;
    world.answers_graphql = false;
    let app = Token {
        app: "acme-billing",
        bot_id: 555,
        ..Token::writing()
    };
    world.tokens.insert("ghs_app".to_owned(), app);
    world
}

fn job_of_app(run: u64) -> Job {
    let mut job = Job::pull_request().run(run, 1);
    job.token = "ghs_app";
    job
}

#[tokio::test]
async fn an_unknown_author_makes_no_second_comment() {
    let github = FakeGithub::start(unknown_app()).await;
    let first = job_of_app(100).report(&github, &publication(1)).await;
    assert_eq!(first.warnings, []);
    for run in [101, 102] {
        let later = job_of_app(run).report(&github, &publication(2)).await;
        let messages: Vec<_> = later.warnings.iter().map(|warning| &warning.text).collect();
        assert!(
            messages.len() == 1 && messages[0].contains("which account the token is"),
            "{messages:?}"
        );
    }
    assert_eq!(bodies(&github).len(), 1);
    assert_eq!(github.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn the_answer_to_a_new_comment_names_the_author() {
    let github = FakeGithub::start(unknown_app()).await;
    let other = Kind::Hang(Duration::from_millis(500));
    // Both runs look before either writes.
    github.world().fail("GET", "/issues/7/comments", other);
    let (older, newer) = (job_of_app(100), job_of_app(101));
    let (reports_old, reports_new) = (publication(1), publication(2));
    tokio::join!(
        older.report(&github, &reports_old),
        newer.report(&github, &reports_new)
    );
    let bodies = bodies(&github);
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert!(bodies[0].contains("2 findings"), "{bodies:?}");
    assert_eq!(github.violations(), Vec::<String>::new());
}

/// Reports after somebody has changed the run number in the comment.
async fn after_an_edit(reads_actions: bool, head: u8, run: u64) -> String {
    let mut world = World::new();
    world.workflow_runs = [100, 101, 102].into();
    let token = Token {
        reads_actions,
        ..Token::writing()
    };
    world.tokens.insert("ghs_default".to_owned(), token);
    let github = FakeGithub::start(world).await;
    Job::pull_request()
        .run(100, 1)
        .report(&github, &publication(1))
        .await;
    let edit = |world: &mut World| {
        let comment = world.comments.first_mut().expect("a comment");
        comment.body = comment
            .body
            .replace("\"run_id\":100", &format!("\"run_id\":{run}"))
            .replace(&World::sha(1), &World::sha(head));
    };
    edit(&mut github.world());
    Job::pull_request()
        .run(101, 1)
        .report(&github, &publication(2))
        .await;
    assert_eq!(github.violations(), Vec::<String>::new());
    bodies(&github).concat()
}

#[tokio::test]
async fn a_run_number_from_the_future_freezes_nothing() {
    let invented = 99_999_999_999;
    for (reads_actions, head, run, is_written) in [
        (true, 1, invented, true),
        // A run that exists is believed.
        (true, 1, 102, false),
        // Without permission to read runs, the head decides.
        (false, 2, invented, true),
        (false, 1, invented, false),
    ] {
        let body = after_an_edit(reads_actions, head, run).await;
        assert_eq!(
            body.contains("2 findings"),
            is_written,
            "{reads_actions} {head} {run}: {body}"
        );
    }
}

#[tokio::test]
async fn an_older_run_never_overwrites_a_newer_one() {
    let github = FakeGithub::start(World::new()).await;
    Job::pull_request()
        .run(101, 1)
        .report(&github, &publication(1))
        .await;
    let late = Job::pull_request()
        .run(100, 3)
        .report(&github, &publication(9))
        .await;
    assert!(
        bodies(&github)
            .iter()
            .all(|body| body.contains("1 findings"))
    );
    assert!(
        late.warnings
            .iter()
            .any(|problem| problem.text.contains("newer run"))
    );
    assert!(late.comment_url.is_some());
}

#[tokio::test]
async fn a_report_about_an_old_commit_has_a_notice() {
    let github = FakeGithub::start(World::new()).await;
    github.world().pull(7).head_sha = World::sha(2);
    Job::pull_request().report(&github, &publication(1)).await;
    assert!(
        bodies(&github)
            .iter()
            .all(|body| body.contains("moved on to 0202020"))
    );
}

#[tokio::test]
async fn two_racing_runs_leave_one_comment_by_the_newer() {
    let github = FakeGithub::start(World::new()).await;
    let (older, newer) = (
        Job::pull_request().run(100, 1),
        Job::pull_request().run(101, 1),
    );
    let (reports_old, reports_new) = (publication(1), publication(2));
    tokio::join!(
        older.report(&github, &reports_old),
        newer.report(&github, &reports_new)
    );
    Job::pull_request()
        .run(102, 1)
        .report(&github, &publication(2))
        .await;
    let bodies = bodies(&github);
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert!(bodies.iter().all(|body| body.contains("2 findings")));
    assert_eq!(github.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn an_older_run_deletes_its_duplicate_comment() {
    let mut world = World::new();
    // The older run receives the empty list of comments late.
    let late = Kind::Hang(Duration::from_millis(600));
    world.fail("GET", "/comments", late);
    let github = FakeGithub::start(world).await;
    let (older, newer) = (
        Job::pull_request().run(100, 1),
        Job::pull_request().run(101, 1),
    );
    let (reports_old, reports_new) = (publication(1), publication(2));
    let after = async {
        while github.count("GET", "/comments") == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        newer.report(&github, &reports_new).await
    };
    tokio::join!(older.report(&github, &reports_old), after);
    let bodies = bodies(&github);
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert!(bodies.iter().all(|body| body.contains("2 findings")));
    assert_eq!(github.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn duplicates_of_a_race_are_merged_into_the_oldest() {
    let marker = marker().await;
    let mut world = World::new();
    let bot = Some(("github-actions[bot]", 41_898_282, "Bot"));
    let state = |run: u64| {
        format!(
            "{marker}\n<!-- state: {{\"sha\":\"{}\",\"run_id\":{run},\"attempt\":1}} -->\n\nold",
            World::sha(2)
        )
    };
    let oldest = world.preload(bot, &state(50));
    world.preload(bot, &state(51));
    world.preload(Some(("dana", 21, "User")), "a remark");
    world.preload(bot, &state(52));
    let github = FakeGithub::start(world).await;
    Job::pull_request().report(&github, &publication(1)).await;
    let world = github.world();
    let left: Vec<_> = world
        .comments
        .iter()
        .map(|comment| (comment.id == oldest, comment.body.contains("1 findings")))
        .collect();
    assert_eq!(left, [(true, true), (false, false)]);
    assert_eq!(world.violations, Vec::<String>::new());
}

#[tokio::test]
async fn on_findings_comments_until_the_report_is_clean() {
    let github = FakeGithub::start(World::new()).await;
    let report = async |run: u64, findings: u32| {
        let mut job = Job::pull_request().run(run, 1);
        job.options.comment = Some(CommentMode::OnFindings);
        job.report(&github, &publication(findings)).await
    };
    report(100, 0).await;
    assert_eq!(bodies(&github), Vec::<String>::new());
    report(101, 2).await;
    report(102, 0).await;
    let bodies = bodies(&github);
    assert_eq!(bodies.len(), 1);
    assert!(bodies.iter().all(|body| body.contains("\n0 findings")));
}

#[tokio::test]
async fn off_sends_no_request_about_comments() {
    let github = FakeGithub::start(World::new()).await;
    let mut job = Job::pull_request();
    job.options.comment = Some(CommentMode::Off);
    let published = job.report(&github, &publication(2)).await;
    assert_eq!(published.warnings, []);
    assert_eq!(github.count("GET", "comments"), 0);
    assert_eq!(github.count("GET", "pulls"), 0);
}

#[tokio::test]
async fn a_locked_pull_request_degrades_to_the_summary() {
    let github = FakeGithub::start(World::new()).await;
    github.world().pull(7).locked = true;
    let job = Job::pull_request();
    let published = job.report(&github, &publication(2)).await;
    assert_eq!(published.mode.as_str(), "checks");
    assert_eq!(published.comment_url, None);
    assert!(
        published
            .warnings
            .iter()
            .any(|problem| problem.text.contains("locked") && problem.hint.starts_with("unlock"))
    );
    assert!(job.summary().contains("2 findings"));
}

#[tokio::test]
async fn a_comment_deleted_meanwhile_is_created_again_once() {
    let github = FakeGithub::start(World::new()).await;
    Job::pull_request()
        .run(100, 1)
        .report(&github, &publication(1))
        .await;
    github.world().fail(
        "PATCH",
        "comments",
        Kind::Error {
            status: 410,
            body: "{\"message\":\"Gone\"}",
        },
    );
    github.world().fail("GET", "/nothing", Kind::LoseRequest);
    let published = Job::pull_request()
        .run(101, 1)
        .report(&github, &publication(2))
        .await;
    assert_eq!(published.warnings, []);
    assert_eq!(github.count("POST", "comments"), 2);
}
