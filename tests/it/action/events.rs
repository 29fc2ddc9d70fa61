//! Every event with every token: the commit, the places of the report, the configuration in force, and the exit status.
//! The table in `docs/github-events.md` is generated from these rows.

use std::{env, fmt::Write as _, fs, path::Path};

use testing::{
    fake_github::{TOKEN, Token, World},
    shop::{CONFIG, drifted},
};

use super::scene::Scene;

const DOCUMENT: &str = "docs/github-events.md";

const BEGIN: &str = "<!-- made by tests/it/action/events.rs -->\n";

const END: &str = "<!-- end -->\n";

/// The permissions of the token.
#[derive(Clone, Copy)]
enum May {
    Write,
    Read,
    AllBut(&'static str),
}

impl May {
    fn token(self) -> Token {
        match self {
            Self::Write => Token::writing(),
            Self::Read => Token::reading(),
            Self::AllBut(permission) => {
                let mut token = Token::writing();
                match permission {
                    "checks" => token.writes_checks = false,
                    "pull-requests" => {
                        token.reads_pulls = false;
                        token.writes_pulls = false;
                    }
                    "contents" => token.reads_contents = false,
                    other => panic!("no permission {other}"),
                }
                token
            }
        }
    }

    fn shown(self) -> String {
        match self {
            Self::Write => "write".to_owned(),
            Self::Read => "read".to_owned(),
            Self::AllBut(permission) => format!("no `{permission}`"),
        }
    }
}

/// The commit of a check run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum On {
    Head,
    Pushed,
    Group,
    /// `GITHUB_SHA`: the tip of the default branch or of the selected branch.
    Tip,
}

impl On {
    fn sha(self) -> String {
        World::sha(match self {
            Self::Head | Self::Pushed => 1,
            Self::Group => 3,
            Self::Tip => 4,
        })
    }

    fn shown(self) -> &'static str {
        match self {
            Self::Head => "the pull request's head",
            Self::Pushed => "the pushed commit",
            Self::Group => "the merge group",
            Self::Tip => "`GITHUB_SHA`",
        }
    }
}

/// The configuration in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Config {
    CheckedOut,
    Base,
}

struct Row {
    event: &'static str,
    payload: &'static str,
    situation: &'static str,
    may: May,
    secrets: bool,
    inputs: &'static [(&'static str, &'static str)],
    world: fn(&mut World),
    /// `GITHUB_SHA`, if it differs from that of github.com.
    sha: Option<u8>,
    /// Requests that GitHub refuses.
    refused: &'static [(&'static str, &'static str)],
    check_run: Option<On>,
    comment: bool,
    /// True if the log has the annotations, because there is no check run.
    log: bool,
    config: Option<Config>,
    status: i32,
}

const PULL: Row = Row {
    event: "pull_request",
    payload: "pull_request",
    situation: "",
    may: May::Write,
    secrets: true,
    inputs: &[],
    world: |_| {},
    sha: None,
    refused: &[],
    check_run: Some(On::Head),
    comment: true,
    log: false,
    config: Some(Config::CheckedOut),
    status: 1,
};

/// A pull request with a read-only token.
const READ: Row = Row {
    may: May::Read,
    refused: &[
        ("403 POST ", "/check-runs"),
        ("403 POST ", "/issues/7/comments"),
    ],
    check_run: None,
    comment: false,
    log: true,
    ..PULL
};

const TARGET: Row = Row {
    event: "pull_request_target",
    config: Some(Config::Base),
    ..PULL
};

const PUSH: Row = Row {
    event: "push",
    payload: "push",
    check_run: Some(On::Pushed),
    comment: false,
    ..PULL
};

/// The default branch, without a pull request.
const TIP: Row = Row {
    check_run: None,
    comment: false,
    log: true,
    ..PULL
};

const RUN: Row = Row {
    event: "workflow_run",
    payload: "workflow_run",
    config: Some(Config::Base),
    ..PULL
};

