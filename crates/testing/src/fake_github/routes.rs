//! Routes requests and checks what every request must have.

use super::{
    RecordedRequest, Token, World, checks, comments, description::description, issues, reads,
    reply::Reply,
};

pub(super) fn route(world: &mut World, request: &RecordedRequest) -> Reply {
    check_headers(world, request);
    let Some(token) = token(world, request) else {
        return Reply::error(401, "Bad credentials");
    };
    if request.path == graphql_path(world) {
        return reads::graphql(world, &token, request);
    }
    let Some(path) = request.path.strip_prefix(world.prefix) else {
        return unknown(world, request);
    };
    let segments: Vec<String> = path.split('/').skip(1).map(decode).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let ["repos", owner, name, rest @ ..] = segments.as_slice() else {
        return unknown(world, request);
    };
    if !token.sees_repository || format!("{owner}/{name}") != world.repository {
        return Reply::missing();
    }
    let is_hidden = match rest {
        ["contents", ..] | ["commits"] => !token.reads_contents,
        ["actions", ..] => !token.reads_actions,
        ["pulls", ..]
        | ["commits", _, "pulls"]
        | ["issues", _, "comments"]
        | ["issues", "comments", _] => !token.reads_pulls,
        _ => false,
    };
    if is_hidden {
        return Reply::forbidden();
    }
    // Without GitHub's description, requests are not checked against it.
    let operation = match description() {
        None => None,
        Some(description) => match description.operation(&request.method, path) {
            None => return unknown(world, request),
            operation => operation,
        },
    };
    if let Some(operation) = &operation {
        let faults = operation.faults_of_request(request);
        if !faults.is_empty() {
            let message = format!("Invalid request. {}", faults.join("; "));
            world.violations.extend(faults);
            return Reply::error(422, &message);
        }
    }
    let mut reply = answer(world, &token, request, rest);
    if let Some(operation) = operation
        && !world.sparse
    {
        let faults = operation.complete(&mut reply);
        world.violations.extend(faults);
    }
    reply
}

fn answer(world: &mut World, token: &Token, request: &RecordedRequest, path: &[&str]) -> Reply {
    match (request.method.as_str(), path) {
        ("POST", ["check-runs"]) => checks::create(world, token, request),
        ("PATCH", ["check-runs", id]) => checks::update(world, token, request, id),
        ("GET", ["check-runs", id]) => checks::get(world, id),
        ("GET", ["check-runs", id, "annotations"]) => checks::annotations(world, request, id),
        ("GET", ["commits"]) => reads::commits(world, request),
        ("GET", ["commits", sha, "check-runs"]) => checks::list(world, token, request, sha),
        ("GET", ["commits", sha, "pulls"]) => reads::pulls_of_commit(world, request, sha),
        ("GET", ["pulls"]) => reads::pulls(world, request),
        ("GET", ["pulls", number]) => reads::pull(world, number),
        ("GET", ["pulls", number, "files"]) => reads::files(world, request, number),
        ("GET", ["contents", path @ ..]) => reads::contents(world, request, &path.join("/")),
        ("GET", ["actions", "runs", id, "attempts", _]) => reads::workflow_run(world, id),
        ("GET", ["actions", "workflows", file, "runs"]) => {
            reads::scheduled_runs(world, request, file)
        }
        ("GET", ["issues"]) => issues::list(world, token, request),
        ("POST", ["issues"]) => issues::create(world, token, request),
        ("PATCH", ["issues", number]) => issues::update(world, token, request, number),
        ("GET", ["labels", name]) => issues::label(world, name),
        ("POST", ["labels"]) => issues::create_label(world, token, request),
        ("GET", ["issues", number, "comments"]) => comments::list(world, request, number),
        ("POST", ["issues", number, "comments"]) => comments::create(world, token, request, number),
        ("PATCH", ["issues", "comments", id]) => comments::update(world, token, request, id),
        ("DELETE", ["issues", "comments", id]) => comments::delete(world, token, id),
        _ => unknown(world, request),
    }
}

/// Checks the headers that GitHub requires of every client.
fn check_headers(world: &mut World, request: &RecordedRequest) {
    let expectations = [
        ("user-agent", "prodverdict/"),
        ("accept", "application/vnd.github"),
        ("x-github-api-version", "2022-11-28"),
    ];
    for (name, start) in expectations {
        if !request.header(name).starts_with(start) {
            world.violate(format!(
                "{} {} has `{name}: {}`",
                request.method,
                request.path,
                request.header(name)
            ));
        }
    }
    if !request.body.is_empty()
        && !request
            .header("content-type")
            .starts_with("application/json")
    {
        world.violate(format!(
            "{} {} has a body that is not JSON",
            request.method, request.path
        ));
    }
}

fn token(world: &World, request: &RecordedRequest) -> Option<Token> {
    let text = request.header("authorization").strip_prefix("Bearer ")?;
    world.tokens.get(text).cloned()
}

fn graphql_path(world: &World) -> String {
    format!(
        "{}/graphql",
        world.prefix.strip_suffix("/v3").unwrap_or_default()
    )
}

fn unknown(world: &mut World, request: &RecordedRequest) -> Reply {
    world.violate(format!(
        "{} {} is no route of GitHub's",
        request.method, request.path
    ));
    Reply::missing()
}

fn decode(segment: &str) -> String {
    percent_encoding::percent_decode_str(segment)
        .decode_utf8_lossy()
        .into_owned()
}

/// Returns one page of a list, with the `Link` header if there are more.
pub(super) fn page<T: Clone>(
    world: &mut World,
    request: &RecordedRequest,
    all: &[T],
) -> (Vec<T>, Option<String>) {
    let number = |name: &str, default: usize| {
        request
            .parameter(name)
            .map_or(Some(default), |text| text.parse().ok())
    };
    let (Some(size), Some(page)) = (number("per_page", 30), number("page", 1)) else {
        world.violate(format!(
            "{} asks for a page that is no number",
            request.path
        ));
        return (Vec::new(), None);
    };
    if size == 0 || size > 100 || page == 0 {
        world.violate(format!("{} asks for page {page} of {size}", request.path));
    }
    let size = size.clamp(1, 100);
    let start = page.saturating_sub(1) * size;
    let items: Vec<T> = all.iter().skip(start).take(size).cloned().collect();
    let next = (start + size < all.len()).then(|| {
        format!(
            "<http://{}{}?per_page={size}&page={}>; rel=\"next\"",
            request.header("host"),
            request.path,
            page + 1
        )
    });
    (items, next)
}
