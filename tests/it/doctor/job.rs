//! Inside a job of GitHub Actions: the event and the permissions of its token.

use testing::{
    fake_github::{FakeGithub, Kind, TOKEN, Token, World},
    program::Program,
};

use super::{Examined, Report};

/// Prepares the doctor in a job for an event; `payload` is the name of a file in `fixtures/github`.
fn in_job(examined: &Examined, github: &FakeGithub, event: &str, payload: &str) -> Program {
    let path = format!(
        "{}/fixtures/github/{payload}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let variables = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_TOKEN", TOKEN),
        ("GITHUB_API_URL", &github.api_url()),
        ("GITHUB_EVENT_NAME", event),
        ("GITHUB_EVENT_PATH", &path),
        ("GITHUB_REPOSITORY", "acme/shop"),
        ("GITHUB_SHA", &World::sha(5)),
        ("GITHUB_REF", "refs/pull/7/merge"),
    ];
    let program = examined.program("doctor --format json");
    variables
        .into_iter()
        .fold(program, |program, (name, value)| {
            program.variable(name, value)
        })
}

/// Runs the program, and checks that it created nothing at GitHub.
async fn run(github: &FakeGithub, program: Program) -> Report {
    // The fakes run on this thread.
    let report = tokio::task::spawn_blocking(move || Report::of(program));
    let report = report.await.expect("a thread");
    let world = github.world();
    assert_eq!(world.violations, [""; 0]);
    assert!(world.check_runs.is_empty() && world.comments.is_empty() && world.issues.is_empty());
    drop(world);
    report
}

async fn with_token(token: Token, event: &str, payload: &str) -> Report {
    let examined = Examined::healthy();
    let mut world = World::new();
    world.tokens.insert(TOKEN.to_owned(), token);
    let github = FakeGithub::start(world).await;
    run(&github, in_job(&examined, &github, event, payload)).await
}

#[tokio::test]
async fn a_token_that_may_write_passes_for_each_event() {
    for (event, payload, permissions) in [
        (
            "pull_request",
            "pull_request",
            "`checks: write`, `pull-requests: write`",
        ),
        ("schedule", "schedule", "`checks: write`, `issues: write`"),
        ("push", "push_tag", "`checks: write`"),
    ] {
        let report = with_token(Token::writing(), event, payload).await;
        let message = format!("the event is `{event}`, and the token has {permissions}");
        let check = report.check("github-token");
        assert_eq!(check["message"], message.as_str(), "{check:#}");
        assert_eq!(check["result"], "pass", "{check:#}");
    }
}

#[tokio::test]
async fn a_token_that_may_only_read_is_a_warning_with_the_lines() {
    with_token(Token::reading(), "pull_request", "pull_request")
        .await
        .shows(
            "github-token",
            "warn",
            &[
                "lacks `checks: write`, `pull-requests: write`",
                "`permissions: { contents: read, checks: write, pull-requests: write }`",
            ],
        );
    let token = Token {
        writes_issues: false,
        ..Token::writing()
    };
    with_token(token, "schedule", "schedule").await.shows(
        "github-token",
        "warn",
        &["has `checks: write` and lacks `issues: write`"],
    );
}

#[tokio::test]
async fn a_fork_cannot_change_its_token() {
    with_token(Token::reading(), "pull_request", "pull_request_fork")
        .await
        .shows("github-token", "warn", &["there is nothing to change"]);
}

#[tokio::test]
async fn a_step_without_a_token_is_told_how_to_get_one() {
    let examined = Examined::healthy();
    let github = FakeGithub::start(World::new()).await;
    let program =
        in_job(&examined, &github, "pull_request", "pull_request").without("GITHUB_TOKEN");
    run(&github, program).await.shows(
        "github-token",
        "warn",
        &[
            "`pull_request`",
            "`env: { GITHUB_TOKEN: ${{ github.token }} }`",
        ],
    );
    assert_eq!(github.requests().len(), 0);
}

#[tokio::test]
async fn an_answer_that_says_nothing_is_no_permission() {
    let examined = Examined::healthy();
    let mut world = World::new();
    let kind = Kind::Error {
        status: 400,
        body: "what?",
    };
    world.fail("POST", "/check-runs", kind);
    let github = FakeGithub::start(world).await;
    let program = in_job(&examined, &github, "pull_request", "pull_request");
    run(&github, program).await.shows(
        "github-token",
        "warn",
        &["answered 400", "has `pull-requests: write`"],
    );
}
