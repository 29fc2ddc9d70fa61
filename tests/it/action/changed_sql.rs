//! SQL that a pull request changes is not run with a role that reaches beyond the database.

use serde_json::json;
use testing::{
    fake_github::World,
    runner::ProgramOutput,
    shop::{CONFIG, Shop, drifted, in_order, line_of},
};

use super::scene::{Scene, titles};

/// An expression that only a privileged role may evaluate.
const FILE: &str = "pg_read_file('PG_VERSION')";

/// Reads the plan with this SQL.
fn with_plan(sql: &str) -> String {
    CONFIG.replace("plan: plan", &format!("plan: {{ sql: \"{sql}\" }}"))
}

async fn scene(base: &str, head: &str) -> Scene {
    scene_on("pull_request", "pull_request", base, head).await
}

async fn scene_on(event: &str, payload: &str, base: &str, head: &str) -> Scene {
    let mut scene = Scene::on(event, payload, &in_order()).await;
    scene.commit(&[9], base);
    scene.step.check_out("prodverdict.yml", head);
    let listed = json!({"filename": "prodverdict.yml", "status": "modified"});
    scene.github.world().pull(7).files = vec![listed];
    let url = scene.shop.superuser_url();
    scene.step.set("DATABASE_URL", &url);
    scene
}

#[track_caller]
fn expect_refused(scene: &Scene, ran: &ProgramOutput, head: &str, key: &str, why: &str) {
    ran.expect(2);
    scene.expect_conclusion("failure");
    let summary = scene.step.summary().replace(['\\', '`'], "");
    for part in [
        &format!("the SQL of {key} in contract users is not run: {why}"),
        "is a superuser",
        "create role prodverdict login",
    ] {
        assert!(summary.contains(part), "no `{part}` in {summary}");
    }
    assert!(ran.log().contains(why), "{}", ran.log());
    let refusals = titles(&scene.check_run()).into_iter();
    let lines: Vec<u64> = refusals
        .filter(|(title, _)| title == "No verdict [action-restriction]")
        .map(|(_, line)| line)
        .collect();
    assert_eq!(
        lines,
        [line_of(head, "sql:")],
        "one annotation, at its line"
    );
}

#[tokio::test]
async fn a_superuser_runs_no_sql_that_a_pull_request_changes() {
    let head = with_plan(FILE);
    let scene = scene(&with_plan("plan"), &head).await;
    let ran = scene.run().await;
    expect_refused(&scene, &ran, &head, "plan", "this pull request changes it");
    // No statement of it was run: the file's contents appear nowhere.
    for (place, text) in scene.everything_that_left(&ran) {
        assert!(!text.contains("plan-drift"), "{place}: {text}");
    }
}

#[tokio::test]
async fn proposed_sql_is_refused_on_other_events_too() {
    let head = with_plan(FILE);
    let why = "this pull request changes it";
    let group = scene_on("merge_group", "merge_group", &with_plan("plan"), &head).await;
    let ran = group.run().await;
    expect_refused(&group, &ran, &head, "plan", why);

    let push = scene_on("push", "push", &with_plan("plan"), &head).await;
    let push = push.with("comment", "on");
    let ran = push.run().await;
    expect_refused(&push, &ran, &head, "plan", why);

    let named = scene_on(
        "repository_dispatch",
        "repository_dispatch",
        &with_plan("plan"),
        &head,
    )
    .await;
    let named = named.with("pull_request", "7");
    let ran = named.run().await;
    expect_refused(&named, &ran, &head, "plan", why);
}

#[tokio::test]
async fn a_superuser_runs_the_sql_of_the_base_commit() {
    let config = with_plan("plan");
    let untouched = scene(&config, &config).await;
    untouched.run().await.expect(0);
    // Changes outside SQL are allowed.
    let looser = format!("{config}    fail_on: never\n");
    let changed = scene(&config, &looser).await;
    changed.run().await.expect(0);
    // A read-only role may run any SQL.
    let mut plain = scene(&config, &with_plan("lower(plan)")).await;
    let url = plain.shop.database_url(None);
    plain.step.set("DATABASE_URL", &url);
    plain.run().await.expect(0);
}

#[tokio::test]
async fn a_base_that_moved_on_is_not_a_change_of_the_pull_request() {
    let scene = scene(&with_plan("lower(plan)"), &with_plan("plan")).await;
    let listed = json!({"filename": "src/app.ts", "status": "modified"});
    scene.github.world().pull(7).files = vec![listed];
    scene.run().await.expect(0);
}

#[tokio::test]
async fn all_sql_counts_as_changed_if_the_base_is_unknown() {
    let head = with_plan("plan");
    let why = "the configuration of the base commit could not be read";
    let broken = scene("version: 3\n", &head).await;
    let ran = broken.run().await;
    expect_refused(&broken, &ran, &head, "plan", why);

    let missing = scene(&head, &head).await;
    let missing = missing.refusing("404 GET ", "/contents/prodverdict.yml");
    let at = (World::sha(9), "prodverdict.yml".to_owned());
    missing.github.world().files.remove(&at);
    let ran = missing.run().await;
    expect_refused(&missing, &ran, &head, "plan", why);

    let linked = scene(&head, &head).await;
    let config = linked.step.workspace("prodverdict.yml");
    std::fs::rename(&config, linked.step.workspace("other.yml")).expect("moved");
    std::os::unix::fs::symlink("other.yml", &config).expect("a link");
    let ran = linked.run().await;
    expect_refused(&linked, &ran, &head, "plan", why);
}

#[tokio::test]
async fn outside_of_pull_requests_the_repositorys_sql_runs() {
    let mut scene = Scene::on("schedule", "schedule", &drifted()).await;
    scene
        .step
        .check_out("prodverdict.yml", &with_plan("lower(plan)"));
    let url = Shop::superuser_url(&scene.shop);
    scene.step.set("DATABASE_URL", &url);
    scene.run().await.expect(1);
}
