//! The fake itself, where other tests rely on it: pages and addresses.

use serde_json::{Value, json};

use crate::{
    fake_github::{FakeGithub, World},
    job::{Job, publication},
};

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

#[tokio::test]
async fn a_broken_rule_is_written_down() {
    let github = FakeGithub::start(World::new()).await;
    get(&github, "/repos/acme/shop/branches").await;
    assert_eq!(
        github.violations(),
        ["GET /repos/acme/shop/branches is no route of GitHub's"]
    );
}
