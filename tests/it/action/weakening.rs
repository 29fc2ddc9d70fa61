//! The report of a pull request warns if its configuration is weaker than that of the base commit.

use serde_json::{Value, json};
use testing::{
    fake_github::{CheckRun, TOKEN, Token, World},
    runner::ProgramOutput,
    shop::{CONFIG, drifted, in_order, line_of},
};

use super::{hostile::expect_harmless, scene::Scene};

const SENTENCE: &str = "this pull request lets findings of severity high pass: `fail_on` changes from `high` to `never`";

/// A configuration in which no finding fails.
fn looser() -> String {
    format!("{CONFIG}    fail_on: never\n")
}

fn warnings(run: &CheckRun) -> Vec<(String, u64, String)> {
    let is_warning = |warning: &&Value| warning["title"] == "Warning";
    let warnings = run.annotations.iter().filter(is_warning);
    let shown = warnings.map(|warning| {
        assert_eq!(warning["annotation_level"], "warning");
        (
            warning["path"].as_str().expect("a path").to_owned(),
            warning["start_line"].as_u64().expect("a line"),
            warning["message"].as_str().expect("a message").to_owned(),
        )
    });
    shown.collect()
}

/// Removes Markdown's escapes.
fn unescaped(markdown: &str) -> String {
    markdown.replace(['\\', '`'], "")
}

#[track_caller]
fn expect_everywhere(scene: &Scene, ran: &ProgramOutput, sentence: &str) {
    let report = scene.step.report().to_string();
    for (place, text) in [
        ("comment", scene.comment()),
        ("summary", scene.step.summary()),
        ("report", report),
        ("log", ran.stderr.clone()),
    ] {
        assert!(
            unescaped(&text).contains(&unescaped(sentence)),
            "{place}: {text}"
        );
    }
}

#[track_caller]
fn expect_nowhere(scene: &Scene, ran: &ProgramOutput) {
    for (place, text) in scene.everything_that_left(ran) {
        assert!(!text.contains("this pull request"), "{place}: {text}");
    }
}

#[tokio::test]
async fn a_looser_file_is_reported_in_every_place_and_at_its_line() {
    let scene = Scene::open(&drifted()).await;
    scene.step.check_out("prodverdict.yml", &looser());
    let listed = json!({"filename": "prodverdict.yml", "status": "modified"});
    scene.github.world().pull(7).files = vec![listed];
    let ran = scene.run().await;
    // The weaker configuration is in force and determines the verdict.
    ran.expect(0);
    scene.expect_conclusion("neutral");
    expect_everywhere(&scene, &ran, SENTENCE);
    let [(path, line, message)] = warnings(&scene.check_run()).try_into().expect("one");
    assert_eq!(path, "prodverdict.yml");
    assert_eq!(line, line_of(&looser(), "fail_on"));
    assert!(message.starts_with(SENTENCE), "{message}");
    assert!(message.contains("in force here"), "{message}");
}

#[tokio::test]
async fn a_file_that_is_not_weaker_is_not_reported() {
    let stricter = async {
        let scene = Scene::open(&in_order()).await;
        let text = format!("{CONFIG}    fail_on: low\n");
        scene.step.check_out("prodverdict.yml", &text);
        let ran = scene.run().await;
        ran.expect(0);
        expect_nowhere(&scene, &ran);
        assert_eq!(scene.github.count("GET", "/pulls/7/files"), 0);
    };
    let first = async {
        let scene = Scene::open(&drifted())
            .await
            .refusing("404 GET ", "/contents/prodverdict.yml");
        scene.github.world().files.clear();
        scene.step.check_out("prodverdict.yml", &looser());
        let ran = scene.run().await;
        ran.expect(0);
        expect_nowhere(&scene, &ran);
    };
    // The base became stricter after the branch began, and the pull request changes other files.
    let behind = async {
        let scene = Scene::open(&in_order()).await;
        scene.step.check_out("prodverdict.yml", &looser());
        let listed = json!({"filename": "README.md", "status": "modified"});
        scene.github.world().pull(7).files = vec![listed];
        let ran = scene.run().await;
        ran.expect(0);
        expect_nowhere(&scene, &ran);
        assert_eq!(scene.github.count("GET", "/pulls/7/files"), 1);
    };
    let push = async {
        let scene = Scene::on("push", "push", &drifted()).await;
        scene.step.check_out("prodverdict.yml", &looser());
        let ran = scene.run().await;
        ran.expect(0);
        expect_nowhere(&scene, &ran);
        assert_eq!(scene.github.count("GET", "/contents/"), 0);
    };
    tokio::join!(stricter, first, behind, push);
}

#[tokio::test]
async fn the_heads_file_is_compared_and_never_applied() {
    let on = |event: &'static str, payload: &'static str| async move {
        let scene = Scene::on(event, payload, &drifted()).await;
        scene.commit(&[1], &looser());
        scene.step.check_out("prodverdict.yml", &looser());
        let ran = scene.run().await;
        ran.expect(1);
        expect_everywhere(&scene, &ran, SENTENCE);
        let [(_, line, message)] = warnings(&scene.check_run()).try_into().expect("one");
        assert_eq!(line, line_of(&looser(), "fail_on"));
        assert!(message.contains("base commit is in force"), "{message}");
    };
    tokio::join!(
        on("pull_request_target", "pull_request_fork"),
        on("workflow_run", "workflow_run"),
        on("issue_comment", "issue_comment"),
    );
}

