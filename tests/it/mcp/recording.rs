//! The recorded session in docs/agents.md: a broken handler is found, corrected, and passes.

use std::{fs, path::Path};

use serde_json::{Map, Value, json};
use testing::{
    database::Database,
    handlers::SCHEMA,
    installed::skip,
    node_app::{Packages, copy},
    ports::free_port,
    program::{git, write},
};

use super::conversation::Conversation;
use crate::rehearsal::example_app::{SECRET, SETTLE, configuration};

const PAGE: &str = "docs/agents.md";

/// The lines of the page around the session.
const BEGIN: &str = "<!-- The session is recorded by tests/it/mcp/recording.rs. -->\n";
const END: &str = "<!-- The end of the session. -->\n";

/// Set to write the session instead of comparing it.
const UPDATE: &str = "PRODVERDICT_UPDATE_EXPECTED";

const MUTANT: &str = "02-cancel-flow-simplified";

/// Calls a tool, and writes down the call and some keys of its answer.
fn record(
    conversation: &mut Conversation,
    (tool, arguments): (&str, &Value),
    keys: &[&str],
) -> String {
    let result = conversation.call(tool, arguments);
    let structured = &result["structuredContent"];
    let told: Map<String, Value> = keys
        .iter()
        .map(|key| ((*key).to_owned(), structured[*key].clone()))
        .collect();
    let mut told = Value::Object(told);
    let groups = told.get_mut("groups").and_then(Value::as_array_mut);
    for group in groups.into_iter().flatten() {
        let group = group.as_object_mut().expect("a group");
        group.retain(|key, _| ["cause", "fix", "place", "entities"].contains(&key.as_str()));
    }
    format!("**`{tool}`** `{arguments}`\n\n```json\n{told:#}\n```\n\n")
}

/// Writes the session into the page, or compares it.
#[track_caller]
fn expect_recorded(session: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = fs::read_to_string(&path).expect("the page");
    let (before, rest) = page.split_once(BEGIN).expect("the begin");
    let (_, after) = rest.split_once(END).expect("the end");
    let expected = format!("{before}{BEGIN}\n{session}{END}{after}");
    #[expect(clippy::disallowed_methods, reason = "a switch for the tests")]
    let is_update = std::env::var_os(UPDATE).is_some();
    if is_update {
        fs::write(&path, &expected).expect("the page can be written");
    } else {
        assert!(
            page == expected,
            "{PAGE} is stale: run the test with {UPDATE}=1"
        );
    }
}

#[test]
fn the_session_on_the_page_is_what_a_client_gets() {
    let packages = match Packages::install() {
        Ok(packages) => packages,
        Err(why) => return skip(why),
    };
    let port = free_port();
    let base = format!("http://127.0.0.1:{port}");
    let config = configuration(
        &format!("{base}/api/stripe/webhook"),
        &format!("{base}/api/me?user={{account_id}}"),
        &format!("127.0.0.1:{}", free_port()),
        SETTLE,
    );
    let folder = copy(None);
    let app = folder.path();
    packages.link(app);
    write(app, "prodverdict.yml", &config);
    write(app, ".gitignore", "node_modules\n");
    for arguments in [
        "init --quiet",
        "add --all",
        "commit --quiet --message correct",
    ] {
        git(app, arguments);
    }
    let database = Database::with(SCHEMA);
    let url = database.admin_url().to_string();
    let port = port.to_string();
    let variables = [
        ("STRIPE_WEBHOOK_SECRET", SECRET),
        ("REHEARSAL_DATABASE_URL", url.as_str()),
        ("PORT", port.as_str()),
    ];
    let mut conversation = Conversation::start("mcp -- node server.js", app, &variables);
    conversation.shake_hands();

    let handler = |mutant| fs::read_to_string(copy(mutant).path().join("webhook.js"));
    write(app, "webhook.js", &handler(Some(MUTANT)).expect("a mutant"));
    let mut session =
        String::from("The agent simplifies the handler, and asks what that touches:\n\n");
    session += &record(&mut conversation, ("what_changed", &json!({})), &["lines"]);
    session += "It rehearses, and learns the scenario, the line and the fix:\n\n";
    let keys = ["verdict", "exit_code", "summary", "groups", "next_steps"];
    let chosen = json!({ "scenarios": ["first-purchase", "cancel-now"] });
    session += &record(&mut conversation, ("rehearse_webhooks", &chosen), &keys);
    write(app, "webhook.js", &handler(None).expect("the handler"));
    session += "It corrects the handler, and rehearses everything:\n\n";
    let keys = ["verdict", "exit_code", "summary"];
    session += &record(&mut conversation, ("rehearse_webhooks", &json!({})), &keys);
    assert!(session.contains("scenario:cancel-now/deleted"), "{session}");
    assert!(session.contains("\"file\": \"webhook.js\""), "{session}");
    assert!(session.contains("\"verdict\": \"pass\""), "{session}");
    expect_recorded(&session);
}
