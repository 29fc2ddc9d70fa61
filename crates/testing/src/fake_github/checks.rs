//! Check runs, with the limits that GitHub's documentation states and its description does not.

use serde_json::{Value, json};

use super::{CheckRun, RecordedRequest, Token, World, reply::Reply, routes::page};

/// Limit of a summary and of a text.
const MAX_TEXT_BYTES: usize = 65_535;

pub(super) fn create(world: &mut World, token: &Token, request: &RecordedRequest) -> Reply {
    if !token.writes_checks {
        return Reply::forbidden();
    }
    let body = request.json();
    let violations = check_request(&body);
    if let Some(reply) = refuse(world, violations) {
        return reply;
    }
    let sha = text(&body, "head_sha");
    if !world.commits.contains(&sha) {
        return Reply::error(422, &format!("No commit found for SHA: {sha}"));
    }
    let run = CheckRun {
        id: world.new_id(),
        app: token.app,
        name: text(&body, "name"),
        sha,
        status: body["status"].as_str().unwrap_or("queued").to_owned(),
        conclusion: None,
        external_id: text(&body, "external_id"),
        output: Value::Null,
        annotations: Vec::new(),
    };
    let id = run.id;
    world.check_runs.push(run);
    apply(world, id, &body);
    answer(world, 201, id)
}

pub(super) fn update(
    world: &mut World,
    token: &Token,
    request: &RecordedRequest,
    id: &str,
) -> Reply {
    if !token.writes_checks {
        return Reply::forbidden();
    }
    let Some(id) = find(world, id) else {
        return Reply::missing();
    };
    if world.internal_check_runs.contains(&id) {
        world.violate("the job's own check run was written to");
        return Reply::error(
            403,
            "Check run status and conclusions can only be updated internally by GitHub Actions",
        );
    }
    let body = request.json();
    let mut violations = check_request(&body);
    let is_completed = world
        .check_runs
        .iter()
        .any(|run| run.id == id && run.status == "completed");
    if is_completed
        && body
            .get("status")
            .is_some_and(|status| status != "completed")
    {
        violations.push("a completed check run goes back".to_owned());
    }
    if let Some(reply) = refuse(world, violations) {
        return reply;
    }
    apply(world, id, &body);
    answer(world, 200, id)
}

pub(super) fn get(world: &mut World, id: &str) -> Reply {
    match find(world, id) {
        Some(id) => answer(world, 200, id),
        None => Reply::missing(),
    }
}

pub(super) fn annotations(world: &mut World, request: &RecordedRequest, id: &str) -> Reply {
    let Some(id) = find(world, id) else {
        return Reply::missing();
    };
    let runs = world.check_runs.iter();
    let all: Vec<Value> = runs
        .filter(|run| run.id == id)
        .flat_map(|run| run.annotations.clone())
        .collect();
    let (items, next) = page(world, request, &all);
    let reply = Reply::json(200, &json!(items));
    next.into_iter()
        .fold(reply, |reply, next| reply.with("link", next))
}

pub(super) fn list(
    world: &mut World,
    token: &Token,
    request: &RecordedRequest,
    sha: &str,
) -> Reply {
    if !token.reads_checks {
        return Reply::forbidden();
    }
    if !world.commits.contains(sha) {
        return Reply::error(422, &format!("No commit found for SHA: {sha}"));
    }
    let name = request.parameter("check_name");
    let mut runs: Vec<CheckRun> = world.check_runs.clone();
    runs.retain(|run| run.sha == sha && name.as_ref().is_none_or(|name| run.name == *name));
    if let Some(status) = request.parameter("status") {
        runs.retain(|run| run.status == status);
    }
    runs.sort_by_key(|run| std::cmp::Reverse(run.id));
    if request
        .parameter("filter")
        .is_none_or(|filter| filter == "latest")
    {
        let mut seen = std::collections::BTreeSet::new();
        runs.retain(|run| seen.insert((run.app, run.name.clone())));
    }
    let total = runs.len();
    let (runs, next) = page(world, request, &runs);
    let runs: Vec<Value> = runs.iter().map(|run| to_json(world, run)).collect();
    let reply = Reply::json(200, &json!({"total_count": total, "check_runs": runs}));
    next.into_iter()
        .fold(reply, |reply, next| reply.with("link", next))
}

fn find(world: &World, id: &str) -> Option<u64> {
    let id = id.parse().ok()?;
    world
        .check_runs
        .iter()
        .any(|run| run.id == id)
        .then_some(id)
}

fn text(body: &Value, field: &str) -> String {
    body[field].as_str().unwrap_or_default().to_owned()
}