#[tokio::test]
async fn every_event_of_a_change_is_compared_with_its_base() {
    let on = |event: &'static str, payload: &'static str, input: (&'static str, &'static str)| async move {
        let scene = Scene::on(event, payload, &drifted()).await;
        let scene = scene.with(input.0, input.1);
        scene.step.check_out("prodverdict.yml", &looser());
        let listed = json!({"filename": "prodverdict.yml", "status": "modified"});
        scene.github.world().pull(7).files = vec![listed];
        let ran = scene.run().await;
        ran.expect(0);
        assert!(ran.stderr.contains(SENTENCE), "{event}: {}", ran.stderr);
        let [(_, line, _)] = warnings(&scene.check_run()).try_into().expect("one");
        assert_eq!(line, line_of(&looser(), "fail_on"), "{event}");
    };
    let dispatch = "workflow_dispatch_pull_request";
    tokio::join!(
        on("workflow_dispatch", dispatch, ("pull_request", "")),
        on(
            "deployment_status",
            "deployment_status",
            ("pull_request", "7")
        ),
        on("merge_group", "merge_group", ("pull_request", "")),
        on("push", "push", ("comment", "on")),
    );
}

#[tokio::test]
async fn a_strangers_head_never_brings_the_configuration() {
    let on = |event: &'static str, payload: &'static str, number: &'static str| async move {
        let scene = Scene::on(event, payload, &drifted()).await;
        let scene = scene.with("pull_request", number);
        scene.github.world().pull(7).head_repository = Some("mallory/shop".to_owned());
        scene.commit(&[1], &looser());
        scene.step.check_out("prodverdict.yml", &looser());
        let ran = scene.run().await;
        ran.expect(1);
        expect_everywhere(&scene, &ran, SENTENCE);
        let [(_, _, message)] = warnings(&scene.check_run()).try_into().expect("one");
        assert!(message.contains("base commit is in force"), "{message}");
    };
    tokio::join!(
        on("workflow_dispatch", "workflow_dispatch_pull_request", ""),
        on("workflow_dispatch", "workflow_dispatch", "7"),
        on("repository_dispatch", "repository_dispatch", "7"),
    );
}

#[tokio::test]
async fn an_unusable_head_file_is_reported() {
    let missing = async {
        let scene = Scene::on("pull_request_target", "pull_request", &in_order())
            .await
            .refusing("404 GET ", "/contents/prodverdict.yml");
        let ran = scene.run().await;
        ran.expect(0);
        expect_everywhere(
            &scene,
            &ran,
            "no `prodverdict.yml` at the head of this pull request",
        );
    };
    let broken = async {
        let scene = Scene::on("pull_request_target", "pull_request", &in_order()).await;
        scene.commit(&[1], &CONFIG.replace("users_table", "users_tabel"));
        let ran = scene.run().await;
        ran.expect(0);
        expect_everywhere(&scene, &ran, "unknown key `users_tabel`");
        let [(_, line, _)] = warnings(&scene.check_run()).try_into().expect("one");
        assert_eq!(line, line_of(CONFIG, "users_table"));
    };
    tokio::join!(missing, broken);
}

#[tokio::test]
async fn a_file_that_cannot_be_compared_is_a_warning() {
    let unreadable = async {
        let mut world = World::new();
        let token = Token {
            reads_contents: false,
            ..Token::writing()
        };
        world.tokens.insert(TOKEN.to_owned(), token);
        let scene = Scene::in_world(world, "pull_request", "pull_request", &in_order())
            .await
            .refusing("403 GET ", "/contents/prodverdict.yml")
            .refusing("403 GET ", "/commits");
        let ran = scene.run().await;
        ran.expect(0);
        let sentence =
            "it is not known whether this pull request lets more pass than its base commit";
        expect_everywhere(&scene, &ran, sentence);
        assert!(ran.stderr.contains("contents: read"), "{}", ran.stderr);
        assert_eq!(warnings(&scene.check_run()), []);
    };
    let broken_base = async {
        let scene = Scene::open(&in_order()).await;
        scene.commit(&[9], "version: 7\n");
        let ran = scene.run().await;
        ran.expect(0);
        expect_everywhere(
            &scene,
            &ran,
            "`prodverdict.yml` of the base commit has problems",
        );
    };
    tokio::join!(unreadable, broken_base);
}

#[tokio::test]
async fn a_weakening_is_reported_even_if_the_pull_request_is_not_checked() {
    let mut scene = Scene::on("pull_request", "pull_request_fork", &in_order())
        .await
        .with("on_missing_credentials", "skip");
    scene.step.set("STRIPE_SECRET_KEY", "");
    scene.step.set("DATABASE_URL", "");
    scene.step.check_out("prodverdict.yml", &looser());
    let ran = scene.run().await;
    ran.expect(0);
    scene.expect_conclusion("skipped");
    assert!(unescaped(&scene.step.summary()).contains(&unescaped(SENTENCE)));
    assert!(ran.stderr.contains(SENTENCE), "{}", ran.stderr);
    assert_eq!(warnings(&scene.check_run()).len(), 1);
}

#[tokio::test]
async fn hostile_text_of_either_file_has_no_effect() {
    let evil = "@octocat ::error::x ##[error]y <img src=x> --> | `z`";
    let scene = Scene::open(&in_order()).await;
    let quoted = evil.replace('\'', "''");
    let text =
        format!("{CONFIG}    ignore_prices: ['{quoted}']\n    free_plans: [free, '{quoted}']\n");
    scene.step.check_out("prodverdict.yml", &text);
    let ran = scene.run().await;
    ran.expect(0);
    assert_eq!(warnings(&scene.check_run()).len(), 2);
    assert_eq!(ran.commands(), [""; 0]);
    expect_harmless("the comment", &scene.comment());
    expect_harmless("the summary", &scene.step.summary());
}
