//! Read-only resources: pull requests, their files, contents, and the viewer.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{Pull, RecordedRequest, Token, World, reply::Reply, routes::page};

/// Maximum number of files that GitHub lists for a pull request.
const MAX_FILES: usize = 3000;

pub(super) fn pull(world: &World, number: &str) -> Reply {
    let found = world
        .pulls
        .iter()
        .find(|pull| pull.number.to_string() == number);
    found.map_or_else(Reply::missing, |pull| Reply::json(200, &pull.to_json()))
}

/// Every known run has any number of attempts.
pub(super) fn workflow_run(world: &World, id: &str) -> Reply {
    let is_known = world.workflow_runs.iter().any(|run| run.to_string() == id);
    if is_known {
        Reply::json(200, &json!({"id": id.parse::<u64>().ok()}))
    } else {
        Reply::missing()
    }
}

/// Lists the scheduled runs of a workflow, the newest first.
pub(super) fn scheduled_runs(world: &mut World, request: &RecordedRequest, file: &str) -> Reply {
    if request.parameter("event").as_deref() != Some("schedule") {
        world.violate("runs are listed for every event");
    }
    let Some(all) = world.scheduled_runs.get(file).cloned() else {
        return Reply::missing();
    };
    let (items, next) = page(world, request, &all);
    let list = json!({"total_count": all.len(), "workflow_runs": items});
    let reply = Reply::json(200, &list);
    next.into_iter()
        .fold(reply, |reply, next| reply.with("link", next))
}

pub(super) fn pulls(world: &mut World, request: &RecordedRequest) -> Reply {
    let state = request
        .parameter("state")
        .unwrap_or_else(|| "open".to_owned());
    let head = request.parameter("head");
    let mut all: Vec<Pull> = world.pulls.clone();
    all.retain(|pull| {
        let owner = pull
            .head_repository
            .as_deref()
            .and_then(|name| name.split('/').next());
        let label = owner.map(|owner| format!("{owner}:{}", pull.head_branch));
        (state == "all" || pull.state == state) && (head.is_none() || head == label)
    });
    listed(world, request, &all)
}

pub(super) fn pulls_of_commit(world: &mut World, request: &RecordedRequest, sha: &str) -> Reply {
    if !world.commits.contains(sha) {
        return Reply::error(422, &format!("No commit found for SHA: {sha}"));
    }
    let mut all: Vec<Pull> = world.pulls.clone();
    all.retain(|pull| pull.head_sha == sha);
    listed(world, request, &all)
}

/// Lists the commits of a branch, or of a branch that contains the commit, the newest first.
pub(super) fn commits(world: &mut World, request: &RecordedRequest) -> Reply {
    let from = request
        .parameter("sha")
        .unwrap_or_else(|| "main".to_owned());
    let all: Option<Vec<String>> = world.branches.get(&from).cloned().or_else(|| {
        world.branches.values().find_map(|commits| {
            let place = commits.iter().position(|sha| *sha == from)?;
            Some(commits[place..].to_vec())
        })
    });
    let Some(all) = all else {
        return Reply::missing();
    };
    let (items, next) = page(world, request, &all);
    let items: Vec<Value> = items.iter().map(|sha| json!({"sha": sha})).collect();
    let reply = Reply::json(200, &json!(items));
    next.into_iter()
        .fold(reply, |reply, next| reply.with("link", next))
}

pub(super) fn files(world: &mut World, request: &RecordedRequest, number: &str) -> Reply {
    let Some(pull) = world
        .pulls
        .iter()
        .find(|pull| pull.number.to_string() == number)
    else {
        return Reply::missing();
    };
    let all: Vec<Value> = pull.files.iter().take(MAX_FILES).cloned().collect();
    let (items, next) = page(world, request, &all);
    let reply = Reply::json(200, &json!(items));
    next.into_iter()
        .fold(reply, |reply, next| reply.with("link", next))
}

pub(super) fn contents(world: &World, request: &RecordedRequest, path: &str) -> Reply {
    let reference = request.parameter("ref").unwrap_or_default();
    if let Some(content) = world.files.get(&(reference.clone(), path.to_owned())) {
        if request.header("accept") == "application/vnd.github.raw+json" {
            let text = String::from_utf8_lossy(content).into_owned();
            return Reply::text(200, "application/vnd.github.raw+json; charset=utf-8", text);
        }
        let content = STANDARD.encode(content);
        return Reply::json(
            200,
            &json!({"type": "file", "encoding": "base64", "path": path, "content": content}),
        );
    }
    let folder = format!("{path}/");
    let inside =
        |(commit, file): &&(String, String)| *commit == reference && file.starts_with(&folder);
    let entries: Vec<Value> = world
        .files
        .keys()
        .filter(inside)
        .map(|(_, file)| json!({"type": "file", "path": file}))
        .collect();
    if entries.is_empty() {
        return Reply::missing();
    }
    Reply::json(200, &json!(entries))
}

pub(super) fn graphql(world: &mut World, token: &Token, request: &RecordedRequest) -> Reply {
    if !world.answers_graphql {
        return Reply::missing();
    }
    let body = request.json();
    if request.method != "POST"
        || !body["query"]
            .as_str()
            .is_some_and(|query| query.contains("viewer"))
    {
        world.violate(format!(
            "GraphQL was asked {} {}",
            request.method, request.body
        ));
        return Reply::json(200, &json!({"errors": [{"message": "Parse error"}]}));
    }
    Reply::json(
        200,
        &json!({"data": {"viewer": {"login": token.login(), "databaseId": token.bot_id}}}),
    )
}

fn listed(world: &mut World, request: &RecordedRequest, all: &[Pull]) -> Reply {
    let (items, next) = page(world, request, all);
    let items: Vec<Value> = items.iter().map(Pull::to_json).collect();
    let reply = Reply::json(200, &json!(items));
    next.into_iter()
        .fold(reply, |reply, next| reply.with("link", next))
}
