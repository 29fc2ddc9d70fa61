//! Comments on issues and pull requests.

use serde_json::{Value, json};

use super::{Comment, RecordedRequest, Token, World, reply::Reply, routes::page};

const MAX_LENGTH: usize = 65_536;

pub(super) fn list(world: &mut World, request: &RecordedRequest, number: &str) -> Reply {
    let Some(number) = find(world, number) else {
        return Reply::missing();
    };
    let mut all: Vec<Comment> = world.comments.clone();
    all.retain(|comment| comment.number == number);
    all.sort_by_key(|comment| comment.id);
    let (items, next) = page(world, request, &all);
    let items: Vec<Value> = items
        .iter()
        .map(|comment| to_json(world, comment))
        .collect();
    let reply = Reply::json(200, &json!(items));
    next.into_iter()
        .fold(reply, |reply, next| reply.with("link", next))
}

pub(super) fn create(
    world: &mut World,
    token: &Token,
    request: &RecordedRequest,
    number: &str,
) -> Reply {
    let Some(number) = find(world, number) else {
        return Reply::missing();
    };
    let issue = world.issues.iter().find(|issue| issue.number == number);
    let (may_write, locked) = match issue {
        Some(issue) => (token.writes_issues, issue.locked),
        None => (token.writes_pulls, world.pull(number).locked),
    };
    if !may_write {
        return Reply::forbidden();
    }
    if locked {
        return Reply::error(403, "Unable to create comment because issue is locked.");
    }
    let body = match body(world, request) {
        Ok(body) => body,
        Err(reply) => return reply,
    };
    let comment = Comment {
        id: world.new_id(),
        number,
        author: Some((token.login(), token.bot_id, "Bot")),
        body,
    };
    world.comments.push(comment.clone());
    Reply::json(201, &to_json(world, &comment))
}

pub(super) fn update(
    world: &mut World,
    token: &Token,
    request: &RecordedRequest,
    id: &str,
) -> Reply {
    if let Err(reply) = check_is_own(world, token, id) {
        return reply;
    }
    let body = match body(world, request) {
        Ok(body) => body,
        Err(reply) => return reply,
    };
    let Some(comment) = world
        .comments
        .iter_mut()
        .find(|comment| comment.id.to_string() == id)
    else {
        return Reply::missing();
    };
    comment.body = body;
    let comment = comment.clone();
    Reply::json(200, &to_json(world, &comment))
}

pub(super) fn delete(world: &mut World, token: &Token, id: &str) -> Reply {
    if let Err(reply) = check_is_own(world, token, id) {
        return reply;
    }
    world
        .comments
        .retain(|comment| comment.id.to_string() != id);
    Reply::text(204, "application/json", String::new())
}

fn find(world: &World, number: &str) -> Option<u64> {
    let number = number.parse().ok()?;
    let is_pull = world.pulls.iter().any(|pull| pull.number == number);
    let is_issue = world.issues.iter().any(|issue| issue.number == number);
    (is_pull || is_issue).then_some(number)
}

/// Checks that the token wrote the comment. GitHub lets a token with write access change any; a careful
/// client never does.
fn check_is_own(world: &mut World, token: &Token, id: &str) -> Result<(), Reply> {
    if !token.writes_pulls {
        return Err(Reply::forbidden());
    }
    let Some(comment) = world
        .comments
        .iter()
        .find(|comment| comment.id.to_string() == id)
    else {
        return Err(Reply::missing());
    };
    if comment
        .author
        .as_ref()
        .is_none_or(|(login, ..)| *login != token.login())
    {
        world.violate(format!("comment {id} of somebody else was written to"));
        return Err(Reply::forbidden());
    }
    Ok(())
}

fn body(world: &mut World, request: &RecordedRequest) -> Result<String, Reply> {
    let value = request.json();
    let text = value["body"].as_str().unwrap_or_default();
    if text.is_empty() {
        return Err(Reply::error(422, "Validation Failed: body can't be blank"));
    }
    if text.trim().is_empty() {
        world.violate("a comment is blank");
        return Err(Reply::error(422, "Validation Failed: body can't be blank"));
    }
    if text.len() > MAX_LENGTH {
        world.violate(format!("a comment of {} bytes", text.len()));
        return Err(Reply::error(
            422,
            "Body is too long (maximum is 65536 characters)",
        ));
    }
    Ok(text.to_owned())
}

fn to_json(world: &World, comment: &Comment) -> Value {
    let user = comment
        .author
        .as_ref()
        .map(|(login, id, kind)| json!({"login": login, "id": id, "type": kind}));
    json!({
        "id": comment.id,
        "html_url": format!("https://github.test/{}/pull/{}#issuecomment-{}", world.repository, comment.number, comment.id),
        "user": user,
        "body": comment.body,
    })
}
