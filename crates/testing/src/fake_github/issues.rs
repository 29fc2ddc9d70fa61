//! Issues and labels. Issue lists include pull requests, as on GitHub.

use serde_json::{Value, json};

use super::{Issue, RecordedRequest, Token, World, reply::Reply, routes::page};

const MAX_BODY_LENGTH: usize = 65_536;

const MAX_TITLE_LENGTH: usize = 256;

const MAX_LABEL_LENGTH: usize = 50;

const DISABLED: &str = "Issues has been disabled in this repository.";

pub(super) fn list(world: &mut World, token: &Token, request: &RecordedRequest) -> Reply {
    if !token.reads_issues {
        return Reply::forbidden();
    }
    if !world.has_issues {
        return Reply::error(410, DISABLED);
    }
    let parameter = |name: &str, default: &str| {
        request
            .parameter(name)
            .unwrap_or_else(|| default.to_owned())
    };
    let state = parameter("state", "open");
    let sort = parameter("sort", "created");
    let direction = parameter("direction", "desc");
    let labels = parameter("labels", "");
    let labels: Vec<&str> = labels
        .split(',')
        .filter(|label| !label.is_empty())
        .collect();
    let creator = request.parameter("creator");
    if creator
        .as_deref()
        .is_some_and(|login| login.trim().is_empty())
    {
        world.violate("issues are asked for by an empty creator");
    }
    let fits = |issue: &Issue| {
        let login = issue.author.as_ref().map(|(login, ..)| login);
        (state == "all" || issue.is_open == (state == "open"))
            && labels.iter().all(|label| {
                issue
                    .labels
                    .iter()
                    .any(|other| other.eq_ignore_ascii_case(label))
            })
            && (creator.is_none() || creator.as_ref() == login)
    };
    let mut found: Vec<(u64, u64, Value)> = world
        .issues
        .iter()
        .filter(|issue| fits(issue))
        .map(|issue| (issue.number, issue.updated, to_json(world, issue)))
        .collect();
    if labels.is_empty() && creator.is_none() {
        let pulls = world.pulls.iter().map(|pull| {
            let json = json!({
                "number": pull.number,
                "state": pull.state,
                "body": null,
                "user": null,
                "pull_request": {"url": format!("https://github.test/pulls/{}", pull.number)},
            });
            (pull.number, pull.number, json)
        });
        found.extend(pulls);
    }
    found.sort_by_key(|(number, updated, _)| if sort == "updated" { *updated } else { *number });
    if direction == "desc" {
        found.reverse();
    }
    let (items, next) = page(world, request, &found);
    let items: Vec<Value> = items.into_iter().map(|(.., item)| item).collect();
    let reply = Reply::json(200, &json!(items));
    next.into_iter()
        .fold(reply, |reply, next| reply.with("link", next))
}

pub(super) fn create(world: &mut World, token: &Token, request: &RecordedRequest) -> Reply {
    if !world.has_issues {
        return Reply::error(410, DISABLED);
    }
    if !token.writes_issues {
        return Reply::forbidden();
    }
    let fields = match fields(world, request) {
        Ok(fields) => fields,
        Err(reply) => return reply,
    };
    let title = fields["title"].as_str().unwrap_or_default().to_owned();
    if fields["title"] == "" {
        return Reply::error(422, "Validation Failed: title is missing");
    }
    if title.trim().is_empty() {
        world.violate("an issue without a title");
        return Reply::error(422, "Validation Failed: title is missing");
    }
    let mut labels = Vec::new();
    for label in fields["labels"].as_array().into_iter().flatten() {
        let label = label.as_str().unwrap_or_default();
        if !world.labels.contains(label) {
            world.violate(format!(
                "the label `{label}` is not there, and GitHub may drop it"
            ));
        }
        labels.push(label.to_owned());
    }
    if world.drops_labels {
        labels.clear();
    }
    let number = world.new_id();
    let issue = Issue {
        number,
        author: Some((token.login(), token.bot_id, "Bot")),
        title,
        body: fields["body"].as_str().unwrap_or_default().to_owned(),
        labels,
        is_open: true,
        reason: None,
        locked: false,
        updated: number,
    };
    world.issues.push(issue.clone());
    Reply::json(201, &to_json(world, &issue))
}

