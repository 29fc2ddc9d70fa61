//! Every payload that GitHub publishes as an example of a webhook, through the program: the commit and the pull request
//! of the report.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Command,
};

use futures::StreamExt as _;
use serde_json::{Value, json};
use testing::{
    fake_github::{FakeGithub, Pull, TOKEN, World},
    github_packages, root,
    runner::Step,
};

use super::scene::spawn;

const EXAMPLE: &str = "examples/nextjs-stripe";

/// Number of programs that run at the same time. Most of them wait for the second between two writes.
const AT_ONCE: usize = 16;

/// The payloads of each event, and how many of them lead to a check run and to a comment.
#[rustfmt::skip]
const EXPECTED: &[(&str, usize, usize, usize)] = &[
    ("branch_protection_rule", 7, 0, 0),
    ("cache_sync", 4, 0, 0),
    ("check_run", 18, 0, 0),
    ("check_suite", 20, 0, 0),
    ("code_scanning_alert", 13, 0, 0),
    ("commit_comment", 12, 0, 0),
    ("content_reference", 3, 0, 0),
    ("create", 12, 0, 0),
    ("delete", 11, 0, 0),
    ("dependabot_alert", 3, 0, 0),
    ("deploy_key", 7, 0, 0),
    ("deployment", 11, 0, 0),
    ("deployment_review", 1, 0, 0),
    ("deployment_status", 11, 0, 0),
    ("discussion", 15, 0, 0),
    ("discussion_comment", 4, 0, 0),
    ("enterprise", 7, 0, 0),
    ("fork", 10, 0, 0),
    ("github_app_authorization", 7, 0, 0),
    ("gollum", 10, 0, 0),
    ("installation", 16, 0, 0),
    ("installation_repositories", 12, 0, 0),
    ("issue_comment", 20, 0, 0),
    ("issues", 50, 0, 0),
    ("label", 17, 0, 0),
    ("marketplace_purchase", 4, 0, 0),
    ("member", 11, 0, 0),
    ("membership", 14, 0, 0),
    ("merge_group", 2, 2, 0),
    ("meta", 7, 0, 0),
    ("milestone", 16, 0, 0),
    ("org_block", 4, 0, 0),
    ("organization", 14, 0, 0),
    ("package", 8, 0, 0),
    ("page_build", 10, 0, 0),
    ("ping", 11, 0, 0),
    ("project", 10, 0, 0),
    ("project_card", 16, 0, 0),
    ("project_column", 11, 0, 0),
    ("projects_v2_item", 7, 0, 0),
    ("public", 10, 0, 0),
    ("pull_request", 46, 46, 46),
    ("pull_request_review", 11, 11, 11),
    ("pull_request_review_comment", 12, 12, 12),
    ("pull_request_review_thread", 8, 8, 8),
    ("pull_request_target", 46, 46, 46),
    ("push", 14, 8, 0),
    ("release", 20, 0, 0),
    ("repository", 26, 0, 0),
    ("repository_dispatch", 7, 0, 0),
    ("repository_import", 2, 0, 0),
    ("repository_vulnerability_alert", 4, 0, 0),
    ("secret_scanning_alert", 7, 0, 0),
    ("secret_scanning_alert_location", 1, 0, 0),
    ("security_advisory", 9, 0, 0),
    ("sponsorship", 4, 0, 0),
    ("star", 8, 0, 0),
    ("status", 11, 0, 0),
    ("team", 21, 0, 0),
    ("team_add", 10, 0, 0),
    ("user", 11, 0, 0),
    ("watch", 10, 0, 0),
    ("workflow_dispatch", 7, 7, 0),
    ("workflow_job", 11, 0, 0),
    ("workflow_run", 10, 10, 0),
];

/// The places of a report: the commit of the check run, and the pull request of the comment.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Reported {
    commit: Option<String>,
    pull_request: Option<u64>,
}

