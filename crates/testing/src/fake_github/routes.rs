//! Routes requests and checks what every request must have.

use super::{
    Recorded, Token, World, checks, comments, description::description, issues, reads, reply::Reply,
};

pub(super) fn route(world: &mut World, asked: &Recorded) -> Reply {
    check_headers(world, asked);
    let Some(token) = token(world, asked) else {
        return Reply::error(401, "Bad credentials");
    };
    if asked.path == graphql_path(world) {
        return reads::graphql(world, &token, asked);
    }
    let Some(path) = asked.path.strip_prefix(world.prefix) else {
        return unknown(world, asked);
    };
    let segments: Vec<String> = path.split('/').skip(1).map(decode).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let ["repos", owner, name, rest @ ..] = segments.as_slice() else {
        return unknown(world, asked);
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
    let described = description().map(|description| description.operation(&asked.method, path));
    let operation = match described {
        Some(None) => return unknown(world, asked),
        Some(operation) => operation,
        None => None,
    };
    if let Some(operation) = &operation {
        let faults = operation.faults_of_request(asked);
        if !faults.is_empty() {
            let message = format!("Invalid request. {}", faults.join("; "));
            world.violations.extend(faults);
            return Reply::error(422, &message);
        }
    }
    let mut reply = answer(world, &token, asked, rest);
    if let Some(operation) = operation
        && !world.sparse
    {
        let faults = operation.complete(&mut reply);
        world.violations.extend(faults);
    }
    reply
}

fn answer(world: &mut World, token: &Token, asked: &Recorded, path: &[&str]) -> Reply {
    match (asked.method.as_str(), path) {
        ("POST", ["check-runs"]) => checks::create(world, token, asked),
        ("PATCH", ["check-runs", id]) => checks::update(world, token, asked, id),
        ("GET", ["check-runs", id]) => checks::get(world, id),
        ("GET", ["check-runs", id, "annotations"]) => checks::annotations(world, asked, id),
        ("GET", ["commits"]) => reads::commits(world, asked),
        ("GET", ["commits", sha, "check-runs"]) => checks::list(world, token, asked, sha),
        ("GET", ["commits", sha, "pulls"]) => reads::pulls_of_commit(world, asked, sha),
        ("GET", ["pulls"]) => reads::pulls(world, asked),
        ("GET", ["pulls", number]) => reads::pull(world, number),
        ("GET", ["pulls", number, "files"]) => reads::files(world, asked, number),
        ("GET", ["contents", path @ ..]) => reads::contents(world, asked, &path.join("/")),
        ("GET", ["actions", "runs", id, "attempts", _]) => reads::workflow_run(world, id),
        ("GET", ["actions", "workflows", file, "runs"]) => {
            reads::scheduled_runs(world, asked, file)
        }
        ("GET", ["issues"]) => issues::list(world, token, asked),
        ("POST", ["issues"]) => issues::create(world, token, asked),
        ("PATCH", ["issues", number]) => issues::update(world, token, asked, number),
        ("GET", ["labels", name]) => issues::label(world, name),
        ("POST", ["labels"]) => issues::create_label(world, token, asked),
        ("GET", ["issues", number, "comments"]) => comments::list(world, asked, number),
        ("POST", ["issues", number, "comments"]) => comments::create(world, token, asked, number),
        ("PATCH", ["issues", "comments", id]) => comments::update(world, token, asked, id),
        ("DELETE", ["issues", "comments", id]) => comments::delete(world, token, id),
        _ => unknown(world, asked),
    }
}

/// Checks the headers that GitHub requires of every client.
fn check_headers(world: &mut World, asked: &Recorded) {
    let expectations = [
        ("user-agent", "prodverdict/"),
        ("accept", "application/vnd.github"),
        ("x-github-api-version", "2022-11-28"),
    ];
    for (name, start) in expectations {
        if !asked.header(name).starts_with(start) {
            world.violate(format!(
                "{} {} has `{name}: {}`",
                asked.method,
                asked.path,
                asked.header(name)
            ));
        }
    }
    if !asked.body.is_empty() && !asked.header("content-type").starts_with("application/json") {
        world.violate(format!(
            "{} {} has a body that is not JSON",
            asked.method, asked.path
        ));
    }
}

fn token(world: &World, asked: &Recorded) -> Option<Token> {
    let text = asked.header("authorization").strip_prefix("Bearer ")?;
    world.tokens.get(text).cloned()
}

fn graphql_path(world: &World) -> String {
    format!(
        "{}/graphql",
        world.prefix.strip_suffix("/v3").unwrap_or_default()
    )
}

fn unknown(world: &mut World, asked: &Recorded) -> Reply {
    world.violate(format!(
        "{} {} is no route of GitHub's",
        asked.method, asked.path
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
    asked: &Recorded,
    all: &[T],
) -> (Vec<T>, Option<String>) {
    let number = |name: &str, default: usize| {
        asked
            .parameter(name)
            .map_or(Some(default), |text| text.parse().ok())
    };
    let (Some(size), Some(page)) = (number("per_page", 30), number("page", 1)) else {
        world.violate(format!("{} asks for a page that is no number", asked.path));
        return (Vec::new(), None);
    };
    if size == 0 || size > 100 || page == 0 {
        world.violate(format!("{} asks for page {page} of {size}", asked.path));
    }
    let size = size.clamp(1, 100);
    let start = page.saturating_sub(1) * size;
    let items: Vec<T> = all.iter().skip(start).take(size).cloned().collect();
    let next = (start + size < all.len()).then(|| {
        format!(
            "<http://{}{}?per_page={size}&page={}>; rel=\"next\"",
            asked.header("host"),
            asked.path,
            page + 1
        )
    });
    (items, next)
}