const NOTHING: Row = Row {
    check_run: None,
    comment: false,
    config: None,
    status: 0,
    ..PULL
};

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    vec![
        Row { situation: "from a branch of the repository", ..PULL },
        Row { situation: "labelled, or any other action", payload: "pull_request_labeled", ..PULL },
        Row { situation: "without `checks: write`", may: May::AllBut("checks"), refused: &[("403 POST ", "/check-runs")], check_run: None, log: true, ..PULL },
        Row { situation: "without `pull-requests`", may: May::AllBut("pull-requests"), refused: &[("403 GET ", "/issues/7/comments"), ("403 GET ", "/pulls/7"), ("403 GET ", "/pulls/7/files")], comment: false, ..PULL },
        Row { situation: "without `contents`", may: May::AllBut("contents"), refused: &[("403 GET ", "/commits"), ("403 GET ", "/contents/prodverdict.yml")], ..PULL },
        Row { situation: "from a fork: no secrets", payload: "pull_request_fork", secrets: false, config: None, status: 2, ..READ },
        Row { situation: "the same, with `on_missing_credentials: skip`", payload: "pull_request_fork", secrets: false, inputs: &[("on_missing_credentials", "skip")], refused: &[("403 POST ", "/check-runs")], log: false, config: None, status: 0, ..READ },
        Row { situation: "from a fork, if secrets are sent to forks", payload: "pull_request_fork", ..READ },
        Row { situation: "from a fork, if write tokens are sent too", payload: "pull_request_fork", ..PULL },
        Row { situation: "from a deleted fork", payload: "pull_request_deleted_head", ..READ },
        Row { situation: "by Dependabot: no secrets", payload: "pull_request_dependabot", secrets: false, config: None, status: 2, ..READ },
        Row { situation: "by Dependabot, with Dependabot secrets", payload: "pull_request_dependabot", ..READ },
        Row { situation: "locked", payload: "pull_request_locked", world: |world| world.pull(7).locked = true, refused: &[("403 POST ", "/issues/7/comments")], comment: false, ..PULL },
        Row { situation: "closed", payload: "pull_request_closed", world: |world| world.pull(7).state = "closed", ..PULL },
        Row { situation: "merged", payload: "pull_request_merged", world: |world| world.pull(7).state = "closed", ..PULL },
        Row { situation: "on an Enterprise Server", payload: "pull_request_enterprise", world: |world| world.prefix = "/api/v3", ..PULL },
        Row { situation: "from a branch of the repository", ..TARGET },
        Row { situation: "from a fork", payload: "pull_request_fork", ..TARGET },
        Row { situation: "without `contents`", may: May::AllBut("contents"), refused: &[("403 GET ", "/contents/prodverdict.yml")], config: None, status: 2, ..TARGET },
        Row { situation: "on an Enterprise Server", payload: "pull_request_enterprise", world: |world| world.prefix = "/api/v3", ..TARGET },
        Row { situation: "on an Enterprise Server before 3.20, whose `GITHUB_SHA` is the base branch", payload: "pull_request_enterprise", world: |world| world.prefix = "/api/v3", sha: Some(8), ..TARGET },
        Row { situation: "to a branch", ..PUSH },
        Row { situation: "to a branch, with `comment: on`", inputs: &[("comment", "on")], comment: true, ..PUSH },
        Row { situation: "of a tag", payload: "push_tag", refused: &[("422 POST ", "/check-runs")], ..PUSH },
        Row { situation: "that deletes a branch", event: "push", payload: "push_deleted", ..NOTHING },
        Row { situation: "", event: "merge_group", payload: "merge_group", check_run: Some(On::Group), comment: false, ..PULL },
        Row { situation: "", event: "schedule", payload: "schedule", ..TIP },
        Row { situation: "with `check_run: on`", event: "schedule", payload: "schedule", inputs: &[("check_run", "on")], check_run: Some(On::Tip), log: false, ..TIP },
        Row { situation: "", event: "workflow_dispatch", payload: "workflow_dispatch", check_run: Some(On::Tip), log: false, ..TIP },
        Row { situation: "with an input `pull-request`", event: "workflow_dispatch", payload: "workflow_dispatch_pull_request", ..PULL },
        Row { situation: "with an input `pull-request`, from a fork", event: "workflow_dispatch", payload: "workflow_dispatch_pull_request", world: |world| world.pull(7).head_repository = Some("mallory/shop".to_owned()), config: Some(Config::Base), ..PULL },
        Row { situation: "with `pull_request: 7`", event: "deployment_status", payload: "deployment_status", inputs: &[("pull_request", "7")], ..PULL },
        Row { situation: "with `pull_request: 7`, from a fork", event: "repository_dispatch", payload: "repository_dispatch", inputs: &[("pull_request", "7")], world: |world| world.pull(7).head_repository = Some("mallory/shop".to_owned()), config: Some(Config::Base), ..PULL },
        Row { situation: "after a run for a pull request", ..RUN },
        Row { situation: "after a run for a pull request from a fork", payload: "workflow_run_fork", world: |world| world.pull(7).head_repository = Some("mallory/shop".to_owned()), ..RUN },
        Row { situation: "after a run for a push", payload: "workflow_run_push", check_run: Some(On::Group), comment: false, ..RUN },
        Row { situation: "on a pull request", event: "issue_comment", payload: "issue_comment", config: Some(Config::Base), ..PULL },
        Row { situation: "on an issue", event: "issue_comment", payload: "issue_comment_issue", config: Some(Config::Base), ..TIP },
    ]
}