/// Replaces the output, appends annotations, and completes the run if there is a conclusion.
fn apply(world: &mut World, id: u64, body: &Value) {
    let Some(run) = world.check_runs.iter_mut().find(|run| run.id == id) else {
        return;
    };
    if let Some(status) = body["status"].as_str() {
        status.clone_into(&mut run.status);
    }
    if let Some(conclusion) = body["conclusion"].as_str() {
        run.conclusion = Some(conclusion.to_owned());
        "completed".clone_into(&mut run.status);
    }
    let mut output = body["output"].clone();
    if let Some(fields) = output.as_object_mut() {
        let appended = fields.remove("annotations");
        run.annotations.extend(
            appended
                .as_ref()
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default(),
        );
        run.output = output;
    }
}

fn answer(world: &World, status: u16, id: u64) -> Reply {
    let run = world.check_runs.iter().find(|run| run.id == id);
    run.map_or_else(Reply::missing, |run| {
        Reply::json(status, &to_json(world, run))
    })
}

fn to_json(world: &World, run: &CheckRun) -> Value {
    if world.sparse {
        return json!({
            "id": run.id,
            "external_id": run.external_id,
            "output": {"annotations_count": run.annotations.len()},
        });
    }
    json!({
        "id": run.id,
        "html_url": format!("https://github.test/{}/runs/{}", world.repository, run.id),
        "external_id": run.external_id,
        "name": run.name,
        "head_sha": run.sha,
        "status": run.status,
        "conclusion": run.conclusion,
        "app": {"slug": run.app},
        "output": {
            "title": run.output["title"],
            "summary": run.output["summary"],
            "text": run.output["text"],
            "annotations_count": run.annotations.len(),
        },
    })
}

fn refuse(world: &mut World, violations: Vec<String>) -> Option<Reply> {
    let message = violations.first()?.clone();
    world.violations.extend(violations);
    Some(Reply::error(422, &format!("Invalid request. {message}")))
}

fn check_request(body: &Value) -> Vec<String> {
    let mut violations = Vec::new();
    if body.get("name").is_some() {
        check_text(body, "name", 1, usize::MAX, &mut violations);
    }
    let is_completed = body["status"] == "completed";
    if (is_completed || body.get("completed_at").is_some()) && body.get("conclusion").is_none() {
        violations.push("a completed check run has no conclusion".to_owned());
    }
    if body["conclusion"] == "stale" {
        violations.push("only GitHub concludes a check run as stale".to_owned());
    }
    if let Some(output) = body.get("output") {
        check_text(output, "title", 1, 255, &mut violations);
        check_text(output, "summary", 1, MAX_TEXT_BYTES, &mut violations);
        if output.get("text").is_some() {
            check_text(output, "text", 0, MAX_TEXT_BYTES, &mut violations);
        }
        let annotations = output["annotations"].as_array();
        for annotation in annotations.into_iter().flatten() {
            check_annotation(annotation, &mut violations);
        }
    }
    violations
}

fn check_annotation(annotation: &Value, violations: &mut Vec<String>) {
    check_text(annotation, "path", 1, 4096, violations);
    check_text(annotation, "message", 1, 64 * 1024, violations);
    for (field, max) in [("title", 255), ("raw_details", 64 * 1024)] {
        if annotation.get(field).is_some() {
            check_text(annotation, field, 0, max, violations);
        }
    }
    let path = annotation["path"].as_str().unwrap_or_default();
    if path.starts_with('/') || path.starts_with("./") {
        violations.push(format!(
            "the path `{path}` is not relative to the repository"
        ));
    }
    let number = |field: &str| {
        annotation
            .get(field)
            .map(|value| value.as_u64().unwrap_or(0))
    };
    let (start, end) = (
        number("start_line").unwrap_or(0),
        number("end_line").unwrap_or(0),
    );
    if start == 0 || end < start {
        violations.push(format!("an annotation is on lines {start} to {end}"));
    }
    let (first, last) = (number("start_column"), number("end_column"));
    if (first.is_some() || last.is_some()) && start != end {
        violations.push("an annotation over several lines has columns".to_owned());
    }
    if first == Some(0) || last.is_some_and(|last| last < first.unwrap_or(1)) {
        violations.push(format!("an annotation is on columns {first:?} to {last:?}"));
    }
}

/// Checks a length in bytes, the stricter reading of GitHub's "characters".
fn check_text(fields: &Value, name: &str, min: usize, max: usize, violations: &mut Vec<String>) {
    let length = fields.get(name).and_then(Value::as_str).map(str::len);
    match length {
        None => violations.push(format!("`{name}` is missing or no text")),
        Some(length) if length < min => violations.push(format!("`{name}` is empty")),
        Some(length) if length > max => {
            violations.push(format!(
                "Only {max} characters are allowed; {length} were supplied (`{name}`)"
            ));
        }
        Some(_) => {}
    }
}