/// Reads the places from the payload, as GitHub documents its fields.
fn expected(event: &str, payload: &Value) -> Reported {
    let text = |pointer: &str| {
        payload
            .pointer(pointer)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    match event {
        "push" => Reported {
            commit: text("/after").filter(|sha| sha.contains(|digit| digit != '0')),
            pull_request: None,
        },
        "merge_group" => Reported {
            commit: text("/merge_group/head_sha"),
            pull_request: None,
        },
        // None of the listed pull requests is into the repository of the event at the commit of the run.
        "workflow_run" => Reported {
            commit: text("/workflow_run/head_sha"),
            pull_request: None,
        },
        "workflow_dispatch" => Reported {
            commit: Some(World::sha(5)),
            pull_request: None,
        },
        name if name.starts_with("pull_request") => Reported {
            commit: text("/pull_request/head/sha"),
            pull_request: payload["pull_request"]["number"].as_u64(),
        },
        _ => Reported::default(),
    }
}

/// Lists each payload with its event. `pull_request_target` has the payloads of `pull_request`.
fn payloads() -> Option<Vec<(String, Value)>> {
    let examples = github_packages::read("webhooks.json")?;
    let mut all = Vec::new();
    for example in examples.as_array().expect("payloads") {
        let event = example["name"].as_str().expect("an event");
        if event == "pull_request" {
            all.push(("pull_request_target".to_owned(), example["payload"].clone()));
        }
        all.push((event.to_owned(), example["payload"].clone()));
    }
    Some(all)
}

/// Creates the repository of a payload, with the commits and the pull request that it names.
fn world(payload: &Value, reported: &Reported) -> World {
    let mut world = World::new();
    let config = fs::read(root().join(EXAMPLE).join("prodverdict.yml")).expect("a configuration");
    if let Some(name) = payload["repository"]["full_name"].as_str() {
        name.clone_into(&mut world.repository);
    }
    world.commits.extend(reported.commit.clone());
    let base = payload
        .pointer("/pull_request/base/sha")
        .and_then(Value::as_str);
    let base = base.map_or_else(|| World::sha(5), str::to_owned);
    let head = reported.commit.clone().unwrap_or_default();
    for commit in [&base, &head, &World::sha(5)] {
        let file = (commit.clone(), "prodverdict.yml".to_owned());
        world.files.insert(file, config.clone());
    }
    let repository = world.repository.clone();
    let pull = |number| Pull {
        head_repository: Some(repository.clone()),
        base_repository: repository.clone(),
        ..Pull::new(number, &head, &base)
    };
    world.pulls = reported.pull_request.into_iter().map(pull).collect();
    world
}

/// Runs the program on a payload, and returns the places of its report.
async fn report(event: &str, payload: &Value) -> Reported {
    let expected = expected(event, payload);
    let github = FakeGithub::start(world(payload, &expected)).await;
    let mut step = Step::new(event, "schedule", TOKEN);
    let config = root().join(EXAMPLE).join("prodverdict.yml");
    step.check_out(
        "prodverdict.yml",
        &fs::read_to_string(config).expect("a configuration"),
    );
    let event_file = step.folder().join("workflow/event.json");
    fs::write(event_file, payload.to_string()).expect("a payload");
    step.set("GITHUB_API_URL", &github.api_url());
    step.set("GITHUB_REPOSITORY", &github.world().repository);
    step.set("GITHUB_REF", "refs/heads/feature");
    let mut command = Command::new(env!("CARGO_BIN_EXE_prodverdict"));
    command.args(["action", "--fixtures", "--fixtures-dir"]);
    command.arg(root().join(EXAMPLE).join("scenarios/fail-revenue-leak"));
    let child = spawn(command, &step);
    // The fake runs on this thread.
    let ran = tokio::task::spawn_blocking(|| child.wait_with_output());
    let ran = ran.await.expect("a thread").expect("the program ends");
    let log = String::from_utf8_lossy(&ran.stderr);
    let is_deletion = event == "push" && expected.commit.is_none();
    let status = i32::from(!is_deletion);
    assert_eq!(ran.status.code(), Some(status), "{event} {payload}: {log}");
    assert!(!log.contains("panicked"), "{event} {payload}: {log}");
    assert_eq!(github.violations(), [""; 0], "{event} {payload}");
    let world = github.world();
    let mut commits: Vec<_> = world.check_runs.iter().map(|run| run.sha.clone()).collect();
    let mut pulls: Vec<_> = world
        .comments
        .iter()
        .map(|comment| comment.number)
        .collect();
    let reported = Reported {
        commit: commits.pop(),
        pull_request: pulls.pop(),
    };
    assert_eq!((commits.len(), pulls.len()), (0, 0), "{event} {payload}");
    assert_eq!(reported, expected, "{event} {payload}");
    reported
}

#[tokio::test]
async fn every_published_payload_is_reported_where_it_belongs() {
    let Some(payloads) = payloads() else {
        return;
    };
    // Most examples of an Enterprise Server are those of github.com.
    let distinct: BTreeSet<String> = payloads
        .iter()
        .map(|payload| json!(payload).to_string())
        .collect();
    let runs = distinct.into_iter().map(|text| async move {
        let (event, payload): (String, Value) = serde_json::from_str(&text).expect("JSON");
        let reported = report(&event, &payload).await;
        (text, reported)
    });
    let runs: BTreeMap<_, _> = futures::stream::iter(runs)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut counts: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
    for payload in &payloads {
        let reported = &runs[&json!(payload).to_string()];
        let (count, commits, pulls) = counts.entry(payload.0.as_str()).or_default();
        *count += 1;
        *commits += usize::from(reported.commit.is_some());
        *pulls += usize::from(reported.pull_request.is_some());
    }
    let counts: Vec<_> = counts
        .into_iter()
        .map(|(event, (count, commits, pulls))| (event, count, commits, pulls))
        .collect();
    assert_eq!(counts, EXPECTED);
}