/// The checked-out file, which gives the same verdict as the base's.
fn checked_out() -> String {
    CONFIG.replace("name: users", "name: checked-out")
}

async fn scene(row: &Row) -> Scene {
    let mut world = World::new();
    world.tokens.insert(TOKEN.to_owned(), row.may.token());
    (row.world)(&mut world);
    let mut scene = Scene::in_world(world, row.event, row.payload, &drifted()).await;
    // The base, the default branch, and the head.
    scene.commit(&[9, 4], CONFIG);
    scene.commit(&[1], &checked_out());
    scene.step.check_out("prodverdict.yml", &checked_out());
    let (sha, reference) = match row.event {
        "pull_request" => (5, "refs/pull/7/merge"),
        "push" => (1, "refs/heads/feature"),
        "merge_group" => (3, "refs/heads/gh-readonly-queue/main/pr-7"),
        _ => (4, "refs/heads/main"),
    };
    let sha = row.sha.unwrap_or(sha);
    scene.step.set("GITHUB_SHA", &World::sha(sha));
    scene.step.set("GITHUB_REF", reference);
    if !row.secrets {
        // The runner passes missing secrets as empty variables.
        scene.step.set("STRIPE_SECRET_KEY", "");
        scene.step.set("DATABASE_URL", "");
    }
    for (input, value) in row.inputs {
        scene = scene.with(input, value);
    }
    for (start, end) in row.refused {
        scene = scene.refusing(start, end);
    }
    scene
}

/// Checks the row. Returns the scene, which is cleaned up when dropped.
async fn expect(row: Row) -> Scene {
    let what = format!("{} {}", row.event, row.situation);
    let scene = scene(&row).await;
    let ran = scene.run().await;
    assert_eq!(ran.status, Some(row.status), "{what}: {}", ran.log());
    let runs = scene.github.world().check_runs.clone();
    let commits: Vec<_> = runs.iter().map(|run| run.sha.clone()).collect();
    let expected: Vec<_> = row.check_run.map(On::sha).into_iter().collect();
    assert_eq!(commits, expected, "{what}");
    assert!(runs.iter().all(|run| run.status == "completed"), "{what}");
    assert_eq!(scene.comments().len(), usize::from(row.comment), "{what}");
    let annotated = ran.commands();
    assert_eq!(!annotated.is_empty(), row.log, "{what}: {annotated:?}");
    let refusals = scene.github.world().refusals.clone();
    assert!(refusals.len() >= row.refused.len(), "{what}: {refusals:?}");
    let summary = scene.step.summary();
    let verdict = match row.status {
        0 => "skipped",
        1 => "fail",
        _ => "error",
    };
    assert_eq!(scene.step.output("verdict"), verdict, "{what}");
    assert!(summary.contains("ProdVerdict"), "{what}: {summary}");
    assert_eq!(summary.contains("usr_alice"), row.status == 1, "{what}");
    if let Some(config) = row.config {
        let report = scene.step.report();
        let name = report["contracts"][0]["name"].as_str().expect("a name");
        let found = match name {
            "users" => Config::Base,
            "checked-out" => Config::CheckedOut,
            other => panic!("{other}"),
        };
        assert_eq!(found, config, "{what}");
    }
    let is_warned = ran.log().contains("this pull request");
    let cannot_compare = matches!(row.may, May::AllBut("contents")) && row.status == 1;
    assert_eq!(is_warned, cannot_compare, "{what}: {}", ran.log());
    scene
}

