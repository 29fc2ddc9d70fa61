//! `prodverdict status`.

use serde_json::{Value, json};
use testing::{
    fake_github::{FakeGithub, TOKEN, Token, World},
    program::{Program, ProgramOutput, folder, write},
    shop::CONFIG,
};

use crate::prodverdict;

const WORKFLOW: &str = "\
on:
  pull_request:
  schedule: [{ cron: \"17 3 * * *\" }]
jobs:
  billing:
    steps:
      - uses: acme/prodverdict-action@v1
";

/// Checks the document by the schema.
fn document(ran: &ProgramOutput) -> Value {
    let status = ran.json();
    let schema = include_str!("../../../schema/status.schema.json");
    let schema = serde_json::from_str(schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    assert!(validator.is_valid(&status), "{status:#}");
    status
}

#[test]
fn an_empty_folder_says_what_is_missing() {
    let folder = folder(&[]);
    let status = || prodverdict("status").within(folder.path());
    status().run().with_status(2).says(&[
        "configuration  error[file-unreadable]: the configuration `prodverdict.yml` cannot be read",
        "workflow       none uses prodverdict (`prodverdict init --workflow`",
        "nightly        no workflow runs prodverdict on a schedule",
        "rehearsal      not configured",
    ]);
    let ran = status().arguments("--format json").run().with_status(2);
    assert_eq!(document(&ran)["nightly"]["state"], "unknown");
}

#[test]
fn names_of_variables_are_shown_without_values() {
    let folder = folder(&[("prodverdict.yml", CONFIG)]);
    prodverdict("status")
        .within(folder.path())
        .variable("STRIPE_SECRET_KEY", "rk_live_51CanaryOfTheKey")
        .run()
        .with_status(0)
        .says(&[
            "prodverdict.yml: valid, 1 contract (users)",
            "STRIPE_SECRET_KEY: set",
            "DATABASE_URL: not set",
        ]);
}

#[test]
fn a_workflow_with_placeholders_is_named() {
    let path = ".github/workflows/a.yml";
    let placeholder = WORKFLOW.replace(
        "acme/prodverdict-action@v1",
        "<OWNER>/prodverdict-action@<COMMIT>",
    );
    let folder = folder(&[("prodverdict.yml", CONFIG), (path, &placeholder)]);
    let status = || prodverdict("status").within(folder.path());
    let line = "GitHub refuses to run it: replace `<OWNER>` and `<COMMIT>`";
    status().run().says(&[path, line]);
    let ran = status().arguments("--format json").run();
    assert_eq!(document(&ran)["workflows"][0]["placeholder"], true);
    write(folder.path(), path, WORKFLOW);
    let ran = status().run();
    assert!(!ran.all().contains(line), "{}", ran.all());
}

#[test]
fn the_rehearsal_is_described() {
    let folder = folder(&[]);
    let text = include_str!("../../../examples/nextjs-stripe/app/prodverdict.yml");
    write(folder.path(), "prodverdict.yml", text);
    let status = || prodverdict("status").within(folder.path());
    status().run().with_status(0).says(&[
        "scenarios against http",
        "REHEARSAL_DATABASE_URL: not set (only a rehearsal needs it)",
    ]);
    let ran = status().arguments("--format json").run();
    assert!(document(&ran)["rehearsal"]["scenarios"].as_u64() > Some(20));
}

/// Runs the program next to the workflow, with a token for this GitHub.
async fn with_github(world: World, arguments: &str) -> ProgramOutput {
    let github = FakeGithub::start(world).await;
    let folder = folder(&[
        ("prodverdict.yml", CONFIG),
        (".github/workflows/billing.yml", WORKFLOW),
        (".github/workflows/test.yml", "on: push\njobs: {}\n"),
    ]);
    let program: Program = prodverdict(arguments)
        .within(folder.path())
        .variable("GITHUB_TOKEN", TOKEN)
        .variable("GITHUB_REPOSITORY", "acme/shop")
        .variable("GITHUB_API_URL", &github.api_url());
    // The fake runs on this thread.
    let ran = tokio::task::spawn_blocking(move || program.run());
    let ran = ran.await.expect("a thread");
    assert_eq!(github.violations(), [""; 0]);
    ran
}

fn world(runs: Vec<Value>) -> World {
    let mut world = World::new();
    let token = Token {
        reads_actions: true,
        ..Token::writing()
    };
    world.tokens.insert(TOKEN.to_owned(), token);
    world.scheduled_runs.insert("billing.yml".to_owned(), runs);
    world
}

#[tokio::test]
async fn the_last_nightly_result_is_that_of_the_newest_run() {
    let run = |conclusion: Value, day: u8| {
        json!({
            "conclusion": conclusion,
            "created_at": format!("2026-11-{day:02}T03:17:00Z"),
            "html_url": format!("https://github.test/acme/shop/actions/runs/{day}"),
        })
    };
    let runs = vec![run(json!("failure"), 22), run(json!("success"), 21)];
    with_github(world(runs), "status").await.with_status(0).says(&[
        "workflow       .github/workflows/billing.yml: pull_request, schedule\n",
        "nightly        failure, 2026-11-22T03:17:00Z, https://github.test/acme/shop/actions/runs/22\n",
    ]);
    let ran = with_github(world(vec![run(Value::Null, 22)]), "status --format json").await;
    assert_eq!(document(&ran)["nightly"]["state"], "running");
}

#[tokio::test]
async fn a_workflow_that_never_ran_says_so() {
    with_github(world(Vec::new()), "status")
        .await
        .with_status(0)
        .says(&["nightly        has not run yet\n"]);
}

#[tokio::test]
async fn a_token_that_may_not_read_runs_is_told_the_permission() {
    with_github(World::new(), "status")
        .await
        .with_status(0)
        .says(&[
            "nightly        GitHub answered 403",
            "fix: give the token `actions: read`",
        ]);
}

#[test]
fn without_a_token_nothing_is_sent() {
    let folder = folder(&[(".github/workflows/billing.yml", WORKFLOW)]);
    prodverdict("status")
        .within(folder.path())
        .variable("GITHUB_API_URL", "http://127.0.0.1:9")
        .run()
        .says(&["unknown without `GITHUB_TOKEN` and `GITHUB_REPOSITORY`"]);
}
