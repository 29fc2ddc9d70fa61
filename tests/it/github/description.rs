//! The fake checks requests and its own responses by GitHub's description of its API.

use http::Method;
use serde_json::{Value, json};
use testing::{
    fake_github::{FakeGithub, TOKEN, World},
    github_packages,
};

fn is_described() -> bool {
    github_packages::read("api.json").is_some()
}

async fn send(github: &FakeGithub, (method, path, body): (&str, &str, Value)) -> Value {
    let method: Method = method.parse().expect("a method");
    let http = prodverdict::http::client().expect("an HTTP client");
    let request = http
        .request(
            method,
            format!("{}/repos/acme/shop{path}", github.api_url()),
        )
        .bearer_auth(TOKEN)
        .header("accept", "application/vnd.github+json")
        .header("x-github-api-version", "2022-11-28");
    let request = if body.is_null() {
        request
    } else {
        request
            .header("content-type", "application/json")
            .body(body.to_string())
    };
    let response = request.send().await.expect("a response");
    let text = response.text().await.expect("text");
    serde_json::from_str(&text).unwrap_or_default()
}

fn check_run(field: &str, value: Value) -> Value {
    let mut run = json!({"name": "x", "head_sha": World::sha(1)});
    run[field] = value;
    run
}

fn annotations(count: usize, level: &str) -> Value {
    let annotation = json!({
        "path": "a",
        "start_line": 1,
        "end_line": 1,
        "annotation_level": level,
        "message": "x",
    });
    json!({"title": "x", "summary": "x", "annotations": vec![annotation; count]})
}

/// Requests that the description forbids, and the violation.
#[rustfmt::skip]
fn forbidden() -> Vec<(&'static str, String, Value, &'static str)> {
    let commit = format!("/commits/{}/check-runs", World::sha(1));
    let at = str::to_owned;
    vec![
        ("POST", at("/check-runs"), check_run("colour", json!("red")), "has no field `colour`"),
        ("POST", at("/check-runs"), check_run("status", json!("done")), "\"done\" is not one of"),
        ("POST", at("/check-runs"), check_run("started_at", json!("today")), "\"today\" is not a \"date-time\""),
        ("POST", at("/check-runs"), check_run("output", annotations(51, "notice")), "has more than 50 items"),
        ("POST", at("/check-runs"), check_run("output", annotations(1, "error")), "\"error\" is not one of"),
        ("POST", at("/check-runs"), json!({"name": "x"}), "\"head_sha\" is a required property"),
        ("PATCH", at("/check-runs/1"), json!({"head_sha": World::sha(1)}), "has no field `head_sha`"),
        ("PATCH", at("/check-runs/1"), json!({"conclusion": "green"}), "\"green\" is not one of"),
        ("POST", at("/issues/7/comments"), json!({"body": 7}), "7 is not of type \"string\""),
        ("PATCH", at("/issues/7"), json!({"state": "merged"}), "\"merged\" is not one of"),
        ("GET", format!("{commit}?state=completed"), Value::Null, "has no parameter `state`"),
        ("GET", format!("{commit}?status=done"), Value::Null, "\"done\" is not one of"),
        ("GET", at("/issues?sort=stars"), Value::Null, "\"stars\" is not one of"),
        ("GET", at("/pulls?per_page=many"), Value::Null, "\"many\" is not of type \"integer\""),
        ("GET", at("/pulls/seven"), Value::Null, "\"seven\" is not of type \"integer\""),
        ("GET", at("/pulls/7"), json!({}), "takes no body"),
        ("PUT", at("/pulls/7"), Value::Null, "is no route of GitHub's"),
    ]
}

#[tokio::test]
async fn requests_that_the_description_forbids_are_violations() {
    if !is_described() {
        return;
    }
    for (method, path, body, expected) in forbidden() {
        let github = FakeGithub::start(World::new()).await;
        send(&github, (method, &path, body)).await;
        let violations = github.violations();
        let [violation] = violations.as_slice() else {
            panic!("{method} {path}: {violations:?}");
        };
        assert!(violation.contains(expected), "{method} {path}: {violation}");
    }
}

#[tokio::test]
async fn responses_have_every_field_that_github_sends() {
    if !is_described() {
        return;
    }
    let github = FakeGithub::start(World::new()).await;
    let pull = send(&github, ("GET", "/pulls/7", Value::Null)).await;
    assert_eq!(pull["head"]["sha"], World::sha(1));
    for field in ["id", "created_at", "mergeable_state", "changed_files"] {
        assert!(pull.get(field).is_some(), "{field}: {pull}");
    }
    let run = check_run("status", json!("in_progress"));
    let run = send(&github, ("POST", "/check-runs", run)).await;
    assert_eq!(run["app"]["slug"], "github-actions");
    assert!(run["check_suite"].is_null() && run.get("check_suite").is_some());
    let comment = json!({"body": "x"});
    let comment = send(&github, ("POST", "/issues/7/comments", comment)).await;
    assert!(comment["created_at"].is_string(), "{comment}");
    assert_eq!(github.violations(), [""; 0]);
}

#[tokio::test]
async fn responses_that_github_would_not_send_are_violations() {
    if !is_described() {
        return;
    }
    let mut world = World::new();
    world.pull(7).files = vec![json!({"filename": 7, "status": "gone"})];
    let github = FakeGithub::start(world).await;
    send(&github, ("GET", "/pulls/7/files", Value::Null)).await;
    let violations = github.violations();
    assert_eq!(violations.len(), 2, "{violations:?}");
    assert!(
        violations
            .iter()
            .all(|violation| violation.contains("response 200"))
    );
}