/// Changes an issue. GitHub lets a token with write access change anyone's; a careful client never does.
pub(super) fn update(
    world: &mut World,
    token: &Token,
    request: &RecordedRequest,
    number: &str,
) -> Reply {
    if !world.has_issues {
        return Reply::error(410, DISABLED);
    }
    if !token.writes_issues {
        return Reply::forbidden();
    }
    let fields = match fields(world, request) {
        Ok(fields) => fields,
        Err(reply) => return reply,
    };
    let state = fields["state"].as_str();
    let reason = fields["state_reason"].as_str();
    let is_known = matches!(
        (state, reason),
        (None, None)
            | (Some("closed"), Some("completed" | "not_planned"))
            | (Some("open"), Some("reopened"))
    );
    if !is_known {
        world.violate(format!("an issue becomes {state:?} for {reason:?}"));
    }
    let updated = world.new_id();
    let Some(issue) = world
        .issues
        .iter_mut()
        .find(|issue| issue.number.to_string() == number)
    else {
        return Reply::missing();
    };
    if issue
        .author
        .as_ref()
        .is_none_or(|(login, ..)| *login != token.login())
    {
        world.violate(format!("issue {number} of somebody else was written to"));
        return Reply::forbidden();
    }
    if let Some(body) = fields["body"].as_str() {
        body.clone_into(&mut issue.body);
    }
    if let Some(state) = state {
        issue.is_open = state == "open";
        issue.reason = reason.map(str::to_owned);
    }
    issue.updated = updated;
    let issue = issue.clone();
    Reply::json(200, &to_json(world, &issue))
}

pub(super) fn label(world: &World, name: &str) -> Reply {
    if world.labels.contains(name) {
        Reply::json(200, &json!({"name": name}))
    } else {
        Reply::missing()
    }
}

pub(super) fn create_label(world: &mut World, token: &Token, request: &RecordedRequest) -> Reply {
    if !token.writes_issues {
        return Reply::forbidden();
    }
    let body = request.json();
    let name = body["name"].as_str().unwrap_or_default().to_owned();
    let color = body["color"].as_str().unwrap_or_default();
    let is_color = color.len() == 6 && color.bytes().all(|byte| byte.is_ascii_hexdigit());
    let description = body["description"].as_str().unwrap_or_default();
    if name.is_empty()
        || name.chars().count() > MAX_LABEL_LENGTH
        || !is_color
        || description.chars().count() > 100
    {
        world.violate(format!("a label that GitHub refuses: {body}"));
        return Reply::error(422, "Validation Failed");
    }
    if !world.labels.insert(name.clone()) {
        // Two runs may have checked at the same time.
        return Reply::error(422, "Validation Failed: already_exists");
    }
    Reply::json(201, &json!({"name": name}))
}

/// Parses a body, none of whose texts may be too long.
fn fields(world: &mut World, request: &RecordedRequest) -> Result<Value, Reply> {
    let value = request.json();
    let body = value["body"].as_str().unwrap_or_default();
    if value.get("body").is_some() && body.trim().is_empty() {
        world.violate("an issue is emptied");
    }
    if body.len() > MAX_BODY_LENGTH {
        world.violate(format!("an issue of {} bytes", body.len()));
        return Err(Reply::error(
            422,
            "Validation Failed: body is too long (maximum is 65536 characters)",
        ));
    }
    let title = value["title"].as_str().unwrap_or_default();
    if title.chars().count() > MAX_TITLE_LENGTH {
        world.violate(format!("a title of {} characters", title.chars().count()));
        return Err(Reply::error(422, "Validation Failed: title is too long"));
    }
    for label in value["labels"].as_array().into_iter().flatten() {
        let label = label.as_str().unwrap_or_default();
        if label.is_empty() || label.chars().count() > MAX_LABEL_LENGTH {
            world.violate(format!("a label of {} characters", label.chars().count()));
            return Err(Reply::error(422, "Validation Failed: label is too long"));
        }
    }
    Ok(value)
}

fn to_json(world: &World, issue: &Issue) -> Value {
    let user = issue
        .author
        .as_ref()
        .map(|(login, id, kind)| json!({"login": login, "id": id, "type": kind}));
    let labels: Vec<Value> = issue
        .labels
        .iter()
        .map(|name| json!({"name": name}))
        .collect();
    json!({
        "number": issue.number,
        "title": issue.title,
        "state": if issue.is_open { "open" } else { "closed" },
        "state_reason": issue.reason,
        "locked": issue.locked,
        "labels": labels,
        "user": user,
        "body": issue.body,
        "html_url": format!("https://github.test/{}/issues/{}", world.repository, issue.number),
    })
}