#[tokio::test]
async fn each_event_is_reported_where_it_belongs() {
    let mut rows = rows().into_iter();
    loop {
        let some: Vec<_> = rows.by_ref().take(4).map(expect).collect();
        if some.is_empty() {
            break;
        }
        // All of them start and end together: dropping a database waits for every connection that is being made, so
        // none may start meanwhile.
        drop(futures::future::join_all(some).await);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test reads its own environment"
)]
#[test]
fn the_document_matches_these_rows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCUMENT);
    let text = fs::read_to_string(&path).expect(DOCUMENT);
    let (head, rest) = text.split_once(BEGIN).expect(BEGIN);
    let (_, tail) = rest.split_once(END).expect(END);
    let expected = format!("{head}{BEGIN}{}{END}{tail}", table());
    if env::var_os("PRODVERDICT_UPDATE_EXPECTED").is_some() {
        fs::write(&path, expected).expect(DOCUMENT);
    } else {
        assert_eq!(
            text, expected,
            "PRODVERDICT_UPDATE_EXPECTED=1 writes it anew"
        );
    }
}

fn table() -> String {
    let mut table =
        "| event | | token | check run on | comment | log | configuration | exit status |\n"
            .to_owned();
    table.push_str("|---|---|---|---|---|---|---|---|\n");
    for row in rows() {
        let event = format!("`{}`", row.event);
        let comment = if row.comment { "yes" } else { "–" };
        let log = if row.log { "annotations" } else { "–" };
        let config = match row.config {
            Some(Config::CheckedOut) => "checked out",
            Some(Config::Base) => "base commit",
            None => "–",
        };
        let on = row.check_run.map_or("–", On::shown);
        let on = if row.payload == "workflow_run_push" {
            "the commit of that run"
        } else {
            on
        };
        writeln!(
            table,
            "| {event} | {} | {} | {on} | {comment} | {log} | {config} | {} |",
            row.situation,
            row.may.shown(),
            row.status
        )
        .expect("text");
    }
    table
}

#[tokio::test]
async fn a_deleted_branch_has_nothing_to_check() {
    let scene = Scene::on("push", "push_deleted", &drifted()).await;
    let ran = scene.run().await;
    ran.expect(0);
    assert_eq!(scene.github.requests().len(), 0);
    assert_eq!(scene.shop.stripe.requests().len(), 0);
    assert!(ran.stderr.contains("Nothing was checked"), "{}", ran.stderr);
    assert_eq!(scene.step.output("verdict"), "skipped");
}

#[tokio::test]
async fn an_enterprise_server_is_linked_to_and_not_the_public_one() {
    let mut world = World::new();
    world.prefix = "/api/v3";
    let payload = "pull_request_enterprise";
    let mut scene = Scene::in_world(world, "pull_request", payload, &drifted()).await;
    scene
        .step
        .set("GITHUB_SERVER_URL", "https://github.acme.test");
    let ran = scene.run().await;
    ran.expect(1);
    let page = "https://github.acme.test/acme/shop/actions/runs/100";
    assert!(scene.comment().contains(page), "{}", scene.comment());
    for (place, text) in scene.everything_that_left(&ran) {
        assert!(!text.contains("https://github.com/"), "{place}: {text}");
    }
    for request in scene.github.requests() {
        assert!(request.path.starts_with("/api/v3/"), "{}", request.path);
    }
}
