//! Tests of the fake itself, as far as other tests rely on it: pages and addresses.

use serde_json::{Value, json};
use testing::fake_github::{FakeGithub, World};

use super::job::{Job, publication};

async fn get(github: &FakeGithub, path: &str) -> (Option<String>, Value) {
    let http = prodverdict::http::client().expect("an HTTP client");
    let request = http
        .get(format!("http://127.0.0.1:{}{path}", github.port()))
        .header("accept", "application/vnd.github+json")
        .header("x-github-api-version", "2022-11-28")
        .header("authorization", "Bearer ghs_default");
    let response = request.send().await.expect("an answer");
    let link = response
        .headers()
        .get("link")
        .and_then(|link| link.to_str().ok())
        .map(str::to_owned);
    (link, response.json().await.expect("JSON"))
}

#[tokio::test]
async fn files_of_a_pull_request_come_in_pages() {
    let github = FakeGithub::start_on("0.0.0.0:0", World::new()).await;
    github.world().pull(7).files = (0..130)
        .map(|number| json!({"filename": format!("{number}.rs")}))
        .collect();
    let (link, first) = get(&github, "/repos/acme/shop/pulls/7/files?per_page=100").await;
    assert!(link.is_some_and(|link| link.contains("page=2") && link.contains("rel=\"next\"")));
    assert_eq!(first.as_array().map(Vec::len), Some(100));
    let (link, second) = get(
        &github,
        "/repos/acme/shop/pulls/7/files?per_page=100&page=2",
    )
    .await;
    assert_eq!((link, second.as_array().map(Vec::len)), (None, Some(30)));
}

#[tokio::test]
async fn annotations_can_be_read_back() {
    let github = FakeGithub::start(World::new()).await;
    Job::pull_request().report(&github, &publication(40)).await;
    let id = github
        .world()
        .check_runs
        .first()
        .map(|run| run.id)
        .unwrap_or_default();
    let (link, page) = get(
        &github,
        &format!("/repos/acme/shop/check-runs/{id}/annotations"),
    )
    .await;
    assert!(link.is_some());
    assert_eq!(page.as_array().map(Vec::len), Some(30));
}

/// Sends a change of an existing check run, and returns the status and the violated rules.
async fn changed(body: &Value) -> (u16, Vec<String>) {
    let github = FakeGithub::start(World::new()).await;
    let job = Job::pull_request();
    job.report(&github, &publication(0)).await;
    let id = github
        .world()
        .check_runs
        .first()
        .map(|run| run.id)
        .unwrap_or_default();
    let http = prodverdict::http::client().expect("an HTTP client");
    let request = http
        .patch(format!(
            "{}/repos/acme/shop/check-runs/{id}",
            github.api_url()
        ))
        .header("accept", "application/vnd.github+json")
        .header("x-github-api-version", "2022-11-28")
        .header("authorization", "Bearer ghs_default")
        .json(body);
    let status = request.send().await.expect("an answer").status().as_u16();
    (status, github.violations())
}

#[tokio::test]
async fn the_fake_enforces_limits_that_are_only_documented() {
    let annotation = json!({"path": "a.yml", "start_line": 2, "end_line": 2, "annotation_level": "failure", "message": "m"});
    let with = |name: &str, value: Value| {
        let mut changed = annotation.clone();
        changed[name] = value;
        json!({"output": {"title": "t", "summary": "s", "annotations": [changed]}})
    };
    let output = |output: Value| json!({ "output": output });
    let broken = [
        output(json!({"title": "t"})),
        output(json!({"summary": "s"})),
        output(json!({"title": "t", "summary": "x".repeat(65_536)})),
        output(json!({"title": "t", "summary": "s", "text": "x".repeat(65_536)})),
        json!({"status": "in_progress"}),
        json!({"status": "completed"}),
        with("path", json!("./a.yml")),
        with("start_line", json!(0)),
        with("end_line", json!(1)),
        with("message", json!("x".repeat(65_537))),
        with("title", json!("x".repeat(256))),
        json!({"output": {"title": "t", "summary": "s", "annotations": [
            {"path": "a.yml", "start_line": 1, "end_line": 2, "start_column": 3, "annotation_level": "notice", "message": "m"}
        ]}}),
    ];
    for body in &broken {
        let (status, violations) = changed(body).await;
        let shown: String = body.to_string().chars().take(120).collect();
        assert_eq!((status, violations.is_empty()), (422, false), "{shown}");
    }
    let sound = with("start_column", json!(1));
    assert_eq!(changed(&sound).await, (200, Vec::new()));
}

#[tokio::test]
async fn a_broken_rule_is_written_down() {
    let github = FakeGithub::start(World::new()).await;
    get(&github, "/repos/acme/shop/branches").await;
    assert_eq!(
        github.violations(),
        ["GET /repos/acme/shop/branches is no route of GitHub's"]
    );
}
